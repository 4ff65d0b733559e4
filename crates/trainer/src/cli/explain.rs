//! `trainer explain`.

use std::collections::BTreeSet;

use backburn_explain::{Dependence, Measure, RowExplanation};
use backburn_tabular::{ColumnKind, SavedModel};
use serde_json::json;

use crate::args::ExplainArgs;
use crate::console::{self, Console, count, number, shown};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::explaining::{Explained, explain};
use crate::history_file;
use crate::memory::read_table;
use crate::report_file::ReportFile;
use crate::reporting;

pub fn run(args: &ExplainArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let chosen = device::choose(&args.device)?;
    let beside = history_file::path_beside(&args.model);
    let others = [args.model.as_path(), &beside, &args.table];
    let report_file = match &args.report {
        Some(path) => Some(ReportFile::create(path, &others)?),
        None => None,
    };
    let model = SavedModel::load(&args.model, &chosen.device)?;
    let table = read_table(&args.table, &args.read.options())?;
    let rows = args
        .row
        .iter()
        .map(|&row| match row as usize <= table.rows() {
            true => Ok(row as usize - 1),
            false => Err(Error::Usage(format!(
                "--row {row}: {} has {}",
                table.name(),
                count(table.rows(), "data row")
            ))),
        })
        .collect::<Result<BTreeSet<usize>, Error>>()?;
    let rows: Vec<usize> = rows.into_iter().collect();
    let repeats = args.repeats.into();
    let explained = explain(&model, &table, &rows, None, repeats, args.seed, &chosen)?;

    let console = Console::for_json(args.json);
    show(&explained, console);
    if let Some(file) = report_file {
        let what = format!("{} of {}", count(table.rows(), "row"), table.name());
        let mut report = reporting::of_model(&model, &explained, &table, None, what, "")?;
        match history_file::read(&beside, &model) {
            Ok((history, findings)) => {
                report.history = Some(history);
                report.findings = Some(findings);
            }
            Err(reason) => {
                let beside = beside.display();
                let words = format!("{beside}: {reason}: the report shows no training");
                console.paragraph("note", words);
            }
        }
        file.write(&report, console)?;
    }
    if args.json {
        let rows: Vec<RowExplanation> = explained
            .rows
            .iter()
            .map(|(_, row)| RowExplanation {
                // Counted from 1, as everywhere else.
                row: row.row + 1,
                ..row.clone()
            })
            .collect();
        console::json(&json!({
            "target": model.target.column(),
            "measure": explained.measure,
            "importance": explained.importance,
            "dependence": explained.dependence,
            "rows": rows,
        }));
    }
    Ok(())
}

fn show(explained: &Explained, console: Console) {
    /// Columns and points that are worth a line.
    const COLUMNS: usize = 15;
    const POINTS: usize = 5;
    let measure = match explained.measure {
        Measure::Rmse => "how much the RMSE rises when a column is shuffled",
        Measure::LogLoss => "how much the log loss rises when a column is shuffled",
        Measure::Change => {
            "how much predictions change when a column is shuffled (no row has the target)"
        }
    };
    console.entry("importance", measure);
    if explained.importance.is_empty() {
        console.entry("", "one row alone cannot be shuffled");
    }
    for importance in explained.importance.iter().take(COLUMNS) {
        let amount = format!("{} ± {}", number(importance.mean), number(importance.std));
        console.entry("", format!("{:<30} {amount}", shown(&importance.column)));
    }
    if explained.importance.len() > COLUMNS {
        let more = count(explained.importance.len() - COLUMNS, "column");
        console.entry("", format!("and {more} more, all in --json"));
    }
    for Dependence {
        column,
        kind,
        points,
        class,
        ..
    } in &explained.dependence
    {
        let step = points.len().div_ceil(POINTS).max(1);
        let last = points.len().saturating_sub(1);
        let shown_points = points.iter().enumerate().filter(|(place, point)| {
            place.is_multiple_of(step) || *place == last || point.value.is_empty()
        });
        let words: Vec<String> = shown_points
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
        let words = words.join("; ");
        console.paragraph("effect", format!("{}, {of}: {words}", shown(column)));
    }
    for (name, row) in &explained.rows {
        const PARTS: usize = 6;
        let class = row
            .class
            .as_ref()
            .map_or(String::new(), |c| format!(" for {}", shown(c)));
        console.entry(
            "row",
            format!(
                "{name}: {}{class}, where an average row has {}",
                number(row.prediction),
                number(row.baseline)
            ),
        );
        let line = |amount: f64, what: String| {
            let sign = if amount < 0.0 { "-" } else { "+" };
            let size = number(amount.abs());
            console.entry("", format!("{:>12} {what}", format!("{sign}{size}")));
        };
        for part in row.contributions.iter().take(PARTS) {
            let value = part.value.as_deref().map_or("missing".to_string(), shown);
            line(part.amount, format!("for {} {value}", shown(&part.column)));
        }
        if row.contributions.len() > PARTS {
            let rest = row.contributions.iter().skip(PARTS);
            let columns = count(row.contributions.len() - PARTS, "other column");
            line(rest.map(|part| part.amount).sum(), format!("for {columns}"));
        }
        if row.has_remainder() {
            let why = "that no column accounts for: the activation function jumps";
            line(row.remainder, why.to_string());
        }
    }
}
