//! `trainer explain`.

use backburn::{Table, row_indices};
use backburn_explain::ExplainOptions;
use backburn_report::{ExplainedModel, ReportFile};

use super::args::ExplainArgs;
use super::saving::write_report;
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
    let report = ReportFile::of_report(args.report.as_deref())?;
    let target = on.target.as_deref();
    let files = (on.model.as_path(), target, on.table.as_path());
    let columns = args.row.is_empty() || args.report.is_some();
    let options = |table: &Table| -> Result<ExplainOptions, Error> {
        Ok(ExplainOptions {
            columns,
            rows: row_indices("--row", &args.row, table)?,
            repeats: args.repeats.into(),
            seed: args.seed,
        })
    };
    let console = Console::for_json(on.json);
    if columns {
        console.detail("now", "computing importance and dependence");
    }
    let explained = ExplainedModel::new(files, on.read.options(), device, options)?;
    console.notes(&explained.warnings());
    let explanation = &explained.explanation;
    if columns {
        let measure = [explanation.measure.to_string()].into_iter();
        console.entries("importance", measure.chain(explanation.importance_lines()));
        for dependence in &explanation.dependence {
            console.paragraph("effect", dependence);
        }
    }
    for row in &explanation.rows {
        console.entries("row", row.lines());
    }
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
