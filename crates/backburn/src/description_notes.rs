//! What to know about the columns of a table that is described.

use backburn_table::{ColumnKind, ColumnSchema};

use crate::column_sketch::ColumnSketch;
use crate::warning::Warning;

/// What to know about a column that is not the target.
pub(crate) fn column_warnings(column: &ColumnSchema, sketch: &ColumnSketch) -> Vec<Warning> {
    let mut warnings = Vec::new();
    // Whoever leaves out columns by an option knows it.
    if let Some(reason) = &column.reason
        && reason != "by request"
    {
        warnings.push(Warning::ColumnIgnored {
            column: column.name.clone(),
            reason: reason.clone(),
        });
    }
    if sketch.infinite > 0 {
        warnings.push(Warning::InfiniteValues {
            column: column.name.clone(),
            rows: sketch.infinite,
        });
    }
    warnings.extend(value_warnings(column, sketch));
    warnings
}

/// What to know about the target, besides its classes. `is_usable` says whether training can use it.
pub(crate) fn target_warnings(
    column: &ColumnSchema,
    sketch: &ColumnSketch,
    is_usable: bool,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let rows = sketch.missing + sketch.infinite;
    if is_usable && rows > 0 {
        warnings.push(Warning::RowsWithoutTarget {
            target: column.name.clone(),
            rows,
            too_large: sketch.infinite,
        });
    }
    warnings.extend(value_warnings(column, sketch));
    warnings
}

/// Values of another kind, and a number that may stand for a missing value.
fn value_warnings(column: &ColumnSchema, sketch: &ColumnSketch) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(example) = &sketch.first_other_value {
        warnings.push(Warning::OtherValues {
            column: column.name.clone(),
            expected: column.kind.expected(),
            values: sketch.other_values,
            example: example.clone(),
        });
    }
    if let Some((value, rows)) = sentinel(column, sketch) {
        warnings.push(Warning::SuspiciousNumber {
            column: column.name.clone(),
            value,
            rows,
        });
    }
    warnings
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
