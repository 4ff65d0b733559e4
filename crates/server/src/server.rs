//! A server of models.

use std::io;
use std::sync::Arc;

use axum::Router;
use backburn::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::app::App;
use crate::config::ServerConfig;
use crate::encryption::Encryption;
use crate::event::{ServerEvent, ServerLog};
use crate::listener::accept;
use crate::reload::watch;
use crate::router::router;

/// A server of models. The [crate's front page](crate) has an example.
pub struct Server {
    app: Arc<App>,
    config: ServerConfig,
    encryption: Encryption,
    reload: Arc<Notify>,
}

/// Asks a server to load its model files again at once.
#[derive(Debug, Clone)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Loads the model files again. A file that cannot be loaded is refused, and the model before it is still
    /// served.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// Loads the models and starts the threads that predict.
    ///
    /// # Errors
    ///
    /// A model cannot be loaded, or the config is wrong; see [`ServerConfig::check`].
    pub fn load(config: ServerConfig, log: ServerLog) -> Result<Self, Error> {
        Ok(Self {
            app: Arc::new(App::load(&config, log)?),
            encryption: Encryption::of(&config)?,
            config,
            reload: Arc::default(),
        })
    }

    /// The paths of the server, as a service of tower: to serve them in a program with paths of its own, or to
    /// call them without a network.
    pub fn router(&self) -> Router {
        router(self.app.clone())
    }

    /// What asks the server to load its model files again, while it [serves](Self::serve).
    pub fn reloader(&self) -> Reload {
        Reload(self.reload.clone())
    }

    /// Listens at the address of the config.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn bind(&self) -> Result<TcpListener, Error> {
        let address = self.config.listen;
        let listener = TcpListener::bind(address).await;
        listener.map_err(|error| Error::Failed(format!("{address}: {error}")))
    }

    /// Accepts connections, and takes over model files that change, until `shutdown` is ready. Then finishes
    /// the requests that were accepted.
    ///
    /// # Errors
    ///
    /// The address of the listener is not known, or some requests were not finished in time.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let models = self.app.models.clone();
        let watching = watch(models, self.config.reload_interval, self.reload.clone());
        let watching = Watching(tokio::spawn(watching).abort_handle());
        self.app.log.report(&ServerEvent::Listening {
            address: listener.local_addr()?,
            tls: self.encryption.is_on(),
            models: self
                .app
                .models
                .iter()
                .map(|model| model.name.clone())
                .collect(),
        });
        let router = self.router();
        let served = accept(listener, (self.app, router), self.encryption, shutdown).await;
        drop(watching);
        served
    }
}

/// Ends watching when it is dropped.
struct Watching(AbortHandle);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}
