//! Encodes the cells of one column into rows of numbers.

use backburn_table::{Cell, CellError, Column};

use crate::category_index::CategoryIndex;
use crate::column_counts::ColumnCounts;
use crate::column_encoder::{ColumnEncoder, cell_value, log_exposure};
use crate::column_profile::ValueProfile;

/// A column's encoder, ready to write cells into rows.
#[derive(Debug)]
pub(crate) struct ColumnWriter<'a> {
    pub encoder: &'a ColumnEncoder,
    /// The index of the column's first number in an encoded row.
    pub first: usize,
    /// Whether a missing value without an indicator is written as NaN, to be imputed later.
    marks_missing: bool,
    /// The values of the training rows, if they are known.
    training: Option<&'a ValueProfile>,
    categories: CategoryIndex<'a>,
}

impl<'a> ColumnWriter<'a> {
    pub fn new(
        encoder: &'a ColumnEncoder,
        first: usize,
        marks_missing: bool,
        training: Option<&'a ValueProfile>,
    ) -> Self {
        let categories = CategoryIndex::new(match encoder {
            ColumnEncoder::OneHot { categories, .. }
            | ColumnEncoder::Embedding { categories, .. } => categories,
            _ => &[],
        });
        Self {
            encoder,
            first,
            marks_missing,
            training,
            categories,
        }
    }

    /// Writes the column into rows of `width` zeros, and counts what it has. `on_missing` gets each row that has no value.
    pub fn write_column(
        &self,
        column: &Column,
        numbers: &mut [f32],
        width: usize,
        mut on_missing: impl FnMut(usize),
    ) -> Result<ColumnCounts, CellError> {
        if let Some(holds) = column.unreadable() {
            return Err(CellError {
                column: self.encoder.name().to_string(),
                row: 0,
                value: format!("a column of {holds}"),
                expected: self.encoder.expected(),
            });
        }
        let mut counts = ColumnCounts::default();
        let rows = numbers.chunks_mut(width).enumerate();
        for ((row, numbers), cell) in rows.zip(column.cells()) {
            let missing = counts.missing;
            let written = self.write(cell, &mut numbers[self.first..], &mut counts);
            written.map_err(|()| self.error(row, &cell))?;
            if counts.missing > missing {
                on_missing(row);
            }
        }
        Ok(counts)
    }

    /// Writes a cell into a row of zeros, from the column's first number on, and counts it.
    ///
    /// # Errors
    ///
    /// The value is not of the column's kind.
    pub fn write(
        &self,
        cell: Cell,
        numbers: &mut [f32],
        counts: &mut ColumnCounts,
    ) -> Result<(), ()> {
        match self.encoder {
            ColumnEncoder::OneHot { .. } | ColumnEncoder::Embedding { .. } => {
                self.write_category(&cell, numbers, counts);
            }
            ColumnEncoder::Exposure { .. } => {
                numbers[0] = log_exposure(&cell).ok_or(())?;
                counts.add_value(cell.number().unwrap_or(1.0), self.training);
            }
            ColumnEncoder::Trend { .. } => {
                let time = self.encoder.time(&cell).ok_or(())?;
                numbers[0] = self.encoder.trend_at(time);
                // Times after those of training are what a trend is for.
                counts.add_value(time, None);
            }
            _ => match cell_value(self.encoder.kind(), &cell)? {
                Some(value) => {
                    counts.add_value(value, self.training);
                    self.write_value(value, numbers);
                }
                None => {
                    counts.missing += 1;
                    self.write_missing(numbers);
                }
            },
        }
        Ok(())
    }

    fn write_value(&self, value: f64, numbers: &mut [f32]) {
        match self.encoder {
            ColumnEncoder::Boolean { scale, .. } => numbers[0] = scale.apply(value),
            ColumnEncoder::Date { parts, .. } => {
                for (number, (part, scale)) in numbers.iter_mut().zip(parts) {
                    *number = scale.apply(part.of(value));
                }
            }
            encoder => encoder.write_number(value, numbers),
        }
    }

    /// Writes a missing number, boolean or date.
    pub fn write_missing(&self, numbers: &mut [f32]) {
        match self.encoder {
            ColumnEncoder::Numeric {
                edges, indicator, ..
            } => match edges.len().max(1) {
                width if *indicator => numbers[width] = 1.0,
                _ if self.marks_missing => numbers[0] = f32::NAN,
                width => self.encoder.write_default(&mut numbers[..width]),
            },
            ColumnEncoder::Boolean { indicator, .. } => match () {
                () if *indicator => numbers[1] = 1.0,
                () if self.marks_missing => numbers[0] = f32::NAN,
                () => {}
            },
            ColumnEncoder::Date {
                parts, indicator, ..
            } => match () {
                () if *indicator => numbers[parts.len()] = 1.0,
                () if self.marks_missing => numbers[..parts.len()].fill(f32::NAN),
                () => {}
            },
            _ => {}
        }
    }

    fn write_category(&self, cell: &Cell, numbers: &mut [f32], counts: &mut ColumnCounts) {
        let category = self.categories.get(cell);
        if category.is_none() {
            match cell.without_missing_words() {
                Cell::Missing => counts.missing += 1,
                _ => counts.unseen += 1,
            }
        }
        match (self.encoder, category) {
            (ColumnEncoder::Embedding { .. }, Some(category)) => {
                numbers[0] = (category + 1) as f32;
            }
            (ColumnEncoder::OneHot { .. }, Some(category)) => numbers[category] = 1.0,
            (
                ColumnEncoder::OneHot {
                    categories,
                    missing: true,
                    ..
                },
                None,
            ) if cell.without_missing_words() == Cell::Missing => numbers[categories.len()] = 1.0,
            _ => {}
        }
    }

    /// The error for a cell that is not of the column's kind.
    pub fn error(&self, row: usize, cell: &Cell) -> CellError {
        CellError {
            column: self.encoder.name().to_string(),
            row,
            value: cell.category().unwrap_or_default().into_owned(),
            expected: self.encoder.expected(),
        }
    }
}
