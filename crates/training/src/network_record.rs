//! The parameters of a network as bytes.

use std::collections::HashMap;

use burn::store::ModuleRecord;
use burn::store::burn_pack::Reader;
use burn::tensor::{Bytes, DType};

use crate::{Network, TrainingError};

/// The parameters of a network with their identifiers, by which the optimizer finds their state.
pub(crate) fn network_record<N: Network>(network: &N) -> Vec<u8> {
    let record = network.clone().into_record().into_bytes();
    record.expect("parameters can be read back").to_vec()
}

/// A network with the parameters of a record.
///
/// # Errors
///
/// [`TrainingError::Checkpoint`] where the record is of another network.
pub(crate) fn with_record<N: Network>(network: N, record: &[u8]) -> Result<N, TrainingError> {
    // Burn panics on a parameter of another number type.
    let own = number_types(&network_record(&network))?;
    for (name, found) in number_types(record)? {
        if own.get(&name).is_some_and(|expected| *expected != found) {
            let reason = format!("it is damaged: {name} has another number type");
            return Err(TrainingError::Checkpoint(reason));
        }
    }
    ModuleRecord::from_bytes(Bytes::from_bytes_vec(record.to_vec()))
        .and_then(|record| network.try_load_record(record))
        .map_err(|error| TrainingError::Checkpoint(error.to_string()))
}

/// The number type of each tensor of a record.
fn number_types(record: &[u8]) -> Result<HashMap<String, DType>, TrainingError> {
    let tensors = Reader::from_bytes(Bytes::from_bytes_vec(record.to_vec()))
        .and_then(Reader::into_tensors)
        .map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
    Ok(tensors.into_iter().map(|t| (t.name, t.dtype)).collect())
}
