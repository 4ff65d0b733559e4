//! Sentences for the values that the library returns.

use std::path::Path;

use backburn::text::{count, escaped, integer, shown};
use backburn::{
    COVERAGE, ColumnKind, ColumnSchema, Dataset, Finding, FitRecord, FittedModel, Reliability,
    Score, Selected, Selection, StopReason, Table, TargetTransform, Unseen, Warning,
};
use backburn_report::quoted;

use super::console::Console;

/// The largest number of columns that a note names.
const NAMES: usize = 6;

/// A warning as a sentence.
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::ColumnIgnored { column, reason } => {
            format!("column `{}` ignored: {}", shown(column), escaped(reason))
        }
        Warning::InfiniteValues { column, rows } => format!(
            "column `{}`: infinite or too large in {}, treated as missing",
            shown(column),
            count(*rows, "row")
        ),
        Warning::MissingValues { columns } => {
            let first = columns.iter().take(NAMES);
            let first = first.map(|(column, rows)| format!("`{}` {rows}", shown(column)));
            let more = if columns.len() > NAMES { ", …" } else { "" };
            format!(
                "missing values in {} ({}{more}): a missing category is treated as its own category; a missing \
                 number is imputed, or marked by its own input",
                count(columns.len(), "column"),
                first.collect::<Vec<_>>().join(", ")
            )
        }
        Warning::RowsWithoutTarget {
            target,
            rows,
            numeric,
        } => {
            let why = match numeric {
                true => "missing, infinite or too large",
                false => "missing",
            };
            let rows = count(*rows, "row");
            format!("{rows} left out: `{}` is {why}", shown(target))
        }
        Warning::ConstantFeature { column } => format!(
            "column `{}` ignored: it never varies in the training rows",
            shown(column)
        ),
        Warning::RefitFailed { reason } => {
            let why = reason.as_ref().map(|reason| format!(" ({reason})"));
            format!(
                "the refit on all rows did not finish{}: the model is the network from before the refit",
                why.unwrap_or_default()
            )
        }
        Warning::CheckpointNotWritten { reason } => {
            format!("no checkpoint was written: {reason}; training continues")
        }
        Warning::CheckpointNotRead { file, reason } => {
            format!(
                "{}: {}; this training starts over",
                escaped(file),
                escaped(reason)
            )
        }
        other => format!("{other:?}"),
    }
}

/// The name of a setting that trials select.
pub fn selection(selection: Selection) -> &'static str {
    match selection {
        Selection::TargetTransform => "target transform",
        Selection::KnnFeatures => "k-NN features",
    }
}

/// The setting that trials selected, as text.
pub fn selected(selected: Selected) -> String {
    let (what, which) = match selected {
        Selected::TargetTransform(TargetTransform::Log) => (Selection::TargetTransform, "log"),
        Selected::TargetTransform(_) => (Selection::TargetTransform, "standard"),
        Selected::KnnFeatures(true) => (Selection::KnnFeatures, "used"),
        Selected::KnnFeatures(false) => (Selection::KnnFeatures, "not used"),
    };
    format!(
        "{}: {which}, by cross-validation of small networks",
        selection(what)
    )
}

