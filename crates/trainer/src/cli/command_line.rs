//! The words of the command line. `train --resume` is replaced by the command that began the run.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use backburn::RunDescription;
use backburn::text::quoted;

use crate::error::Error;
use crate::ui::console;

/// A command line, with that of a resumed run in full.
pub struct CommandLine {
    words: Vec<OsString>,
    resumed: bool,
}

impl CommandLine {
    /// The program and its arguments.
    pub fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Whether it is that of a resumed run. Options may then be repeated.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The arguments after the command, without those about checkpoints.
    pub fn typed(&self) -> Vec<String> {
        typed(&self.words)
    }

    /// The command to copy, without arguments about checkpoints.
    pub fn command(&self) -> String {
        let command = self.words.get(1);
        let command = command.map(|command| command.to_string_lossy().into_owned());
        let words = command.into_iter().chain(self.typed());
        let words: Vec<String> = words.map(|word| quoted(&word)).collect();
        let line = format!("{} {}", console::program(), words.join(" "));
        line.trim_end().to_string()
    }
}

/// The full command line. `train --resume DIR` is replaced by the command that began the run in that
/// folder, followed by the other arguments, which override those of the command. Also changes to the
/// working directory of that command.
pub fn command_line(given: Vec<OsString>) -> Result<CommandLine, Error> {
    let as_given = |words| CommandLine {
        words,
        resumed: false,
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
    let text = given[index].to_string_lossy().into_owned();
    let (path, consumed) = match text.strip_prefix("--resume=") {
        Some(path) => (PathBuf::from(path), 1),
        None => match given.get(index + 1) {
            Some(path) => (PathBuf::from(path), 2),
            None => return Ok(as_given(given)),
        },
    };
    let run = RunDescription::read(&path)?;
    let path = fs::canonicalize(&path)?;
    let here = env::current_dir().ok();
    let began = run.folder();
    if !began.is_empty() && here.as_deref() != Some(Path::new(began)) {
        env::set_current_dir(began)
            .map_err(|error| Error::Failed(format!("{began}, where the run began: {error}")))?;
    }
    let mut words = given[..2].to_vec();
    // Arguments after two dashes are not options.
    let arguments = run.arguments();
    let end = arguments.iter().position(|argument| argument == "--");
    let (options, rest) = arguments.split_at(end.unwrap_or(arguments.len()));
    words.extend(options.iter().map(OsString::from));
    words.extend_from_slice(&given[2..index]);
    words.extend_from_slice(&given[index + consumed..]);
    words.extend(["--resume".into(), path.into()]);
    words.extend(rest.iter().map(OsString::from));
    Ok(CommandLine {
        words,
        resumed: true,
    })
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

/// The arguments after the command, without those about checkpoints.
fn typed(line: &[OsString]) -> Vec<String> {
    let mut typed = Vec::new();
    let mut arguments = line
        .iter()
        .skip(2)
        .map(|a| a.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--resume" | "--checkpoint" => drop(arguments.next()),
            "--accept-changes" => {}
            text if text.starts_with("--resume=") || text.starts_with("--checkpoint=") => {}
            _ => typed.push(argument),
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_about_checkpoints_are_no_part_of_the_run() {
        let line = [
            "trainer", "train", "a.csv", "--resume", "x", "--target", "y",
        ];
        let line: Vec<OsString> = line.iter().map(OsString::from).collect();
        assert_eq!(typed(&line), ["a.csv", "--target", "y"]);
    }
}
