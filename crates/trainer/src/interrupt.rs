//! Ctrl-C.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use backburn::StopToken;

use crate::ui::terminal;

/// The exit code of a command that Ctrl-C ended, as shells expect it: 128 and the number of SIGINT.
pub const EXIT_CODE: u8 = 130;

static TRAINING: AtomicBool = AtomicBool::new(false);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on Ctrl-C (or SIGTERM) ends the program at once while there is nothing to lose. While a
/// network is [trained](training), the first one stops the run after the current step, by the token that
/// is returned, and a second one ends the program.
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
            terminal::release();
            if nothing_to_lose {
                let _ = writeln!(io::stderr(), "interrupted");
            }
            process::exit(EXIT_CODE.into());
        }
    });
    stop
}

/// Where Ctrl-C ends the program, this file is removed.
pub fn unfinished(file: Option<&Path>) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.extend(file.map(Path::to_path_buf));
}

/// From now on there is something to lose.
pub fn training() {
    TRAINING.store(true, Ordering::Relaxed);
}

/// Notes Ctrl-C where a terminal gives it as a key.
pub fn request() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether Ctrl-C was pressed.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
