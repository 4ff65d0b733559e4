//! Predictions for a table of any length, batch by batch.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use arrow_array::RecordBatch;
use backburn_preprocessing::{ColumnCounts, Predictions};
use backburn_table::{CellError, Skipped, TableError, TableReader, UnreadValues};

use crate::data_shift::DataShift;
use crate::error::Error;
use crate::predicted_rows::PredictedRows;
use crate::predictor::Predictor;
use crate::shift_finding::ShiftFinding;

/// Predicts the rows of a [`TableReader`] batch by batch, so that memory does not grow with the table.
///
/// ```no_run
/// use backburn::{PredictionStream, Predictor, ReadOptions, TableReader};
///
/// let predictor = Predictor::load("houses.safetensors")?;
/// let reader = TableReader::open("unsold.csv", &ReadOptions::default())?;
/// for batch in PredictionStream::new(&predictor, reader)? {
///     let batch = batch?;
///     for (row, label) in batch.rows.iter().zip(batch.predictions.labels()) {
///         println!("{row}: {label}");
///     }
/// }
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// By default, the first row that cannot be predicted is an error. See
/// [`skip_bad_rows`](Self::skip_bad_rows). After an error, the stream ends.
pub struct PredictionStream<'a> {
    predictor: &'a Predictor,
    reader: TableReader,
    /// The coverage of the intervals, if they are computed.
    coverage: Option<f64>,
    on_skipped: Option<OnSkipped<'a>>,
    numbers: RowNumbers,
    /// The current batch, and the indices of its rows in the table.
    batch: RecordBatch,
    batch_rows: Vec<usize>,
    /// The first row of the batch that is not predicted yet.
    start: usize,
    /// The number of rows to predict next, at most those that are predicted at once.
    wanted: usize,
    at_once: usize,
    predicted: usize,
    skipped: usize,
    shift: DataShift,
    failed: bool,
}

/// Gets the skipped rows.
type OnSkipped<'a> = Box<dyn FnMut(&TableReader, &Skipped) + 'a>;

impl<'a> PredictionStream<'a> {
    /// A stream of the predictions for all rows of the reader.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs.
    pub fn new(predictor: &'a Predictor, reader: TableReader) -> Result<Self, Error> {
        let schema = reader.schema();
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let encoder = &predictor.model().encoder;
        if let Some(lacking) = encoder.lacking(names()).first() {
            return Err(Error::from(reader.no_column(lacking)));
        }
        Ok(Self {
            predictor,
            batch: RecordBatch::new_empty(reader.schema()),
            reader,
            coverage: None,
            on_skipped: None,
            numbers: RowNumbers::default(),
            batch_rows: Vec::new(),
            start: 0,
            wanted: 0,
            at_once: predictor.rows_at_once(),
            predicted: 0,
            skipped: 0,
            shift: DataShift::default(),
            failed: false,
        })
    }

    /// Also computes prediction intervals with this coverage, a probability such as 0.9.
    ///
    /// # Errors
    ///
    /// The model does not support the coverage, or has no intervals.
    pub fn with_intervals(self, coverage: f64) -> Result<Self, Error> {
        let checked = self.predictor.model().target.check_coverage(coverage);
        checked.map_err(Error::Failed)?;
        Ok(Self {
            coverage: Some(coverage),
            ..self
        })
    }

    /// Skips the rows that cannot be predicted. `on_skipped` gets them, with the reader, whose
    /// [`location`](TableReader::location) says where the row is. The reader must skip bad rows too
    /// ([`ReadOptions::skip_bad_rows`](backburn_table::ReadOptions::skip_bad_rows)).
    pub fn skip_bad_rows(self, on_skipped: impl FnMut(&TableReader, &Skipped) + 'a) -> Self {
        Self {
            on_skipped: Some(Box::new(on_skipped)),
            ..self
        }
    }

    /// The number of rows predicted so far.
    pub fn rows(&self) -> usize {
        self.predicted
    }

