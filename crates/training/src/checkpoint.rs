//! Checkpoints: the state of a training run as a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use rand_xoshiro::Xoshiro256PlusPlus;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use twox_hash::XxHash3_128;

use crate::optimizer_record::OptimizerRecord;
use crate::plateau::PlateauState;
use crate::progress::TrainingProgress;
use crate::recorder::LayerSums;
use crate::report::StopReason;

/// The state of a training run between two steps, from which [`resume`](crate::resume) continues.
/// It has the weights, the state of the optimizer, the position in the schedule and in the row
/// order, the state of the random number generators, the sums of the current epoch, and the
/// networks that may be returned in the end. [`resume`](crate::resume) has an example.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Text that the caller stores with the checkpoint, such as a history. Empty at first.
    pub note: String,
    /// Bytes that the caller stores with the checkpoint, such as outputs of the network. Empty at first, and
    /// in [`for_other_rows`](Self::for_other_rows).
    pub attachment: Vec<u8>,
    pub(crate) progress: TrainingProgress,
    /// Burn's record of the network; empty where training has ended.
    pub(crate) network: Vec<u8>,
    /// Burn's records of the networks that may be returned in the end, in the order of their epochs.
    pub(crate) kept: Vec<Vec<u8>>,
    /// Burn's records of the networks of the last epochs, if their weights are averaged.
    pub(crate) averaged: Vec<Vec<u8>>,
    pub(crate) optimizer: OptimizerRecord,
    pub(crate) sums: Vec<LayerSums>,
}

/// Why bytes could not be read as a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CheckpointError(String);

/// The version of the file format.
const VERSION: u32 = 1;
/// The keys of the safetensors metadata.
const KEY: &str = "backburn_checkpoint";
const CHECKSUM: &str = "checksum";
/// The tensor of the caller's bytes, if there are any.
const ATTACHMENT: &str = "attachment";

#[derive(Serialize, Deserialize)]
struct Metadata {
    version: u32,
    #[serde(rename = "place")]
    progress: TrainingProgress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arrays: Option<Arrays>,
    /// The number of networks whose weights are averaged.
    #[serde(default, skip_serializing_if = "is_zero")]
    averaged: usize,
    sums: Vec<LayerSums>,
    note: String,
}

#[derive(Serialize, Deserialize)]
struct Arrays {
    steps: i32,
    dropout: Vec<Xoshiro256PlusPlus>,
}

/// Name, type, length and bytes of a tensor of the file.
type Part<'a> = (String, Dtype, usize, Cow<'a, [u8]>);

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Checkpoint {
    /// Why training ended; `None` while it runs. Resuming an ended run takes no further step: it
    /// returns the best network.
    pub fn ended(&self) -> Option<StopReason> {
        self.progress.stop
    }

    /// The current epoch, counted from 1, and the steps done in it.
    pub fn epoch_and_step(&self) -> (usize, usize) {
        (self.progress.epoch, self.progress.step)
    }

    /// This checkpoint for a run on other rows: the same weights at the start of the current epoch.
    /// Losses on the old rows are dropped, and so are the networks that were kept for them.
    pub fn for_other_rows(self) -> Self {
        let TrainingProgress {
            rows,
            steps,
            epoch,
            learning_rate,
            plateau,
            ..
        } = self.progress;
        Self {
            progress: TrainingProgress {
                epoch,
                plateau: plateau.map(PlateauState::for_other_rows),
                ..TrainingProgress::start(rows, steps, learning_rate)
            },
            attachment: Vec::new(),
            kept: Vec::new(),
            averaged: Vec::new(),
            sums: Vec::new(),
            ..self
        }
    }

    /// The checkpoint as the bytes of a safetensors file with a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut parts: Vec<Part> = vec![bytes("network".to_string(), &self.network)];
        for (index, network) in self.kept.iter().enumerate() {
            parts.push(bytes(format!("kept.{index}"), network));
        }
        for (index, network) in self.averaged.iter().enumerate() {
            parts.push(bytes(format!("averaged.{index}"), network));
        }
        if !self.attachment.is_empty() {
            parts.push(bytes(ATTACHMENT.to_string(), &self.attachment));
        }
        let arrays = match &self.optimizer {
            OptimizerRecord::Fused {
                steps,
                first,
                second,
                dropout,
            } => {
                parts.push(floats("optimizer.first".to_string(), first));
                parts.push(floats("optimizer.second".to_string(), second));
                Some(Arrays {
                    steps: *steps,
                    dropout: dropout.clone(),
                })
            }
            OptimizerRecord::Burn(record) => {
                parts.push(bytes("optimizer.record".to_string(), record));
                None
            }
        };
        for (index, sums) in self.sums.iter().enumerate() {
            parts.push(floats(format!("gradients.{index}"), &sums.gradients));
        }
        let metadata = Metadata {
            version: VERSION,
            progress: self.progress.clone(),
            arrays,
            averaged: self.averaged.len(),
            sums: self.sums.clone(),
            note: self.note.clone(),
        };
        let json = serde_json::to_string(&metadata).expect("numbers and text are JSON");
        parts.sort_by(|a, b| a.0.cmp(&b.0));
        let data = parts
            .iter()
            .map(|(name, .., data)| (name.as_str(), &**data));
        let metadata = HashMap::from([
            (CHECKSUM.to_string(), checksum(&json, data)),
            (KEY.to_string(), json),
        ]);
        let views = parts.iter().map(|(name, dtype, length, data)| {
            let view = TensorView::new(*dtype, vec![*length], data);
            (name, view.expect("each part is as long as it says"))
        });
        safetensors::serialize(views, Some(metadata)).expect("the names of the parts differ")
    }

    /// Reads a checkpoint. It does not panic, whatever the bytes are.
    ///
    /// # Errors
    ///
    /// Bytes that are not a checkpoint, are damaged, or have a format that this program does not read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::read(bytes, true)
    }

    /// Reads a checkpoint without comparing its checksum, so that a fuzzer reaches the code after
    /// that comparison.
    ///
    /// # Errors
    ///
    /// As for [`from_bytes`](Self::from_bytes).
    pub fn from_unchecked_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::read(bytes, false)
    }

    fn read(bytes: &[u8], checked: bool) -> Result<Self, CheckpointError> {
        let file = CheckpointFile::open(bytes)?;
        if checked && !file.has_valid_checksum() {
            return Err(damaged("its checksum does not match"));
        }
        let metadata: Metadata = file.metadata()?;
        let progress = &metadata.progress;
        let measured = |sums: &LayerSums| sums.measured <= progress.steps;
        if !(progress.is_consistent() && metadata.sums.iter().all(measured)) {
            return Err(damaged("its numbers contradict each other"));
        }
        let kept = 0..progress.kept_epochs.len();
        let mut sums = metadata.sums;
        for (index, sums) in sums.iter_mut().enumerate() {
            sums.gradients = file.floats(&format!("gradients.{index}"))?;
        }
        Ok(Self {
            network: file.bytes("network")?,
            // Checkpoints of earlier versions have none.
            attachment: file.bytes(ATTACHMENT).unwrap_or_default(),
            kept: kept
                .map(|index| file.bytes(&format!("kept.{index}")))
                .collect::<Result<_, _>>()?,
            averaged: (0..metadata.averaged)
                .map(|index| file.bytes(&format!("averaged.{index}")))
                .collect::<Result<_, _>>()?,
            optimizer: match metadata.arrays {
                Some(Arrays { steps, dropout }) => OptimizerRecord::Fused {
                    steps,
                    dropout,
                    first: file.floats("optimizer.first")?,
                    second: file.floats("optimizer.second")?,
                },
                None => OptimizerRecord::Burn(file.bytes("optimizer.record")?),
            },
            sums,
            progress: metadata.progress,
            note: metadata.note,
        })
    }
}

