//! `trainer explain`.

use std::collections::BTreeSet;

use backburn::text::{count, mean_and_deviation, number, shown};
use backburn::{ColumnKind, SavedModel, history_file, read_table};
use backburn_explain::{Dependence, ExplainOptions, Explanation, Measure, Rest, RowExplanation};
use backburn_report::{EvaluatedRows, Report};
use serde_json::json;

use super::args::ExplainArgs;
use super::saving::{report_file, write_report};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};

pub fn run(args: &ExplainArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let device = device::choose(args.device.name())?.device;
    let beside = history_file::path_beside(&args.model);
    let others = [args.model.as_path(), &beside, &args.table];
    let report = match &args.report {
        Some(path) => Some(report_file(path, &others)?),
        None => None,
    };
    let model = SavedModel::load(&args.model, &device)?;
    let table = read_table(&args.table, &args.read.options())?;
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
    let options = ExplainOptions {
        columns: rows.is_empty() || args.report.is_some(),
        rows: rows.into_iter().collect(),
        repeats: args.repeats.into(),
        seed: args.seed,
    };
    let explanation = Explanation::new(&model, &table, &options, &device)?;

    let console = Console::for_json(args.json);
    if options.columns {
        show_importance(&explanation, console);
        explanation
            .dependence
            .iter()
            .for_each(|dependence| show_dependence(dependence, console));
    }
    explanation
        .rows
        .iter()
        .for_each(|row| show_row(row, console));
    if let Some(file) = report {
        let rows = EvaluatedRows {
            table: &table,
            numbers: None,
            description: format!("{} of {}", count(table.rows(), "row"), table.name()),
        };
        let mut report = Report::of_model(&model, &explanation, &rows, "")?;
        match history_file::read(&beside, &model) {
            Ok((history, findings)) => {
                report.history = Some(history);
                report.findings = Some(findings);
            }
            Err(reason) => {
                let beside = beside.display();
                let text = format!("{beside}: {reason}: the report shows no training");
                console.paragraph("note", text);
            }
        }
        write_report(&file, &report, console)?;
    }
    if args.json {
        // Row numbers are counted from 1.
        let rows = explanation.rows.iter().map(|row| RowExplanation {
            row: row.row + 1,
            ..row.clone()
        });
        console::json(&json!({
            "target": model.target.column(),
            "measure": explanation.measure,
            "importance": explanation.importance,
            "dependence": explanation.dependence,
            "rows": rows.collect::<Vec<_>>(),
        }));
    }
    Ok(())
}

fn show_importance(explanation: &Explanation, console: Console) {
    /// The largest number of columns that are shown.
    const COLUMNS: usize = 15;
    let measure = match explanation.measure {
        Measure::Rmse => "how much the RMSE rises when a column is shuffled",
        Measure::LogLoss => "how much the log loss rises when a column is shuffled",
        Measure::Change => {
            "how much predictions change when a column is shuffled (no row has the target)"
        }
    };
    console.entry("importance", measure);
    if explanation.importance.is_empty() {
        console.entry("", "importance needs at least two rows");
    }
    for importance in explanation.importance.iter().take(COLUMNS) {
        let amount = mean_and_deviation(importance.mean, importance.std);
        console.entry("", format!("{:<30} {amount}", shown(&importance.column)));
    }
    if explanation.importance.len() > COLUMNS {
        let more = count(explanation.importance.len() - COLUMNS, "column");
        console.entry("", format!("and {more} more; --json prints all"));
    }
}

fn show_dependence(dependence: &Dependence, console: Console) {
    /// The largest number of points that are shown.
    const POINTS: usize = 5;
    let Dependence {
        column,
        kind,
        points,
        class,
        ..
    } = dependence;
    let step = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let shown_points = points.iter().enumerate().filter(|(index, point)| {
        index.is_multiple_of(step) || *index == last || point.value.is_empty()
    });
    let points: Vec<String> = shown_points
        .map(|(_, point)| {
            let value = match (point.value.as_str(), point.number) {
                ("", _) => "missing".to_string(),
                (_, Some(value)) if *kind == ColumnKind::Numeric && value.abs() < 1e4 => {
                    value.to_string()
                }
                (text, _) => shown(text),
            };
            format!("{value} → {}", number(point.mean))
        })
        .collect();
    let of = match class {
        None => "mean prediction".to_string(),
        Some(class) => format!("mean probability of {}", shown(class)),
    };
    let points = points.join("; ");
    console.paragraph("effect", format!("{}, {of}: {points}", shown(column)));
}

fn show_row(row: &RowExplanation, console: Console) {
    let class = row.class.as_ref();
    let class = class.map_or(String::new(), |c| format!(" for {}", shown(c)));
    console.entry(
        "row",
        format!(
            "data row {}: {}{class}, where an average row has {}",
            row.row + 1,
            number(row.prediction),
            number(row.baseline)
        ),
    );
    let line = |amount: f64, what: String| {
        let sign = if amount < 0.0 { "-" } else { "+" };
        let size = number(amount.abs());
        console.entry("", format!("{:>12} {what}", format!("{sign}{size}")));
    };
    let leading = row.leading(6..=12);
    for part in leading.shown {
        let value = part.value.as_deref().map_or("missing".to_string(), shown);
        line(part.amount, format!("for {} {value}", shown(&part.column)));
    }
    for (Rest { columns, amount }, how) in [(leading.raising, "raise"), (leading.lowering, "lower")]
    {
        if columns > 0 {
            let columns = count(columns, "other column");
            line(amount, format!("for {columns} that {how} it"));
        }
    }
    if row.has_remainder() {
        let why = "that no column accounts for: the activation function jumps";
        line(row.remainder, why.to_string());
    }
}
