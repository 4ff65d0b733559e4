//! `trainer config`.

use std::io::{self, Write};

use backburn::CommandFiles;

use super::args::ConfigArgs;
use crate::error::Error;

pub fn run(args: &ConfigArgs) -> Result<(), Error> {
    CommandFiles::new().printed(true).check()?;
    let file = args.preset.file();
    io::stdout().write_all(file.as_bytes())?;
    Ok(())
}
