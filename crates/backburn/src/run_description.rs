//! The description of a run: its command and all inputs of its result, to check that nothing has changed
//! before the run is resumed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use backburn_table::{FormatOptions, Table};
use serde::{Deserialize, Serialize};

use crate::checkpoints::{Changed, folder_error};
use crate::config::Config;
use crate::dataset::{Dataset, DatasetOptions};
use crate::device::SelectedDevice;
use crate::error::Error;
use crate::run_folder::{FolderError, RUN, RunFolder};
use crate::text::{count, escaped, quoted};

/// A run as the file [`RUN`] in its folder describes it, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDescription {
    version: u32,
    /// The arguments of the command.
    arguments: Vec<String>,
    /// The working directory of the command.
    folder: String,
    /// All inputs of the result, by name.
    facts: BTreeMap<String, String>,
}

const VERSION: u32 = 1;
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
        let DatasetOptions {
            features, format, ..
        } = data.options();
        if !features.is_empty() {
            all.insert("features", features.join(", "));
        }
        if *format != FormatOptions::default() {
            all.insert("format", format_in_words(format));
        }
        all.extend(facts);
        Ok(Self {
            version: VERSION,
            arguments: Vec::new(),
            folder: String::new(),
            facts: all.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        })
    }

    /// Adds the arguments of the command that began the run, and its working directory.
    pub fn with_command(self, arguments: Vec<String>, folder: String) -> Self {
        Self {
            arguments,
            folder,
            ..self
        }
    }

    /// Reads the description in the folder of a run.
    ///
    /// # Errors
    ///
    /// There is no run, the file cannot be read, is damaged, or has another format.
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
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The working directory of the command that began the run. Empty if it is not known.
    pub fn folder(&self) -> &str {
        &self.folder
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
            let of_rows = ["table", "target", "task", "weight", "features", "format"];
            let same = |name: &&str| self.facts.get(*name) == now.facts.get(*name);
            return Ok(Some(match of_rows.iter().all(same) {
                true => Changed::Settings,
                false => Changed::Rows,
            }));
        }
        Err(Error::Failed(format!(
            "{}: the run has changed since it began:\n  {}",
            folder.display(),
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
