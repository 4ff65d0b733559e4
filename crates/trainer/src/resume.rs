//! Going on with a run: what it was, and whether it still is that.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use backburn_report::quoted;
use backburn_tabular::Table;
use clap::Parser;
use clap::error::ErrorKind;
use serde::{Deserialize, Serialize};

use crate::args::{Args, TrainArgs};
use crate::checkpoints::Changed;
use crate::config::RunConfig;
use crate::console::{count, escaped};
use crate::device::Chosen;
use crate::error::Error;
use crate::run_folder::{FolderError, RUN, RunFolder};

/// A run as its folder says it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    version: u32,
    /// What was typed after `train`.
    arguments: Vec<String>,
    /// Where it was typed.
    folder: String,
    /// What the result follows from, by its name.
    facts: BTreeMap<String, String>,
}

const VERSION: u32 = 1;
/// The largest file that is read as one.
const LARGEST: u64 = 16 << 20;

impl Run {
    /// A run that begins.
    pub fn new(
        args: &TrainArgs,
        config: &RunConfig,
        chosen: &Chosen,
        table: &Table,
        test: Option<&Table>,
    ) -> Result<Self, Error> {
        let source = &args.table;
        let mut facts = BTreeMap::from([
            (
                "program",
                concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string(),
            ),
            ("backend", chosen.name.to_string()),
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
        let metadata = fs::metadata(&path)
            .map_err(|_| crate::checkpoints::failed(folder, &FolderError::NoRun))?;
        if metadata.len() > LARGEST {
            return Err(failed("it is no run: it is too large".to_string()));
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let run: Self = serde_json::from_str(&text)
            .map_err(|error| failed(format!("it is no run, or a damaged one: {error}")))?;
        match run.version {
            VERSION => Ok(run),
            version => Err(failed(format!(
                "it is of version {version}, and this program reads {VERSION}"
            ))),
        }
    }

    /// What was typed after `train`, to be read.
    pub fn command(&self) -> String {
        let words = self.arguments.iter().map(|word| escaped(&quoted(word)));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether this column is what the run learns to predict.
    pub fn is_of(&self, target: &str) -> bool {
        self.facts
            .get("target")
            .is_some_and(|other| other == target)
    }

    /// The run as a file.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::Failed(error.to_string()))
    }

    /// What is not as it was, one thing a line.
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

    /// Makes sure that this is still the run that was begun, unless it need not be.
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
            "{}: the run is no longer the one that was begun:\n  {}\nto go on all the same, say \
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

fn table_in_words(table: &Table) -> Result<String, Error> {
    let rows = count(table.rows(), "row");
    Ok(format!("{rows}, fingerprint {}", table.fingerprint()?))
}

/// The folder of a run to go on with, and what the run was.
pub fn open(path: &Path) -> Result<(RunFolder, Run), Error> {
    let run = Run::read(path)?;
    let folder = RunFolder::open(path).map_err(|error| crate::checkpoints::failed(path, &error))?;
    Ok((folder, run))
}

/// The command line in full: `train --resume DIR` stands for what began the run in that folder, with
/// what else is given behind it, which may say an option once more. Whether it does. Also goes to the folder
/// where that was typed.
pub fn command_line(given: Vec<OsString>) -> Result<(Vec<OsString>, bool), Error> {
    let is_train = given.get(1).is_some_and(|command| command == "train");
    let place = given.iter().position(|argument| {
        let text = argument.to_string_lossy();
        text == "--resume" || text.starts_with("--resume=")
    });
    let Some(place) = place.filter(|_| is_train) else {
        return Ok((given, false));
    };
    match Args::try_parse_from(&given) {
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {}
        _ => return Ok((given, false)),
    }
    let text = given[place].to_string_lossy().into_owned();
    let (path, taken) = match text.strip_prefix("--resume=") {
        Some(path) => (PathBuf::from(path), 1),
        None => match given.get(place + 1) {
            Some(path) => (PathBuf::from(path), 2),
            None => return Ok((given, false)),
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
    let mut line = given[..2].to_vec();
    // What stands behind two dashes is no option.
    let end = run.arguments.iter().position(|argument| argument == "--");
    let (options, rest) = run.arguments.split_at(end.unwrap_or(run.arguments.len()));
    line.extend(options.iter().map(OsString::from));
    line.extend_from_slice(&given[2..place]);
    line.extend_from_slice(&given[place + taken..]);
    line.extend(["--resume".into(), path.into()]);
    line.extend(rest.iter().map(OsString::from));
    Ok((line, true))
}

/// The command, for reports.
static SAID: OnceLock<Vec<String>> = OnceLock::new();

/// The command and its arguments, but for what asks to go on.
pub fn said() -> &'static [String] {
    SAID.get().map_or(&[], Vec::as_slice)
}

/// Keeps what the command line is, for [`said`].
pub fn keep(line: &[OsString]) {
    let command = line
        .get(1)
        .map(|command| command.to_string_lossy().into_owned());
    let _ = SAID.set(command.into_iter().chain(typed(line)).collect());
}

/// What was typed after `train`, but for the folder and what asks to go on.
pub fn typed(line: &[OsString]) -> Vec<String> {
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
    fn what_asks_to_go_on_is_no_part_of_the_run() {
        let line = [
            "trainer", "train", "a.csv", "--resume", "x", "--target", "y",
        ];
        let line: Vec<OsString> = line.iter().map(OsString::from).collect();
        assert_eq!(typed(&line), ["a.csv", "--target", "y"]);
    }
}
