//! Training written down between two steps, to go on from there.

use std::borrow::Cow;
use std::collections::HashMap;

use burn::store::ModuleRecord;
use burn::store::burn_pack::Reader;
use burn::tensor::{Bytes, DType};
use rand_xoshiro::Xoshiro256PlusPlus;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use twox_hash::XxHash3_128;

use crate::record::Sums;
use crate::steps::Steps;
use crate::{Network, StopReason, TrainingError};

/// Everything that [`resume`](crate::resume) needs to go on to the bit where [`fit`](crate::fit) was:
/// weights, what the optimizer remembers, the place in the schedule and in the order of rows, the
/// random numbers to come, the sums of the epoch, and the networks to choose from in the end.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// What whoever keeps the checkpoint wants to keep with it, such as a history.
    pub note: String,
    pub(crate) place: Place,
    /// Burn's record of the network; empty where training has ended.
    pub(crate) network: Vec<u8>,
    /// Burn's records of the networks to choose from, the last one last.
    pub(crate) kept: Vec<Vec<u8>>,
    pub(crate) optimizer: Remembered,
    pub(crate) sums: Vec<Sums>,
}

/// Where training is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Rows trained on, and steps in an epoch.
    pub rows: usize,
    pub steps: usize,
    /// The epoch, from 1, and steps done in it.
    pub epoch: usize,
    pub step: usize,
    /// Epochs finished.
    pub epochs: usize,
    /// Why training ended, if it has.
    pub stop: Option<StopReason>,
    /// Before the schedule.
    pub learning_rate: f64,
    /// The lowest loss of an epoch; none before the first.
    pub lowest: Option<f64>,
    /// The epochs of the networks to choose from.
    pub kept: Vec<usize>,
    /// Where the random numbers were before this epoch's order was drawn, in words.
    #[serde(with = "as_text")]
    pub order: u128,
    /// The epoch's sum of losses, and the rows that it is of.
    pub loss: f64,
    pub loss_rows: usize,
}

impl Place {
    /// Before the first step.
    pub fn start(rows: usize, steps: usize, learning_rate: f64) -> Self {
        Self {
            rows,
            steps,
            epoch: 1,
            step: 0,
            epochs: 0,
            stop: None,
            learning_rate,
            lowest: None,
            kept: Vec::new(),
            order: 0,
            loss: 0.0,
            loss_rows: 0,
        }
    }

    /// The place for a training of so many rows, steps and epochs. What was found on other rows does
    /// not count.
    pub fn on(mut self, rows: usize, steps: usize, epochs: usize) -> Self {
        if (self.rows, self.steps) != (rows, steps) {
            let epoch = match self.stop {
                Some(_) => 1,
                None => self.epoch,
            };
            self = Self {
                epoch,
                ..Self::start(rows, steps, self.learning_rate)
            };
        }
        self.epoch = self.epoch.clamp(1, epochs.saturating_add(1));
        self.step = self.step.min(steps);
        self
    }

    /// Steps since the start of training.
    pub fn steps_done(&self) -> usize {
        (self.epoch - 1)
            .saturating_mul(self.steps)
            .saturating_add(self.step)
    }
}

/// What the optimizer remembers of the parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Remembered {
    /// Of [`Update`](crate::Update), with the random numbers of dropout.
    Arrays {
        steps: i32,
        first: Vec<f32>,
        second: Vec<f32>,
        dropout: Vec<Xoshiro256PlusPlus>,
    },
    /// Burn's record of its optimizer.
    Record(Vec<u8>),
}

/// Bytes that are no checkpoint, or a damaged one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CheckpointError(String);

/// The version of the format.
const VERSION: u32 = 1;
/// The metadata's keys.
const KEY: &str = "backburn_checkpoint";
const CHECKSUM: &str = "checksum";

#[derive(Serialize, Deserialize)]
struct Metadata {
    version: u32,
    place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arrays: Option<Arrays>,
    sums: Vec<Sums>,
    note: String,
}

