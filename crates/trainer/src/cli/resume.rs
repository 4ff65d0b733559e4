//! What a resumed run takes from the command line that was typed.

use std::path::{Path, PathBuf};

use backburn::command_words::resume_command;
use backburn::text::path_name;
use backburn::{CommandLine, model_path};
use clap::CommandFactory;

use super::args::{Args, Command};
use crate::error::Error;
use crate::ui::console;

/// Takes the outputs of a resumed run, and whether changes are accepted, from what was typed alone: the folder of a
/// run may come from somebody else.
///
/// # Errors
///
/// Not all outputs of the run were typed.
pub fn take_typed(args: &mut Args, line: &CommandLine) -> Result<(), Error> {
    let (Some(resumed), Some(Command::Train(train))) = (line.resumed(), &mut args.command) else {
        return Ok(());
    };
    // What was typed lacks the arguments of the run.
    let parser = Args::command().mut_subcommand("train", |train| train.args_override_self(true));
    let parser = parser.ignore_errors(true);
    let typed = parser.try_get_matches_from(&resumed.typed).ok();
    let typed = typed.as_ref();
    let typed = typed.and_then(|typed| typed.subcommand_matches("train"));
    let elsewhere = resumed.elsewhere.as_deref().unwrap_or(Path::new(""));
    let path = |name| Some(elsewhere.join(typed?.get_one::<PathBuf>(name)?));
    train.out = path("out");
    train.report = path("report");
    train.out_of_fold = path("out_of_fold");
    train.accept_changes = typed.is_some_and(|typed| typed.get_flag("accept_changes"));
    let default = model_path(&train.table.table);
    let default = resumed.elsewhere.is_some().then_some(default.as_path());
    let named: Vec<&str> = train.outputs().map(|(option, _)| option).collect();
    match resumed.run.missing_outputs(&named, default) {
        None => Ok(()),
        Some(outputs) => Err(Error::Usage(format!(
            "{}: the outputs are not read from a checkpoint folder: pass them again, as in {}",
            path_name(&resumed.folder),
            resume_command(console::program(), &resumed.folder, outputs)
        ))),
    }
}
