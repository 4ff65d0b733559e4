//! A learning rate range test for a dataset.

use backburn_training::{RangeTest, range_test};
use burn::tensor::Device;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::network_config::network_config;
use crate::work_memory::Work;

/// Runs a learning rate range test (see [`range_test`]) with the network and the training rows that a fit
/// would use, and suggests a learning rate.
///
/// # Errors
///
/// The rows cannot be encoded, or the settings are not valid.
pub fn find_learning_rate(
    data: &Dataset,
    config: &Config,
    device: &Device,
) -> Result<RangeTest, Error> {
    let data = &*data.for_config(config)?;
    let split = data.validation_split(config);
    let encoded = EncodedSplit::for_work(data, split, config, device, &Work::RangeTest)?;
    let rows = encoded.training.rows();
    let network = network_config(config, &encoded.encoder, &encoded.target, rows)?;
    device.seed(config.training.seed);
    let network = network.init(device)?;
    Ok(range_test(&network, &encoded.training, &config.training)?)
}
