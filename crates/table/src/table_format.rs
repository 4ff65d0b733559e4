//! How the text of a table is read as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema as ArrowSchema};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::column_format::{ColumnFormat, without_words};
use crate::error::{CellError, TableError};
use crate::missing_words::MissingWords;
use crate::table::Table;

/// How the text of a table is read as values. A model stores it, so that prediction reads as training
/// did. It is empty for a table whose numbers have a decimal point and whose dates start with the year.
///
/// ```
/// use backburn_table::{InferOptions, ReadOptions, Table, infer_table};
///
/// let csv = "size;price\n1,5;10\n2,5;20\n";
/// let table = Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default())?;
/// let inferred = infer_table(&table, &InferOptions::default())?;
/// assert_eq!(inferred.table.numbers("size")?, [1.5, 2.5]);
///
/// let other = Table::from_reader("u.csv", "size;price\n0,25;5\n".as_bytes(), &ReadOptions::default())?;
/// let other = inferred.format.apply_to_table(&other)?;
/// assert_eq!(other.numbers("size")?, [0.25]);
/// # Ok::<(), backburn_table::TableError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFormat {
    /// Words that count as missing in all columns, beside the usual ones.
    #[serde(default, skip_serializing_if = "MissingWords::is_empty")]
    pub missing: MissingWords,
    /// The columns whose text is not read as it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnFormat>,
}

impl TableFormat {
    /// Whether all text is read as it is.
    pub fn is_plain(&self) -> bool {
        self.missing.is_empty() && self.columns.is_empty()
    }

    /// Reads the text of a batch. Numbers become `Float64`, dates `Timestamp` in microseconds. Columns
    /// that have the type already, and columns without a format, are unchanged.
    ///
    /// # Errors
    ///
    /// Text of a column with a format is not of that format, unless other text counts as missing.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, CellError> {
        if self.is_plain() {
            return Ok(batch.clone());
        }
        let schema = batch.schema();
        let mut fields = Vec::with_capacity(batch.num_columns());
        let mut arrays = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let read = self.array(field.name(), array)?;
            fields.push(Field::new(field.name(), read.data_type().clone(), true));
            arrays.push(read);
        }
        let schema = ArrowSchema::new(fields).with_metadata(schema.metadata().clone());
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        // The arrays have the types and the lengths that they are given with.
        let read = RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options);
        Ok(read.unwrap_or_else(|_| batch.clone()))
    }

    fn array(&self, name: &str, array: &ArrayRef) -> Result<ArrayRef, CellError> {
        let Some(format) = self.columns.get(name) else {
            return Ok(without_words(array, &self.missing));
        };
        format
            .array(array, &self.missing)
            .map_err(|(row, value)| CellError {
                column: name.to_string(),
                row,
                value,
                expected: format.expected(),
            })
    }

    /// Reads the text of a table.
    ///
    /// # Errors
    ///
    /// The same as for [`apply`](Self::apply), with the place in the file.
    pub fn apply_to_table(&self, table: &Table) -> Result<Table, TableError> {
        if self.is_plain() {
            return Ok(table.clone());
        }
        let mut rows = 0;
        let mut batches = Vec::with_capacity(table.batches().len());
        for batch in table.batches() {
            let read = self.apply(batch).map_err(|mut error| {
                error.row += rows;
                table.cell_error(error)
            })?;
            rows += batch.num_rows();
            batches.push(read);
        }
        let schema = batches.first().map(RecordBatch::schema);
        Ok(match schema {
            Some(schema) => table.with_batches(schema, batches),
            None => table.clone(),
        })
    }

    /// Reads one value of a column.
    ///
    /// # Errors
    ///
    /// The same as for [`apply`](Self::apply); the row is 0.
    pub fn cell<'a>(&self, column: &str, cell: Cell<'a>) -> Result<Cell<'a>, CellError> {
        let is_word = match cell {
            Cell::Text(text) => self.missing.contains(text.trim()),
            Cell::Number(number) => self.missing.contains_number(number),
            _ => false,
        };
        if is_word {
            return Ok(Cell::Missing);
        }
        let Some(format) = self.columns.get(column) else {
            return Ok(cell);
        };
        format.cell(cell).ok_or_else(|| CellError {
            column: column.to_string(),
            row: 0,
            value: cell.category().unwrap_or_default().into_owned(),
            expected: format.expected(),
        })
    }
}
