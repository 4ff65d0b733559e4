//! `trainer completions` and `trainer man`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use backburn::CommandFiles;
use backburn::text::{path_argument, path_name};
use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Args;
use crate::error::Error;
use crate::ui::console::Console;

pub fn completions(shell: Shell) -> Result<(), Error> {
    CommandFiles::new().printed(true).check()?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "trainer", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

pub fn man(folder: &Path) -> Result<(), Error> {
    let failed = |error| Error::Failed(format!("{}: {error}", path_name(folder)));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(failed)?;
    Console::Output.detail("man pages", path_argument(folder));
    Ok(())
}