/// The columns by kind: `2 numeric (size, built), 1 date (sold)`.
pub fn columns(data: &Dataset) -> String {
    const FIRST: usize = 4;
    let kinds = [
        ColumnKind::Numeric,
        ColumnKind::Boolean,
        ColumnKind::Categorical,
        ColumnKind::Date,
        ColumnKind::Ignored,
    ];
    let words = kinds.into_iter().filter_map(|kind| {
        let columns: Vec<&ColumnSchema> = data.inputs().filter(|c| c.kind == kind).collect();
        let names = columns.iter().take(FIRST).map(|column| shown(&column.name));
        let mut names: Vec<String> = names.collect();
        if columns.len() > FIRST {
            names.push("…".to_string());
        }
        let names = names.join(", ");
        (!columns.is_empty()).then(|| format!("{} {kind} ({names})", columns.len()))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Describes a dataset: table, columns, notes, target.
pub fn describe(data: &Dataset, test: Option<&Table>, console: Console) {
    let table = data.table();
    let mut words = format!("{}: {}", table.name(), count(table.rows(), "row"));
    if let Some(test) = test {
        words += &format!(", {} to test", count(test.rows(), "row"));
    }
    console.detail("data", words);
    console.paragraph("columns", columns(data));
    for note in data.warnings() {
        console.paragraph("note", warning(note));
    }
    let target = format!("{} ({})", shown(data.target()), data.task());
    console.detail("target", target);
}

/// The sentences about a dataset that a report shows.
pub fn notes(data: &Dataset) -> Vec<String> {
    data.warnings().iter().map(warning).collect()
}

/// A sentence about categories that are not in the training rows, if there are any.
pub fn unseen(unseen: &Unseen) -> Option<String> {
    let Unseen(unseen) = unseen;
    let mut columns: Vec<String> = unseen
        .iter()
        .take(NAMES)
        .map(|(column, rows)| format!("`{}` in {}", shown(column), count(*rows, "row")))
        .collect();
    if unseen.len() > columns.len() {
        columns.push("…".to_string());
    }
    let columns = columns.join(", ");
    let words =
        format!("categories that are not in the training rows are treated as missing: {columns}");
    (!unseen.is_empty()).then_some(words)
}

/// The calibration of intervals or probabilities.
pub fn reliability(reliability: Reliability) -> String {
    match reliability {
        Reliability::Coverage(held) => format!(
            "{:.0} % prediction intervals (predict --interval) contain {:.1} % of the rows",
            COVERAGE * 100.0,
            held * 100.0
        ),
        Reliability::CalibrationError(error) => format!(
            "probabilities are {:.1} points off (expected calibration error)",
            error * 100.0
        ),
    }
}

/// A sentence about the rows that were skipped in a score, if there are any.
pub fn skipped(score: &Score) -> Option<String> {
    (score.skipped > 0).then(|| {
        format!(
            "{} skipped: the target is missing, or a class that the model does not know",
            count(score.skipped, "row")
        )
    })
}

/// Why a fit ended, in a sentence.
pub fn ending(model: &FittedModel, record: &FitRecord) -> String {
    let summary = &model.model().summary;
    let members = model.model().network.members.len();
    let time = seconds(record.seconds);
    if record.networks > 1 {
        let networks = match members == record.networks {
            true => count(members, "network"),
            false => format!("{members} of {}", count(record.networks, "network")),
        };
        let interrupted = match record.stop {
            StopReason::Interrupted => "interrupted after ",
            _ => "",
        };
        return format!(
            "{interrupted}{networks} in {time}; each has the weights of its best epoch on rows that it \
             was not trained on"
        );
    }
    let epochs = count(summary.epochs, "epoch");
    let why = match record.stop {
        StopReason::Finished => epochs,
        StopReason::EarlyStopping => {
            let worse = summary.epochs.saturating_sub(summary.best_epoch);
            format!("{epochs}, the last {worse} without improvement,")
        }
        StopReason::Interrupted => format!("interrupted after {epochs}"),
        StopReason::Diverged => format!(
            "the loss became infinite or NaN after {epochs}: try a smaller training.learning_rate or \
             training.clip_norm=1.0"
        ),
    };
    let kept = match (summary.validation_rows, summary.best_epoch) {
        (_, 0) => "no epoch was finished: the weights are those of the last step".to_string(),
        (0, epoch) => format!("weights of epoch {epoch}"),
        (_, epoch) => format!("weights of epoch {epoch}, the best on the validation rows"),
    };
    format!("{why} in {time}; {kept}")
}

/// Prints findings, each with its evidence and its remedy.
pub fn findings(findings: &[Finding], console: Console) {
    for finding in findings {
        let Finding {
            name,
            evidence,
            remedy,
            settings,
            ..
        } = finding;
        console.paragraph("finding", format!("{name}: {evidence}"));
        let settings: Vec<String> = settings
            .iter()
            .map(|s| format!("--set {}", quoted(s)))
            .collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(": {}", settings.join(" ")),
        };
        console.paragraph("remedy", format!("{remedy}{settings}"));
    }
}

/// A duration as short text.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.2} s"),
        s => format!("{} min {:.0} s", (s / 60.0) as u64, s % 60.0),
    }
}

/// A path as an argument to copy.
pub fn path(path: &Path) -> String {
    let text = path.display().to_string();
    // A path that begins with a dash would be read as an option.
    match text.starts_with('-') {
        true => quoted(&format!("./{text}")),
        false => quoted(&text),
    }
}

/// A file name from a model, safe to print. A long name keeps its end, which distinguishes files.
pub fn file_name(name: &str) -> String {
    const MAX_CHARS: usize = 60;
    let safe = escaped(name).replace('\n', "\\n");
    let length = safe.chars().count();
    match length > MAX_CHARS {
        true => format!(
            "…{}",
            safe.chars().skip(length - MAX_CHARS).collect::<String>()
        ),
        false => safe,
    }
}

/// A count of rows with its noun, for titles.
pub fn rows(rows: usize) -> String {
    format!("{} rows", integer(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_path_stays() {
        let path = format!("/data/{}/houses.csv", "x".repeat(80));
        assert!(file_name(&path).ends_with("/houses.csv"));
        assert_eq!(file_name(&path).chars().count(), 61);
        assert_eq!(file_name("a\nb.csv"), "a\\nb.csv");
    }
}
