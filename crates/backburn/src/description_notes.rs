//! What to know about the columns of a table that is described.

use backburn_table::{ColumnKind, ColumnSchema};

use crate::column_sketch::ColumnSketch;
use crate::table_description::{TargetDescription, ValueCount};
use crate::text::{MAX_NAMES, column_option, count, quoted, shown};
use crate::warning::Warning;

/// What to know about a column.
pub(crate) fn column_notes(
    column: &ColumnSchema,
    sketch: &ColumnSketch,
    is_target: bool,
) -> Vec<String> {
    let name = shown(&column.name);
    let mut notes = Vec::new();
    if let Some(reason) = column.reason.as_ref().filter(|_| !is_target) {
        let warning = Warning::ColumnIgnored {
            column: column.name.clone(),
            reason: reason.clone(),
        };
        notes.push(warning.to_string());
    }
    if sketch.infinite > 0 {
        let warning = Warning::InfiniteValues {
            column: column.name.clone(),
            rows: sketch.infinite,
        };
        notes.push(warning.to_string());
    }
    if let Some(misfit) = &sketch.first_misfit {
        notes.push(format!(
            "column `{name}` holds {} in the first rows, and {} later, such as {:?}",
            column.kind.expected(),
            count(sketch.misfits, "other value"),
            shown(misfit)
        ));
    }
    if let Some((sentinel, rows)) = sentinel(column, sketch) {
        notes.push(format!(
            "column `{name}`: {sentinel} in {} is far from all other values: if it stands for a missing value, \
             pass --na {}",
            count(rows, "row"),
            quoted(&sentinel)
        ));
    }
    notes
}

/// A number of nines far from all other numbers, such as -999, and the number of its rows: it may stand for
/// a missing value.
fn sentinel(column: &ColumnSchema, sketch: &ColumnSketch) -> Option<(String, usize)> {
    if column.kind != ColumnKind::Numeric {
        return None;
    }
    let all_nines = |value: f64| {
        let digits = value.abs().to_string();
        digits.len() >= 2 && digits.bytes().all(|digit| digit == b'9')
    };
    for (extreme, other) in [
        (&sketch.lowest, &sketch.highest),
        (&sketch.highest, &sketch.lowest),
    ] {
        let (Some(value), Some(next), Some(end)) = (extreme.value, extreme.next, other.value)
        else {
            continue;
        };
        if extreme.rows >= 2 && all_nines(value) && (value - next).abs() > (next - end).abs() {
            return Some((value.to_string(), extreme.rows));
        }
    }
    None
}

pub(crate) fn note_on_near_copy((column, share): &(String, f64)) -> String {
    format!(
        "column `{}` alone explains {:.1} % of the target: if it is not known yet when you make predictions, \
         leave it out: {}",
        shown(column),
        share * 100.0,
        column_option("--ignore", column)
    )
}

/// Classes with one or two rows.
pub(crate) fn note_on_rare_classes(target: &TargetDescription) -> Option<String> {
    if target.number_of_classes? > target.classes.len() {
        return None;
    }
    let rare: Vec<&ValueCount> = target
        .classes
        .iter()
        .filter(|class| class.rows <= 2)
        .collect();
    let first = rare.iter().take(MAX_NAMES);
    let mut first: Vec<String> = first
        .map(|class| format!("`{}` {}", shown(&class.value), class.rows))
        .collect();
    if rare.len() > MAX_NAMES {
        first.push("…".to_string());
    }
    let classes = count(rare.len(), "class");
    let has = if rare.len() == 1 { "has" } else { "have" };
    (!rare.is_empty()).then(|| {
        format!(
            "{classes} {has} only one or two rows ({}): they can hardly be learned or scored",
            first.join(", ")
        )
    })
}
