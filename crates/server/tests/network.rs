//! Over TCP: slow and idle clients, stopping, model files that change, and HTTPS.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::*;
use backburn::Device;
use backburn_server::{ModelSource, Reload, Server, ServerConfig, ServerEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that listens.
struct Running {
    address: SocketAddr,
    events: Events,
    reload: Reload,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(mut config: ServerConfig) -> Self {
        config.listen = "127.0.0.1:0".parse().unwrap();
        let events = Events::default();
        let server = Server::load(config, events.log()).unwrap();
        let listener = server.bind().await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let reload = server.reloader();
        let shutdown = async move {
            let _ = stopped.await;
        };
        Self {
            address,
            events,
            reload,
            stop,
            served: tokio::spawn(server.serve(listener, shutdown)),
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The answer to a request for predictions of the table, with its header.
    async fn predict(&self) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request(TABLE).as_bytes()).await.unwrap();
        all_of(&mut stream).await
    }

    /// Waits until an event is reported.
    async fn reported(&self, is_it: impl Fn(&ServerEvent) -> bool) -> ServerEvent {
        let start = Instant::now();
        loop {
            if let Some(event) = self.events.all().into_iter().find(&is_it) {
                return event;
            }
            assert!(start.elapsed() < PATIENCE, "{:?}", self.events.all());
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops the server, and waits until it has ended.
    async fn stop(self) -> std::io::Result<()> {
        let _ = self.stop.send(());
        timeout(PATIENCE, self.served).await.unwrap().unwrap()
    }
}

fn request(body: &str) -> String {
    format!(
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What is received until the connection is closed.
async fn all_of(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A reset ends the connection too.
    let _ = read.unwrap();
    String::from_utf8(bytes).unwrap()
}

fn assert_predicted(answer: &str, predictions: &str) {
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(predictions), "{answer}");
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// A config of a model file in a folder, which a test may change.
fn config_of(path: &Path) -> ServerConfig {
    let source = ModelSource::named("houses", path).unwrap();
    let mut config = ServerConfig::new(vec![source], Device::flex());
    config.threads = 1;
    config.reload_interval = Duration::from_millis(20);
    config
}

#[tokio::test]
async fn a_server_answers_and_stops() {
    let server = Running::start(config(&[("houses", NUMBER)])).await;
    assert_predicted(&server.predict().await, &PREDICTIONS);
    let event = server
        .reported(|event| matches!(event, ServerEvent::Request { .. }))
        .await;
    let text = event.to_string();
    assert!(
        text.starts_with("127.0.0.1 POST /predict 200 60 rows "),
        "{text}"
    );
    let address = server.address;
    server.stop().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn accepted_requests_are_finished() {
    let mut config = config(&[("houses", NUMBER)]);
    // The server is stopped before it predicts.
    config.batch_wait = Duration::from_secs(2);
    let server = Running::start(config).await;
    let mut stream = server.connect().await;
    stream.write_all(request(TABLE).as_bytes()).await.unwrap();
    // An idle connection does not hold up the end.
    let mut idle = server.connect().await;
    // Until the server has the request.
    sleep(Duration::from_secs(1)).await;
    let answer = tokio::spawn(async move { all_of(&mut stream).await });
    server.stop().await.unwrap();
    assert_predicted(&answer.await.unwrap(), &PREDICTIONS);
    assert_eq!(all_of(&mut idle).await, "");
}

#[tokio::test]
async fn a_request_that_is_not_finished_in_time_is_an_error() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.shutdown = Duration::from_millis(50);
    let server = Running::start(config).await;
    let mut stream = server.connect().await;
    let half = request(TABLE);
    stream
        .write_all(&half.as_bytes()[..half.len() / 2])
        .await
        .unwrap();
    // Until the server has the request.
    sleep(Duration::from_secs(1)).await;
    assert!(server.stop().await.is_err());
}

#[tokio::test]
async fn a_slow_client_gets_a_timeout() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.time = Duration::from_secs(1);
    config.limits.idle = Duration::from_secs(1);
    let server = Running::start(config).await;
    let request = request(TABLE);
    let mut slow = server.connect().await;
    slow.write_all(&request.as_bytes()[..request.len() - 10])
        .await
        .unwrap();
    let answer = all_of(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    // Half of a header is no request at all.
    let mut slower = server.connect().await;
    slower.write_all(&request.as_bytes()[..20]).await.unwrap();
    assert!(!all_of(&mut slower).await.contains(" 200 "));
    assert_predicted(&server.predict().await, &PREDICTIONS);
}

#[tokio::test]
async fn idle_connections_do_not_matter() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.idle = Duration::from_secs(1);
    let server = Running::start(config).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(server.connect().await);
    }
    assert_predicted(&server.predict().await, &PREDICTIONS);
    for stream in &mut idle {
        all_of(stream).await;
    }
}

/// Both ends are in this process, which may have 20,000 descriptors on some systems: 9,000 connections are open at a
/// time, and the others wait to be accepted, as they do beyond the limit of a server.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ten_thousand_idle_connections_do_not_matter() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.idle = Duration::from_secs(4);
    config.limits.connections = 9_000;
    let server = Running::start(config).await;
    assert_predicted(&server.predict().await, &PREDICTIONS);
    let mut idle = Vec::new();
    for _ in 0..10_000 {
        match TcpStream::connect(server.address).await {
            Ok(stream) => idle.push(stream),
            Err(error) => {
                let opened = idle.len();
                println!("skipped: {opened} connections are open, and the next one: {error}");
                return;
            }
        }
    }
    // It is answered once those that came before it have been idle for too long.
    assert_predicted(&server.predict().await, &PREDICTIONS);
    drop(idle);
    assert_predicted(&server.predict().await, &PREDICTIONS);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn further_connections_wait() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.connections = 2;
    config.limits.idle = Duration::from_secs(1);
    let server = Running::start(config).await;
    let idle = [server.connect().await, server.connect().await];
    assert_predicted(&server.predict().await, &PREDICTIONS);
    drop(idle);
}

#[tokio::test]
async fn what_is_not_http_is_survived() {
    let server = Running::start(config(&[("houses", NUMBER)])).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000));
    for bytes in [
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".as_slice(),
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /predict HTTP/9.9\r\n\r\n",
        long.as_bytes(),
    ] {
        let mut stream = server.connect().await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let answer = all_of(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    assert_predicted(&server.predict().await, &PREDICTIONS);
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_bad_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.safetensors");
    let put = |model: &Path| {
        let new = folder.path().join("new");
        fs::copy(model, &new).unwrap();
        fs::rename(new, &path).unwrap();
    };
    put(&file(NUMBER));
    let server = Running::start(config_of(&path)).await;
    assert_predicted(&server.predict().await, &PREDICTIONS);

    fs::write(&path, "garbage").unwrap();
    let refused = |event: &ServerEvent| matches!(event, ServerEvent::ModelRefused { .. });
    let event = server.reported(refused).await.to_string();
    assert!(event.contains("not a Backburn model"), "{event}");
    assert_predicted(&server.predict().await, &PREDICTIONS);

    // Requests go on while the model changes, and none fails.
    put(&file(OTHER_NUMBER));
    let replaced = |event: &ServerEvent| matches!(event, ServerEvent::ModelReplaced { .. });
    let mut answers = 0;
    while !server.events.all().iter().any(replaced) {
        let answer = server.predict().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        answers += 1;
        assert!(answers < 10_000);
    }
    let event = server.reported(replaced).await;
    let text = "model houses: version 2 is served from now on";
    assert!(event.to_string().starts_with(text), "{event}");
    let other = server.predict().await;
    assert!(!other.ends_with(PREDICTIONS.as_str()), "{other}");

    // A model of something else is none for these requests.
    put(&file(CLASSES));
    let other_target = |event: &ServerEvent| event.to_string().contains("it predicts `kind`");
    server.reported(other_target).await;
    // The headers have the time.
    assert_eq!(body_of(&server.predict().await), body_of(&other));

    // A file that is gone is no reason to stop.
    fs::remove_file(&path).unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(server.predict().await.starts_with("HTTP/1.1 200 OK"));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_model_is_loaded_again_by_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.safetensors");
    fs::copy(file(NUMBER), &path).unwrap();
    let mut config = config_of(&path);
    config.reload_interval = Duration::from_secs(3600);
    let server = Running::start(config).await;
    server.predict().await;
    fs::copy(file(OTHER_NUMBER), &path).unwrap();
    server.reload.now();
    server
        .reported(|event| matches!(event, ServerEvent::ModelReplaced { .. }))
        .await;
    assert!(!server.predict().await.ends_with(PREDICTIONS.as_str()));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn connections_are_encrypted() {
    use std::sync::Arc;

    use backburn_server::TlsFiles;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    // The key is public, and good for this test alone.
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    let certificate = files.join("cert.pem");
    let mut config = config(&[("houses", NUMBER)]);
    config.tls = Some(TlsFiles {
        certificate: certificate.clone(),
        key: files.join("key.pem"),
    });
    let server = Running::start(config).await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let name = "localhost".try_into().unwrap();
    let mut stream = connector
        .connect(name, server.connect().await)
        .await
        .unwrap();
    stream.write_all(request(TABLE).as_bytes()).await.unwrap();
    assert_predicted(&all_of(&mut stream).await, &PREDICTIONS);
    // A client that does not encrypt gets no answer.
    assert!(!server.predict().await.contains(" 200 "));
}
