//! The files of a model, its history and its report.

use std::path::{Path, PathBuf};

use backburn::text::{count, path_argument, path_name};
use backburn::{
    FittedModel, ModelFile, PredictionFile, PredictionFormat, RowsReport, SavedModel, history_file,
};
use backburn_report::{Report, ReportFile};
use serde_json::json;

use crate::error::Error;
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::progress::Progress;

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
    file.check_finished(model)?;
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

/// The file of an option for predictions or embeddings; `format` is what its suffix names.
pub fn prediction_file(
    option: &str,
    path: &Path,
    format: Result<PredictionFormat, backburn::Error>,
) -> Result<PredictionFile, Error> {
    if path == Path::new("-") {
        let reason = format!("{option} -: name a file, since standard output is for messages");
        return Err(Error::Usage(reason));
    }
    let file = format.and_then(|format| PredictionFile::create_as(path, format));
    let file = file.map_err(|error| error.of_option(option))?;
    interrupt::unfinished(file.temporary());
    Ok(file)
}

/// Moves a file to its path if its rows were written, and says what was `done` with them.
pub fn finish(
    file: PredictionFile,
    written: Result<RowsReport, Error>,
    done: &str,
    json: bool,
) -> Result<(), Error> {
    let path = file.path().to_path_buf();
    let report = written.map_err(|error| match error {
        Error::Output(error) => Error::Failed(format!("{}: {error}", path_name(&path))),
        other => other,
    })?;
    file.commit()?;
    let (rows, name) = (count(report.rows, "row"), path_name(&path));
    Console::Error.say(format_args!("{rows} {done}, written to {name}"));
    if json {
        let mut result = json!(report);
        result["out"] = json!(path.display().to_string());
        console::json(&result);
    }
    Ok(())
}

/// Makes a report and writes it.
pub fn make_report<E>(
    file: &ReportFile,
    (progress, console): (&Progress, Console),
    make: impl FnOnce() -> Result<Report, E>,
) -> Result<(), Error>
where
    Error: From<E>,
{
    progress.phase("writing the report");
    let report = make()?;
    progress.finish();
    write_report(file, &report, console)
}

/// Writes a report.
pub fn write_report(file: &ReportFile, report: &Report, console: Console) -> Result<(), Error> {
    file.write(report)?;
    console.detail("report", path_argument(file.path()));
    Ok(())
}
