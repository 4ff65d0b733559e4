//! The model file: a safetensors file that holds the weights and, as metadata, everything else that
//! prediction needs.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use backburn_model::{Ensemble, Mlp, MlpConfig};
use backburn_preprocessing::{Encoder, Target};
use backburn_table::{ReadOptions, Schema, TableFormat};
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::continual::Memory;
use crate::error::Error;
use crate::fault::InputFile;
use crate::fits_target::{fits_target, fits_targets};
use crate::format_version::{VersionParts, check_version};
use crate::model_bytes::{LONGEST_HEADER, read_model_bytes};
use crate::model_file_error::ModelFileError;
use crate::model_tensors::{matrix, read_tensors_of, restore, with_tensors};
use crate::output_file::OutputFile;
use crate::summary::Summary;
use crate::text::{path_name, shown};

/// The key of the metadata in the header of the file.
const KEY: &str = "backburn";

/// A trained network with everything that prediction needs.
#[derive(Debug, Clone)]
pub struct SavedModel {
    /// The shape of the first network; others may have other hidden layers ([`Mlp::hidden_units`]).
    pub config: MlpConfig,
    /// The network, or several as an ensemble.
    pub network: Ensemble,
    /// The schema of the training table.
    pub schema: Schema,
    /// How the text of a table is read as values.
    pub format: TableFormat,
    /// The encoder of rows.
    pub encoder: Encoder,
    /// The target.
    pub target: Target,
    /// The inputs of the first layers ([`Ensemble::features`]), averaged over the training rows: the
    /// baselines that explanations compare a row with. Empty if they are not known.
    pub baselines: Vec<f32>,
    /// How it was trained.
    pub summary: Summary,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    format_version: u64,
    network: MlpConfig,
    /// Number of networks. If there are several, the names of their tensors start with `members.0.` and
    /// so on.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    members: usize,
    /// The hidden layers of each network, if they are not all the same as in `network`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<Vec<usize>>,
    schema: Schema,
    #[serde(default, skip_serializing_if = "TableFormat::is_plain")]
    format: TableFormat,
    encoder: Encoder,
    target: Target,
    /// Of several targets, those after the first. The outputs of the network are those of all targets, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further: Vec<FurtherTarget>,
    #[serde(rename = "average", default)]
    baselines: Vec<f32>,
    summary: Summary,
}

/// One of several targets of a model after the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FurtherTarget {
    pub target: Target,
    pub summary: Summary,
}

fn one() -> usize {
    1
}

fn is_one(members: &usize) -> bool {
    *members == 1
}

/// A path for a model, checked before training, so that a path that cannot be written is an error before
/// the work and not after it. An existing file is replaced only by a complete new one.
#[derive(Debug)]
pub struct ModelFile {
    path: PathBuf,
    replaces: Option<String>,
}

