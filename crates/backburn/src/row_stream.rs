//! The rows of a table of any length, part by part, without those for which nothing can be computed.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use arrow_array::RecordBatch;
use backburn_preprocessing::Encoder;
use backburn_table::{CellError, Skipped, TableError, TableReader};

use crate::error::Error;

/// The rows of a [`TableReader`], part by part. A caller computes something for each part; rows for which that
/// fails are an error, or are skipped.
pub(crate) struct RowStream<'a> {
    reader: TableReader,
    on_skipped: Option<OnSkipped<'a>>,
    numbers: RowNumbers,
    /// The current batch, and the indices of its rows in the table.
    batch: RecordBatch,
    batch_rows: Vec<usize>,
    /// The first row of the batch that is not done yet.
    start: usize,
    /// The number of rows to take next, and the largest number of rows in a part.
    wanted: usize,
    at_once: usize,
    /// The numbers of rows that were computed and skipped so far.
    done: usize,
    skipped: usize,
    failed: bool,
}

/// Called with the skipped rows.
type OnSkipped<'a> = Box<dyn FnMut(&TableReader, &Skipped) + 'a>;

/// Consecutive rows, and what was computed for them.
pub(crate) struct Part<T> {
    /// The indices of the rows in the table, from 0.
    pub rows: Vec<usize>,
    /// The rows as they were read.
    pub inputs: RecordBatch,
    pub result: T,
}

/// The number of rows whose encoded numbers take little memory: all but those of a wide encoding are many.
pub(crate) fn encoded_at_once(encoder: &Encoder) -> usize {
    const NUMBERS: usize = 1 << 22;
    (NUMBERS / encoder.width().max(1)).max(1)
}

impl<'a> RowStream<'a> {
    /// A stream of all rows of the reader, at most `at_once` in a part, and fewer if they are wide.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the encoder needs.
    pub fn new(reader: TableReader, encoder: &Encoder, at_once: usize) -> Result<Self, Error> {
        let schema = reader.schema();
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        if let Some(lacking) = encoder.lacking(names()).first() {
            return Err(Error::from(reader.no_column(lacking)));
        }
        Ok(Self {
            batch: RecordBatch::new_empty(reader.schema()),
            reader,
            on_skipped: None,
            numbers: RowNumbers::default(),
            batch_rows: Vec::new(),
            start: 0,
            wanted: 0,
            at_once: at_once.min(encoded_at_once(encoder)).max(1),
            done: 0,
            skipped: 0,
            failed: false,
        })
    }

    /// Skips bad rows, and calls `on_skipped` with them.
    pub fn skip_bad_rows(self, on_skipped: impl FnMut(&TableReader, &Skipped) + 'a) -> Self {
        Self {
            on_skipped: Some(Box::new(on_skipped)),
            ..self
        }
    }

    /// The number of rows done so far.
    pub fn rows(&self) -> usize {
        self.done
    }

    /// The number of rows skipped so far.
    pub fn skipped_rows(&self) -> usize {
        self.skipped
    }

    /// What was done about the layout of the table; complete after the last row.
    pub fn notes(&self) -> Vec<String> {
        self.reader.notes()
    }

    /// Checks, after the last part, that there was at least one row. `none_of_them` says what is wrong if all
    /// rows were skipped.
    pub fn check_not_empty(&self, none_of_them: &str) -> Result<(), Error> {
        let reason = match (self.done, self.skipped) {
            (0, 0) => "the table has a header but no rows",
            (0, _) => none_of_them,
            _ => return Ok(()),
        };
        Err(Error::from(TableError::Unusable {
            name: self.reader.name().to_string(),
            reason: reason.to_string(),
        }))
    }

    /// The next part. `compute` gets some rows, and returns its result, or the index of a bad row among them. `None` at
    /// the end of the table and after an error.
    pub fn next_part<T>(
        &mut self,
        compute: impl FnMut(&RecordBatch) -> Result<T, (usize, BadRow)>,
    ) -> Option<Result<Part<T>, Error>> {
        if self.failed {
            return None;
        }
        let part = self.advance(compute);
        self.failed = part.is_err();
        part.transpose()
    }

    fn advance<T>(
        &mut self,
        mut compute: impl FnMut(&RecordBatch) -> Result<T, (usize, BadRow)>,
    ) -> Result<Option<Part<T>>, Error> {
        loop {
            while self.start < self.batch.num_rows() {
                if let Some(part) = self.compute_part(&mut compute)? {
                    return Ok(Some(part));
                }
            }
            if !self.read_batch()? {
                return Ok(None);
            }
        }
    }

