//! A table from columns in memory.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, LargeStringArray, RecordBatch};
use backburn_table::{Table, TableError};

use crate::error::Error;
use crate::text::{count, shown};

/// Builds a table from columns in memory.
///
/// ```
/// use backburn::TableBuilder;
///
/// let table = TableBuilder::new("houses")
///     .numbers("size", [120.0, 95.0, 140.0])
///     .numbers("built", [Some(1990.0), None, Some(2005.0)])
///     .text("street", ["Elm", "Oak", ""])
///     .booleans("sold", [true, false, true])
///     .build()?;
/// assert_eq!(table.rows(), 3);
/// assert!(table.numbers("built")?[1].is_nan());
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TableBuilder {
    name: String,
    columns: Vec<(String, ArrayRef)>,
}

impl TableBuilder {
    /// A table without columns; `name` is what messages call it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
        }
    }

    /// Adds a column of numbers: `f64`, or `Option<f64>` where some are missing. NaN is missing, too.
    pub fn numbers<T: Into<Option<f64>>>(
        self,
        name: impl Into<String>,
        numbers: impl IntoIterator<Item = T>,
    ) -> Self {
        let numbers: Vec<Option<f64>> = numbers.into_iter().map(Into::into).collect();
        self.with(name, Arc::new(Float64Array::from(numbers)))
    }

    /// Adds a column of text, such as the names of categories. An empty text is missing.
    pub fn text<T: AsRef<str>>(
        self,
        name: impl Into<String>,
        texts: impl IntoIterator<Item = T>,
    ) -> Self {
        let texts = texts.into_iter();
        let texts = texts.map(|text| Some(text).filter(|text| !text.as_ref().is_empty()));
        self.with(name, Arc::new(texts.collect::<LargeStringArray>()))
    }

    /// Adds a column of booleans: `bool`, or `Option<bool>` where some are missing.
    pub fn booleans<T: Into<Option<bool>>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values: Vec<Option<bool>> = values.into_iter().map(Into::into).collect();
        self.with(name, Arc::new(BooleanArray::from(values)))
    }

    fn with(mut self, name: impl Into<String>, array: ArrayRef) -> Self {
        self.columns.push((name.into(), array));
        self
    }

    /// The table.
    ///
    /// # Errors
    ///
    /// There are no rows, columns differ in their numbers of rows, or two have the same name.
    pub fn build(self) -> Result<Table, Error> {
        let unusable = |reason: String| {
            Error::from(TableError::Unusable {
                name: self.name.clone(),
                reason,
            })
        };
        let rows = self.columns.first().map_or(0, |(_, array)| array.len());
        if rows == 0 {
            return Err(unusable("the table has no rows".to_string()));
        }
        let mut names = HashSet::new();
        for (name, array) in &self.columns {
            if !names.insert(name) {
                return Err(unusable(format!("two columns are named `{}`", shown(name))));
            }
            if array.len() != rows {
                return Err(unusable(format!(
                    "column `{}` has {}, and the first column has {rows}",
                    shown(name),
                    count(array.len(), "row")
                )));
            }
        }
        let batch = RecordBatch::try_from_iter(self.columns.clone());
        let batch = batch.map_err(|error| unusable(error.to_string()))?;
        Ok(Table::from_batch(&self.name, batch))
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::Cell;

    use super::*;

    #[test]
    fn columns_keep_their_types_and_missing_values() {
        let table = TableBuilder::new("t")
            .numbers("a", vec![1.5, f64::NAN])
            .text("b", vec!["NA".to_string(), String::new()])
            .booleans("c", [None, Some(true)])
            .build()
            .unwrap();
        let cells = |name: &str| table.column(name).unwrap().cells().collect::<Vec<_>>();
        assert_eq!(cells("a"), [Cell::Number(1.5), Cell::Missing]);
        // Text of a typed table is not missing by its spelling.
        assert_eq!(cells("b"), [Cell::Text("NA"), Cell::Missing]);
        assert_eq!(cells("c"), [Cell::Missing, Cell::Boolean(true)]);
    }

    #[test]
    fn columns_that_do_not_fit_are_named() {
        let error = |builder: TableBuilder| builder.build().unwrap_err().to_string();
        let one = || TableBuilder::new("t").numbers("a", [1.0, 2.0]);
        assert_eq!(error(TableBuilder::new("t")), "t: the table has no rows");
        assert_eq!(
            error(one().text("b", ["x"])),
            "t: column `b` has 1 row, and the first column has 2"
        );
        assert_eq!(
            error(one().numbers("a", [1.0, 2.0])),
            "t: two columns are named `a`"
        );
    }
}
