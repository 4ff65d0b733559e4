//! The saved model: one safetensors file that holds the weights and, as its metadata, everything
//! else that prediction needs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use backburn_model::{Ensemble, Mlp, MlpConfig};
use burn::module::Module;
use burn::store::burn_pack::Tensor as PackTensor;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Bytes, Device};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::imputer::Normal;
use crate::places::Places;
use crate::{Encoder, Imputer, ModelFileError, OutputFile, Schema, Target};

/// The version of the file format that this program writes, and the newest it reads.
pub const FORMAT_VERSION: u64 = 6;

/// The metadata's key.
const KEY: &str = "backburn";

/// A trained network with what it takes to use it.
#[derive(Debug, Clone)]
pub struct SavedModel {
    /// The shape of its first network; others may have other hidden layers
    /// ([`Mlp::hidden_units`]).
    pub config: MlpConfig,
    /// The network, or several as one.
    pub network: Ensemble,
    /// What the table's columns were found to be.
    pub schema: Schema,
    /// How rows become numbers.
    pub encoder: Encoder,
    /// What is predicted.
    pub target: Target,
    /// What enters the first layers ([`Ensemble::features`]), averaged over the rows trained on: what
    /// explanations compare a row with. Empty if it is not known.
    pub average: Vec<f32>,
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
    /// Where there is more than one, their tensors' names start with `members.0.` and so on.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    members: usize,
    /// Hidden layers of each, where they are not all as in `network`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<Vec<usize>>,
    schema: Schema,
    encoder: Encoder,
    target: Target,
    #[serde(default)]
    average: Vec<f32>,
    summary: Summary,
}

fn one() -> usize {
    1
}

fn is_one(members: &usize) -> bool {
    *members == 1
}

/// A place for a model, tried before training, so that a path that cannot be written is found out
/// before the work; a file already there stays whole until the new one is.
#[derive(Debug)]
pub struct ModelFile {
    path: PathBuf,
    replaces: Option<String>,
}

impl ModelFile {
    /// Makes sure that a model can be written at the path.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or at the path is something that is no model.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ModelFileError> {
        let path = path.into();
        // What is empty may be of a program that was killed while it tried the path.
        let empty = std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == 0);
        let replaces = match path.exists() && !empty {
            false => None,
            true => match target_of(&path) {
                Some(target) => Some(target),
                None => return Err(ModelFileError::InTheWay { path }),
            },
        };
        // Only a try: the file that it makes is gone again at once.
        match OutputFile::create(&path) {
            Ok(_) => Ok(Self { path, replaces }),
            Err(error) => Err(ModelFileError::Io { path, error }),
        }
    }

    /// The target of the model that stands at the path and will be replaced.
    pub fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    /// Writes the model: whole or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full, or the folder has gone; what was at the path is untouched.
    pub fn write(self, model: &SavedModel) -> Result<PathBuf, ModelFileError> {
        let bytes = model.to_bytes()?;
        // What could not be read again is not written.
        read_metadata("the model to save", &bytes)?;
        let written = OutputFile::create(&self.path).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.commit()
        });
        match written {
            Ok(()) => Ok(self.path),
            Err(error) => Err(ModelFileError::Io {
                path: self.path,
                error,
            }),
        }
    }
}