    /// Reads the next batch. `false` at the end of the table.
    fn read_batch(&mut self) -> Result<bool, Error> {
        let batch = self.reader.next().transpose()?;
        for skipped in self.reader.skipped() {
            self.numbers.skip(skipped.rows.clone());
            self.report(&skipped);
        }
        let Some(batch) = batch else {
            return Ok(false);
        };
        self.batch_rows = self.numbers.next(batch.num_rows());
        (self.start, self.wanted) = (0, batch.num_rows().min(self.at_once));
        self.batch = batch;
        Ok(true)
    }

    /// Computes the result of the next rows of the batch. `None` if there is a bad row among them, which is skipped,
    /// or tried again with fewer rows around it.
    fn compute_part<T>(
        &mut self,
        compute: &mut impl FnMut(&RecordBatch) -> Result<T, (usize, BadRow)>,
    ) -> Result<Option<Part<T>>, Error> {
        let left = self.batch.num_rows() - self.start;
        let part = self.batch.slice(self.start, self.wanted.min(left));
        let end = self.start + part.num_rows();
        match compute(&part) {
            Ok(result) => {
                let rows = self.batch_rows[self.start..end].to_vec();
                self.done += rows.len();
                let further = self.wanted.saturating_mul(4).min(self.at_once);
                (self.start, self.wanted) = (end, further);
                Ok(Some(Part {
                    rows,
                    inputs: part,
                    result,
                }))
            }
            Err((row, error)) if self.on_skipped.is_none() => {
                let row = self.batch_rows[self.start + row];
                Err(error.at(self.reader.location(row)))
            }
            // The part becomes smaller until the bad row is alone.
            Err(_) if part.num_rows() > 1 => {
                self.wanted = (part.num_rows() / 4).max(1);
                Ok(None)
            }
            Err((_, error)) => {
                let row = self.batch_rows[self.start];
                self.report(&Skipped {
                    rows: row..row + 1,
                    reason: error.to_string(),
                });
                self.start += 1;
                Ok(None)
            }
        }
    }

    fn report(&mut self, skipped: &Skipped) {
        self.skipped += skipped.rows.len();
        if let Some(on_skipped) = &mut self.on_skipped {
            on_skipped(&self.reader, skipped);
        }
    }
}

/// Why nothing can be computed for a row.
pub(crate) enum BadRow {
    /// A value is not of its column's kind.
    Cell(CellError),
    /// The result has numbers that are not finite. Holds what the result is, such as `prediction`.
    NotFinite(&'static str),
}

impl BadRow {
    fn at(self, location: String) -> Error {
        match self {
            Self::Cell(error) => Error::from(TableError::Cell { location, error }),
            Self::NotFinite(what) => Error::not_finite_result(what, &location),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(error) => fmt::Display::fmt(error, f),
            Self::NotFinite(what) => write!(f, "the {what} is not a finite number"),
        }
    }
}

/// The indices of rows in the table, from 0, when the reader skips some rows.
#[derive(Default)]
struct RowNumbers {
    next: usize,
    /// Rows that the reader skipped after the rows that it has returned so far, in rising order.
    ahead: VecDeque<Range<usize>>,
}

impl RowNumbers {
    /// The indices of the next rows that the reader returns.
    fn next(&mut self, rows: usize) -> Vec<usize> {
        let mut numbers = Vec::with_capacity(rows);
        while numbers.len() < rows {
            let skipped = self.ahead.front().cloned();
            let end = skipped.as_ref().map_or(usize::MAX, |skipped| skipped.start);
            let left = rows - numbers.len();
            let count = left.min(end.saturating_sub(self.next));
            numbers.extend(self.next..self.next + count);
            self.next += count;
            if let Some(skipped) = skipped.filter(|skipped| skipped.start <= self.next) {
                self.next = self.next.max(skipped.end);
                self.ahead.pop_front();
            }
        }
        numbers
    }

    fn skip(&mut self, rows: Range<usize>) {
        self.ahead.push_back(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_rows_keep_their_numbers() {
        let mut numbers = RowNumbers::default();
        numbers.skip(1..2);
        numbers.skip(4..5);
        assert_eq!(numbers.next(2), [0, 2]);
        assert_eq!(numbers.next(3), [3, 5, 6]);
        numbers.skip(7..9);
        numbers.skip(9..10);
        assert_eq!(numbers.next(0), [0; 0]);
        assert_eq!(numbers.next(2), [10, 11]);
        numbers.skip(13..1_000_000_000);
        assert_eq!(numbers.next(2), [12, 1_000_000_000]);
    }
}
