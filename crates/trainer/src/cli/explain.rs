//! `trainer explain`.

use std::collections::BTreeSet;
use std::path::Path;

use backburn::text::{count, path_name};
use backburn::{CommandFiles, SavedModel, Table, Warning, history_file, read_table, room_to_load};
use backburn_explain::{ExplainOptions, Explanation, RowExplanation};
use backburn_report::{EvaluatedRows, Report};
use serde_json::{Value, json};

use super::args::ExplainArgs;
use super::saving::{report_file, write_report};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};
use crate::ui::words;

pub fn run(args: &ExplainArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let device = device::choose(args.device.name())?;
    let device = device.get()?;
    let beside = history_file::path_beside(&args.model);
    let report = match &args.report {
        Some(path) => {
            let files = CommandFiles::new().table(&args.table);
            let files = files.input("the model", &args.model);
            let files = files.input("the history of the model", &beside);
            files.output("--report", path).check()?;
            Some(report_file(path)?)
        }
        None => None,
    };
    room_to_load(&args.model)?;
    let model = SavedModel::load(&args.model, device)?;
    let further = [model.target.column().to_string()];
    let read = model.read_options(args.read.options(), &further);
    let table = read_table(&args.table, &read)?;
    let table = model.format.apply_to_table(&table)?;
    let rows = rows(args, &table)?;
    let options = ExplainOptions {
        columns: rows.is_empty() || args.report.is_some(),
        rows,
        repeats: args.repeats.into(),
        seed: args.seed,
    };
    let explanation = Explanation::new(&model, &table, &options, device)?;

    let console = Console::for_json(args.json);
    let layout = table.notes().into_iter();
    let warnings: Vec<Warning> = layout.map(|note| Warning::Layout { note }).collect();
    words::notes(&warnings, console);
    show(&explanation, options.columns, console);
    if let Some(file) = report {
        let report = full_report(&model, &explanation, &table, &beside, console)?;
        write_report(&file, &report, console)?;
    }
    if args.json {
        console::json(&as_json(&model, &explanation, &warnings));
    }
    Ok(())
}

/// The report of the explanation, with the training if there is a history beside the model.
fn full_report(
    model: &SavedModel,
    explanation: &Explanation,
    table: &Table,
    beside: &Path,
    console: Console,
) -> Result<Report, Error> {
    let known = match model.training_rows_in(table)? {
        Some(_) => ", many of which were trained on",
        None => "",
    };
    let rows = EvaluatedRows {
        table,
        numbers: None,
        description: format!("{} of {}{known}", count(table.rows(), "row"), table.name()),
    };
    let mut report = Report::of_model(model, explanation, &rows, "")?;
    match history_file::read(beside, model) {
        Ok((history, findings)) => {
            report.history = Some(history);
            report.findings = Some(findings);
        }
        Err(reason) => {
            let beside = path_name(beside);
            let text = format!("{beside}: {reason}: the report shows no training");
            console.paragraph("note", text);
        }
    }
    Ok(report)
}

fn as_json(model: &SavedModel, explanation: &Explanation, warnings: &[Warning]) -> Value {
    // Row numbers are counted from 1.
    let rows = explanation.rows.iter().map(|row| RowExplanation {
        row: row.row + 1,
        ..row.clone()
    });
    json!({
        "target": model.target.column(),
        "measure": explanation.measure,
        "importance": explanation.importance,
        "dependence": explanation.dependence,
        "rows": rows.collect::<Vec<_>>(),
        "warnings": warnings,
    })
}

/// The rows to explain, by their indices.
fn rows(args: &ExplainArgs, table: &Table) -> Result<Vec<usize>, Error> {
    let row = |&row: &u64| match row as usize <= table.rows() {
        true => Ok(row as usize - 1),
        false => Err(Error::Usage(format!(
            "--row {row}: {} has only {}",
            table.name(),
            count(table.rows(), "data row")
        ))),
    };
    let rows = args
        .row
        .iter()
        .map(row)
        .collect::<Result<BTreeSet<usize>, Error>>()?;
    Ok(rows.into_iter().collect())
}

/// Prints an explanation, with the importance of columns and the dependence on them if they were computed.
fn show(explanation: &Explanation, columns: bool, console: Console) {
    if columns {
        console.entry("importance", explanation.measure);
        for line in explanation.importance_lines() {
            console.entry("", line);
        }
        for dependence in &explanation.dependence {
            console.paragraph("effect", dependence);
        }
    }
    for row in &explanation.rows {
        console.entries("row", row.lines());
    }
}
