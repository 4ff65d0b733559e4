//! `serve`, in a build with this feature: `cargo test -p trainer --features serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::common::{Folder, QUICK, houses};

/// A server, which is ended with the test.
struct Running {
    child: Child,
    address: String,
    /// What it prints, which is kept open so that it can print more.
    messages: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(folder: &Folder, line: &str) -> Self {
        let mut command = folder.command(line);
        let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut message = String::new();
        while !message.contains("http://") {
            message.clear();
            assert!(messages.read_line(&mut message).unwrap() > 0, "{line}");
        }
        let (_, address) = message.split_once("http://").unwrap();
        let address = address.trim().to_string();
        Self {
            child,
            address,
            messages,
        }
    }

    /// The answer to a request for predictions of a CSV file, with its header.
    fn predict(&self, csv: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = csv.len();
        let request = format!(
            "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n{csv}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn model() -> Folder {
    let folder = Folder::new();
    folder.write("houses.csv", houses(60));
    folder.done(&format!(
        "train houses.csv --target price --out m.safetensors {QUICK}"
    ));
    folder
}

#[test]
fn served_predictions_are_those_of_predict() {
    let folder = model();
    let expected = folder.done("predict m.safetensors houses.csv").stdout;
    let mut server = Running::start(&folder, "serve m.safetensors --listen 127.0.0.1:0");
    let answer = server.predict(&houses(60));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, expected);
    if cfg!(unix) {
        let id = server.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        assert!(server.child.wait().unwrap().success());
        let mut rest = String::new();
        server.messages.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains("panicked"), "{rest}");
    }
}

#[test]
fn what_is_no_model_is_not_served() {
    let folder = model();
    folder.done("export m.safetensors --out m.onnx");
    folder.done("embed m.safetensors houses.csv --out e.parquet");
    for file in ["m.onnx", "e.parquet", "houses.csv"] {
        let line = format!("serve {file} --listen 127.0.0.1:0");
        folder.refused(&line, 1, &[file, "this is not a Backburn model"]);
    }
    let line = "serve none.safetensors --listen 127.0.0.1:0";
    folder.refused(line, 1, &["none.safetensors"]);
    let line = "serve m.safetensors m.safetensors --listen 127.0.0.1:0";
    folder.refused(line, 2, &["two models have the name"]);
    folder.refused("serve", 2, &["MODEL"]);
}
