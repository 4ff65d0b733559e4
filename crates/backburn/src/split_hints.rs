//! Columns that may decide how rows are split, and are not used for that.

use backburn_table::{Column, ColumnKind, ColumnSchema, Schema, Table};

use crate::split_columns::SplitColumns;
use crate::split_note::SplitNote;

/// There are no notes on fewer rows.
const MIN_ROWS: usize = 20;
/// Words in the names of columns whose values are times.
const TIMES: [&str; 8] = [
    "date",
    "datetime",
    "day",
    "month",
    "period",
    "time",
    "timestamp",
    "year",
];
/// Words in the names of columns that say what several rows are observations of.
const GROUPS: [&str; 18] = [
    "client",
    "customer",
    "device",
    "driver",
    "family",
    "group",
    "household",
    "individual",
    "machine",
    "participant",
    "patient",
    "person",
    "player",
    "sensor",
    "session",
    "subject",
    "user",
    "visitor",
];

/// Notes on the columns that look like a group or a time, if no column is used as one. `roles` are the columns
/// that are used for something else, such as the target.
pub(crate) fn split_hints(
    table: &Table,
    schema: &Schema,
    columns: &SplitColumns,
    roles: &[&str],
) -> Vec<SplitNote> {
    let mut notes = Vec::new();
    if table.rows() < MIN_ROWS || columns.fold.is_some() {
        return notes;
    }
    let free = || {
        let columns = schema.columns.iter();
        columns.filter(|column| !roles.contains(&column.name.as_str()))
    };
    if columns.group.is_none()
        && let Some(column) = free().find(|column| may_be_group(column, table.rows()))
    {
        notes.push(SplitNote::MayBeGroup {
            column: column.name.clone(),
            values: column.distinct,
            rows: table.rows() - column.missing,
        });
    }
    if columns.time.is_none()
        && let Some(column) = free().find(|column| may_be_time(column, table))
    {
        let column = column.name.clone();
        notes.push(SplitNote::MayBeTime { column });
    }
    notes
}

/// Whether the name says so and the values repeat.
fn may_be_group(column: &ColumnSchema, rows: usize) -> bool {
    let repeats = column.distinct >= 5 && 2 * column.distinct <= rows - column.missing.min(rows);
    repeats && has_word(&column.name, &GROUPS)
}

/// Whether the rows are in the order of dates, or of numbers whose name says that they are times.
fn may_be_time(column: &ColumnSchema, table: &Table) -> bool {
    let varies = column.distinct >= 10 && column.missing == 0;
    let is_time = match column.kind {
        ColumnKind::Date => true,
        ColumnKind::Numeric => has_word(&column.name, &TIMES),
        _ => false,
    };
    varies
        && is_time
        && table
            .column(&column.name)
            .is_ok_and(|column| rises(&column))
}

/// Whether the values are in ascending order.
fn rises(column: &Column) -> bool {
    let values = column
        .cells()
        .map(|cell| cell.number().or_else(|| cell.date()));
    values.is_sorted_by(|a, b| matches!((a, b), (Some(a), Some(b)) if a <= b))
}

/// Whether a name has one of the words, which are in lower case, on its own or before `id`.
fn has_word(name: &str, known: &[&str]) -> bool {
    let mut spaced = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
        before = c;
    }
    let mut words = spaced.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        let stem = word.strip_suffix("id").filter(|stem| !stem.is_empty());
        known.contains(&word) || stem.is_some_and(|stem| known.contains(&stem))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, infer_table};

    use super::*;

    fn hints(csv: &str, columns: &SplitColumns, roles: &[&str]) -> Vec<SplitNote> {
        let bytes = Cursor::new(csv.to_string());
        let table = Table::from_reader("t", bytes, &ReadOptions::default()).unwrap();
        let inferred = infer_table(&table, &Default::default()).unwrap();
        split_hints(&inferred.table, &inferred.schema, columns, roles)
    }

    #[test]
    fn repeated_patients_and_rising_dates_get_a_note() {
        let mut csv = "patient_id,seen,x\n".to_string();
        for row in 0..60 {
            let (month, day) = (row / 28 + 1, row % 28 + 1);
            csv += &format!(
                "{},2024-{month:02}-{day:02},{}.5\n",
                row * 7 % 12,
                row * 5 % 13
            );
        }
        let expected = [
            SplitNote::MayBeGroup {
                column: "patient_id".to_string(),
                values: 12,
                rows: 60,
            },
            SplitNote::MayBeTime {
                column: "seen".to_string(),
            },
        ];
        let none = SplitColumns::default();
        assert_eq!(hints(&csv, &none, &["x"]), expected);
        assert_eq!(hints(&csv, &none, &["patient_id"]), expected[1..]);
        let used = SplitColumns {
            group: Some("patient_id".to_string()),
            time: Some("seen".to_string()),
            ..none
        };
        assert!(hints(&csv, &used, &["x"]).is_empty());
    }

    #[test]
    fn words_are_found_in_names() {
        for name in [
            "patient",
            "Patient ID",
            "patientId",
            "USER_ID",
            "userid",
            "subject-no",
        ] {
            assert!(has_word(name, &GROUPS), "{name}");
        }
        for name in ["impatient", "users_count_total", "id", "paid", "x"] {
            assert!(!has_word(name, &GROUPS), "{name}");
        }
    }
}