impl ModelFile {
    /// Checks that a model can be written at the path.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or the file at the path is not a model.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ModelFileError> {
        let path = path.into();
        // There is nothing to lose in an empty file.
        let empty = std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == 0);
        let replaces = match path.exists() && !empty {
            false => None,
            true => match target_of(&path) {
                Some(target) => Some(target),
                None => return Err(ModelFileError::InTheWay { path }),
            },
        };
        match OutputFile::check(&path) {
            Ok(()) => Ok(Self { path, replaces }),
            Err(error) => Err(ModelFileError::Io { path, error }),
        }
    }

    /// The target of the model that is at the path and will be replaced.
    pub fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    /// Checks that the model that will be replaced, if there is one, predicts this target too.
    ///
    /// # Errors
    ///
    /// It predicts another column.
    pub fn check_replaced(&self, target: &str) -> Result<(), Error> {
        match self.replaces() {
            Some(other) if other != target => Err(Error::Failed(format!(
                "{} has a model for `{}`: choose another file with --out",
                path_name(&self.path),
                shown(other)
            ))),
            _ => Ok(()),
        }
    }

    /// Checks that a model has finished an epoch, if it will replace another model.
    ///
    /// # Errors
    ///
    /// It has not.
    pub fn check_finished(&self, model: &SavedModel) -> Result<(), Error> {
        match model.summary.best_epoch == 0 && self.replaces.is_some() {
            true => Err(Error::Failed(
                "the run ended before the first epoch did: no model was saved, and the old file is unchanged"
                    .to_string(),
            )),
            false => Ok(()),
        }
    }

    /// Writes the model like [`write`](Self::write). If that fails, writes it to the folder for temporary
    /// files, so that it is not lost.
    ///
    /// # Errors
    ///
    /// The model is not at the path; the message says whether it is in the other folder.
    pub fn write_or_rescue(self, model: &SavedModel) -> Result<PathBuf, Error> {
        self.write_bytes_or_rescue(&model.to_bytes()?)
    }

    /// The same for the bytes of a model.
    pub(crate) fn write_bytes_or_rescue(self, bytes: &[u8]) -> Result<PathBuf, Error> {
        let error = match self.write_bytes(bytes) {
            Ok(path) => return Ok(path),
            Err(error) => error,
        };
        Err(match rescued(bytes) {
            Ok(path) => Error::Failed(format!("{error}; the model is at {}", path_name(&path))),
            Err(_) => error.into(),
        })
    }

    /// Writes the model, completely or not at all.
    ///
    /// # Errors
    ///
    /// The disk is full, or the folder was removed; the file at the path is unchanged.
    pub fn write(self, model: &SavedModel) -> Result<PathBuf, ModelFileError> {
        self.write_bytes(&model.to_bytes()?)
    }

    fn write_bytes(self, bytes: &[u8]) -> Result<PathBuf, ModelFileError> {
        // A file that could not be read again is not written.
        read_metadata("the model to save", bytes)?;
        let written = OutputFile::create(&self.path).and_then(|mut file| {
            file.write_all(bytes)?;
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

/// Writes a model to the folder for temporary files. All users may write to it, so the name cannot be foreseen, the
/// file is new, and it is for this user alone.
fn rescued(bytes: &[u8]) -> Result<PathBuf, Error> {
    let failed = |error: io::Error| Error::Failed(error.to_string());
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("backburn-").suffix(".safetensors");
    let mut file = builder.rand_bytes(16).tempfile().map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let (_, path) = file.keep().map_err(|error| failed(error.error))?;
    Ok(path)
}

/// The target of the model in a file, or all of several with commas between them; `None` if the file is not a model.
fn target_of(path: &Path) -> Option<String> {
    // Reading a pipe would block.
    if !path.is_file() {
        return None;
    }
    let mut file = InputFile::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return None;
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    let metadata = header.get("__metadata__")?.get(KEY)?.as_str()?;
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let column =
        |of: &serde_json::Value| Some(of.get("target")?.get("column")?.as_str()?.to_string());
    let further = metadata
        .get("further")
        .and_then(|further| further.as_array());
    let further = further.into_iter().flatten().filter_map(column);
    let targets: Vec<String> = [column(&metadata)?].into_iter().chain(further).collect();
    Some(targets.join(","))
}

impl SavedModel {
    /// The bytes of the model's file; equal models have equal bytes.
    ///
    /// # Errors
    ///
    /// The weights cannot be read from their device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        self.to_bytes_with(&[])
    }

    /// The bytes of the file of a model with further targets, whose outputs the networks have after those of its own.
    pub(crate) fn to_bytes_with(
        &self,
        further: &[FurtherTarget],
    ) -> Result<Vec<u8>, ModelFileError> {
        let members = self.network.members.iter();
        let mut hidden: Vec<Vec<usize>> = members.map(Mlp::hidden_units).collect();
        if hidden.iter().all(|units| *units == self.config.hidden) {
            hidden.clear();
        }
        let of_further = further.iter().map(|further| &further.target);
        let mut targets = [&self.target].into_iter().chain(of_further);
        let parts = VersionParts {
            error_scale: targets.any(|target| target.error_scale().is_some()),
            trend: self.encoder.trend().is_some(),
            further: further.len(),
        };
        let metadata = Metadata {
            format_version: parts.version(),
            network: self.config.clone(),
            members: self.network.members.len(),
            hidden,
            schema: self.schema.clone(),
            format: self.format.clone(),
            encoder: self.encoder.clone(),
            target: self.target.clone(),
            further: further.to_vec(),
            baselines: self.baselines.clone(),
            summary: self.summary.clone(),
        };
        let damaged = |reason: String| ModelFileError::Damaged {
            name: "the model to save".to_string(),
            reason,
        };
        let json = serde_json::to_string(&metadata).map_err(|error| damaged(error.to_string()))?;
        // Without Burn's own metadata the header has a single entry, and so a fixed order.
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
        let of_encoder = self.encoder.tensors().into_iter();
        let of_encoder = of_encoder.map(|tensor| (tensor.name, tensor.numbers, tensor.width));
        let of_memory = self.summary.memory.iter().flat_map(Memory::tensors);
        with_tensors(of_encoder.chain(of_memory), bytes).map_err(|error| damaged(error.to_string()))
    }

    /// The options to read a table that the model is used on, so that other columns than those that it needs and
    /// those that `further` words name are not decoded. See
    /// [`ReadOptions::columns`](backburn_table::ReadOptions::columns).
    pub fn read_options(&self, options: ReadOptions, further: &[String]) -> ReadOptions {
        let needed = self.encoder.columns.iter();
        let needed: Vec<String> = needed.map(|column| column.name().to_string()).collect();
        ReadOptions {
            columns: Some([needed.as_slice(), further].concat()),
            known_columns: needed,
            ..options
        }
    }

    /// Reads a model, from standard input if the path is `-`, and puts its network on a device.
    ///
    /// The file is not trusted: sizes are checked before memory is allocated for them, and every part
    /// is checked before it is used.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not a model, is damaged, or is newer than this program.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        Self::from_bytes(&path_name(path), read_bytes(path)?, device)
    }

    /// Reads a model from the bytes of its file; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The same as for [`load`](Self::load).
    pub fn from_bytes(name: &str, bytes: Vec<u8>, device: &Device) -> Result<Self, ModelFileError> {
        let (model, further) = Self::with_further(name, bytes, device)?;
        if further.is_empty() {
            return Ok(model);
        }
        let further = further.iter().map(|further| &further.target);
        let targets = [&model.target].into_iter().chain(further);
        Err(ModelFileError::SeveralTargets {
            name: name.to_string(),
            targets: targets.map(|target| target.column().to_string()).collect(),
        })
    }

    /// Reads a model and its further targets, if there are any; its networks have the outputs of all of them.
    pub(crate) fn with_further(
        name: &str,
        bytes: Vec<u8>,
        device: &Device,
    ) -> Result<(Self, Vec<FurtherTarget>), ModelFileError> {
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
        if let Some(problem) = metadata.targets().find_map(Target::problem) {
            return Err(damaged(problem.to_string()));
        }
        if let Some(problem) = mismatch(&metadata) {
            return Err(damaged(problem));
        }
        // Networks are only allocated if the weights of all of them fit in the file.
        let networks = metadata.networks(bytes.len() / 4).map_err(damaged)?;
        read_memory(&mut metadata, &networks, &bytes).map_err(damaged)?;
        let networks: Result<Vec<Mlp>, _> = networks.iter().map(|n| n.init(device)).collect();
        let mut network = Ensemble {
            members: networks.map_err(|error| damaged(error.to_string()))?,
        };
        let memory = metadata.summary.memory.as_ref();
        let others = metadata.encoder.tensors().len() + memory.map_or(0, |m| m.tensors().len());
        match network.members.as_mut_slice() {
            [mlp] => restore(mlp, &bytes, others),
            _ => restore(&mut network, &bytes, others),
        }
        .map_err(damaged)?;
        let model = Self {
            config: metadata.network,
            network,
            schema: metadata.schema,
            format: metadata.format,
            encoder: metadata.encoder,
            target: metadata.target,
            baselines: metadata.baselines,
            summary: metadata.summary,
        };
        Ok((model, metadata.further))
    }
}

/// The bytes of the model at a path; of standard input if the path is `-`.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ModelFileError> {
    let read = match path == Path::new("-") {
        true => read_model_bytes(io::stdin().lock()),
        false => InputFile::open(path).and_then(read_model_bytes),
    };
    read.map_err(|error| ModelFileError::Io {
        path: path.to_path_buf(),
        error,
    })
}

