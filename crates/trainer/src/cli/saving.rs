//! The files of a model, its history and its report.

use std::path::{Path, PathBuf};

use backburn::text::{path_argument, path_name};
use backburn::{FittedModel, ModelFile, PredictionFile, SavedModel, history_file};
use backburn_report::{Report, ReportFile};

use crate::error::Error;
use crate::interrupt;
use crate::ui::console::Console;

/// The file for a model: that of `--out`, or the default.
pub fn model_file(asked: Option<&Path>, default: &Path) -> Result<ModelFile, Error> {
    if asked == Some(Path::new("-")) {
        let reason = "--out -: a model is saved to a file, not to standard output";
        return Err(Error::Usage(reason.to_string()));
    }
    Ok(ModelFile::create(asked.unwrap_or(default))?)
}

/// Writes a model to its file. If that fails, writes it to the folder for temporary files, so that it is
/// not lost.
pub fn save(file: ModelFile, model: &SavedModel) -> Result<PathBuf, Error> {
    if model.summary.best_epoch == 0 && file.replaces().is_some() {
        return Err(Error::Failed(
            "interrupted before the first epoch ended: no model was saved, and the old file is unchanged".to_string(),
        ));
    }
    Ok(file.write_or_rescue(model)?)
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
            let path = path_name(&path);
            console.paragraph("note", format!("{path}: the history is not saved: {error}"));
        }
    }
}

/// The file for the report of an option.
pub fn report_file(option: &str, path: &Path) -> Result<ReportFile, Error> {
    ReportFile::create(path).map_err(|error| prediction_error(option, error))
}

/// The file of an option for predictions.
pub fn prediction_file(option: &str, path: &Path) -> Result<PredictionFile, Error> {
    if path == Path::new("-") {
        let reason = format!("{option} -: name a file, since standard output is for messages");
        return Err(Error::Usage(reason));
    }
    let file = PredictionFile::create(path).map_err(|error| prediction_error(option, error))?;
    interrupt::unfinished(file.temporary());
    Ok(file)
}

/// The error of an option for predictions.
pub fn prediction_error(option: &str, error: backburn::Error) -> Error {
    match error {
        backburn::Error::Config(reason) => Error::Usage(format!("{option} {reason}")),
        other => other.into(),
    }
}

/// Writes a report.
pub fn write_report(file: &ReportFile, report: &Report, console: Console) -> Result<(), Error> {
    file.write(report)?;
    console.detail("report", path_argument(file.path()));
    Ok(())
}
