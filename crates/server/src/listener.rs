//! Accepting connections.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use crate::app::App;
use crate::encryption::Encryption;
use crate::event::ServerEvent;
use crate::router::Peer;

/// Bytes of the header of a request, at most.
const MAX_HEADER: usize = 64 << 10;
/// How long a connection may take to become encrypted.
#[cfg(feature = "tls")]
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The pause after a connection could not be accepted: the system has no more descriptors, and some are
/// closed in the meantime.
const PAUSE: Duration = Duration::from_millis(100);

/// What each connection is served with.
#[derive(Clone)]
struct Connections {
    app: Arc<App>,
    router: Router,
    encryption: Encryption,
}

/// Accepts connections until `shutdown` is ready, and then finishes the requests that were accepted.
///
/// # Errors
///
/// Some requests were not finished in time.
pub(crate) async fn accept(
    listener: TcpListener,
    (app, router): (Arc<App>, Router),
    encryption: Encryption,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    raise_descriptor_limit();
    let open = Arc::new(Semaphore::new(
        app.limits.connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let graceful = GracefulShutdown::new();
    let connections = Connections {
        app: app.clone(),
        router,
        encryption,
    };
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = next(&listener, &open) => accepted,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let connections = connections.clone();
                let watcher = graceful.watcher();
                tokio::spawn(async move {
                    connections.app.metrics.connections.inc();
                    connections.serve(stream, peer.ip(), watcher).await;
                    connections.app.metrics.connections.dec();
                    drop(permit);
                });
            }
            Err(error) => {
                let reason = error.to_string();
                app.log.report(&ServerEvent::ConnectionFailed { reason });
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    app.stop();
    app.log.report(&ServerEvent::Stopping);
    let finished = timeout(app.limits.shutdown, graceful.shutdown()).await;
    finished.map_err(|_| io::Error::other("some requests were not finished in time"))
}

/// The next connection, as soon as there may be a further one.
async fn next(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = open
        .clone()
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

impl Connections {
    async fn serve(&self, stream: TcpStream, peer: IpAddr, watcher: Watcher) {
        // Without it, answers of two packets wait for an acknowledgment.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.app.limits.time));
        let stream = Box::pin(stream);
        match &self.encryption {
            Encryption::None => self.serve_http(stream, peer, watcher).await,
            #[cfg(feature = "tls")]
            Encryption::Tls(acceptor) => {
                if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    self.serve_http(stream, peer, watcher).await;
                }
            }
        }
    }

    async fn serve_http<S>(&self, stream: S, peer: IpAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            self.router.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.app.limits.idle)
            .max_buf_size(MAX_HEADER)
            .serve_connection(TokioIo::new(stream), service);
        // An error is one of the client: it went away, sent no HTTP, or was too slow.
        let _ = watcher.watch(connection).await;
    }
}

/// Lets this process have as many descriptors as the system allows: each connection needs one.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limits = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limits.maximum,
            maximum: limits.maximum,
        };
        // If it cannot be raised, fewer connections are accepted at a time.
        let _ = setrlimit(Resource::Nofile, raised);
    }
}