#[derive(Serialize, Deserialize)]
struct Arrays {
    steps: i32,
    dropout: Vec<Xoshiro256PlusPlus>,
}

/// A tensor on its way to a file.
type Part<'a> = (String, Dtype, usize, Cow<'a, [u8]>);

impl Checkpoint {
    /// Whether training has ended, and all that is left is to choose the network.
    pub fn ended(&self) -> Option<StopReason> {
        self.place.stop
    }

    /// The epoch that training is in, from 1, and how many of its steps are done.
    pub fn epoch_and_step(&self) -> (usize, usize) {
        (self.place.epoch, self.place.step)
    }

    /// The same weights at the start of the epoch, for a training on other rows: what was measured on the
    /// old ones does not count.
    pub fn for_other_rows(self) -> Self {
        let Place {
            rows,
            steps,
            epoch,
            learning_rate,
            ..
        } = self.place;
        Self {
            place: Place {
                epoch,
                ..Place::start(rows, steps, learning_rate)
            },
            kept: Vec::new(),
            sums: Vec::new(),
            ..self
        }
    }

    /// Between two steps. `sums` are those of a recorder, if there is one.
    pub(crate) fn running<N: Network>(
        place: &Place,
        kept: &[(usize, N)],
        trainer: &dyn Steps<N>,
        sums: Option<Vec<Sums>>,
    ) -> Self {
        Self {
            network: record(&trainer.network()),
            optimizer: trainer.remembered(),
            sums: sums.unwrap_or_default(),
            ..Self::at_end(place, kept)
        }
    }

    /// After the last step.
    pub(crate) fn at_end<N: Network>(place: &Place, kept: &[(usize, N)]) -> Self {
        Self {
            note: String::new(),
            place: Place {
                kept: kept.iter().map(|(epoch, _)| *epoch).collect(),
                ..place.clone()
            },
            network: Vec::new(),
            kept: kept.iter().map(|(_, network)| record(network)).collect(),
            optimizer: Remembered::Record(Vec::new()),
            sums: Vec::new(),
        }
    }

    /// The checkpoint as a safetensors file with a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut parts: Vec<Part> = vec![bytes("network".to_string(), &self.network)];
        for (index, network) in self.kept.iter().enumerate() {
            parts.push(bytes(format!("kept.{index}"), network));
        }
        let arrays = match &self.optimizer {
            Remembered::Arrays {
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
            Remembered::Record(record) => {
                parts.push(bytes("optimizer.record".to_string(), record));
                None
            }
        };
        for (index, sums) in self.sums.iter().enumerate() {
            parts.push(floats(format!("gradients.{index}"), &sums.gradients));
        }
        let metadata = Metadata {
            version: VERSION,
            place: self.place.clone(),
            arrays,
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
        safetensors::serialize(views, Some(metadata)).expect("the parts have names of their own")
    }

    /// Reads a checkpoint. Nothing in the bytes is trusted.
    ///
    /// # Errors
    ///
    /// Bytes that are something else, damaged, or newer than this program.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::read(bytes, true)
    }