impl Metadata {
    /// All targets, in the order of their outputs.
    fn targets(&self) -> impl Iterator<Item = &Target> {
        let further = self.further.iter().map(|further| &further.target);
        [&self.target].into_iter().chain(further)
    }

    /// The summaries of all targets, in the same order.
    fn summaries(&self) -> impl Iterator<Item = &Summary> {
        let further = self.further.iter().map(|further| &further.summary);
        [&self.summary].into_iter().chain(further)
    }

    /// The shape of each network, if they have at most this many parameters together.
    fn networks(&self, max_parameters: usize) -> Result<Vec<MlpConfig>, String> {
        if !self.hidden.is_empty() && self.hidden.len() != self.members {
            return Err("it does not list the hidden layers of each network".to_string());
        }
        let first = self.hidden.first();
        if first.is_some_and(|hidden| *hidden != self.network.hidden) {
            return Err(
                "it lists the hidden layers of its first network twice, differently".to_string(),
            );
        }
        let shared = MlpConfig {
            hidden: Vec::new(),
            ..self.network.clone()
        };
        let mut networks = Vec::new();
        let mut parameters = 0usize;
        for member in 0..self.members {
            let hidden = self.hidden.get(member).unwrap_or(&self.network.hidden);
            let network = shared.clone().with_hidden(hidden.as_slice());
            network.validate().map_err(|error| error.to_string())?;
            parameters = parameters.saturating_add(parameter_count(&network));
            if parameters > max_parameters {
                return Err("it is too short for its network".to_string());
            }
            networks.push(network);
        }
        Ok(networks)
    }
}

