//! A search from the table to the saved model.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::nested::NestedScores;
use super::study::Study;
use super::study_file::StudyFile;
use super::tuner::Tuner;
use crate::command_files::CommandFiles;
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::event::Event;
use crate::fitted_model::FittedModel;
use crate::history_file::path_beside;
use crate::model_file::ModelFile;
use crate::model_path::model_path;
use crate::output_file::OutputFile;
use crate::read_text::read_text_file;
use crate::text::{count, path_argument, path_name, seconds};
use crate::warning::Warning;

/// The first words of a file of settings, by which it is known that it may be replaced.
const HEADER: &str = "# The best settings of a search by `trainer tune`";
/// The largest file of settings that is read, in bytes.
const LARGEST: u64 = 16 << 20;
/// The number of settings that are named as important.
const IMPORTANT: usize = 3;

/// The files that a search writes: the model, and beside it the best settings and the study.
#[derive(Debug)]
pub struct TuningFiles {
    model: ModelFile,
    model_path: PathBuf,
}

/// The outcome of [`Tuner::run`].
#[derive(Debug)]
pub struct Tuned {
    /// The search.
    pub study: Study,
    /// The scores on outer folds, if they were asked for and the run was not stopped before.
    pub nested: Option<NestedScores>,
    /// The model with the best settings; `None` if the run was stopped before there was one.
    pub model: Option<FittedModel>,
    /// The path of the model.
    pub model_path: PathBuf,
    /// The path of the best settings.
    pub settings_path: PathBuf,
}

impl TuningFiles {
    /// Checks that the files can be written, and that their paths hold no other files.
    ///
    /// # Errors
    ///
    /// A path that holds another file or cannot be written.
    pub fn create(model: &Path) -> Result<Self, Error> {
        let files = Self {
            model: ModelFile::create(model)?,
            model_path: model.to_path_buf(),
        };
        let settings = files.settings();
        let failed = |reason: String| Error::Failed(format!("{}: {reason}", path_name(&settings)));
        if settings.exists() {
            let text = read_text_file(&settings, LARGEST).unwrap_or_else(|_| "other".to_string());
            if !text.is_empty() && !text.starts_with(HEADER) {
                let reason = "it is not the result of a search, so it is not overwritten: choose \
                              another --out, or move this file";
                return Err(failed(reason.to_string()));
            }
        }
        OutputFile::check(&settings).map_err(|error| failed(error.to_string()))?;
        Ok(files)
    }

    /// The files of a command that reads this table and the other `inputs`, and writes the model to `out`, or to the
    /// usual path without it, and perhaps a report.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for two files that are the same one, or as for [`create`](Self::create).
    pub fn of_command(
        inputs: CommandFiles,
        table: &Path,
        out: Option<&Path>,
        report: Option<&Path>,
        space: Option<&Path>,
    ) -> Result<Self, Error> {
        if out == Some(Path::new("-")) {
            let reason = "--out -: a model is saved to a file, not to standard output";
            return Err(Error::Config(reason.to_string()));
        }
        let model = out.map_or_else(|| model_path(table), Path::to_path_buf);
        let mut all = inputs.table(table).output("--out", &model);
        if let Some(path) = space {
            all = all.input("the search space", path);
        }
        if let Some(path) = report {
            all = all.output("--report", path);
        }
        all.output("the settings", &settings_path(&model))
            .output("the study", &study_path(&model))
            .output("the history", &path_beside(&model))
            .check()?;
        Self::create(&model)
    }

    /// The path of the best settings: `houses.tuned.toml` for `houses.safetensors`.
    pub fn settings(&self) -> PathBuf {
        settings_path(&self.model_path)
    }

    /// The path of the study: `houses.tuning.jsonl` for `houses.safetensors`.
    pub fn study(&self) -> PathBuf {
        study_path(&self.model_path)
    }
}

fn settings_path(model: &Path) -> PathBuf {
    model.with_extension("tuned.toml")
}

fn study_path(model: &Path) -> PathBuf {
    model.with_extension("tuning.jsonl")
}

