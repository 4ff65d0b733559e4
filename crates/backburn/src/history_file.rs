//! The history of a fit, as JSON lines beside the model's file.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::fault::InputFile;
use crate::model_file::SavedModel;
use crate::output_file::OutputFile;
use crate::read_text::read_text_file;
use backburn_training::{EpochRecord, Finding, History, StartReport, StopReason};
use serde::{Deserialize, Serialize};

/// A line of the file: the first line, a line for each epoch, the last line.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Start {
        /// The version of this format.
        backburn_history: u64,
        model: Identity,
        start: StartReport,
    },
    Epoch(EpochRecord),
    End {
        stop: Option<StopReason>,
        findings: Vec<Finding>,
    },
}

const VERSION: u64 = 1;
/// The largest history that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// Identifies the model of a history.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    table: String,
    target: String,
    seed: u64,
    training_rows: usize,
    epochs: usize,
    best_epoch: usize,
}

impl Identity {
    fn of(model: &SavedModel) -> Self {
        let summary = &model.summary;
        Self {
            table: summary.table.clone(),
            target: model.target.column().to_string(),
            seed: summary.seed,
            training_rows: summary.training_rows,
            epochs: summary.epochs,
            best_epoch: summary.best_epoch,
        }
    }
}

/// The path of the history of a model: `house-prices.history.jsonl` for `house-prices.safetensors`.
pub fn path_beside(file: &Path) -> PathBuf {
    let mut name = match file.extension() {
        Some(extension) if extension == "safetensors" => file.with_extension(""),
        _ => file.to_path_buf(),
    }
    .into_os_string();
    name.push(".history.jsonl");
    name.into()
}

/// Writes the history of a model beside its file.
///
/// # Errors
///
/// The file cannot be written, or the path holds a file that is not a history.
pub fn write(
    file: &Path,
    model: &SavedModel,
    history: &History,
    findings: &[Finding],
) -> io::Result<PathBuf> {
    let path = path_beside(file);
    let takes_its_place = |path: &Path| is_history(path) || is_empty(path);
    if path.exists() && !takes_its_place(&path) {
        let reason = "it already exists and is not a history";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
    }
    let start = Line::Start {
        backburn_history: VERSION,
        model: Identity::of(model),
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

/// Whether there is nothing in a file, so that there is nothing to lose.
fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0)
}

/// Whether a file begins like a history, of any version.
fn is_history(path: &Path) -> bool {
    // Reading a pipe would block.
    if !path.is_file() {
        return false;
    }
    let mut start = [0; 20];
    let read = InputFile::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.starts_with(b"{\"backburn_history\":")
}

/// Reads the history of a model and its findings.
///
/// # Errors
///
/// The file cannot be read, or is the history of another model.
pub fn read(path: &Path, model: &SavedModel) -> Result<(History, Vec<Finding>), String> {
    let text = read_text_file(path, LARGEST).map_err(|error| error.to_string())?;
    let mut history = History::default();
    let mut found = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line: Line = serde_json::from_str(line)
            .map_err(|_| format!("line {number} is not part of a history"))?;
        match line {
            Line::Start {
                backburn_history: VERSION,
                model: of,
                start,
            } if index == 0 => {
                if of != Identity::of(model) {
                    return Err("it is the history of another model".to_string());
                }
                history.start = start;
            }
            Line::Start { .. } => {
                return Err(format!(
                    "line {number}: this program does not read this version of the format"
                ));
            }
            _ if index == 0 => return Err("the first line is not that of a history".to_string()),
            Line::Epoch(epoch) => history.epochs.push(epoch),
            Line::End { stop, findings } => {
                history.stop = stop;
                found = Some(findings);
            }
        }
    }
    match found {
        None => Err("its end is missing".to_string()),
        Some(findings) => Ok((history, findings)),
    }
}
