//! Ctrl-C.

use std::fs;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dashboard;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C (or SIGTERM) is noted, for training to stop after the current
/// step; a second one ends the program.
pub fn catch() {
    // Without a handler, Ctrl-C just ends the program as it does everywhere.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            dashboard::release_terminal();
            process::exit(1);
        }
    });
}

/// From now on Ctrl-C (or SIGTERM) removes an unfinished file and ends the program.
pub fn remove_unfinished(file: &Path) {
    let file = file.to_path_buf();
    let _ = ctrlc::set_handler(move || {
        let _ = fs::remove_file(&file);
        process::exit(1);
    });
}

/// Notes Ctrl-C where a terminal gives it as a key.
pub fn request() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether Ctrl-C was pressed.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