impl Tuner {
    /// Searches for the best settings, writes them, fits a model with them to all rows, saves it, and scores the whole
    /// method on `outer_folds` outer folds; 0 for no such score. If the run is stopped, what is done so far is kept,
    /// and the same call continues it.
    ///
    /// Of the time limit, each outer fold, the search and the model have the same part.
    ///
    /// # Errors
    ///
    /// As for [`search`](Self::search), or a file that cannot be written.
    pub fn run(
        &self,
        data: &Dataset,
        files: TuningFiles,
        outer_folds: usize,
        context: &FitContext,
    ) -> Result<Tuned, Error> {
        files.model.check_replaced(data.target())?;
        if outer_folds > 0 {
            self.check_outer_folds(data, outer_folds)?;
        }
        let (settings_path, study_path) = (files.settings(), files.study());
        let mut file = StudyFile::open(&study_path, self.describe(data, context)?)?;
        if let Some(warning) = file.warning() {
            context.observer.on_event(&Event::Warning(&warning));
        }
        let parts = u32::try_from(outer_folds)
            .unwrap_or(u32::MAX)
            .saturating_add(2);
        let part = context.time_limit.map(|limit| limit / parts);
        let limited = |time_limit| FitContext {
            time_limit,
            ..context.clone()
        };
        let study = self.search(data, &mut file, &limited(part))?;
        let best = study.best_config()?;
        write_settings(&settings_path, &study, &best)?;
        let mut tuned = Tuned {
            study,
            nested: None,
            model: None,
            model_path: files.model_path,
            settings_path,
        };
        if context.stop.is_stopped() {
            return Ok(tuned);
        }
        let model = Estimator::new(best).fit(data, &limited(part))?;
        // Before the first epoch has ended, there are only the initial weights.
        if model.model().summary.best_epoch > 0 {
            files.model.write_or_rescue(model.model())?;
            tuned.model = Some(model);
        }
        if outer_folds > 0 && !context.stop.is_stopped() {
            let rest = part.map(|part| part * outer_folds as u32);
            let scores = self.nested_scores(data, outer_folds, &mut file, &limited(rest))?;
            tuned.nested = Some(scores).filter(|scores| !scores.tuned.is_empty());
        }
        Ok(tuned)
    }
}

fn write_settings(path: &Path, study: &Study, best: &Config) -> Result<(), Error> {
    let text = format!(
        "{HEADER}, for `trainer train --config`.\n# {}.\n\n{}",
        study.best_in_words(),
        best.to_toml()
    );
    let written = OutputFile::create(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.commit()
    });
    written.map_err(|error| {
        let path = path_name(path);
        Error::Failed(format!("{path}: the settings are not saved: {error}"))
    })
}

impl Tuned {
    /// The result in words, each with a short heading. `program` and the table are those of the commands to go on with.
    pub fn lines(&self, program: &str, table: &Path) -> Vec<(&'static str, String)> {
        let study = &self.study;
        let mut lines = vec![("search", self.search_in_words())];
        lines.push(("best", study.best_in_words()));
        if let Some(best) = study.best().filter(|best| *best > 0) {
            lines.push(("settings", study.trials[best].assignments().join(", ")));
        }
        let important = study.importance().into_iter().take(IMPORTANT);
        let important = important.map(|of| format!("{} {:.2}", of.setting, of.share));
        let important: Vec<String> = important.collect();
        if !important.is_empty() {
            let text = format!(
                "{}: the share of the differences between trials that each explains",
                important.join(", ")
            );
            lines.push(("important", text));
        }
        lines.push(match &self.nested {
            Some(nested) => ("nested", nested.to_string()),
            None => (
                "note",
                "the best trial was chosen by its error, so this error is too low: --outer-folds 3 also scores the \
                 search on rows that it does not use"
                    .to_string(),
            ),
        });
        let gain = self.nested.as_ref().and_then(NestedScores::gain_in_words);
        lines.extend(gain.map(|gain| ("gained", gain)));
        let model = path_argument(&self.model_path);
        let settings = path_argument(&self.settings_path);
        if self.model.is_some() {
            lines.push(("saved", model.clone()));
        }
        lines.push(("written", settings.clone()));
        if self.model.is_some() {
            lines.push(("next", format!("{program} inspect {model}")));
            lines.push((
                "",
                format!("{program} explain {model} {}", path_argument(table)),
            ));
            lines.push(("", format!("{program} predict {model} TABLE")));
        }
        lines
    }

    fn search_in_words(&self) -> String {
        let study = &self.study;
        let words = format!(
            "{}, {} on {}, {}",
            count(study.trials.len(), "trial"),
            count(study.networks(), "network"),
            count(study.folds, "fold"),
            seconds(study.seconds())
        );
        match study.is_finished {
            true => words,
            false => format!("{words}; the same command continues the search"),
        }
    }

    /// The result as the JSON object that `trainer tune --json` prints. `warnings` are those of the dataset.
    pub fn json(&self, warnings: &[Warning]) -> Value {
        let mut result = self.study.json();
        result["warnings"] = json!(warnings);
        result["nested"] = json!(self.nested.as_ref().map(NestedScores::json));
        result["settings"] = json!(self.settings_path.display().to_string());
        let path = self.model_path.display().to_string();
        result["model"] = json!(self.model.as_ref().map(|_| path));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_somebody_wrote_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.safetensors");
        let files = TuningFiles::create(&model).unwrap();
        let settings = files.settings();
        assert_eq!(settings, folder.path().join("m.tuned.toml"));
        assert_eq!(files.study(), folder.path().join("m.tuning.jsonl"));
        std::fs::write(&settings, "[network]\nhidden = [3]\n").unwrap();
        let error = TuningFiles::create(&model).unwrap_err().to_string();
        assert!(
            error.contains("m.tuned.toml: it is not the result of a search"),
            "{error}"
        );
        std::fs::write(&settings, format!("{HEADER}, for you.\n")).unwrap();
        assert!(TuningFiles::create(&model).is_ok());
    }
}
