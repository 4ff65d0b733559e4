//! The result of a job.

use crate::model_file::SavedModel;
use backburn_table::Split;
use backburn_training::{Finding, History, StopReason};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::imputation_errors::ImputationErrors;

/// The result of a [`Job`](crate::Job).
#[derive(Debug, Clone)]
pub struct JobResult {
    /// The job's name.
    pub name: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of a job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// Of a trial: the error on the fold that was left out; infinite if it could not be trained.
    Error(f64),
    /// A network.
    Network(Box<TrainedNetwork>),
    /// The job was not run: the run was stopped or its time was up.
    Skipped,
}

/// A network after its training.
#[derive(Debug, Clone)]
pub struct TrainedNetwork {
    /// The network with its encoder and target.
    pub model: SavedModel,
    /// Why training ended.
    pub stop: StopReason,
    /// How long the run had taken when it ended.
    pub seconds: f64,
    /// The epochs, if the run was to be diagnosed.
    pub history: History,
    /// What is wrong in them, if the run was to be diagnosed.
    pub findings: Vec<Finding>,
    /// The rows.
    pub split: Split,
    /// The network's outputs for the validation rows, `validation rows * outputs` numbers. Those of a row are
    /// of an epoch that this row did not choose, so that they score the network.
    pub outputs: Vec<f32>,
    /// For each epoch and validation row, the loss and the outputs. Empty if there are many rows, or if the
    /// network is not one of an ensemble.
    pub outputs_by_epoch: Vec<f32>,
    /// How much the outputs change if values are imputed.
    pub imputation: ImputationErrors,
}

/// The part of a result that is JSON.
#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    outcome: OutcomeHeader,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeHeader {
    /// The bits of a 64-bit number, which may be infinite.
    Error(u64),
    Skipped,
    Network(Box<NetworkHeader>),
}

#[derive(Serialize, Deserialize)]
struct NetworkHeader {
    stop: StopReason,
    seconds: f64,
    history: History,
    findings: Vec<Finding>,
    split: Split,
    /// How many 32-bit numbers stand behind the header, before the model.
    outputs: usize,
    /// The numbers of all epochs, which stand behind those.
    #[serde(default)]
    outputs_by_epoch: usize,
    #[serde(default)]
    imputation: ImputationErrors,
}

impl JobResult {
    /// The result as bytes, to be sent to the process that assembles the model: the length of a JSON
    /// header (8 bytes, little endian), the header, the outputs, those of all epochs, the model's file.
    ///
    /// # Errors
    ///
    /// Weights that cannot be read back from their device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let outcome = match &self.outcome {
            Outcome::Error(error) => OutcomeHeader::Error(error.to_bits()),
            Outcome::Skipped => OutcomeHeader::Skipped,
            Outcome::Network(network) => OutcomeHeader::Network(Box::new(NetworkHeader {
                stop: network.stop,
                seconds: network.seconds,
                history: network.history.clone(),
                findings: network.findings.clone(),
                split: network.split.clone(),
                outputs: network.outputs.len(),
                outputs_by_epoch: network.outputs_by_epoch.len(),
                imputation: network.imputation.clone(),
            })),
        };
        let header = Header {
            name: self.name.clone(),
            outcome,
        };
        let header = serde_json::to_vec(&header).map_err(|e| Error::Failed(e.to_string()))?;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        if let Outcome::Network(network) = &self.outcome {
            let outputs = network.outputs.iter().chain(&network.outputs_by_epoch);
            bytes.extend(outputs.flat_map(|output| output.to_le_bytes()));
            bytes.extend(network.model.to_bytes()?);
        }
        Ok(bytes)
    }

    /// Reads a result, and puts its network on a device.
    ///
    /// # Errors
    ///
    /// Bytes that are something else or damaged.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, Error> {
        let damaged = || Error::Failed("these bytes are not the result of a job".to_string());
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
        let (header, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let Header { name, outcome } = serde_json::from_slice(header).map_err(|_| damaged())?;
        let outcome = match outcome {
            OutcomeHeader::Error(bits) => Outcome::Error(f64::from_bits(bits)),
            OutcomeHeader::Skipped => Outcome::Skipped,
            OutcomeHeader::Network(header) => {
                let NetworkHeader {
                    stop,
                    seconds,
                    history,
                    findings,
                    split,
                    outputs,
                    outputs_by_epoch,
                    imputation,
                } = *header;
                let numbers = outputs.checked_add(outputs_by_epoch);
                let length = numbers.and_then(|numbers| numbers.checked_mul(4));
                let length = length.ok_or_else(damaged)?;
                let (numbers, model) = rest.split_at_checked(length).ok_or_else(damaged)?;
                let (numbers, _) = numbers.as_chunks::<4>();
                let numbers: Vec<f32> = numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
                let (outputs, outputs_by_epoch) = numbers.split_at(outputs);
                let model = SavedModel::from_bytes(&name, model.to_vec(), device)?;
                Outcome::Network(Box::new(TrainedNetwork {
                    model,
                    stop,
                    seconds,
                    history,
                    findings,
                    split,
                    outputs: outputs.to_vec(),
                    outputs_by_epoch: outputs_by_epoch.to_vec(),
                    imputation,
                }))
            }
        };
        Ok(Self { name, outcome })
    }
}
