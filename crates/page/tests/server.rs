//! The server over connections.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};

use backburn_page::{Limits, PageError, Site, listen, serve};
use flate2::read::GzDecoder;

const PAGE: &str = "<!DOCTYPE html><title>page</title>";
const PROGRAM: &[u8] = b"\0asm\x01\0\0\0";

/// Serves a small page, beside whose folder is a file that is no part of it.
fn start(limits: Limits) -> SocketAddr {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    fs::create_dir_all(page.join("pkg")).unwrap();
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    fs::write(page.join("index.html"), PAGE).unwrap();
    fs::write(page.join("pkg/program.wasm"), PROGRAM).unwrap();
    fs::write(page.join(".hidden.txt"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.txt", page.join("link.txt")).unwrap();
    let site = Site::read(&page).unwrap();
    let (listener, address) = listen(0).unwrap();
    thread::spawn(move || serve(&listener, &site, limits));
    address
}

/// The head and the body of the response to some bytes.
fn send(address: SocketAddr, request: &[u8]) -> io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(request)?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = response.split_off(end.unwrap() + 4);
    Ok((String::from_utf8(response).unwrap(), body))
}

fn get(address: SocketAddr, path: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    send(address, request.as_bytes()).unwrap()
}

#[test]
fn files_are_served_with_their_types() {
    let address = start(Limits::default());
    for path in ["/", "/index.html", "/?query=1"] {
        let (head, body) = get(address, path);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"));
        assert!(head.contains("\r\nX-Content-Type-Options: nosniff\r\n"));
        assert!(head.contains("\r\nContent-Security-Policy: default-src 'none';"));
        assert!(head.contains("\r\nCache-Control: no-cache\r\n"));
        assert_eq!(body, PAGE.as_bytes());
    }
    let (head, body) = get(address, "/pkg/program.wasm");
    assert!(head.contains("\r\nContent-Type: application/wasm\r\n"));
    assert_eq!(body, PROGRAM);
}

#[test]
fn files_are_compressed_for_clients_that_accept_gzip() {
    let address = start(Limits::default());
    let request = |method: &str, codings: &str| {
        let request =
            format!("{method} / HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: {codings}\r\n\r\n");
        send(address, request.as_bytes()).unwrap()
    };
    let (head, body) = request("GET", "gzip, deflate, br, zstd");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Encoding: gzip\r\n"), "{head}");
    assert!(head.contains("\r\nVary: Accept-Encoding\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"));
    let length = format!("\r\nContent-Length: {}\r\n", body.len());
    assert!(head.contains(&length), "{head}");
    let mut page = String::new();
    GzDecoder::new(body.as_slice())
        .read_to_string(&mut page)
        .unwrap();
    assert_eq!(page, PAGE);
    let (head, body) = request("HEAD", "gzip");
    assert!(head.contains("\r\nContent-Encoding: gzip\r\n"), "{head}");
    assert!(head.contains(&length), "{head}");
    assert!(body.is_empty());
    for codings in ["", "identity", "br", "gzip;q=0"] {
        let (head, body) = request("GET", codings);
        assert!(!head.contains("Content-Encoding"), "{codings}: {head}");
        assert!(head.contains("\r\nVary: Accept-Encoding\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", PAGE.len())));
        assert_eq!(body, PAGE.as_bytes());
    }
    let (head, _) = get(address, "/nothing.html");
    assert!(!head.contains("Content-Encoding"), "{head}");
}

#[test]
fn a_head_request_has_the_length_and_no_body() {
    let address = start(Limits::default());
    let (head, body) = send(address, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", PAGE.len())));
    assert!(body.is_empty());
}

#[test]
fn nothing_outside_the_page_is_served() {
    let address = start(Limits::default());
    for path in [
        "/nothing.html",
        "/pkg",
        "/pkg/",
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "/.hidden.txt",
        "/link.txt",
        "/index.html%00.txt",
        "/INDEX.HTML",
    ] {
        let (head, body) = get(address, path);
        assert!(head.starts_with("HTTP/1.1 404 "), "{path}: {head}");
        assert!(!body.starts_with(b"secret"), "{path}");
    }
}

#[test]
fn what_is_no_request_for_a_file_is_refused() {
    let address = start(Limits::default());
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(20_000)
    );
    let cookies = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n",
        "a".repeat(20_000)
    );
    let post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
    for (request, status) in [
        ("hello\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "403"),
        (post, "405"),
        (long.as_str(), "431"),
        (cookies.as_str(), "431"),
    ] {
        let (head, _) = send(address, request.as_bytes()).unwrap();
        let start = format!("HTTP/1.1 {status} ");
        assert!(head.starts_with(&start), "{head}");
    }
    let (head, _) = send(address, post.as_bytes()).unwrap();
    assert!(head.contains("\r\nAllow: GET, HEAD\r\n"));
    assert!(get(address, "/").0.contains(" 200 "));
}

#[test]
fn slow_clients_do_not_block_others() {
    let limits = Limits {
        clients: 2,
        request_time: Duration::from_millis(500),
        ..Limits::default()
    };
    let address = start(limits);
    // More clients than are answered at the same time: some send nothing, some half a request, one went away.
    let mut slow: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    slow[0].write_all(b"GET / HTT").unwrap();
    slow[1]
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        .unwrap();
    slow.pop();
    let start = Instant::now();
    assert!(get(address, "/").0.contains(" 200 "));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let (_taken, address) = listen(0).unwrap();
    let error = listen(address.port()).unwrap_err();
    assert!(matches!(error, PageError::Port { .. }));
    assert!(error.to_string().contains("--port 0"));
}
