//! A model that is explained with the rows of a table.

use std::path::Path;

use backburn::text::count;
use backburn::{
    Device, Error, ReadOptions, SavedModel, SavedTargets, Table, Warning, read_table, room_to_load,
};
use backburn_explain::{ExplainOptions, Explanation, RowExplanation};
use serde_json::{Value, json};

use crate::model_report::EvaluatedRows;
use crate::report::Report;

/// A model that is explained with the rows of a table.
#[derive(Debug, Clone)]
pub struct ExplainedModel {
    /// The model.
    pub model: SavedModel,
    /// The table, whose text is read as the model reads it.
    pub table: Table,
    /// The explanation.
    pub explanation: Explanation,
}

impl ExplainedModel {
    /// Loads a model, or that of a target of a file of several, reads a table, and explains the model. `options` says
    /// what to explain of the table.
    ///
    /// # Errors
    ///
    /// The model or the table cannot be read, the table does not fit the model or into memory, or the error
    /// of `options`.
    pub fn new<E: From<Error>>(
        (model, target, table): (&Path, Option<&str>, &Path),
        read: ReadOptions,
        device: &Device,
        options: impl FnOnce(&Table) -> Result<ExplainOptions, E>,
    ) -> Result<Self, E> {
        room_to_load(model)?;
        let models = SavedTargets::load(model, device).map_err(Error::from)?;
        let model = models.into_one(target).map_err(Error::from)?;
        let read = options_to_read(std::slice::from_ref(&model), read);
        let table = read_table(table, &read)?;
        Self::of(model, &table, device, options)
    }

    /// Explains a model with a table that was read for it.
    fn of<E: From<Error>>(
        model: SavedModel,
        table: &Table,
        device: &Device,
        options: impl FnOnce(&Table) -> Result<ExplainOptions, E>,
    ) -> Result<Self, E> {
        let table = model.format.apply_to_table(table).map_err(Error::from)?;
        let explanation = Explanation::new(&model, &table, &options(&table)?, device)?;
        Ok(Self {
            model,
            table,
            explanation,
        })
    }

    /// Warnings about how the table was read.
    pub fn warnings(&self) -> Vec<Warning> {
        let notes = self.table.notes().into_iter();
        notes.map(|note| Warning::Layout { note }).collect()
    }

    /// The explanation as a JSON object, with the target and the warnings. Rows are counted from 1.
    pub fn to_json(&self) -> Value {
        let explanation = &self.explanation;
        let rows = explanation.rows.iter().map(|row| RowExplanation {
            row: row.row + 1,
            ..row.clone()
        });
        json!({
            "target": self.model.target.column(),
            "measure": explanation.measure,
            "importance": explanation.importance,
            "dependence": explanation.dependence,
            "rows": rows.collect::<Vec<_>>(),
            "warnings": self.warnings(),
        })
    }

    /// A report of the model, whose file is `file`, and the reason if its training is not known.
    ///
    /// # Errors
    ///
    /// Rows that do not fit the model.
    pub fn report(&self, file: &Path) -> Result<(Report, Option<String>), Error> {
        let mut report = self.report_alone()?;
        let note = report.add_history_beside(file, &self.model).err();
        Ok((report, note))
    }

    /// The same without the training.
    fn report_alone(&self) -> Result<Report, Error> {
        let table = &self.table;
        let known = match self.model.training_rows_in(table)? {
            Some(_) => ", many of which were trained on",
            None => "",
        };
        let rows = EvaluatedRows {
            table,
            description: format!("{} of {}{known}", count(table.rows(), "row"), table.name()),
        };
        Report::of_model(&self.model, &self.explanation, &rows, "")
    }
}

impl Report {
    /// A report of a model file, with a table also of what the model learned and how well it predicts; and notes on what
    /// was read. Of a file of several targets it has a part for each of them, or is about the one that is named.
    ///
    /// # Errors
    ///
    /// The same as for [`ExplainedModel::new`].
    pub fn of_files(
        (file, target): (&Path, Option<&str>),
        table: Option<&Path>,
        read: ReadOptions,
        device: &Device,
    ) -> Result<(Self, Vec<String>), Error> {
        room_to_load(file)?;
        let models = SavedTargets::load(file, device)?;
        let models = match target {
            Some(target) => vec![models.into_target(target)?],
            None => models.into_models(),
        };
        let mut notes: Vec<String> = Vec::new();
        let mut reports = Vec::with_capacity(models.len());
        if let Some(table) = table {
            let table = read_table(table, &options_to_read(&models, read))?;
            let all = |_: &Table| Ok::<_, Error>(ExplainOptions::default());
            for model in &models {
                let explained = ExplainedModel::of(model.clone(), &table, device, all)?;
                reports.push(explained.report_alone()?);
                // The models of a file read the table in the same way, so these are the same for each.
                let warnings = explained.warnings().into_iter();
                notes = warnings.map(|warning| warning.to_string()).collect();
            }
        } else {
            reports.extend(models.iter().map(|model| Self::of_model_alone(model, "")));
        }
        let mut report = Self::of_targets(&models.iter().collect::<Vec<_>>(), reports);
        if let Some(first) = models.first() {
            notes.extend(report.add_history_beside(file, first).err());
        }
        Ok((report, notes))
    }
}

/// The options to read only the columns that the models of a file need, and their targets.
fn options_to_read(models: &[SavedModel], read: ReadOptions) -> ReadOptions {
    let targets = models.iter().map(|model| model.target.column().to_string());
    match models.first() {
        Some(first) => first.read_options(read, &targets.collect::<Vec<_>>()),
        None => read,
    }
}
