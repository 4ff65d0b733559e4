//! The state of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::StatusCode;
use backburn::Error;
use backburn::text::shown;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::answer::Answer;
use crate::body::BodyMemory;
use crate::config::{Limits, ServerConfig};
use crate::event::ServerLog;
use crate::metrics::Metrics;
use crate::model::{LoadedModel, ModelContext, ServedModel};
use crate::problem::Problem;
use crate::request::{PredictRequest, Protocol};
use crate::token::Token;
use crate::workers::{LargeWorkers, WorkerOptions};

/// The state of a server, which all its requests share.
pub(crate) struct App {
    pub models: Vec<Arc<ServedModel>>,
    pub token: Option<Token>,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub log: ServerLog,
    memory: BodyMemory,
    requests: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl App {
    /// Loads the models and starts their threads.
    ///
    /// # Errors
    ///
    /// A model cannot be loaded, or the config is wrong.
    pub fn load(config: &ServerConfig, log: ServerLog) -> Result<Self, Error> {
        config.check()?;
        let limits = config.limits.clone();
        let threads = config.threads.max(1);
        let metrics = Arc::new(Metrics::new());
        let context = ModelContext {
            device: config.device.clone(),
            options: WorkerOptions {
                threads,
                wait: config.batch_wait,
            },
            large: Arc::new(LargeWorkers::start(threads)?),
            metrics: metrics.clone(),
            limits: limits.clone(),
            log: log.clone(),
        };
        let models = config.models.iter();
        let models = models.map(|source| ServedModel::load(source, &context).map(Arc::new));
        Ok(Self {
            models: models.collect::<Result<_, Error>>()?,
            token: config.token.clone(),
            memory: BodyMemory::new(limits.body, limits.pending),
            requests: Arc::new(Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS))),
            limits,
            metrics,
            log,
            stopping: AtomicBool::new(false),
        })
    }

    /// The model of a name, or the only model if there is no name.
    pub fn model(&self, name: Option<&str>) -> Result<&ServedModel, Problem> {
        let found = match (name, self.models.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(name), all) => all.iter().find(|model| model.name == name),
        };
        found.map(Arc::as_ref).ok_or_else(|| {
            let names: Vec<&str> = self
                .models
                .iter()
                .map(|model| model.name.as_str())
                .collect();
            let names = names.join(", ");
            Problem::not_found(match name {
                Some(name) => format!("there is no model `{}`: there are {names}", shown(name)),
                None => format!(
                    "there are several models ({names}): name one, as in /models/NAME/predict"
                ),
            })
        })
    }

    /// The models that are served now.
    pub fn loaded(&self) -> Vec<Arc<LoadedModel>> {
        self.models.iter().map(|model| model.current()).collect()
    }

    /// Answers a request for predictions.
    pub async fn predict(
        &self,
        model: &ServedModel,
        protocol: Protocol,
        body: Body,
    ) -> Result<Answer, Problem> {
        let deadline = Instant::now() + self.limits.time;
        let seconds = self.limits.time.as_secs_f64();
        let Ok(permit) = self.requests.clone().try_acquire_owned() else {
            return Err(Problem::busy(
                "too many requests are in progress: try again later",
            ));
        };
        let read = timeout_at(deadline, self.memory.read(body)).await;
        let body = read.unwrap_or_else(|_| {
            let detail = format!("the body did not arrive in {seconds} seconds");
            let status = StatusCode::REQUEST_TIMEOUT;
            Err(Problem::new(status, "the request is too slow", detail))
        })?;
        let loaded = model.current();
        let request = PredictRequest {
            body,
            protocol,
            _permit: permit,
        };
        match timeout_at(deadline, loaded.workers.predict(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Problem::internal()),
            Err(_) => Err(Problem::busy(format!(
                "the predictions took longer than {seconds} seconds: send fewer rows at a time"
            ))),
        }
    }

    /// The server takes no more requests.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server takes no more requests.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
