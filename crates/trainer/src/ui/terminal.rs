//! The terminal as a whole.

use std::io;

use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{LeaveAlternateScreen, disable_raw_mode, is_raw_mode_enabled};

/// Restores the terminal for the shell, whatever state it is in.
pub fn release() {
    if matches!(is_raw_mode_enabled(), Ok(true)) {
        let _ = execute!(io::stderr(), LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
