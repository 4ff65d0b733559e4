//! Tables from bytes in memory: CSV files that are dropped on the page.

use std::io::Cursor;

use backburn::text::count;
use backburn::{
    Bound, ColumnDescription, DescribeOptions, Error, ReadOptions, Table, TableReader,
    describe_reader,
};
use serde::Serialize;

/// The largest file, in bytes, the largest number of rows, and of cells, that the page takes.
const MAX_BYTES: usize = 64 << 20;
const MAX_ROWS: usize = 100_000;
const MAX_CELLS: usize = 5_000_000;

/// The number of values of a column that are listed.
const VALUES: usize = 4;

/// What is in a table, before the target is chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableSummary {
    /// Number of rows.
    pub rows: usize,
    /// The columns, in order.
    pub columns: Vec<ColumnSummary>,
    /// What to know before training, as sentences.
    pub notes: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Its name.
    pub name: String,
    /// `numeric`, `boolean`, `categorical`, `date` or `ignored`.
    pub kind: String,
    /// Rows without a value.
    pub missing: usize,
    /// The number of different values.
    pub distinct: usize,
    /// The range of its numbers or dates, or its commonest values, as text.
    pub values: String,
    /// What training does with it.
    pub note: String,
}

/// Describes the table in the bytes of a file. `file_name` is what messages call it.
///
/// # Errors
///
/// Bytes that are not a table, or a table that is too large for the page.
pub fn describe(bytes: Vec<u8>, file_name: &str) -> Result<TableSummary, Error> {
    check_bytes(&bytes, file_name)?;
    let reader = TableReader::from_reader(file_name, Cursor::new(bytes), &ReadOptions::default())?;
    let description = describe_reader(reader, &DescribeOptions::default())?;
    check_size(file_name, description.rows, description.columns.len())?;
    Ok(TableSummary {
        rows: description.rows,
        columns: description.columns.iter().map(column).collect(),
        notes: description.notes,
    })
}

/// Reads the table in the bytes of a file.
///
/// # Errors
///
/// The same as for [`describe`].
pub(crate) fn read(bytes: Vec<u8>, file_name: &str) -> Result<Table, Error> {
    check_bytes(&bytes, file_name)?;
    let table = Table::from_reader(file_name, Cursor::new(bytes), &ReadOptions::default())?;
    check_size(file_name, table.rows(), table.columns().count())?;
    Ok(table)
}

fn check_bytes(bytes: &[u8], file_name: &str) -> Result<(), Error> {
    match bytes.len() <= MAX_BYTES {
        true => Ok(()),
        false => Err(Error::Failed(format!(
            "{file_name}: the file has {} MB, and the page takes at most {} MB: use the command line",
            bytes.len() >> 20,
            MAX_BYTES >> 20
        ))),
    }
}

fn check_size(file_name: &str, rows: usize, columns: usize) -> Result<(), Error> {
    let too_large = rows > MAX_ROWS || rows.saturating_mul(columns) > MAX_CELLS;
    match too_large {
        false => Ok(()),
        true => Err(Error::Failed(format!(
            "{file_name}: the table has {} of {}, and the page takes at most {} and {MAX_CELLS} cells: leave \
             out rows or columns, or use the command line",
            count(rows, "row"),
            count(columns, "column"),
            count(MAX_ROWS, "row")
        ))),
    }
}

fn column(column: &ColumnDescription) -> ColumnSummary {
    let note = match &column.training {
        backburn::Training::Ignored { reason } => format!("ignored: {reason}"),
        training => training.text(),
    };
    ColumnSummary {
        name: column.name.clone(),
        kind: column.kind.to_string(),
        missing: column.missing,
        distinct: column.distinct,
        values: values(column),
        note,
    }
}

fn values(column: &ColumnDescription) -> String {
    let text = |bound: &Bound| match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Date(date) => date.clone(),
    };
    if let (Some(min), Some(max)) = (&column.min, &column.max) {
        return format!("{} to {}", text(min), text(max));
    }
    let first = column.values.iter().take(VALUES);
    let mut first: Vec<String> = first.map(|value| value.value.clone()).collect();
    if column.distinct > first.len() {
        first.push("…".to_string());
    }
    first.join(", ")
}
