//! `playground`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::common::Folder;
use backburn_page::Site;

#[test]
fn a_page_in_a_folder_is_served() {
    let folder = Folder::new();
    folder.write("index.html", "<!DOCTYPE html><title>page</title>");
    let mut command = folder.command("playground --port 0 --folder .");
    let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let address = line
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{line}");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.ends_with("<title>page</title>"), "{response}");
}

#[test]
fn without_a_page_the_command_says_how_to_get_it() {
    let folder = Folder::new();
    folder.refused("playground --folder .", 1, &["index.html", "build.sh"]);
    if Site::built_in().is_err() {
        folder.refused("playground", 1, &["build.sh", "--folder"]);
    }
}