/// The target of the model in a file; `None` if it is no model.
fn target_of(path: &Path) -> Option<String> {
    // A pipe would be waited for.
    if !path.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    // No safetensors header is longer, and whatever else the file is need not be read.
    if length > 100_000_000 {
        return None;
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    let metadata = header.get("__metadata__")?.get(KEY)?.as_str()?;
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let target = metadata.get("target")?.get("column")?.as_str()?;
    Some(target.to_string())
}

impl SavedModel {
    /// The bytes of the model's file; the same model gives the same bytes.
    ///
    /// # Errors
    ///
    /// Weights that cannot be read back from their device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let members = self.network.members.iter();
        let mut hidden: Vec<Vec<usize>> = members.map(Mlp::hidden_units).collect();
        if hidden.iter().all(|units| *units == self.config.hidden) {
            hidden.clear();
        }
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            network: self.config.clone(),
            members: self.network.members.len(),
            hidden,
            schema: self.schema.clone(),
            encoder: self.encoder.clone(),
            target: self.target.clone(),
            average: self.average.clone(),
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
        let saved = match self.network.members.as_slice() {
            [mlp] => mlp.save_into(&mut store),
            _ => self.network.save_into(&mut store),
        };
        saved.map_err(|error| damaged(error.to_string()))?;
        let bytes = store
            .get_bytes()
            .map_err(|error| damaged(error.to_string()))?;
        with_tensors_of(&self.encoder, bytes).map_err(|error| damaged(error.to_string()))
    }

    /// Reads a model, from standard input if the path is `-`, and puts its network on a device.
    ///
    /// Nothing in the file is trusted: sizes are checked before anything is allocated for them,
    /// and every part before it is used.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is no model, is damaged, or is newer than this program.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        let read = match path == Path::new("-") {
            true => io::stdin().read_to_end(&mut bytes),
            false => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
        };
        read.map_err(|error| ModelFileError::Io {
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
        let mut metadata = read_metadata(name, &bytes)?;
        let damaged = |reason: String| ModelFileError::Damaged {
            name: name.to_string(),
            reason,
        };
        read_tensors_of(&mut metadata.encoder, &bytes).map_err(damaged)?;
        let valid = metadata.network.validate();
        valid.map_err(|error| damaged(error.to_string()))?;
        if let Some(problem) = metadata.encoder.problem() {
            return Err(damaged(problem));
        }
        if let Some(problem) = metadata.target.problem() {
            return Err(damaged(problem.to_string()));
        }
        if let Some(problem) = mismatch(&metadata) {
            return Err(damaged(problem));
        }
        // Networks are only allocated if the weights of all of them fit in the file.
        let networks = metadata.networks(bytes.len() / 4).map_err(damaged)?;
        let networks: Result<Vec<Mlp>, _> = networks.iter().map(|n| n.init(device)).collect();
        let mut network = Ensemble {
            members: networks.map_err(|error| damaged(error.to_string()))?,
        };
        let encoder = &metadata.encoder;
        let others = encoder.neighbours.len() + usize::from(encoder.imputer.is_some());
        match network.members.as_mut_slice() {
            [mlp] => restore(mlp, &bytes, others),
            _ => restore(&mut network, &bytes, others),
        }
        .map_err(damaged)?;
        Ok(Self {
            config: metadata.network,
            network,
            schema: metadata.schema,
            encoder: metadata.encoder,
            target: metadata.target,
            average: metadata.average,
            summary: metadata.summary,
        })
    }
}

impl Metadata {
    /// The shape of each network, if they have no more parameters than that.
    fn networks(&self, most: usize) -> Result<Vec<MlpConfig>, String> {
        if !self.hidden.is_empty() && self.hidden.len() != self.members {
            return Err("it does not say the hidden layers of each network".to_string());
        }
        let first = self.hidden.first();
        if first.is_some_and(|hidden| *hidden != self.network.hidden) {
            return Err("it says two things of the hidden layers of its first network".to_string());
        }
        let shared = MlpConfig {
            hidden: Vec::new(),
            ..self.network.clone()
        };
        let mut networks = Vec::new();
        let mut numbers = 0usize;
        for member in 0..self.members {
            let hidden = self.hidden.get(member).unwrap_or(&self.network.hidden);
            let network = shared.clone().with_hidden(hidden.as_slice());
            network.validate().map_err(|error| error.to_string())?;
            numbers = numbers.saturating_add(numbers_of(&network));
            if numbers > most {
                return Err("it is too short for its network".to_string());
            }
            networks.push(network);
        }
        Ok(networks)
    }
}

/// Parameters of a network.
fn numbers_of(network: &MlpConfig) -> usize {
    let widths = network.widths();
    let weights: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let tables = network.embeddings.iter();
    let tables: usize = tables.map(|e| e.categories * e.dimension).sum();
    weights + tables
}

/// The tensor with the places of an encoder's neighbours.
fn places_name(index: usize) -> String {
    format!("neighbours.{index}")
}

/// A model's file with the tensors of its encoder: the places of its neighbours, and what its imputer
/// knows.
fn with_tensors_of(
    encoder: &Encoder,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let places = encoder.neighbours.iter().enumerate();
    let places = places.map(|(index, by)| (places_name(index), by.places.numbers()));
    let imputer = encoder.imputer.iter();
    let imputer = imputer.map(|imputer| (Imputer::TENSOR.to_string(), imputer.normal.numbers()));
    let own = places.chain(imputer).map(|(name, (numbers, width))| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        (name, bytes, [numbers.len() / width, width])
    });
    let own: Vec<(String, Vec<u8>, [usize; 2])> = own.collect();
    if own.is_empty() {
        return Ok(bytes);
    }
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let file = SafeTensors::deserialize(&bytes)?;
    let mut tensors: Vec<(String, TensorView)> = file.tensors();
    for (name, bytes, shape) in &own {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)?;
        tensors.push((name.clone(), view));
    }
    safetensors::serialize(tensors, header.metadata().clone())
}

