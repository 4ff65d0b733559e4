//! Encodes the cells of one column into rows of numbers.

use backburn_table::{Cell, CellError, Column, ColumnKind};

use crate::category_index::CategoryIndex;
use crate::column_encoder::{ColumnEncoder, cell_value};

/// A column's encoder, ready to write cells into rows.
#[derive(Debug)]
pub(crate) struct ColumnWriter<'a> {
    pub encoder: &'a ColumnEncoder,
    /// The index of the column's first number in an encoded row.
    pub first: usize,
    /// Whether a missing value without an indicator is written as NaN, to be imputed later.
    marks_missing: bool,
    categories: CategoryIndex<'a>,
}

impl<'a> ColumnWriter<'a> {
    pub fn new(encoder: &'a ColumnEncoder, first: usize, marks_missing: bool) -> Self {
        let categories = CategoryIndex::new(match encoder {
            ColumnEncoder::OneHot { categories, .. }
            | ColumnEncoder::Embedding { categories, .. } => categories,
            _ => &[],
        });
        Self {
            encoder,
            first,
            marks_missing,
            categories,
        }
    }

    /// Writes the column into rows of `width` zeros, and returns the number of rows whose category
    /// was not seen in training.
    pub fn write_column(
        &self,
        column: &Column,
        numbers: &mut [f32],
        width: usize,
    ) -> Result<usize, CellError> {
        if let Some(data_type) = column.unreadable() {
            return Err(CellError {
                column: self.encoder.name().to_string(),
                row: 0,
                value: format!("a value of type {data_type}"),
                expected: self.encoder.kind().expected(),
            });
        }
        let mut unseen = 0;
        let rows = numbers.chunks_mut(width).enumerate();
        for ((row, numbers), cell) in rows.zip(column.cells()) {
            let seen = self.write(cell, &mut numbers[self.first..]);
            unseen += usize::from(!seen.map_err(|()| self.error(row, &cell))?);
        }
        Ok(unseen)
    }

    /// Writes a cell into a row of zeros, from the column's first number on. Returns whether its
    /// category was seen in training.
    ///
    /// # Errors
    ///
    /// The value is not of the column's kind.
    pub fn write(&self, cell: Cell, numbers: &mut [f32]) -> Result<bool, ()> {
        match self.encoder {
            ColumnEncoder::Numeric {
                edges, indicator, ..
            } => match cell_value(ColumnKind::Numeric, &cell)? {
                Some(value) => self.encoder.write_number(value, numbers),
                None if *indicator => numbers[edges.len().max(1)] = 1.0,
                None if self.marks_missing => numbers[0] = f32::NAN,
                None => self
                    .encoder
                    .write_default(&mut numbers[..edges.len().max(1)]),
            },
            ColumnEncoder::Boolean {
                scale, indicator, ..
            } => match cell_value(self.encoder.kind(), &cell)? {
                Some(value) => numbers[0] = scale.apply(value),
                None if *indicator => numbers[1] = 1.0,
                None if self.marks_missing => numbers[0] = f32::NAN,
                None => {}
            },
            ColumnEncoder::Date {
                parts, indicator, ..
            } => match cell_value(ColumnKind::Date, &cell)? {
                Some(seconds) => {
                    for (number, (part, scale)) in numbers.iter_mut().zip(parts) {
                        *number = scale.apply(part.of(seconds));
                    }
                }
                None if *indicator => numbers[parts.len()] = 1.0,
                None if self.marks_missing => numbers[..parts.len()].fill(f32::NAN),
                None => {}
            },
            ColumnEncoder::OneHot {
                categories,
                missing,
                ..
            } => match self.categories.get(&cell) {
                Some(category) => numbers[category] = 1.0,
                None if cell.without_missing_words() != Cell::Missing => return Ok(false),
                None if *missing => numbers[categories.len()] = 1.0,
                None => {}
            },
            ColumnEncoder::Embedding { .. } => match self.categories.get(&cell) {
                Some(category) => numbers[0] = (category + 1) as f32,
                None => return Ok(cell.without_missing_words() == Cell::Missing),
            },
        }
        Ok(true)
    }

    /// The error for a cell that is not of the column's kind.
    pub fn error(&self, row: usize, cell: &Cell) -> CellError {
        CellError {
            column: self.encoder.name().to_string(),
            row,
            value: cell.category().unwrap_or_default().into_owned(),
            expected: self.encoder.kind().expected(),
        }
    }
}
