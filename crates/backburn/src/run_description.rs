//! The description of a run: its command and all inputs of its result, to check that nothing has changed
//! before the run is resumed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use backburn_table::{FormatOptions, Table};
use serde::{Deserialize, Serialize};

use crate::checkpoints::{Changed, folder_error};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::dataset_options::DatasetOptions;
use crate::device::SelectedDevice;
use crate::error::Error;
use crate::folder::Folder;
use crate::run_folder::{FolderError, RUN, RunFolder};
use crate::text::{count, escaped, path_name, quoted};

/// A run as the file [`RUN`] in its folder describes it, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDescription {
    version: u32,
    /// The arguments of the command.
    arguments: Vec<Word>,
    /// The working directory of the command.
    folder: Word,
    /// The options of the command for outputs, such as `--out`, with their paths.
    outputs: Vec<(String, Word)>,
    /// All inputs of the result, by name.
    facts: BTreeMap<String, String>,
}

/// An argument or a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    /// What is not UTF-8, on Unix.
    Bytes(Vec<u8>),
}

impl From<OsString> for Word {
    fn from(word: OsString) -> Self {
        match word.into_string() {
            Ok(text) => Self::Text(text),
            #[cfg(unix)]
            Err(other) => Self::Bytes(std::os::unix::ffi::OsStringExt::into_vec(other)),
            #[cfg(not(unix))]
            Err(other) => Self::Text(other.to_string_lossy().into_owned()),
        }
    }
}

impl AsRef<OsStr> for Word {
    fn as_ref(&self) -> &OsStr {
        match self {
            Self::Text(text) => text.as_ref(),
            #[cfg(unix)]
            Self::Bytes(bytes) => std::os::unix::ffi::OsStrExt::from_bytes(bytes),
            #[cfg(not(unix))]
            Self::Bytes(_) => OsStr::new(""),
        }
    }
}

const VERSION: u32 = 2;
/// The largest description that is read, in bytes.
const LARGEST: u64 = 16 << 20;

impl RunDescription {
    /// Describes a run by its settings, device and tables. `facts` are other inputs of the result, each with
    /// its name.
    ///
    /// # Errors
    ///
    /// The fingerprint of a table cannot be computed.
    pub fn new(
        config: &Config,
        device: &SelectedDevice,
        data: &Dataset,
        test: Option<&Table>,
        facts: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, Error> {
        let mut all = BTreeMap::from([
            (
                "program",
                concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string(),
            ),
            ("backend", device.name().to_string()),
            ("settings", config.to_toml()),
            ("table", table_in_words(data.table())?),
            ("target", data.target().to_string()),
        ]);
        if let Some(test) = test {
            all.insert("test table", table_in_words(test)?);
        }
        if let Some(weight) = data.weight() {
            all.insert("weight", weight.to_string());
        }
        if let Some(offset) = data.offset() {
            all.insert("offset", offset.to_string());
        }
        let DatasetOptions {
            features,
            format,
            split,
            ..
        } = data.options();
        if !features.is_empty() {
            all.insert("features", features.join(", "));
        }
        let names = [("--group", "group"), ("--time", "time"), ("--fold", "fold")];
        for (option, column) in split.named() {
            let name = names.iter().find(|(known, _)| *known == option);
            all.extend(name.map(|(_, name)| (*name, column.to_string())));
        }
        all.extend(split.gap.map(|gap| ("gap", gap.to_string())));
        if *format != FormatOptions::default() {
            all.insert("format", format_in_words(format));
        }
        all.extend(facts);
        Ok(Self {
            version: VERSION,
            arguments: Vec::new(),
            folder: Word::Text(String::new()),
            outputs: Vec::new(),
            facts: all.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        })
    }

    /// Adds the arguments of the command that began the run, its working directory, and its options for
    /// outputs with their paths.
    pub fn with_command(
        self,
        arguments: Vec<OsString>,
        folder: OsString,
        outputs: Vec<(&str, OsString)>,
    ) -> Self {
        let outputs = outputs.into_iter();
        Self {
            arguments: arguments.into_iter().map(Word::from).collect(),
            folder: folder.into(),
            outputs: outputs
                .map(|(option, path)| (option.to_string(), path.into()))
                .collect(),
            ..self
        }
    }

    /// Reads the description in the folder of a run.
    ///
    /// # Errors
    ///
    /// There is no run, the file cannot be read, is damaged, or has another format.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let no_run = |_| folder_error(folder, &FolderError::NoRun);
        let opened = Folder::open(folder).map_err(no_run)?;
        if !opened.has(RUN.as_ref()).map_err(no_run)? {
            return Err(folder_error(folder, &FolderError::NoRun));
        }
        let path = folder.join(RUN);
        let failed = |reason: String| Error::Failed(format!("{}: {reason}", path_name(&path)));
        let text = opened.read(RUN.as_ref(), LARGEST);
        let text = text.map_err(|error| failed(error.to_string()))?;
        let damaged = |error: serde_json::Error| {
            failed(format!(
                "it is not the description of a run, or it is damaged: {error}"
            ))
        };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_slice(&text).map_err(damaged)?;
        match version {
            VERSION => serde_json::from_slice(&text).map_err(damaged),
            version => Err(failed(format!(
                "it has format {version}, and this program reads format {VERSION}"
            ))),
        }
    }

