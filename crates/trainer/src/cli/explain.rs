//! `trainer explain`.

use std::collections::BTreeSet;

use backburn::{Table, row_index};
use backburn_explain::{ExplainOptions, Explanation};
use backburn_report::ExplainedModel;

use super::args::ExplainArgs;
use super::saving::{report_file, write_report};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};

pub fn run(args: &ExplainArgs) -> Result<(), Error> {
    let on = &args.on;
    once_from_standard_input(&on.model, &on.table)?;
    let outputs = args.report.iter();
    let files = outputs.fold(on.files(), |files, path| files.output("--report", path));
    files.printed(true).check()?;
    let device = device::choose(on.device.name())?;
    let device = device.get()?;
    let report = args.report.as_deref();
    let report = report
        .map(|path| report_file("--report", path))
        .transpose()?;
    let files = (on.model.as_path(), on.table.as_path());
    let columns = args.row.is_empty() || args.report.is_some();
    let options = |table: &Table| -> Result<ExplainOptions, Error> {
        Ok(ExplainOptions {
            columns,
            rows: rows(args, table)?,
            repeats: args.repeats.into(),
            seed: args.seed,
        })
    };
    let explained = ExplainedModel::new(files, on.read.options(), device, options)?;
    let console = Console::for_json(on.json);
    console.notes(&explained.warnings());
    show(&explained.explanation, columns, console);
    if let Some(file) = report {
        let (report, note) = explained.report(&on.model)?;
        note.iter().for_each(|note| console.paragraph("note", note));
        write_report(&file, &report, console)?;
    }
    if on.json {
        console::json(&explained.to_json());
    }
    Ok(())
}

/// The rows to explain, by their indices.
fn rows(args: &ExplainArgs, table: &Table) -> Result<Vec<usize>, Error> {
    let rows = args.row.iter().map(|&row| row_index("--row", row, table));
    let rows: BTreeSet<usize> = rows.collect::<Result<_, _>>()?;
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
