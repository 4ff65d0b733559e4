//! The true targets of a table's rows.

use backburn_preprocessing::Target;
use backburn_table::Table;

use crate::error::Error;

/// The true target of each row of a table.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Numbers in the target's unit; NaN where the target is missing.
    Values(Vec<f64>),
    /// Indices of classes; `None` where the target is missing or a class that the model does not know.
    Classes(Vec<Option<usize>>),
}

impl Targets {
    /// Reads the targets of a table.
    ///
    /// # Errors
    ///
    /// The table has no such column, or the model predicts numbers and a value is not a number.
    pub fn read(table: &Table, target: &Target) -> Result<Self, Error> {
        Ok(match target {
            Target::Regression { .. } => Self::Values(target.values(table)?),
            Target::Classification { .. } => Self::Classes(target.classes(table)?),
        })
    }

    /// The positions in `rows` of those that have a target.
    pub(crate) fn known(&self, rows: &[usize]) -> Vec<usize> {
        let is_known = |position: &usize| match self {
            Self::Values(values) => !values[rows[*position]].is_nan(),
            Self::Classes(classes) => classes[rows[*position]].is_some(),
        };
        (0..rows.len()).filter(is_known).collect()
    }

    /// The values of some rows, or the indices of their classes.
    pub fn numbers(&self, rows: &[usize]) -> Vec<f64> {
        let class = |class: Option<usize>| class.unwrap_or_default() as f64;
        match self {
            Self::Values(values) => rows.iter().map(|&row| values[row]).collect(),
            Self::Classes(classes) => rows.iter().map(|&row| class(classes[row])).collect(),
        }
    }
}
