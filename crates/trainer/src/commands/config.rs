//! `trainer config`.

use std::io::{self, Write};

use crate::config::TEMPLATE;
use crate::error::Error;

pub fn run() -> Result<(), Error> {
    // Settings without a default are shown as ordinary comments.
    io::stdout().write_all(TEMPLATE.as_bytes())?;
    Ok(())
}