    /// Reads a checkpoint whatever its checksum is, so that a fuzzer sees what is behind it.
    ///
    /// # Errors
    ///
    /// As for [`from_bytes`](Self::from_bytes).
    pub fn from_unchecked_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Self::read(bytes, false)
    }

    fn read(bytes: &[u8], checked: bool) -> Result<Self, CheckpointError> {
        let error = |reason: &str| CheckpointError(reason.to_string());
        let foreign = |_| error("it is no checkpoint");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        let file = SafeTensors::deserialize(bytes).map_err(foreign)?;
        let entries = header.metadata().as_ref();
        let entry = |key| entries.and_then(|entries| entries.get(key));
        let json = entry(KEY).ok_or_else(|| error("it is no checkpoint"))?;
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let unreadable = |e: serde_json::Error| CheckpointError(format!("it is damaged: {e}"));
        let Version { version } = serde_json::from_str(json).map_err(unreadable)?;
        if version != VERSION {
            return Err(CheckpointError(format!(
                "it is of version {version} of the format, and this program reads {VERSION}"
            )));
        }
        let mut tensors = file.tensors();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let data = tensors
            .iter()
            .map(|(name, view)| (name.as_str(), view.data()));
        if checked && entry(CHECKSUM) != Some(&checksum(json, data)) {
            return Err(error("it is damaged: its checksum is another"));
        }
        let metadata: Metadata = serde_json::from_str(json).map_err(unreadable)?;
        let part = |name: &str, dtype: Dtype| match file.tensor(name) {
            Ok(view) if view.dtype() == dtype => Ok(view.data().to_vec()),
            _ => Err(CheckpointError(format!("it is damaged: it lacks {name}"))),
        };
        let bytes = |name: &str| part(name, Dtype::U8);
        let floats = |name: &str| -> Result<Vec<f32>, CheckpointError> {
            let data = part(name, Dtype::F32)?;
            let (numbers, _) = data.as_chunks::<4>();
            Ok(numbers.iter().map(|n| f32::from_le_bytes(*n)).collect())
        };
        let place = &metadata.place;
        let sound = (place.kept.iter().all(|epoch| *epoch <= place.epochs))
            && place.epochs <= place.epoch
            && place.step <= place.steps
            && place.loss_rows <= place.rows
            && metadata
                .sums
                .iter()
                .all(|sums| sums.measured <= place.steps);
        if !sound {
            return Err(error("it is damaged: its numbers contradict each other"));
        }
        let kept = 0..metadata.place.kept.len();
        let mut sums = metadata.sums;
        for (index, sums) in sums.iter_mut().enumerate() {
            sums.gradients = floats(&format!("gradients.{index}"))?;
        }
        Ok(Self {
            network: bytes("network")?,
            kept: kept
                .map(|index| bytes(&format!("kept.{index}")))
                .collect::<Result<_, _>>()?,
            optimizer: match metadata.arrays {
                Some(Arrays { steps, dropout }) => Remembered::Arrays {
                    steps,
                    dropout,
                    first: floats("optimizer.first")?,
                    second: floats("optimizer.second")?,
                },
                None => Remembered::Record(bytes("optimizer.record")?),
            },
            sums,
            place: metadata.place,
            note: metadata.note,
        })
    }
}

fn bytes(name: String, data: &[u8]) -> Part<'_> {
    (name, Dtype::U8, data.len(), Cow::Borrowed(data))
}

fn floats(name: String, numbers: &[f32]) -> Part<'_> {
    let data: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    (name, Dtype::F32, numbers.len(), Cow::Owned(data))
}

/// Of the metadata and the tensors, in the order of their names.
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

/// A network's parameters with their identities, which the optimizer knows them by.
fn record<N: Network>(network: &N) -> Vec<u8> {
    let record = network.clone().into_record().into_bytes();
    record.expect("parameters can be read back").to_vec()
}

/// A network with the parameters of a record.
pub(crate) fn with_record<N: Network>(network: N, record: &[u8]) -> Result<N, TrainingError> {
    let types = |record: &[u8]| -> Result<HashMap<String, DType>, TrainingError> {
        let tensors = Reader::from_bytes(Bytes::from_bytes_vec(record.to_vec()))
            .and_then(Reader::into_tensors)
            .map_err(|error| TrainingError::Checkpoint(error.to_string()))?;
        Ok(tensors.into_iter().map(|t| (t.name, t.dtype)).collect())
    };
    // Burn panics on a parameter of another type of numbers.
    let own = types(&self::record(&network))?;
    for (name, found) in types(record)? {
        if own.get(&name).is_some_and(|expected| *expected != found) {
            let reason = format!("it is damaged: its {name} is of other numbers");
            return Err(TrainingError::Checkpoint(reason));
        }
    }
    ModuleRecord::from_bytes(Bytes::from_bytes_vec(record.to_vec()))
        .and_then(|record| network.try_load_record(record))
        .map_err(|error| TrainingError::Checkpoint(error.to_string()))
}

/// JSON has no numbers as large.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
