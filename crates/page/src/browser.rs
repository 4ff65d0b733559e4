//! Opens a page in the browser.

use std::io;
use std::process::{Command, Stdio};

/// Opens an address in the browser of the user.
///
/// # Errors
///
/// The program that opens addresses cannot be started.
pub fn open_in_browser(address: &str) -> io::Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    };
    command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().map(|_| ())
}