    /// Locks the folder of a run to resume, and reads its description.
    ///
    /// # Errors
    ///
    /// The same as for [`read`](Self::read), or another process uses the folder.
    pub fn open(path: &Path) -> Result<(RunFolder, Self), Error> {
        let run = Self::read(path)?;
        let folder = RunFolder::open(path).map_err(|error| folder_error(path, &error))?;
        Ok((folder, run))
    }

    /// The arguments of the command that began the run.
    pub fn arguments(&self) -> impl Iterator<Item = &OsStr> {
        self.arguments.iter().map(Word::as_ref)
    }

    /// The working directory of the command that began the run. Empty if it is not known.
    pub fn folder(&self) -> &Path {
        Path::new(&self.folder)
    }

    /// The options for outputs of the command that began the run, with their paths.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, &Path)> {
        let outputs = self.outputs.iter();
        outputs.map(|(option, path)| (option.as_str(), Path::new(path)))
    }

    /// What the command that resumes the run lacks: all outputs of the run, unless their options are among `named`.
    /// The folder of a run may come from somebody else, so no path of an output is taken from it. `default` is the
    /// default of `--out` if the command is typed in another folder than the first one, where it is not the same
    /// file. Paths are then those of the first folder.
    pub fn missing_outputs(
        &self,
        named: &[&str],
        default: Option<&Path>,
    ) -> Option<Vec<(String, PathBuf)>> {
        let out = "--out";
        let mut outputs: Vec<(String, PathBuf)> = self
            .outputs()
            .map(|(option, path)| (option.to_string(), path.to_path_buf()))
            .collect();
        if let Some(default) = default {
            if outputs.iter().all(|(option, _)| option != out) {
                outputs.push((out.to_string(), default.to_path_buf()));
            }
            for (_, path) in &mut outputs {
                *path = self.folder().join(&path);
            }
        }
        let is_named = |(option, _): &(String, PathBuf)| named.contains(&option.as_str());
        (!outputs.iter().all(is_named)).then_some(outputs)
    }

    /// Whether the run predicts this column.
    pub fn is_of(&self, target: &str) -> bool {
        self.facts
            .get("target")
            .is_some_and(|other| other == target)
    }

    /// The run as the text of its file.
    ///
    /// # Errors
    ///
    /// The description cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        let json = serde_json::to_string_pretty(self);
        json.map_err(|error| Error::Failed(error.to_string()))
    }

    /// Checks that nothing has changed since the run began; `now` describes the run as it is now. If changes
    /// are accepted, returns what they affect. `folder` is the folder of the run, for the message.
    ///
    /// # Errors
    ///
    /// The run has changed, and changes are not accepted. The error lists the changes.
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
            let of_rows = [
                "table", "target", "task", "weight", "offset", "features", "format", "group",
                "time", "gap", "fold",
            ];
            let same = |name: &&str| self.facts.get(*name) == now.facts.get(*name);
            return Ok(Some(match of_rows.iter().all(same) {
                true => Changed::Settings,
                false => Changed::Rows,
            }));
        }
        Err(Error::Failed(format!(
            "{}: the run has changed since it began:\n  {}",
            path_name(folder),
            changes.join("\n  ")
        )))
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

/// The options of a format, as on the command line.
fn format_in_words(format: &FormatOptions) -> String {
    let signs = [
        ("--decimal", format.decimal),
        ("--thousands", format.thousands),
    ];
    let signs = signs.into_iter();
    let mut words: Vec<String> = signs
        .filter_map(|(option, sign)| Some(format!("{option} {}", quoted(&sign?.to_string()))))
        .collect();
    words.extend(
        format
            .na
            .iter()
            .map(|word| format!("--na {}", quoted(word))),
    );
    if format.keep_na {
        words.push("--keep-na".to_string());
    }
    let dates = format.date_formats.iter();
    words.extend(
        dates.map(|(column, format)| format!("--date {}", quoted(&format!("{column}={format}")))),
    );
    words.join(" ")
}

fn table_in_words(table: &Table) -> Result<String, Error> {
    let rows = count(table.rows(), "row");
    Ok(format!("{rows}, fingerprint {}", table.fingerprint()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn words_that_are_not_utf8_are_kept() {
        use std::os::unix::ffi::OsStringExt;
        for word in [b"t.csv".to_vec(), b"t\xff\n.csv".to_vec(), Vec::new()] {
            let word = OsString::from_vec(word);
            let json = serde_json::to_string(&Word::from(word.clone())).unwrap();
            let read: Word = serde_json::from_str(&json).unwrap();
            assert_eq!(AsRef::<OsStr>::as_ref(&read), word);
        }
        assert_eq!(
            serde_json::to_string(&Word::from(OsString::from("a"))).unwrap(),
            "\"a\""
        );
    }

    #[test]
    fn a_format_is_named_by_its_options() {
        let format = FormatOptions {
            decimal: Some(','),
            thousands: Some(' '),
            na: vec!["-999".to_string()],
            keep_na: true,
            date_formats: BTreeMap::from([("sold".to_string(), "%d/%m/%Y".to_string())]),
        };
        assert_eq!(
            format_in_words(&format),
            "--decimal , --thousands ' ' --na -999 --keep-na --date sold=%d/%m/%Y"
        );
        assert_eq!(format_in_words(&FormatOptions::default()), "");
    }

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
}
