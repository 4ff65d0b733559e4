//! `trainer config`.

use std::io::{self, Write};

use super::args::ConfigArgs;
use crate::error::Error;

pub fn run(args: &ConfigArgs) -> Result<(), Error> {
    let file = args.preset.file();
    io::stdout().write_all(file.as_bytes())?;
    Ok(())
}