    /// What was done about the layout of the table; complete after the last row.
    pub fn notes(&self) -> Vec<String> {
        self.reader.notes()
    }

    /// The number of rows skipped so far.
    pub fn skipped_rows(&self) -> usize {
        self.skipped
    }

    /// What is unlike training in the rows so far and in their predictions.
    pub fn unlike_training(&self) -> Vec<ShiftFinding> {
        let model = self.predictor.model();
        self.shift.findings(&model.encoder, &model.target)
    }

    /// Checks, after the last batch, that at least one row was predicted.
    ///
    /// # Errors
    ///
    /// The table has no rows, or all of them were skipped.
    pub fn check_not_empty(&self) -> Result<(), Error> {
        let reason = match (self.predicted, self.skipped) {
            (0, 0) => "the table has a header but no rows",
            (0, _) => "none of its rows can be predicted",
            _ => return Ok(()),
        };
        Err(Error::from(TableError::Unusable {
            name: self.reader.name().to_string(),
            reason: reason.to_string(),
        }))
    }

    /// The next predictions. `None` at the end of the table.
    fn advance(&mut self) -> Result<Option<PredictedRows>, Error> {
        loop {
            while self.start < self.batch.num_rows() {
                if let Some(predicted) = self.predict_part()? {
                    return Ok(Some(predicted));
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

    /// Predicts the next rows of the batch. `None` if there is a bad row among them.
    fn predict_part(&mut self) -> Result<Option<PredictedRows>, Error> {
        let left = self.batch.num_rows() - self.start;
        let part = self.batch.slice(self.start, self.wanted.min(left));
        let end = self.start + part.num_rows();
        match predict(self.predictor, &part, self.coverage) {
            Ok((predictions, intervals, counts, unread)) => {
                let rows = self.batch_rows[self.start..end].to_vec();
                self.predicted += rows.len();
                let target = &self.predictor.model().target;
                self.shift.add_rows(rows.len(), &counts);
                self.shift.add_unread(&unread);
                self.shift.add_predictions(&predictions, target);
                let further = self.wanted.saturating_mul(4).min(self.at_once);
                (self.start, self.wanted) = (end, further);
                Ok(Some(PredictedRows {
                    rows,
                    predictions,
                    intervals,
                    inputs: Some(part),
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

impl Iterator for PredictionStream<'_> {
    type Item = Result<PredictedRows, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let predicted = self.advance();
        self.failed = predicted.is_err();
        predicted.transpose()
    }
}

/// Predictions, intervals if they are computed, counts of what is in each column, and values that cannot be
/// read.
type Predicted = (
    Predictions,
    Option<Vec<[f64; 2]>>,
    Vec<ColumnCounts>,
    UnreadValues,
);

/// Predicts rows. An error has the index of the bad row.
fn predict(
    predictor: &Predictor,
    rows: &RecordBatch,
    coverage: Option<f64>,
) -> Result<Predicted, (usize, BadRow)> {
    let model = predictor.model();
    let bad = |error: CellError| (error.row, BadRow::Cell(error));
    let read = model.format.apply(rows).map_err(bad)?;
    let encoded = model.encoder.encode_batch(&read).map_err(bad)?;
    let mut unread = UnreadValues::default();
    unread.add(&model.format, rows, &read);
    let (predictions, intervals) = match coverage {
        None => (predictor.predict_encoded(encoded.numbers), None),
        Some(coverage) => predictor.predict_intervals(encoded.numbers, coverage),
    };
    match predictions.first_not_finite() {
        Some(row) => Err((row, BadRow::NotFinite)),
        None => Ok((predictions, intervals, encoded.counts, unread)),
    }
}

/// Why a row cannot be predicted.
enum BadRow {
    Cell(CellError),
    NotFinite,
}

impl BadRow {
    fn at(self, location: String) -> Error {
        match self {
            Self::Cell(error) => Error::from(TableError::Cell { location, error }),
            Self::NotFinite => Error::not_finite(&location),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(error) => error.fmt(f),
            Self::NotFinite => f.write_str("the prediction is not a finite number"),
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
