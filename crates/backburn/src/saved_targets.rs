//! The file of a model of several targets.

use std::path::{Path, PathBuf};

use backburn_table::columns_named;
use burn::tensor::Device;

use crate::error::Error;
use crate::fits_target::outputs_of;
use crate::model_file::{FurtherTarget, ModelFile, SavedModel, read_bytes};
use crate::model_file_error::ModelFileError;
use crate::text::path_name;

/// A model for each target of a file. The models of several targets have the same hidden layers, which the file has
/// once; each is an ordinary model, whose output layer is a part of that in the file.
///
/// ```no_run
/// use backburn::{Device, Predictor, SavedTargets};
///
/// let device = Device::default();
/// let all = SavedTargets::load("houses.safetensors", &device)?;
/// let rent = Predictor::new(all.into_target("rent")?, &device);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SavedTargets {
    /// What error messages call the file.
    name: String,
    /// At least one.
    models: Vec<SavedModel>,
}

impl SavedTargets {
    /// The models of the targets of one network, in the order of its outputs.
    #[cfg_attr(not(feature = "train"), allow(dead_code))]
    pub(crate) fn new(models: Vec<SavedModel>) -> Self {
        Self {
            name: "the model".to_string(),
            models,
        }
    }

    /// Reads the models of all targets of a file, from standard input if the path is `-`, and puts their networks on a
    /// device. A file of one target has one model.
    ///
    /// # Errors
    ///
    /// The same as for [`SavedModel::load`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        Self::from_bytes(&path_name(path), read_bytes(path)?, device)
    }

    /// Reads the models from the bytes of their file; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The same as for [`SavedModel::load`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>, device: &Device) -> Result<Self, ModelFileError> {
        let (model, further) = SavedModel::with_further(name, bytes, device)?;
        Ok(Self {
            name: name.to_string(),
            models: match further.is_empty() {
                true => vec![model],
                false => parts(&model, further),
            },
        })
    }

    /// The models, in the order of the targets.
    pub fn models(&self) -> &[SavedModel] {
        &self.models
    }

    /// The models, in the order of the targets.
    pub fn into_models(self) -> Vec<SavedModel> {
        self.models
    }

    /// The model of a target.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::NoTarget`] if the model does not predict this column.
    pub fn into_target(self, target: &str) -> Result<SavedModel, ModelFileError> {
        let targets = self.columns();
        let mut models = self.models.into_iter();
        let model = models.find(|model| model.target.column() == target);
        model.ok_or_else(|| ModelFileError::NoTarget {
            name: self.name,
            target: target.to_string(),
            targets,
        })
    }

    /// The models of the targets that are named, with commas between the names. The name of a target may have commas.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::NoTarget`] if the model does not predict one of them.
    pub fn into_targets(self, names: &str) -> Result<Vec<SavedModel>, ModelFileError> {
        let targets = self.columns();
        let has = |name: &str| targets.iter().any(|target| target == name);
        let named = match columns_named(&[names.to_string()], has) {
            Ok(named) => named,
            Err(target) => {
                return Err(ModelFileError::NoTarget {
                    name: self.name,
                    target,
                    targets,
                });
            }
        };
        let place = |model: &SavedModel| {
            let column = model.target.column();
            named.iter().position(|name| name == column)
        };
        let models = self.models.into_iter();
        let placed = models.filter_map(|model| Some((place(&model)?, model)));
        let mut placed: Vec<(usize, SavedModel)> = placed.collect();
        placed.sort_by_key(|(place, _)| *place);
        Ok(placed.into_iter().map(|(_, model)| model).collect())
    }

    /// The model of a target if one is asked for, or else the only one.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::SeveralTargets`] or [`ModelFileError::NoTarget`] if there is no such model.
    pub fn into_one(mut self, target: Option<&str>) -> Result<SavedModel, ModelFileError> {
        match (target, self.models.len()) {
            (Some(target), _) => self.into_target(target),
            (None, 1) => Ok(self.models.remove(0)),
            (None, _) => Err(ModelFileError::SeveralTargets {
                targets: self.columns(),
                name: self.name,
            }),
        }
    }

    /// The columns that are predicted.
    fn columns(&self) -> Vec<String> {
        let models = self.models.iter();
        models
            .map(|model| model.target.column().to_string())
            .collect()
    }

    /// The bytes of the file; equal models have equal bytes. That of one target is the file of its model.
    ///
    /// # Errors
    ///
    /// The weights cannot be read from their device.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let Some((first, others)) = self.models.split_first() else {
            return Err(ModelFileError::Foreign {
                name: self.name.clone(),
                reason: "it has no target".to_string(),
            });
        };
        if others.is_empty() {
            return first.to_bytes();
        }
        let mut whole = first.clone();
        let outputs = others.iter().map(|model| model.config.outputs);
        whole.config.outputs += outputs.sum::<usize>();
        let networks: Vec<_> = others.iter().map(|model| &model.network).collect();
        whole.network = whole.network.with_outputs_of(&networks);
        let further = others.iter().map(|model| FurtherTarget {
            target: model.target.clone(),
            summary: model.summary.clone(),
        });
        whole.to_bytes_with(&further.collect::<Vec<_>>())
    }

    /// Writes the file, completely or not at all. If that fails, writes it to the folder for temporary files, as
    /// [`ModelFile::write_or_rescue`] does.
    ///
    /// # Errors
    ///
    /// The model is not at the path; the message says whether it is in the other folder.
    pub fn write_or_rescue(&self, file: ModelFile) -> Result<PathBuf, Error> {
        file.write_bytes_or_rescue(&self.to_bytes()?)
    }
}

/// The models of the targets of a network that has the outputs of all of them.
fn parts(whole: &SavedModel, further: Vec<FurtherTarget>) -> Vec<SavedModel> {
    let first = FurtherTarget {
        target: whole.target.clone(),
        summary: whole.summary.clone(),
    };
    let mut start = 0;
    let part = |FurtherTarget { target, summary }| {
        // The file was checked: no target is one of a distribution.
        let width = outputs_of(&target).unwrap_or(1);
        let outputs = start..start + width;
        start = outputs.end;
        let mut model = SavedModel {
            network: whole.network.clone().with_outputs(&outputs),
            target,
            summary,
            ..whole.clone()
        };
        model.config.outputs = width;
        model
    };
    [first].into_iter().chain(further).map(part).collect()
}