/// The number of parameters of a network.
fn parameter_count(network: &MlpConfig) -> usize {
    let widths = network.widths();
    let weights: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let tables = network.embeddings.iter();
    let tables: usize = tables.map(|e| e.categories * e.dimension).sum();
    weights + tables
}

/// Loads the tensors of a memory from a model's file with these networks, and checks it.
fn read_memory(
    metadata: &mut Metadata,
    networks: &[MlpConfig],
    bytes: &[u8],
) -> Result<(), String> {
    let Some(memory) = &mut metadata.summary.memory else {
        return Ok(());
    };
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    memory.read_tensors(networks.len(), &|name| matrix(&file.tensor(name).ok()?));
    let parameters: Vec<usize> = networks.iter().map(parameter_count).collect();
    match memory.problem(&metadata.encoder, &metadata.target, &parameters) {
        Some(problem) => Err(problem),
        None => Ok(()),
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
        Err(_) => return Err(foreign("it is not a safetensors file")),
    };
    let json = header
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(KEY))
        .ok_or_else(|| foreign("it is a safetensors file of something else"))?;
    check_version(name, json)?;
    serde_json::from_str(json).map_err(|error| damaged(error.to_string()))
}

/// A contradiction between parts of the metadata, if there is one.
fn mismatch(metadata: &Metadata) -> Option<String> {
    let network = &metadata.network;
    if network.inputs != metadata.encoder.inputs()
        || network.embeddings != metadata.encoder.embeddings()
    {
        return Some("its network does not fit its columns".to_string());
    }
    let baselines = &metadata.baselines;
    if metadata.members == 0 {
        return Some("it has no network".to_string());
    }
    let features = network.widths()[0].saturating_mul(metadata.members);
    if !baselines.is_empty() && baselines.len() != features
        || baselines.iter().any(|number| !number.is_finite())
    {
        return Some("its baselines do not fit its network".to_string());
    }
    let fits = match metadata.further.is_empty() {
        true => fits_target(network, &metadata.target, &metadata.encoder),
        false => fits_targets(network, metadata.targets()),
    };
    if !fits {
        return Some("its network does not fit its target".to_string());
    }
    let mut summaries = metadata.summaries();
    if !metadata.further.is_empty() && summaries.any(|summary| summary.memory.is_some()) {
        return Some("it remembers the rows of one target, and has several".to_string());
    }
    let columns: Vec<&str> = metadata.targets().map(Target::column).collect();
    let is_twice = |(index, column): (usize, &&str)| columns[..index].contains(column);
    let has_twice = columns.iter().enumerate().any(is_twice);
    has_twice.then(|| "it has the same target twice".to_string())
}
