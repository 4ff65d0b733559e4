//! `trainer config`.

use std::io::{self, Write};

use crate::args::ConfigArgs;
use crate::error::Error;

pub fn run(args: &ConfigArgs) -> Result<(), Error> {
    // Settings without a default are shown as ordinary comments.
    io::stdout().write_all(args.preset.file().as_bytes())?;
    Ok(())
}