/// A checkpoint file of this format version. Its tensors are not checked.
struct CheckpointFile<'a> {
    tensors: SafeTensors<'a>,
    /// The metadata, as JSON.
    json: String,
    /// The checksum that the file states.
    checksum: Option<String>,
}

impl<'a> CheckpointFile<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let foreign = || CheckpointError("it is not a checkpoint".to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|_| foreign())?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|_| foreign())?;
        let mut entries = header.metadata().clone().unwrap_or_default();
        let file = Self {
            tensors,
            json: entries.remove(KEY).ok_or_else(foreign)?,
            checksum: entries.remove(CHECKSUM),
        };
        let Version { version } = file.metadata()?;
        if version != VERSION {
            return Err(CheckpointError(format!(
                "it has format {version}, and this program reads format {VERSION}"
            )));
        }
        Ok(file)
    }

    fn metadata<T: DeserializeOwned>(&self) -> Result<T, CheckpointError> {
        serde_json::from_str(&self.json).map_err(damaged)
    }

    fn has_valid_checksum(&self) -> bool {
        let mut tensors = self.tensors.tensors();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let data = tensors
            .iter()
            .map(|(name, view)| (name.as_str(), view.data()));
        self.checksum == Some(checksum(&self.json, data))
    }

    /// The data of a tensor of bytes.
    fn bytes(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        Ok(self.tensor(name, Dtype::U8)?.to_vec())
    }

    /// The data of a tensor of 32-bit floats.
    fn floats(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let (numbers, _) = self.tensor(name, Dtype::F32)?.as_chunks::<4>();
        Ok(numbers.iter().map(|n| f32::from_le_bytes(*n)).collect())
    }

    fn tensor(&self, name: &str, dtype: Dtype) -> Result<&'a [u8], CheckpointError> {
        match self.tensors.tensor(name) {
            Ok(view) if view.dtype() == dtype => Ok(view.data()),
            _ => Err(damaged(format!("it lacks {name}"))),
        }
    }
}

fn damaged(reason: impl Display) -> CheckpointError {
    CheckpointError(format!("it is damaged: {reason}"))
}

fn bytes(name: String, data: &[u8]) -> Part<'_> {
    (name, Dtype::U8, data.len(), Cow::Borrowed(data))
}

fn floats(name: String, numbers: &[f32]) -> Part<'_> {
    let data: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    (name, Dtype::F32, numbers.len(), Cow::Owned(data))
}

/// The checksum of the metadata and of the tensors, which are in the order of their names.
fn checksum<'a>(json: &str, parts: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = XxHash3_128::new();
    hasher.write(json.as_bytes());
    for (name, data) in parts {
        hasher.write(name.as_bytes());
        hasher.write(&(data.len() as u64).to_le_bytes());
        hasher.write(data);
    }
    format!("{:032x}", hasher.finish_128())
}
