//! The words of a command line. `train --resume` is replaced by the command that began the run.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command_words::{run_arguments, shown_command, value_of};
use crate::error::Error;
use crate::run_description::RunDescription;
use crate::text::path_name;

/// A command line, with that of a resumed run in full.
#[derive(Debug)]
pub struct CommandLine {
    words: Vec<OsString>,
    resumed: Option<Resumed>,
}

/// How a run was resumed.
#[derive(Debug)]
pub struct Resumed {
    /// The words that were typed.
    pub typed: Vec<OsString>,
    /// The folder in which they were typed, if it is not the one in which the run began.
    pub elsewhere: Option<PathBuf>,
    /// The folder with the checkpoints.
    pub folder: PathBuf,
    /// The run.
    pub run: RunDescription,
}

impl CommandLine {
    /// The full command line. `train --resume DIR` is replaced by the command that began the run in that
    /// folder, followed by the other arguments, which override those of the command. Also changes to the
    /// working directory of that command.
    ///
    /// The folder is not trusted: outputs are not taken from it, but from the words that were typed.
    ///
    /// # Errors
    ///
    /// The folder has no run, or the folder in which that run began is not there.
    pub fn read(given: Vec<OsString>) -> Result<Self, Error> {
        let as_given = |words| Self {
            words,
            resumed: None,
        };
        let is_train = given.get(1).is_some_and(|command| command == "train");
        let index = given.iter().position(|argument| {
            let text = argument.to_string_lossy();
            text == "--resume" || text.starts_with("--resume=")
        });
        let Some(index) = index.filter(|_| is_train) else {
            return Ok(as_given(given));
        };
        // A command with a target is complete.
        if has_target(&given) {
            return Ok(as_given(given));
        }
        let (path, consumed) = match value_of(&given[index], "--resume=") {
            Some(path) => (PathBuf::from(path), 1),
            None => match given.get(index + 1) {
                Some(path) => (PathBuf::from(path), 2),
                None => return Ok(as_given(given)),
            },
        };
        let run = RunDescription::read(&path)?;
        let folder = fs::canonicalize(&path);
        let folder =
            folder.map_err(|error| Error::Failed(format!("{}: {error}", path_name(&path))))?;
        let elsewhere = enter(run.folder())?;
        let mut words = given[..2].to_vec();
        // Arguments after two dashes are not options.
        let arguments: Vec<OsString> = run.arguments().map(OsString::from).collect();
        let end = arguments.iter().position(|argument| argument == "--");
        let (options, rest) = arguments.split_at(end.unwrap_or(arguments.len()));
        words.extend_from_slice(options);
        words.extend_from_slice(&given[2..index]);
        words.extend_from_slice(&given[index + consumed..]);
        words.extend(["--resume".into(), folder.clone().into()]);
        words.extend_from_slice(rest);
        let resumed = Resumed {
            typed: given,
            elsewhere,
            folder: path,
            run,
        };
        Ok(Self {
            words,
            resumed: Some(resumed),
        })
    }

    /// The program and its arguments.
    pub fn words(&self) -> &[OsString] {
        &self.words
    }

    /// The run that is resumed, if this is the command line of one.
    pub fn resumed(&self) -> Option<&Resumed> {
        self.resumed.as_ref()
    }

    /// The arguments of the run.
    pub fn typed(&self) -> Vec<OsString> {
        run_arguments(&self.words)
    }

    /// The command to copy, without arguments about checkpoints. `program` is its first word.
    pub fn command(&self, program: &str) -> String {
        shown_command(program, &self.words)
    }
}

/// Changes to the folder in which a run began. Returns the working directory until now, if it was another one.
fn enter(began: &Path) -> Result<Option<PathBuf>, Error> {
    let here = env::current_dir().ok();
    if began == Path::new("") || here.as_deref() == Some(began) {
        return Ok(None);
    }
    env::set_current_dir(began).map_err(|error| {
        let began = path_name(began);
        Error::Failed(format!("{began}, where the run began: {error}"))
    })?;
    Ok(here)
}

/// Whether a command line names a target, or asks for help.
fn has_target(line: &[OsString]) -> bool {
    line.iter().any(|argument| {
        let text = argument.to_string_lossy();
        let is_short = |text: &str| text.starts_with("-t") && !text.starts_with("--");
        matches!(&*text, "--target" | "--help" | "-h" | "-V" | "--version")
            || text.starts_with("--target=")
            || is_short(&text)
    })
}
