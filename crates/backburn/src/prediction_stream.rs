//! Predictions for a table of any length, batch by batch.

use arrow_array::RecordBatch;
use backburn_preprocessing::ColumnCounts;
use backburn_table::{CellError, Skipped, TableReader, UnreadValues};

use crate::data_shift::DataShift;
use crate::error::Error;
use crate::predicted_rows::PredictedRows;
use crate::predictor::{AllPredictions, Predictor};
use crate::row_stream::{BadRow, Part, RowStream};
use crate::rows_report::RowsReport;
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
    rows: RowStream<'a>,
    /// The coverage of the intervals, if they are computed.
    coverage: Option<f64>,
    shift: DataShift,
}

impl<'a> PredictionStream<'a> {
    /// A stream of the predictions for all rows of the reader.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs.
    pub fn new(predictor: &'a Predictor, reader: TableReader) -> Result<Self, Error> {
        let encoder = &predictor.model().encoder;
        Ok(Self {
            rows: RowStream::new(reader, encoder, predictor.rows_at_once())?,
            predictor,
            coverage: None,
            shift: DataShift::default(),
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
            rows: self.rows.skip_bad_rows(on_skipped),
            ..self
        }
    }

    /// The number of rows predicted so far.
    pub fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// What was done about the layout of the table; complete after the last row.
    pub fn notes(&self) -> Vec<String> {
        self.rows.notes()
    }

    /// The number of rows skipped so far.
    pub fn skipped_rows(&self) -> usize {
        self.rows.skipped_rows()
    }

    /// How the rows so far and their predictions differ from the training data.
    pub fn unlike_training(&self) -> Vec<ShiftFinding> {
        let model = self.predictor.model();
        self.shift.findings(&model.encoder, &model.target)
    }

    /// What is known of the rows so far; complete after the last batch. `renamed` are the columns of
    /// [`PredictionWriter::renamed`](crate::PredictionWriter::renamed).
    pub fn report(&self, renamed: &[(String, String)]) -> RowsReport {
        RowsReport::of_stream(&self.rows, self.unlike_training(), renamed)
    }

    /// Checks, after the last batch, that at least one row was predicted.
    ///
    /// # Errors
    ///
    /// The table has no rows, or all of them were skipped.
    pub fn check_not_empty(&self) -> Result<(), Error> {
        let reason = "none of its rows can be predicted";
        self.rows.check_not_empty(reason)
    }

    /// Counts what is unlike training in predicted rows, and returns them.
    fn counted(&mut self, part: Part<Predicted>) -> PredictedRows {
        let (all, counts, unread) = part.result;
        let target = &self.predictor.model().target;
        self.shift.add_rows(part.rows.len(), &counts);
        self.shift.add_unread(&unread);
        self.shift.add_predictions(&all.predictions, target);
        PredictedRows {
            rows: part.rows,
            predictions: all.predictions,
            intervals: all.intervals,
            quantiles: all.quantiles,
            inputs: Some(part.inputs),
        }
    }
}

impl Iterator for PredictionStream<'_> {
    type Item = Result<PredictedRows, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (predictor, coverage) = (self.predictor, self.coverage);
        let compute = |rows: &RecordBatch| predict(predictor, rows, coverage);
        let part = self.rows.next_part(compute)?;
        Some(part.map(|part| self.counted(part)))
    }
}

/// Predictions, counts of what is in each column, and values that cannot be read.
type Predicted = (AllPredictions, Vec<ColumnCounts>, UnreadValues);

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
    let all = predictor.predict_all(encoded.numbers, coverage);
    match all.predictions.first_not_finite() {
        Some(row) => Err((row, BadRow::NotFinite("prediction"))),
        None => Ok((all, encoded.counts, unread)),
    }
}
