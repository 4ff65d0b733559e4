//! Answers requests on this computer.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::PageError;
use crate::request::{MAX_HEAD, Refusal, is_complete, parse};
use crate::response::Response;
use crate::site::Site;

/// The limits of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The clients that are answered at the same time. Others wait.
    pub clients: usize,
    /// How long a client may take to send its request.
    pub request_time: Duration,
    /// How long a client may take to receive a response.
    pub response_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 32,
            request_time: Duration::from_secs(10),
            response_time: Duration::from_secs(60),
        }
    }
}

/// How long a client may take to close its connection, and how much of what it still sends is read until then.
const CLOSING_TIME: Duration = Duration::from_secs(1);
const CLOSING_BYTES: usize = 64 << 10;

/// The time until the next try after the system could not accept a connection.
const RETRY: Duration = Duration::from_millis(50);

/// Listens on this computer, and returns the address too; port 0 is any free port. Other computers cannot reach it.
///
/// # Errors
///
/// A port that is in use, or that the user may not use.
pub fn listen(port: u16) -> Result<(TcpListener, SocketAddr), PageError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listening = listener.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    listening.map_err(|error| PageError::Port { port, error })
}

/// Serves the files of a page until the program ends. It does not return.
pub fn serve(listener: &TcpListener, site: &Site, limits: Limits) {
    let work = || accept(listener, site, limits);
    thread::scope(|scope| {
        for _ in 1..limits.clients {
            // Without this thread, fewer clients are answered at the same time.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

fn accept(listener: &TcpListener, site: &Site, limits: Limits) {
    loop {
        match listener.accept() {
            // A client that went away needs no response.
            Ok((stream, _)) => drop(answer(&stream, site, limits)),
            Err(_) => thread::sleep(RETRY),
        }
    }
}

/// Answers the one request of a connection.
fn answer(stream: &TcpStream, site: &Site, limits: Limits) -> io::Result<()> {
    let head = read_head(stream, Instant::now() + limits.request_time)?;
    let request = match head.len() > MAX_HEAD {
        true => Err(Refusal::TooLong),
        false => parse(&head),
    };
    let response = request.and_then(|request| Response::file(site, request));
    let response = response.unwrap_or_else(Response::refusal);
    let end = Instant::now() + limits.response_time;
    send(stream, response.head.as_bytes(), end)?;
    send(stream, &response.body, end)?;
    close(stream)
}

/// Reads up to the end of the lines before the body, or more than [`MAX_HEAD`] bytes.
fn read_head(mut stream: &TcpStream, end: Instant) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while head.len() <= MAX_HEAD && !is_complete(&head) {
        stream.set_read_timeout(Some(time_until(end)?))?;
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&part[..count]),
        }
    }
    Ok(head)
}

fn send(mut stream: &TcpStream, mut bytes: &[u8], end: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(time_until(end)?))?;
        match stream.write(bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => bytes = &bytes[count..],
        }
    }
    Ok(())
}

/// Closes a connection after its client did. If this side closed it while bytes of the client are unread, the client
/// could lose the response.
fn close(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let end = Instant::now() + CLOSING_TIME;
    let mut part = [0; 1024];
    let mut bytes = 0;
    while bytes < CLOSING_BYTES {
        stream.set_read_timeout(Some(time_until(end)?))?;
        match stream.read(&mut part)? {
            0 => break,
            count => bytes += count,
        }
    }
    Ok(())
}

/// The time until then, which is an error if it has passed.
fn time_until(end: Instant) -> io::Result<Duration> {
    let time = end.saturating_duration_since(Instant::now());
    match time.is_zero() {
        true => Err(io::ErrorKind::TimedOut.into()),
        false => Ok(time),
    }
}
