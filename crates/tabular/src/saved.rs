//! The saved model: one safetensors file that holds the weights and, as its metadata, everything
//! else that prediction needs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use backburn_model::{Mlp, MlpConfig};
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::{Encoder, ModelFileError, OutputFile, Schema, Target};

/// The version of the file format that this program writes, and the newest it reads.
pub const FORMAT_VERSION: u64 = 1;

/// The metadata's key.
const KEY: &str = "backburn";

/// A trained network with what it takes to use it.
#[derive(Debug, Clone)]
pub struct SavedModel {
    /// The network's shape.
    pub config: MlpConfig,
    /// The network.
    pub network: Mlp,
    /// What the table's columns were found to be.
    pub schema: Schema,
    /// How rows become numbers.
    pub encoder: Encoder,
    /// What is predicted.
    pub target: Target,
    /// How it was trained.
    pub summary: Summary,
}

/// How a model was trained, for people; nothing is computed from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The program and its version.
    pub program: String,
    /// The table.
    pub table: String,
    /// Rows trained on.
    pub training_rows: usize,
    /// Rows that chose the best epoch.
    pub validation_rows: usize,
    /// The epoch whose weights these are.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The seed.
    pub seed: u64,
    /// The backend.
    pub device: String,
    /// Scores on the validation rows, by metric.
    pub validation: BTreeMap<String, f64>,
    /// Scores on rows never seen, if there were any.
    pub test: Option<TestScore>,
    /// The settings of training, as TOML.
    pub settings: String,
}

/// Scores on rows never seen in training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestScore {
    /// The table.
    pub table: String,
    /// Rows scored.
    pub rows: usize,
    /// By metric.
    pub scores: BTreeMap<String, f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format_version: u64,
    network: MlpConfig,
    schema: Schema,
    encoder: Encoder,
    target: Target,
    summary: Summary,
}

/// A place for a model, held open from before training until it is written: a path that cannot
/// be written is found out before the work, and a file already there stays whole until the new
/// one is.
#[derive(Debug)]
pub struct ModelFile(OutputFile);

impl ModelFile {
    /// Makes sure that a model can be written at the path.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or at the path is something that is no model.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ModelFileError> {
        let path = path.into();
        if path.exists() && !is_model(&path) {
            return Err(ModelFileError::InTheWay { path });
        }
        match OutputFile::create(&path) {
            Ok(file) => Ok(Self(file)),
            Err(error) => Err(ModelFileError::Io { path, error }),
        }
    }

    /// Writes the model: whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full, or the folder has gone; what was at the path is untouched.
    pub fn write(mut self, model: &SavedModel) -> Result<PathBuf, ModelFileError> {
        let bytes = model.to_bytes()?;
        let path = self.0.path().to_path_buf();
        let written = self.0.write_all(&bytes).and_then(|()| self.0.commit());
        written.map_err(|error| ModelFileError::Io { path, error })
    }
}

/// Whether a file looks like a model of ours, from its beginning.
fn is_model(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    let tag = format!("\"{KEY}\"");
    read.is_ok() && start.len() > 8 && start[8..].windows(tag.len()).any(|w| w == tag.as_bytes())
}

