//! The report on a model whose training was continued.

use std::path::Path;

use backburn::text::{count, file_name};
use backburn::{Error, Table, UpdateReport};
use backburn_explain::{ExplainOptions, Explanation};

use crate::distribution::Distribution;
use crate::model_report::EvaluatedRows;
use crate::report::Report;

impl Report {
    /// The report on a model after an update by the rows of a table, with the scores of earlier tasks if the model keeps
    /// rows of them. It is evaluated on the new rows that no weights were trained on, or on all of them if there are none.
    /// After an update by a stream, whose rows are not kept, it is a report of the model alone. `from` is the file of the
    /// model before, `command` the command that was given, as it is to be shown.
    ///
    /// # Errors
    ///
    /// Rows that do not fit into memory.
    pub fn of_update(report: &UpdateReport, from: &Path, command: &str) -> Result<Self, Error> {
        let update = &report.update;
        let model = update.model.model();
        let mut page = match &report.table {
            None => Self::of_model_alone(model, ""),
            Some(table) => of_new_rows(report, table)?,
        };
        for (heading, text) in report.in_words() {
            match heading {
                "note" => page.notes.push(text),
                "new" => page.notes.push(format!("new: {text}")),
                "before" => page.scores.push(("before".to_string(), text)),
                "training" => page.facts.insert(0, ("continued with".to_string(), text)),
                _ => {}
            }
        }
        let before = file_name(&from.display().to_string());
        let fact = ("continued from".to_string(), before.clone());
        page.facts.insert(0, fact);
        if !update.history.epochs.is_empty() {
            page.add_history(update.history.clone(), model);
        }
        // An update is diagnosed only for what the model forgets.
        if !update.findings.is_empty() {
            page.findings = Some(update.findings.clone());
        }
        page.continued_from = before;
        page.command = command.to_string();
        Ok(page)
    }
}

/// The report of the model with the rows of the table that it was trained on last.
fn of_new_rows(report: &UpdateReport, table: &Table) -> Result<Report, Error> {
    let update = &report.update;
    let model = update.model.model();
    let table = model.format.apply_to_table(table)?;
    let held_out = &update.held_out;
    let evaluated = match held_out.is_empty() {
        true => table.clone(),
        false => table.select(table.name(), held_out)?,
    };
    let rows = count(evaluated.rows(), "new row");
    let description = match held_out.is_empty() {
        true => {
            format!("the {rows}, which the model was trained on: on other rows, errors are larger")
        }
        false => {
            format!("the {rows} whose errors changed no weights; some of them chose the epoch")
        }
    };
    let options = ExplainOptions {
        seed: model.summary.seed,
        ..ExplainOptions::default()
    };
    let device = update.model.predictor().device();
    let explanation = Explanation::new(model, &evaluated, &options, device)?;
    let rows = EvaluatedRows {
        table: &evaluated,
        description,
    };
    let mut page = Report::of_model(model, &explanation, &rows, "")?;
    page.distributions = Distribution::of_model(model, &table, &explanation.importance);
    Ok(page)
}
