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
        let model = load(model, target, device)?;
        let further = [model.target.column().to_string()];
        let read = model.read_options(read, &further);
        let table = read_table(table, &read)?;
        let table = model.format.apply_to_table(&table).map_err(Error::from)?;
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
        let table = &self.table;
        let known = match self.model.training_rows_in(table)? {
            Some(_) => ", many of which were trained on",
            None => "",
        };
        let rows = EvaluatedRows {
            table,
            description: format!("{} of {}{known}", count(table.rows(), "row"), table.name()),
        };
        let mut report = Report::of_model(&self.model, &self.explanation, &rows, "")?;
        let note = report.add_history_beside(file, &self.model).err();
        Ok((report, note))
    }
}

impl Report {
    /// A report of a model file, or of one target of a file of several, with a table also of what the model learned
    /// and how well it predicts; and notes on what was read.
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
        let Some(table) = table else {
            room_to_load(file)?;
            let model = load(file, target, device)?;
            let mut report = Self::of_model_alone(&model, "");
            let note = report.add_history_beside(file, &model).err();
            return Ok((report, note.into_iter().collect()));
        };
        let all = |_: &_| Ok::<_, Error>(ExplainOptions::default());
        let explained = ExplainedModel::new((file, target, table), read, device, all)?;
        let (report, note) = explained.report(file)?;
        let warnings = explained.warnings().into_iter();
        let notes = warnings.map(|warning| warning.to_string());
        Ok((report, notes.chain(note).collect()))
    }
}

/// The model of a target, or the only one of its file.
fn load(file: &Path, target: Option<&str>, device: &Device) -> Result<SavedModel, Error> {
    Ok(SavedTargets::load(file, device)?.into_one(target)?)
}
