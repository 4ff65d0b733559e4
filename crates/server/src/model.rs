//! The models that are served.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use backburn::text::path_name;
use backburn::{Device, Error, ModelFileError, Predictor, SavedModel, Target, room_to_load};
use backburn_table::catch_panic;
use tokio::sync::oneshot;

use crate::config::{Limits, ModelSource};
use crate::event::{ServerEvent, ServerLog};
use crate::metrics::Metrics;
use crate::model_name::ModelName;
use crate::workers::{LargeWorkers, WorkerOptions, Workers};

/// What the models of a server share.
#[derive(Clone)]
pub(crate) struct ModelContext {
    pub device: Device,
    pub options: WorkerOptions,
    pub large: Arc<LargeWorkers>,
    pub metrics: Arc<Metrics>,
    pub limits: Limits,
    pub log: ServerLog,
}

/// A model that is served by a name. Its file may change, and then another model is served by that name.
pub(crate) struct ServedModel {
    pub name: String,
    pub path: PathBuf,
    context: ModelContext,
    current: RwLock<Arc<LoadedModel>>,
}

/// A model that has been loaded, with its threads. It ends when the last request to it is answered.
pub(crate) struct LoadedModel {
    pub name: ModelName,
    pub predictor: Arc<Predictor>,
    pub workers: Workers,
}

impl ServedModel {
    /// Loads a model.
    ///
    /// # Errors
    ///
    /// It does not fit into memory; and see [`SavedModel::load`].
    pub fn load(source: &ModelSource, context: &ModelContext) -> Result<Self, Error> {
        let name = ModelName {
            name: source.name.clone(),
            version: 1,
        };
        room_to_load(&source.path)?;
        let predictor = Predictor::load_on(&source.path, &context.device)?;
        let loaded = start(name, predictor, context)?;
        context.metrics.served(&source.name, 1);
        Ok(Self {
            name: source.name.clone(),
            path: source.path.clone(),
            current: RwLock::new(Arc::new(loaded)),
            context: context.clone(),
        })
    }

    /// The model that is served now. A request uses one model from its start to its end.
    pub fn current(&self) -> Arc<LoadedModel> {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Loads the file again on another thread, and serves the new model from now on. If that is not possible,
    /// the model before it is still served. Reports either.
    pub async fn reload(self: Arc<Self>) {
        let (done, loaded) = oneshot::channel();
        let large = self.context.large.clone();
        large.run(move || {
            self.reload_on_this_thread();
            let _ = done.send(());
        });
        // An error would be a panic, after which the model before it is still served.
        let _ = loaded.await;
    }

    fn reload_on_this_thread(&self) {
        let context = &self.context;
        let event = match self.replace() {
            Ok(event) => event,
            Err(error) => {
                context.metrics.refused(&self.name);
                ServerEvent::ModelRefused {
                    name: self.name.clone(),
                    reason: error.to_string(),
                }
            }
        };
        context.log.report(&event);
    }

    /// Loads the file, and serves the new model if its answers mean the same.
    fn replace(&self) -> Result<ServerEvent, Error> {
        let before = self.current();
        room_to_load(&self.path)?;
        // A file that is not a model is an error; a panic would be a fault of this program.
        let loaded_file = catch_panic(|| Predictor::load_on(&self.path, &self.context.device));
        let predictor = loaded_file.unwrap_or_else(|| {
            Err(ModelFileError::Damaged {
                name: path_name(&self.path),
                reason: "it cannot be loaded".to_string(),
            })
        })?;
        let (old, new) = (before.predictor.model(), predictor.model());
        check_replacement(old, new)?;
        let old_columns = old.encoder.columns.iter().map(|column| column.name());
        let further = new.encoder.lacking(old_columns);
        let name = ModelName {
            name: self.name.clone(),
            version: before.name.version + 1,
        };
        let event = ServerEvent::ModelReplaced {
            name: self.name.clone(),
            version: name.version,
            further_columns: further.into_iter().map(str::to_string).collect(),
        };
        let version = name.version;
        let loaded = Arc::new(start(name, predictor, &self.context)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        self.context.metrics.served(&self.name, version);
        Ok(event)
    }
}

/// Starts the threads of a model.
fn start(
    name: ModelName,
    predictor: Predictor,
    context: &ModelContext,
) -> Result<LoadedModel, Error> {
    let predictor = Arc::new(predictor);
    let counting = (context.metrics.clone(), context.limits.clone());
    let large = context.large.clone();
    let workers = Workers::start(
        predictor.clone(),
        name.clone(),
        counting,
        context.options,
        large,
    )?;
    Ok(LoadedModel {
        name,
        predictor,
        workers,
    })
}

/// Checks that the answers of a model mean the same as those of the model before it.
fn check_replacement(old: &SavedModel, new: &SavedModel) -> Result<(), Error> {
    let (before, now) = (old.target.column(), new.target.column());
    if before != now {
        return Err(Error::Failed(format!(
            "it predicts `{now}`, and not `{before}`"
        )));
    }
    match (&old.target, &new.target) {
        (Target::Regression { .. }, Target::Regression { .. })
        | (Target::Classification { .. }, Target::Classification { .. }) => Ok(()),
        _ => Err(Error::Failed(format!(
            "it is for {}, and not for {}",
            new.target.task(),
            old.target.task()
        ))),
    }
}
