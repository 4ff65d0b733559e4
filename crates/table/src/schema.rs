//! The schema of a table: what each column holds.

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::column_kind::ColumnKind;
use crate::error::{CellError, TableError};
use crate::table::Table;

/// A column and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Number of rows without a value.
    pub missing: usize,
    /// Number of rows whose number is infinite or too large for an `f32`; they count as missing.
    pub infinite: usize,
    /// Number of different values, counted up to 100,000.
    pub distinct: usize,
    /// Why the column is ignored, if it is.
    pub reason: Option<String>,
}

/// What the columns of a table hold, in the order of the table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnSchema>,
}

impl Schema {
    /// Checks that a column of another table holds values of the kind that it has in this schema. An
    /// ignored column may hold anything.
    ///
    /// # Errors
    ///
    /// The table has no such column, or a value is of another kind.
    pub fn check(&self, table: &Table, name: &str) -> Result<(), TableError> {
        table.column(name)?;
        self.column(name)
            .map_or(Ok(()), |column| check_kind(table, name, column.kind))
    }

    /// A column by name; `None` if the schema does not have it.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Checks that every value of a column is of this kind.
pub(crate) fn check_kind(table: &Table, name: &str, kind: ColumnKind) -> Result<(), TableError> {
    let column = table.column(name)?;
    if let Some(holds) = column.unreadable()
        && kind != ColumnKind::Ignored
    {
        return Err(TableError::Unusable {
            name: table.name().to_string(),
            reason: format!("column `{name}` holds {holds}, which cannot be read"),
        });
    }
    for (row, cell) in column.cells().enumerate() {
        let fits = match kind {
            _ if cell == Cell::Missing => true,
            ColumnKind::Numeric => cell.number().is_some(),
            ColumnKind::Boolean => cell.boolean().is_some(),
            ColumnKind::Date => cell.date().is_some(),
            ColumnKind::Categorical | ColumnKind::Ignored => true,
        };
        if !fits {
            return Err(table.cell_error(CellError {
                column: name.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: kind.expected(),
            }));
        }
    }
    Ok(())
}
