//! Resuming a run: its description, and a check that nothing has changed.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use backburn::text::{count, escaped};
use backburn::{Changed, Config, FolderError, RUN, RunFolder, SelectedDevice, Table, folder_error};
use backburn_report::quoted;
use serde::{Deserialize, Serialize};

use super::args::TrainArgs;
use crate::error::Error;
use crate::ui::console;

/// A run as its folder describes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    version: u32,
    /// The arguments after `train`.
    arguments: Vec<String>,
    /// The working directory of the command.
    folder: String,
    /// All inputs of the result, by name.
    facts: BTreeMap<String, String>,
}

const VERSION: u32 = 1;
/// The largest description that is read.
const LARGEST: u64 = 16 << 20;

impl Run {
    /// A new run.
    pub fn new(
        args: &TrainArgs,
        config: &Config,
        device: &SelectedDevice,
        table: &Table,
        test: Option<&Table>,
    ) -> Result<Self, backburn::Error> {
        let source = &args.table;
        let mut facts = BTreeMap::from([
            (
                "program",
                concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string(),
            ),
            ("backend", device.name.to_string()),
            ("settings", config.to_toml()),
            ("table", table_in_words(table)?),
            ("target", source.target.clone()),
        ]);
        if let Some(test) = test {
            facts.insert("test table", table_in_words(test)?);
        }
        let options = [
            ("task", source.task.map(|task| format!("{task:?}"))),
            ("weight", source.weight.clone()),
            ("folds", args.folds.map(|folds| folds.to_string())),
        ];
        for (name, value) in options {
            facts.extend(value.map(|value| (name, value)));
        }
        let folder = env::current_dir().ok();
        let folder = folder.and_then(|folder| folder.into_os_string().into_string().ok());
        Ok(Self {
            version: VERSION,
            arguments: args.typed.clone(),
            folder: folder.unwrap_or_default(),
            facts: facts.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        })
    }

    /// The run in a folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(RUN);
        let failed = |reason: String| Error::Failed(format!("{}: {reason}", path.display()));
        let metadata =
            fs::metadata(&path).map_err(|_| folder_error(folder, &FolderError::NoRun))?;
        if metadata.len() > LARGEST {
            return Err(failed(
                "it is not the description of a run: it is too large".to_string(),
            ));
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let run: Self = serde_json::from_str(&text).map_err(|error| {
            failed(format!(
                "it is not the description of a run, or it is damaged: {error}"
            ))
        })?;
        match run.version {
            VERSION => Ok(run),
            version => Err(failed(format!(
                "it has format {version}, and this program reads format {VERSION}"
            ))),
        }
    }

    /// The arguments after `train`, to be shown.
    pub fn command(&self) -> String {
        let words = self.arguments.iter().map(|word| escaped(&quoted(word)));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether the run predicts this column.
    pub fn is_of(&self, target: &str) -> bool {
        self.facts
            .get("target")
            .is_some_and(|other| other == target)
    }

    /// The run as a file.
    pub fn to_json(&self) -> Result<String, backburn::Error> {
        let json = serde_json::to_string_pretty(self);
        json.map_err(|error| backburn::Error::Failed(error.to_string()))
    }

    /// What has changed, one line for each fact.
    fn changes(&self, now: &Self) -> Vec<String> {
        let names = self.facts.keys().chain(now.facts.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort_unstable();
        names.dedup();
        let mut changes = Vec::new();
        for name in names {
            let [was, is] = [self, now].map(|run| run.facts.get(name).map_or("", |v| v.as_str()));
            if was == is {
                continue;
            }
            if name == "settings" {
                changes.extend(changed_settings(was, is));
            } else {
                let or_none = |text: &str| match text {
                    "" => "none".to_string(),
                    text => escaped(text).to_string(),
                };
                changes.push(format!("{name}: was {}, is {}", or_none(was), or_none(is)));
            }
        }
        changes
    }

    /// Checks that nothing has changed since the run began, unless changes are accepted.
    pub fn check(
        &self,
        now: &Self,
        folder: &Path,
        accept_changes: bool,
    ) -> Result<Option<Changed>, Error> {
        let changes = self.changes(now);
        if changes.is_empty() {
            return Ok(None);
        }
        if accept_changes {
            let of_rows = ["table", "target", "task", "weight"];
            let same = |name: &&str| self.facts.get(*name) == now.facts.get(*name);
            return Ok(Some(match of_rows.iter().all(same) {
                true => Changed::Settings,
                false => Changed::Rows,
            }));
        }
        Err(Error::Failed(format!(
            "{}: the run has changed since it began:\n  {}\nto resume it with these changes, add \
             --accept-changes",
            folder.display(),
            changes.join("\n  ")
        )))
    }
}

/// The settings that differ, by their dotted names.
fn changed_settings(was: &str, is: &str) -> Vec<String> {
    let [was, is] = [was, is].map(|text| {
        let mut settings = BTreeMap::new();
        if let Ok(table) = text.parse::<toml::Table>() {
            flatten("", &toml::Value::Table(table), &mut settings);
        }
        settings
    });
    let names = was.keys().chain(is.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    let differing = names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name));
    let value = |settings: &BTreeMap<String, String>, name: &String| {
        settings
            .get(name)
            .map_or("none".to_string(), |v| escaped(v).to_string())
    };
    differing
        .map(|name| format!("{name}: was {}, is {}", value(&was, name), value(&is, name)))
        .collect()
}

fn flatten(path: &str, value: &toml::Value, to: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{name}"), value, to);
            }
        }
        value => {
            to.insert(path.to_string(), value.to_string());
        }
    }
}

fn table_in_words(table: &Table) -> Result<String, backburn::Error> {
    let rows = count(table.rows(), "row");
    Ok(format!("{rows}, fingerprint {}", table.fingerprint()?))
}

/// The folder of a run to resume, and its description.
pub fn open(path: &Path) -> Result<(RunFolder, Run), Error> {
    let run = Run::read(path)?;
    let folder = RunFolder::open(path).map_err(|error| folder_error(path, &error))?;
    Ok((folder, run))
}

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
    let run = Run::read(&path)?;
    let path = fs::canonicalize(&path)?;
    let here = env::current_dir().ok();
    if !run.folder.is_empty() && here.as_deref() != Some(Path::new(&run.folder)) {
        env::set_current_dir(&run.folder).map_err(|error| {
            Error::Failed(format!("{}, where the run began: {error}", run.folder))
        })?;
    }
    let mut words = given[..2].to_vec();
    // Arguments after two dashes are not options.
    let end = run.arguments.iter().position(|argument| argument == "--");
    let (options, rest) = run.arguments.split_at(end.unwrap_or(run.arguments.len()));
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
    fn settings_that_differ_are_named() {
        let was = "[training]\nepochs = 3\nseed = 1\n[data]\nbins = \"auto\"\n";
        let is = "[training]\nepochs = 4\nseed = 1\nclip_norm = 1.0\n[data]\nbins = \"auto\"\n";
        assert_eq!(
            changed_settings(was, is),
            [
                "training.clip_norm: was none, is 1.0",
                "training.epochs: was 3, is 4"
            ]
        );
    }

    #[test]
    fn arguments_about_checkpoints_are_no_part_of_the_run() {
        let line = [
            "trainer", "train", "a.csv", "--resume", "x", "--target", "y",
        ];
        let line: Vec<OsString> = line.iter().map(OsString::from).collect();
        assert_eq!(typed(&line), ["a.csv", "--target", "y"]);
    }
}
