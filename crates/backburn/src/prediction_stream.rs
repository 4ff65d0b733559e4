//! Predictions for a table of any length, batch by batch.

use std::slice;

use backburn_table::{Skipped, TableReader};

use crate::error::Error;
use crate::predicted_rows::PredictedRows;
use crate::predictor::Predictor;
use crate::rows_report::RowsReport;
use crate::shift_finding::ShiftFinding;
use crate::target_stream::TargetStream;

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
    stream: TargetStream<'a>,
}

impl<'a> PredictionStream<'a> {
    /// A stream of the predictions for all rows of the reader.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs.
    pub fn new(predictor: &'a Predictor, reader: TableReader) -> Result<Self, Error> {
        let stream = TargetStream::new(slice::from_ref(predictor), reader)?;
        Ok(Self { stream })
    }

    /// Also computes prediction intervals with this coverage, a probability such as 0.9.
    ///
    /// # Errors
    ///
    /// The model does not support the coverage, or has no intervals.
    pub fn with_intervals(self, coverage: f64) -> Result<Self, Error> {
        let stream = self.stream.with_intervals(coverage)?;
        Ok(Self { stream })
    }

    /// Skips the rows that cannot be predicted. `on_skipped` gets them, with the reader, whose
    /// [`location`](TableReader::location) says where the row is. The reader must skip bad rows too
    /// ([`ReadOptions::skip_bad_rows`](backburn_table::ReadOptions::skip_bad_rows)).
    pub fn skip_bad_rows(self, on_skipped: impl FnMut(&TableReader, &Skipped) + 'a) -> Self {
        let stream = self.stream.skip_bad_rows(on_skipped);
        Self { stream }
    }

    /// The number of rows predicted so far.
    pub fn rows(&self) -> usize {
        self.stream.rows()
    }

    /// What was done about the layout of the table; complete after the last row.
    pub fn notes(&self) -> Vec<String> {
        self.stream.notes()
    }

    /// The number of rows skipped so far.
    pub fn skipped_rows(&self) -> usize {
        self.stream.skipped_rows()
    }

    /// How the rows so far and their predictions differ from the training data.
    pub fn unlike_training(&self) -> Vec<ShiftFinding> {
        self.stream.unlike_training()
    }

    /// What is known of the rows so far; complete after the last batch. `renamed` are the columns of
    /// [`PredictionWriter::renamed`](crate::PredictionWriter::renamed).
    pub fn report(&self, renamed: &[(String, String)]) -> RowsReport {
        self.stream.report(renamed)
    }

    /// Checks, after the last batch, that at least one row was predicted.
    ///
    /// # Errors
    ///
    /// The table has no rows, or all of them were skipped.
    pub fn check_not_empty(&self) -> Result<(), Error> {
        self.stream.check_not_empty()
    }
}

impl Iterator for PredictionStream<'_> {
    type Item = Result<PredictedRows, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.stream.next()? {
            Ok(predicted) => predicted.into_iter().next().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}