impl SavedModel {
    /// The bytes of the model's file; the same model gives the same bytes.
    ///
    /// # Errors
    ///
    /// Weights that cannot be read back from their device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            network: self.config.clone(),
            schema: self.schema.clone(),
            encoder: self.encoder.clone(),
            target: self.target.clone(),
            summary: self.summary.clone(),
        };
        let damaged = |reason: String| ModelFileError::Damaged {
            name: "the model to save".to_string(),
            reason,
        };
        let json = serde_json::to_string(&metadata).map_err(|error| damaged(error.to_string()))?;
        // Burn's own metadata is left out: with a single entry the header has a single order.
        let mut store = SafetensorsStore::from_bytes(None)
            .clear_metadata()
            .metadata(KEY, json)
            .skip_enum_variants(true);
        self.network
            .save_into(&mut store)
            .map_err(|error| damaged(error.to_string()))?;
        store
            .get_bytes()
            .map_err(|error| damaged(error.to_string()))
    }

    /// Reads a model and puts its network on a device.
    ///
    /// Nothing in the file is trusted: sizes are checked before anything is allocated for them,
    /// and every part before it is used.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is no model, is damaged, or is newer than this program.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| ModelFileError::Io {
            path: path.to_path_buf(),
            error,
        })?;
        Self::from_bytes(&path.display().to_string(), bytes, device)
    }

    /// Reads a model from the bytes of its file; `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub fn from_bytes(name: &str, bytes: Vec<u8>, device: &Device) -> Result<Self, ModelFileError> {
        let metadata = read_metadata(name, &bytes)?;
        let damaged = |reason: String| ModelFileError::Damaged {
            name: name.to_string(),
            reason,
        };
        metadata
            .network
            .validate()
            .map_err(|error| damaged(error.to_string()))?;
        if let Some(problem) = metadata.encoder.problem() {
            return Err(damaged(problem));
        }
        if let Some(problem) = metadata.target.problem() {
            return Err(damaged(problem.to_string()));
        }
        if let Some(problem) = mismatch(&metadata) {
            return Err(damaged(problem));
        }
        // The network that the config describes is only allocated if its weights fit in the file.
        let widths = metadata.network.widths();
        let weights: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let tables: usize = metadata
            .network
            .embeddings
            .iter()
            .map(|e| e.categories * e.dimension)
            .sum();
        if (weights + tables).saturating_mul(4) > bytes.len() {
            return Err(damaged("it is too short for its network".to_string()));
        }

        let mut network = metadata
            .network
            .init(device)
            .map_err(|error| damaged(error.to_string()))?;
        check_tensors(&network, &bytes).map_err(damaged)?;
        let mut store = SafetensorsStore::from_bytes(Some(bytes)).skip_enum_variants(true);
        network
            .load_from(&mut store)
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Self {
            config: metadata.network,
            network,
            schema: metadata.schema,
            encoder: metadata.encoder,
            target: metadata.target,
            summary: metadata.summary,
        })
    }
}

fn read_metadata(name: &str, bytes: &[u8]) -> Result<Metadata, ModelFileError> {
    let foreign = |reason: &str| ModelFileError::Foreign {
        name: name.to_string(),
        reason: reason.to_string(),
    };
    let damaged = |reason: String| ModelFileError::Damaged {
        name: name.to_string(),
        reason,
    };
    let ours = bytes.len() > 8 && {
        let tag = format!("\"{KEY}\"");
        let start = &bytes[8..bytes.len().min(4096)];
        start
            .windows(tag.len())
            .any(|window| window == tag.as_bytes())
    };
    let (_, header) = match SafeTensors::read_metadata(bytes) {
        Ok(header) => header,
        Err(error) if ours => return Err(damaged(error.to_string())),
        Err(_) if bytes.is_empty() => return Err(foreign("it is empty")),
        Err(_) => return Err(foreign("it is no safetensors file")),
    };
    let json = header
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(KEY))
        .ok_or_else(|| foreign("it is a safetensors file of something else"))?;

    #[derive(Deserialize)]
    struct Version {
        format_version: u64,
    }
    let version: Version =
        serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?;
    if version.format_version > FORMAT_VERSION {
        return Err(ModelFileError::Newer {
            name: name.to_string(),
            version: version.format_version,
        });
    }
    serde_json::from_str(json).map_err(|error| damaged(error.to_string()))
}

/// Where the parts of the metadata contradict each other.
fn mismatch(metadata: &Metadata) -> Option<String> {
    let network = &metadata.network;
    if network.inputs != metadata.encoder.inputs()
        || network.embeddings != metadata.encoder.embeddings()
    {
        return Some("its network does not fit its columns".to_string());
    }
    let fits = match &metadata.target {
        Target::Regression { .. } => network.outputs == 1,
        Target::Classification { classes, .. } => {
            network.outputs == classes.len() || (network.outputs == 1 && classes.len() == 2)
        }
    };
    (!fits).then(|| "its network does not fit its target".to_string())
}

/// Compares the tensors of a file with those that the network has: their names, shapes and types,
/// and that every number is finite.
fn check_tensors(network: &Mlp, bytes: &[u8]) -> Result<(), String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let expected = network.collect(None, None, true);
    if file.len() != expected.len() {
        let (found, needed) = (file.len(), expected.len());
        return Err(format!("it has {found} tensors, and its network {needed}"));
    }
    for tensor in expected {
        let name = &tensor.name;
        let view = file
            .tensor(name)
            .map_err(|_| format!("it lacks the tensor {name:?}"))?;
        let shape = tensor.shape.to_vec();
        if view.shape() != shape {
            let found = view.shape();
            return Err(format!(
                "{name:?} has shape {found:?}, and should have {shape:?}"
            ));
        }
        if view.dtype() != safetensors::Dtype::F32 {
            return Err(format!("{name:?} is not of 32-bit numbers"));
        }
        let finite = view
            .data()
            .chunks_exact(4)
            .all(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]).is_finite());
        if !finite {
            return Err(format!("{name:?} has weights that are no numbers"));
        }
    }
    Ok(())
}
