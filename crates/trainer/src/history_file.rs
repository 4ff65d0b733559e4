//! The history of a training run, as JSON lines beside the model.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use backburn_tabular::OutputFile;
use backburn_training::{EpochRecord, Finding, History, StartReport, StopReason};
use serde::{Deserialize, Serialize};

/// A line of the file: the first one, one for each epoch, the last one.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Start {
        /// The version of this format.
        backburn_history: u64,
        start: StartReport,
    },
    Epoch(EpochRecord),
    End {
        stop: Option<StopReason>,
        findings: Vec<Finding>,
    },
}

const VERSION: u64 = 1;

/// `house-prices.history.jsonl` for `house-prices.safetensors`.
pub fn path_beside(model: &Path) -> PathBuf {
    model.with_extension("history.jsonl")
}

/// Writes the history of a model's training beside it; a file there that is no history stays.
pub fn write(model: &Path, history: &History, findings: &[Finding]) -> io::Result<PathBuf> {
    let path = path_beside(model);
    if path.exists() && read(&path).is_err() {
        let reason = "it is there already, and no history";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
    }
    let start = Line::Start {
        backburn_history: VERSION,
        start: history.start.clone(),
    };
    let epochs = history.epochs.iter().cloned().map(Line::Epoch);
    let end = Line::End {
        stop: history.stop,
        findings: findings.to_vec(),
    };
    let mut file = OutputFile::create(&path)?;
    for line in [start].into_iter().chain(epochs).chain([end]) {
        let text = serde_json::to_string(&line).map_err(io::Error::other)?;
        writeln!(file, "{text}")?;
    }
    file.commit()?;
    Ok(path)
}

/// Reads a history and what was found in it.
pub fn read(path: &Path) -> Result<(History, Vec<Finding>), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut history = History::default();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line: Line =
            serde_json::from_str(line).map_err(|_| format!("line {number} is not of a history"))?;
        match line {
            Line::Start {
                backburn_history: VERSION,
                start,
            } if index == 0 => history.start = start,
            Line::Start { .. } => {
                return Err(format!("line {number}: another version of histories"));
            }
            _ if index == 0 => return Err("the first line is not of a history".to_string()),
            Line::Epoch(epoch) => history.epochs.push(epoch),
            Line::End { stop, findings } => {
                history.stop = stop;
                found = findings;
            }
        }
    }
    match text.is_empty() {
        true => Err("it is empty".to_string()),
        false => Ok((history, found)),
    }
}
