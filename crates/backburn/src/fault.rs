//! File operations that fail on purpose, to test what is left of a file. Only debug builds have them.
//!
//! `BACKBURN_FAULT=12:kill` ends the process at its twelfth operation, `12:error` makes that operation an error,
//! and `12:short` lets it read or write only half of the bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// A file that is read.
#[derive(Debug)]
pub(crate) struct InputFile(File);

impl InputFile {
    /// Opens a file, as [`File::open`] does.
    pub fn open(path: &Path) -> io::Result<Self> {
        before("open to read")?;
        File::open(path).map(Self)
    }

    /// A file that is open.
    #[cfg(feature = "train")]
    pub fn new(file: File) -> Self {
        Self(file)
    }
}

impl Read for InputFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match due("read") {
            Some(Fault::Error) => Err(on_purpose()),
            Some(Fault::Short) => {
                let half = bytes.len().div_ceil(2);
                self.0.read(&mut bytes[..half])
            }
            Some(Fault::Kill) => kill(),
            None => self.0.read(bytes),
        }
    }
}

/// Called before each operation of a file system other than a read or a write.
pub(crate) fn before(operation: &str) -> io::Result<()> {
    match due(operation) {
        Some(Fault::Error) => Err(on_purpose()),
        Some(Fault::Kill) => kill(),
        Some(Fault::Short) | None => Ok(()),
    }
}

/// Writes bytes to a file, as [`Write::write`] does.
pub(crate) fn write(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    let half = &bytes[..bytes.len().div_ceil(2)];
    match due("write") {
        Some(Fault::Error) => Err(io::ErrorKind::StorageFull.into()),
        Some(Fault::Short) => file.write(half),
        Some(Fault::Kill) => {
            let _ = file.write(half);
            kill()
        }
        None => file.write(bytes),
    }
}

/// Writes all bytes to a file, as [`Write::write_all`] does.
#[cfg(feature = "train")]
pub(crate) fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = write(file, bytes)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn on_purpose() -> io::Error {
    io::Error::other("an injected fault")
}

#[derive(Clone, Copy)]
#[cfg_attr(
    not(debug_assertions),
    expect(dead_code, reason = "there are no faults")
)]
enum Fault {
    Error,
    Short,
    Kill,
}

#[cfg(not(debug_assertions))]
fn due(_: &str) -> Option<Fault> {
    None
}

/// The fault of this operation. Prints that there is one, so that a test sees when it is past the last operation.
#[cfg(debug_assertions)]
fn due(operation: &str) -> Option<Fault> {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PLAN: LazyLock<Option<(usize, Fault)>> = LazyLock::new(|| {
        let text = std::env::var("BACKBURN_FAULT").ok()?;
        let (number, fault) = text.split_once(':')?;
        let fault = match fault {
            "error" => Fault::Error,
            "short" => Fault::Short,
            _ => Fault::Kill,
        };
        Some((number.parse().ok()?, fault))
    });
    static DONE: AtomicUsize = AtomicUsize::new(0);

    let (number, fault) = (*PLAN)?;
    if DONE.fetch_add(1, Ordering::Relaxed) + 1 != number {
        return None;
    }
    let _ = writeln!(io::stderr(), "fault: {operation}");
    Some(fault)
}

fn kill() -> ! {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
