//! Encodes single rows from their cells.

use backburn_table::{Cell, CellError};

use crate::column_counts::ColumnCounts;
use crate::encoder::Encoder;
use crate::row_writer::RowWriter;

/// Encodes single rows from their cells; made by [`Encoder::row_encoder`].
#[derive(Debug)]
pub struct RowEncoder<'a> {
    writer: RowWriter<'a>,
    width: usize,
}

impl Encoder {
    /// Prepares the encoding of single rows, each in microseconds.
    pub fn row_encoder(&self) -> RowEncoder<'_> {
        RowEncoder {
            writer: RowWriter::new(self),
            width: self.width(),
        }
    }
}

impl RowEncoder<'_> {
    /// The names of the columns whose cells make a row, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let columns = self.writer.columns.iter();
        columns.map(|writer| writer.encoder.name())
    }

    /// Encodes a row: one cell for each of the [`columns`](Self::columns). The result has
    /// [`Encoder::width`] numbers, the same as [`Encoder::encode`] gives for the row.
    ///
    /// # Errors
    ///
    /// A cell is not of its column's kind, or there are not as many cells as columns.
    pub fn encode(&self, cells: &[Cell]) -> Result<Vec<f32>, CellError> {
        let columns = &self.writer.columns;
        if cells.len() != columns.len() {
            return Err(self.wrong_number_of_cells(cells.len()));
        }
        let mut numbers = vec![0.0; self.width];
        let mut counts = ColumnCounts::default();
        for (writer, &cell) in columns.iter().zip(cells) {
            let written = writer.write(cell, &mut numbers[writer.first..], &mut counts);
            written.map_err(|()| writer.error(0, &cell))?;
        }
        self.writer.complete(&mut numbers, self.width);
        Ok(numbers)
    }

    /// Names the first column without a cell, or the last column if there are too many cells.
    fn wrong_number_of_cells(&self, found: usize) -> CellError {
        let expected = self.writer.columns.len();
        let column = found.min(expected.saturating_sub(1));
        let name = self.columns().nth(column).unwrap_or_default();
        CellError {
            column: name.to_string(),
            row: 0,
            value: format!("a row of {found} cells for {expected} columns"),
            expected: "one cell in each row",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::{ReadOptions, Schema, Table};

    use super::*;
    use crate::encoder_options::EncoderOptions;

    #[test]
    fn a_row_with_too_few_or_too_many_cells_is_an_error() {
        let csv = "a,b,y\n1,5,0\n2,7,0\n".as_bytes();
        let table = Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
        let schema = Schema::infer(&table, &BTreeMap::new()).unwrap();
        let options = EncoderOptions::default();
        let (encoder, _) = Encoder::fit(&table, &schema, &["y"], &[0, 1], &options).unwrap();
        let rows = encoder.row_encoder();
        let cells = [Cell::Number(1.0); 3];
        for (count, column) in [(0, "a"), (1, "b"), (3, "b")] {
            let error = rows.encode(&cells[..count]).unwrap_err();
            assert_eq!(error.column, column);
            assert!(error.to_string().contains("for 2 columns"), "{error}");
        }
        assert_eq!(rows.encode(&cells[..2]).unwrap().len(), encoder.width());
    }
}
