//! The files of a model, its history and its report.

use std::path::{Path, PathBuf};

use backburn::text::shown;
use backburn::{FittedModel, ModelFile, SavedModel, history_file};
use backburn_report::{Report, ReportFile};

use crate::error::Error;
use crate::ui::console::Console;
use crate::ui::words;

/// The file for a model: that of `--out`, or the default.
pub fn model_file(asked: Option<&Path>, default: &Path) -> Result<ModelFile, Error> {
    if asked == Some(Path::new("-")) {
        let reason = "--out -: a model is saved to a file, not to standard output";
        return Err(Error::Usage(reason.to_string()));
    }
    Ok(ModelFile::create(asked.unwrap_or(default))?)
}

/// Checks that a default file does not hold a model of another target.
pub fn check_replaced(file: &ModelFile, default: &Path, target: &str) -> Result<(), Error> {
    match file.replaces() {
        Some(other) if other != target => Err(Error::Failed(format!(
            "{} has a model for `{}`: choose another file with --out",
            default.display(),
            shown(other)
        ))),
        _ => Ok(()),
    }
}

/// Writes a model to its file. If that fails, writes it to the folder for temporary files, so that it is
/// not lost.
pub fn save(file: ModelFile, model: &SavedModel) -> Result<PathBuf, Error> {
    if model.summary.best_epoch == 0 && file.replaces().is_some() {
        return Err(Error::Failed(
            "interrupted before the first epoch ended: no model was saved, and the old file is unchanged".to_string(),
        ));
    }
    let error = match file.write(model) {
        Ok(path) => return Ok(path),
        Err(error) => error,
    };
    let name = format!("backburn-{}.safetensors", std::process::id());
    let fallback = ModelFile::create(std::env::temp_dir().join(name));
    Err(match fallback.and_then(|file| file.write(model)) {
        Ok(path) => Error::Failed(format!("{error}; the model is at {}", path.display())),
        Err(_) => error.into(),
    })
}

/// The default file of a table's model: the table's name in this folder.
pub fn default_out(table: &Path) -> PathBuf {
    let name = table
        .file_name()
        .map_or("model".into(), |name| name.to_string_lossy());
    let mut stem = name.strip_suffix(".gz").unwrap_or(&name);
    for extension in [".csv", ".tsv", ".txt", ".parquet"] {
        stem = stem.strip_suffix(extension).unwrap_or(stem);
    }
    match stem {
        "-" | "" => PathBuf::from("model.safetensors"),
        stem => PathBuf::from(format!("{stem}.safetensors")),
    }
}

/// Writes the history beside the model. If that fails, prints a note: the model does not need it.
pub fn save_history(model: &FittedModel, path: &Path, console: Console) {
    // There is no history beside a pipe or a device.
    let Some(record) = model.record().filter(|_| path.is_file()) else {
        return;
    };
    match history_file::write(path, model.model(), &record.history, &record.findings) {
        Ok(path) => console.detail("history", path_argument(&path)),
        Err(error) => {
            let path = history_file::path_beside(path);
            let path = path.display();
            console.paragraph("note", format!("{path}: the history is not saved: {error}"));
        }
    }
}

/// The file for the report of `--report`, which no other output (`others`) may have.
pub fn report_file(path: &Path, others: &[&Path]) -> Result<ReportFile, Error> {
    ReportFile::create(path, others).map_err(|error| match error {
        backburn::Error::Config(reason) => Error::Usage(format!("--report {reason}")),
        other => other.into(),
    })
}

/// Writes a report.
pub fn write_report(file: &ReportFile, report: &Report, console: Console) -> Result<(), Error> {
    file.write(report)?;
    console.detail("report", path_argument(file.path()));
    Ok(())
}