/// Puts the tensors of an encoder into it.
fn read_tensors_of(encoder: &mut Encoder, bytes: &[u8]) -> Result<(), String> {
    if encoder.neighbours.is_empty() && encoder.imputer.is_none() {
        return Ok(());
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let table = |name: &str| -> Result<Option<(Vec<f32>, usize)>, String> {
        let view = file.tensor(name);
        let view = view.map_err(|_| format!("it lacks the tensor {name:?}"))?;
        Ok(match (view.dtype(), view.shape()) {
            (Dtype::F32, &[_, width]) => {
                let numbers = view.data().chunks_exact(4);
                let numbers = numbers.map(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]));
                Some((numbers.collect(), width))
            }
            _ => None,
        })
    };
    for (index, neighbours) in encoder.neighbours.iter_mut().enumerate() {
        let (name, dimensions) = (places_name(index), neighbours.columns.len());
        let places = table(&name)?
            .and_then(|(numbers, width)| Places::from_numbers(numbers, width, dimensions));
        neighbours.places = places.ok_or_else(|| format!("{name:?} holds no places of rows"))?;
    }
    if let Some(imputer) = &mut encoder.imputer {
        let name = Imputer::TENSOR;
        let normal = table(name)?.and_then(|(numbers, size)| Normal::from_numbers(numbers, size));
        imputer.normal = normal.ok_or_else(|| format!("{name:?} holds no normal distribution"))?;
    }
    Ok(())
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
    let average = &metadata.average;
    if metadata.members == 0 {
        return Some("it has no network".to_string());
    }
    let features = network.widths()[0].saturating_mul(metadata.members);
    if !average.is_empty() && average.len() != features
        || average.iter().any(|number| !number.is_finite())
    {
        return Some("its average row does not fit its network".to_string());
    }
    let fits = match &metadata.target {
        Target::Regression { .. } => network.outputs == 1,
        Target::Classification { classes, .. } => {
            network.outputs == classes.len() || (network.outputs == 1 && classes.len() == 2)
        }
    };
    (!fits).then(|| "its network does not fit its target".to_string())
}

/// Puts the tensors of a file into a network of their shapes; some others are there beside them.
fn restore<M: Module>(network: &mut M, bytes: &[u8], others: usize) -> Result<(), String> {
    let tensors = tensors(network, bytes, others)?;
    let applied = network.apply(tensors, None, None, true);
    match applied.errors.is_empty() && applied.missing.is_empty() {
        true => Ok(()),
        false => Err(applied.to_string()),
    }
}

/// The tensors of a file, compared with those that the network has: their names, shapes and types,
/// and that every number is finite.
///
/// Burn's own store reads the header, with all that we keep there, once more for every tensor.
fn tensors<M: Module>(network: &M, bytes: &[u8], others: usize) -> Result<Vec<PackTensor>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let expected = network.collect(None, None, true);
    let needed = expected.len() + others;
    if file.len() != needed {
        let found = file.len();
        return Err(format!("it has {found} tensors, and needs {needed}"));
    }
    let mut tensors = Vec::with_capacity(expected.len());
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
        if view.dtype() != Dtype::F32 {
            return Err(format!("{name:?} is not of 32-bit numbers"));
        }
        let finite = view
            .data()
            .chunks_exact(4)
            .all(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]).is_finite());
        if !finite {
            return Err(format!("{name:?} has weights that are no numbers"));
        }
        let negative = |n: &[u8]| n[3] & 0x80 != 0;
        if name.ends_with("running_var") && view.data().chunks_exact(4).any(negative) {
            return Err(format!("{name:?} has a variance below zero"));
        }
        let data = Bytes::from_bytes_vec(view.data().to_vec());
        tensors.push(PackTensor::new(
            tensor.name,
            tensor.dtype,
            tensor.shape,
            None,
            data,
        ));
    }
    Ok(tensors)
}
