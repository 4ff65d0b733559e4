//! Serving until a signal ends the program.

use std::sync::Arc;

use backburn::Error;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::config::ServerConfig;
use crate::event::ServerLog;
use crate::server::{Reload, Server};

/// Serves models until the program gets SIGTERM or SIGINT (Ctrl-C). It then finishes the requests that were
/// accepted; a second signal ends it at once. SIGHUP loads the model files again.
///
/// # Errors
///
/// A model cannot be loaded, the address cannot be listened at, or some requests were not finished in time.
pub fn run(config: ServerConfig, log: ServerLog) -> Result<(), Error> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(config.threads.max(1))
        .thread_name("http")
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Error::Failed(format!("no thread: {error}")))?;
    let server = Server::load(config, log)?;
    let served = runtime.block_on(async move {
        let listener = server.bind().await?;
        let (stop, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        tokio::spawn(signals(server.reloader(), stop.clone(), ended.clone()));
        let serve = server.serve(listener, async move { stop.notified().await });
        let failed = |error: std::io::Error| Error::Failed(error.to_string());
        tokio::select! {
            served = serve => served.map_err(failed),
            () = ended.notified() => Err(Error::Failed("ended before all requests were finished".to_string())),
        }
    });
    // Threads that still load a model or predict are not waited for.
    runtime.shutdown_background();
    served
}

/// Notifies `stop` at the first signal to end, and `ended` at the second.
#[cfg(unix)]
async fn signals(reload: Reload, stop: Arc<Notify>, ended: Arc<Notify>) {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    // Without a handler, a signal ends the program as it does everywhere.
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return;
    };
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {
                reload.now();
                continue;
            }
        }
        match stopping {
            false => stop.notify_one(),
            true => ended.notify_one(),
        }
        stopping = true;
    }
}

/// Notifies `stop` at the first Ctrl-C, and `ended` at the second.
#[cfg(not(unix))]
async fn signals(_: Reload, stop: Arc<Notify>, ended: Arc<Notify>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.notify_one();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        ended.notify_one();
    }
}
