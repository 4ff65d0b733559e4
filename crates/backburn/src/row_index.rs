//! Rows that a command line names by their numbers.

use std::collections::BTreeSet;

use backburn_table::Table;

use crate::error::Error;
use crate::text::count;

/// The index of a row, from 0, by its number in the table, from 1. `option` names the row, such as `--row`.
///
/// ```
/// use backburn::{ReadOptions, Table, row_index};
///
/// let table = Table::from_reader("t.csv", "a\n1\n2\n".as_bytes(), &ReadOptions::default())?;
/// assert_eq!(row_index("--row", 2, &table)?, 1);
/// let error = row_index("--row", 3, &table).unwrap_err().to_string();
/// assert_eq!(error, "--row 3: t.csv has only 2 data rows");
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Config`] if the table has no such row.
pub fn row_index(option: &str, number: u64, table: &Table) -> Result<usize, Error> {
    let index = usize::try_from(number).unwrap_or(usize::MAX).checked_sub(1);
    index.filter(|index| *index < table.rows()).ok_or_else(|| {
        let rows = count(table.rows(), "data row");
        Error::Config(match number {
            0 => format!("{option} 0: rows are counted from 1"),
            _ => format!("{option} {number}: {} has only {rows}", table.name()),
        })
    })
}

/// The indices of several rows, in ascending order, each once.
///
/// # Errors
///
/// [`Error::Config`] if the table does not have one of the rows.
pub fn row_indices(option: &str, numbers: &[u64], table: &Table) -> Result<Vec<usize>, Error> {
    let rows = numbers.iter().map(|&row| row_index(option, row, table));
    let rows: BTreeSet<usize> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().collect())
}
