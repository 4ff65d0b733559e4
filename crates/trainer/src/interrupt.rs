//! Ctrl-C.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use backburn::StopToken;
use backburn_dashboard::release_terminal;

/// The exit code of a command that Ctrl-C ended, as shells expect it: 128 and the number of SIGINT.
pub const EXIT_CODE: u8 = 130;

static TRAINING: AtomicBool = AtomicBool::new(false);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Installs the handler of Ctrl-C (and SIGTERM). It ends the program immediately, except while a network
/// is [trained](training): then the first Ctrl-C stops the run after the current step, through the
/// returned token, and the second ends the program.
pub fn catch() -> StopToken {
    let stop = StopToken::new();
    let token = stop.clone();
    // Without a handler, Ctrl-C ends the program as it does everywhere.
    let _ = ctrlc::set_handler(move || {
        token.stop();
        let again = INTERRUPTED.swap(true, Ordering::Relaxed);
        let nothing_to_lose = !TRAINING.load(Ordering::Relaxed);
        if again || nothing_to_lose {
            let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
            for file in unfinished.iter() {
                let _ = fs::remove_file(file);
            }
            release_terminal();
            if nothing_to_lose {
                let _ = writeln!(io::stderr(), "interrupted");
            }
            process::exit(EXIT_CODE.into());
        }
    });
    stop
}

/// Makes a write beyond the limit of `ulimit -f` an error, like a full disk. Without a handler, the signal ends the
/// program.
pub fn catch_file_limit() {
    #[cfg(unix)]
    {
        let exceeded = std::sync::Arc::new(AtomicBool::new(false));
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, exceeded);
    }
}

/// A file to remove when Ctrl-C ends the program.
pub fn unfinished(file: Option<PathBuf>) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.extend(file);
}

/// Training starts: the first Ctrl-C now stops the run and keeps the result.
pub fn training() {
    TRAINING.store(true, Ordering::Relaxed);
}

/// Handles a Ctrl-C that the terminal reports as a key.
pub fn request() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether Ctrl-C was pressed.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
