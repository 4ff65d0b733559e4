//! An update of a model file by the rows of a file.

use std::path::{Path, PathBuf};

use backburn_table::{ReadOptions, Table};
use serde_json::{Value, json};

use super::follow::Window;
use super::remember::Remember;
use super::update::{Update, UpdateOptions};
use crate::command_files::CommandFiles;
use crate::context::FitContext;
use crate::error::Error;
use crate::finding_words::findings_in_words;
use crate::fitted_model::FittedModel;
use crate::memory::{read_table, room_to_load};
use crate::model_file::ModelFile;
use crate::model_file_error::ModelFileError;
use crate::model_path::model_path;
use crate::settings::Settings;
use crate::text::{MAX_NAMES, count, number, path_argument, path_name, shown};

/// An update of a model file, as a command asks for it.
#[derive(Debug, Clone)]
pub struct ModelUpdate<'a> {
    /// The model.
    pub from: &'a Path,
    /// The table with the new rows.
    pub table: &'a Path,
    /// The file to write; it may be that of the model. `None` is the default file of the table.
    pub out: Option<&'a Path>,
    /// The report to write, which the caller does; it must be no other file of the command.
    pub report: Option<&'a Path>,
    /// The table with the rows of the earlier training, for a model that keeps none.
    pub old_rows: Option<&'a Path>,
    /// The target, which must be that of the model, if it is named.
    pub target: Option<&'a str>,
    /// See [`UpdateOptions::remember`].
    pub remember: Option<Remember>,
    /// See [`UpdateOptions::settings`].
    pub settings: Settings,
    /// How tables are read.
    pub read: ReadOptions,
    /// Whether the rows are those of standard input as they come; the table is then `-`.
    pub follow: bool,
    /// Whether rows of standard input that cannot be used are skipped. Otherwise the first one ends the update, after
    /// the rows before it are learned.
    pub skips_bad_rows: bool,
}

/// A model after an update, and its file.
#[derive(Debug, Clone)]
pub struct UpdateReport {
    /// The model, and what happened.
    pub update: Update,
    /// The file.
    pub path: PathBuf,
    /// The last window, if the rows were followed as they came.
    pub followed: Option<Window>,
    /// The new rows, if they were those of a table.
    pub table: Option<Table>,
    /// The number of rows that were skipped, since they cannot be used.
    pub skipped: usize,
    /// Those of the first ten that were skipped after the last window, in words.
    pub skipped_last: Vec<String>,
}

impl ModelUpdate<'_> {
    /// Checks the files, trains the model on the new rows, and writes it. `json` says whether standard output is for the
    /// result as JSON.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or written, and those of [`FittedModel::update`].
    pub fn learn(&self, context: &FitContext, json: bool) -> Result<UpdateReport, Error> {
        let (model, file) = self.open(context, json)?;
        let read = self.read_options(&model);
        let table = read_table(self.table, &read)?;
        let options = UpdateOptions {
            old_rows: self
                .old_rows
                .map(|path| read_table(path, &read))
                .transpose()?,
            ..self.options()
        };
        let update = model.update(&table, &options, context)?;
        if update.epochs.1 == 0 && context.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let path = file.write_or_rescue(update.model.model())?;
        Ok(UpdateReport {
            update,
            path,
            followed: None,
            table: Some(table),
            skipped: 0,
            skipped_last: Vec::new(),
        })
    }

    /// The options without old rows.
    pub(crate) fn options(&self) -> UpdateOptions {
        UpdateOptions {
            remember: self.remember,
            settings: self.settings.clone(),
            ..UpdateOptions::default()
        }
    }

    /// The file that is written.
    pub(crate) fn path(&self) -> PathBuf {
        let out = self.out.map(Path::to_path_buf);
        out.unwrap_or_else(|| model_path(self.table))
    }

    /// The options to read only the columns that the model needs.
    pub(crate) fn read_options(&self, model: &FittedModel) -> ReadOptions {
        let model = model.model();
        let target = [model.target.column().to_string()].into_iter();
        let others: Vec<String> = target.chain(model.summary.weight.clone()).collect();
        model.read_options(self.read.clone(), &others)
    }

    /// Loads the model, and checks that its file can be written.
    pub(crate) fn open(
        &self,
        context: &FitContext,
        json: bool,
    ) -> Result<(FittedModel, ModelFile), Error> {
        let path = self.path();
        let mut files = CommandFiles::new().table(self.table).output("--out", &path);
        if let Some(old) = self.old_rows {
            files = files.table(old);
        }
        // A model that is replaced is an output already.
        if path.canonicalize().ok() != self.from.canonicalize().ok() {
            files = files.model(self.from);
        }
        if let Some(report) = self.report {
            files = files.output("--report", report);
        }
        files.printed(json).check()?;
        let file = ModelFile::create(&path)?;
        room_to_load(self.from)?;
        let model =
            FittedModel::load(self.from, context.device.clone()).map_err(one_target_only)?;
        let target = model.target();
        if let Some(other) = self.target.filter(|other| *other != target) {
            return Err(Error::Config(format!(
                "--target {}: {} predicts `{}`",
                shown(other),
                path_name(self.from),
                shown(target)
            )));
        }
        if self.out.is_none() {
            file.check_replaced(target)?;
        }
        Ok((model, file))
    }
}

