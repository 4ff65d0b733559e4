//! `trainer config`.

use std::io::{self, Write};

use backburn::Preset;

use super::args::ConfigArgs;
use crate::error::Error;

pub fn run(args: &ConfigArgs) -> Result<(), Error> {
    let file = Preset::from(args.preset).file();
    io::stdout().write_all(file.as_bytes())?;
    Ok(())
}
