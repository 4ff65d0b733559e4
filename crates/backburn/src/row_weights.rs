//! The weights of the rows of a table.

use backburn_table::{CellError, Table};

use crate::error::Error;

/// The weight of each row of a table, which a column has.
///
/// # Errors
///
/// The table does not have the column, or a value is not a number of at least 0.
pub(crate) fn row_weights(table: &Table, column: &str) -> Result<Vec<f64>, Error> {
    table
        .column(column)?
        .cells()
        .enumerate()
        .map(|(row, cell)| match cell.number() {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(Error::Table(table.cell_error(CellError {
                column: column.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: "weights, which are numbers of at least 0",
            }))),
        })
        .collect()
}