/// A model of several targets cannot be updated.
fn one_target_only(error: Error) -> Error {
    match error {
        Error::Model(ModelFileError::SeveralTargets { name, .. }) => Error::Config(format!(
            "--from: {name} predicts several targets, and only a model of one target can be trained further: train a \
             new model on all rows, or a model for each target"
        )),
        other => other,
    }
}

impl UpdateReport {
    /// What happened, and the findings, each part under a short heading.
    pub fn in_words(&self) -> Vec<(&'static str, String)> {
        let update = &self.update;
        let notes = update.notes.iter().map(|note| ("note", note.clone()));
        let mut words: Vec<(&'static str, String)> = notes.collect();
        words.extend(self.new_in_words().into_iter().map(|text| ("new", text)));
        words.extend(self.before_in_words().map(|text| ("before", text)));
        words.push(("training", self.training_in_words()));
        if self.skipped > 0 {
            let rows = count(self.skipped, "row");
            words.push(("note", format!("{rows} of standard input skipped")));
            let last = self.skipped_last.iter();
            words.extend(last.map(|row| ("note", format!("skipped {row}"))));
        }
        if update.forgetting.is_none() {
            let text = "what the model forgets is not measured: it keeps no old rows (--remember none keeps some to \
                        measure it, --remember replay trains on them again)";
            words.push(("note", text.to_string()));
        }
        words.extend(findings_in_words(&update.findings));
        words
    }

    /// The scores of the tasks over time and the file, as lines, of which the first of each result has a heading.
    pub fn results(&self) -> Vec<(&'static str, String)> {
        let forgetting = self.update.forgetting.iter();
        let lines = forgetting.flat_map(|forgetting| forgetting.lines());
        let headings = ["scores"].into_iter().chain(std::iter::repeat(""));
        let mut results: Vec<(&'static str, String)> = headings.zip(lines).collect();
        results.push(("saved", path_argument(&self.path)));
        results
    }

    /// The score on the new rows before the model learned from them.
    fn before_in_words(&self) -> Option<String> {
        if let Some(last) = &self.followed {
            let mean = number(last.mean?);
            let metric = &last.metric;
            return Some(format!(
                "{metric} {mean} on the new rows, each before it was learned"
            ));
        }
        let before = self.update.before.as_ref()?;
        let score = before.headline("");
        Some(format!("{score} on the new rows, before it learned"))
    }

    /// The rows and the epochs of the training. Each window has epochs of its own.
    fn training_in_words(&self) -> String {
        let update = &self.update;
        let replayed = match update.replayed {
            0 => String::new(),
            rows => format!(" and {} again", count(rows, "old row")),
        };
        let rows = count(update.rows, "new row");
        if let Some(last) = &self.followed {
            return format!("{rows} in {}{replayed}", count(last.window, "window"));
        }
        let (epochs, best) = update.epochs;
        let epochs = count(epochs, "epoch");
        format!("{rows}{replayed}; {epochs}, weights of epoch {best}")
    }

    /// The new categories and classes.
    fn new_in_words(&self) -> Vec<String> {
        let list = |names: &[String]| {
            let mut words: Vec<String> = names
                .iter()
                .take(MAX_NAMES)
                .map(|name| format!("`{}`", shown(name)))
                .collect();
            if names.len() > MAX_NAMES {
                words.push("…".to_string());
            }
            words.join(", ")
        };
        let new = &self.update.new;
        let columns = new.categories.iter().map(|(column, names)| {
            let what = count(names.len(), "category");
            format!("{what} of `{}`: {}", shown(column), list(names))
        });
        let mut words: Vec<String> = columns.collect();
        if !new.classes.is_empty() {
            let what = count(new.classes.len(), "class");
            words.push(format!("{what}: {}", list(&new.classes)));
        }
        words
    }

    /// The result as JSON.
    pub fn json(&self) -> Value {
        let update = &self.update;
        json!({
            "model": self.path.display().to_string(),
            "new": update.new,
            "notes": update.notes,
            "before": update.before.as_ref().map(|score| score.metrics()),
            "followed": self.followed,
            "skipped": self.skipped,
            "rows": update.rows,
            "replayed": update.replayed,
            "epochs": update.epochs.0,
            "best_epoch": update.epochs.1,
            "stop": update.stop,
            "validation": update.model.model().summary.validation,
            "forgetting": update.forgetting.as_ref().map(|forgetting| forgetting.json()),
            "findings": update.findings,
        })
    }
}
