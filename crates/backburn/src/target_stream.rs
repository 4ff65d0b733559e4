//! Predictions of one or several targets for a table of any length, batch by batch.

use arrow_array::RecordBatch;
use backburn_preprocessing::{ColumnCounts, Encoded};
use backburn_table::{CellError, Skipped, TableReader, UnreadValues};

use crate::data_shift::DataShift;
use crate::error::Error;
use crate::predicted_rows::PredictedRows;
use crate::predictor::{AllPredictions, Predictor};
use crate::row_stream::{BadRow, Part, RowStream};
use crate::rows_report::RowsReport;
use crate::shift_finding::ShiftFinding;

/// Predicts the rows of a [`TableReader`] batch by batch with the models of several targets of one file
/// ([`SavedTargets`](crate::SavedTargets)), or with the model of a single target. Rows are read and encoded once.
///
/// ```no_run
/// use backburn::{Device, Predictor, ReadOptions, SavedTargets, TableReader, TargetStream};
///
/// let device = Device::default();
/// let models = SavedTargets::load("houses.safetensors", &device)?.into_models();
/// let predictors: Vec<Predictor> = models.into_iter().map(|model| Predictor::new(model, &device)).collect();
/// let reader = TableReader::open("unsold.csv", &ReadOptions::default())?;
/// for batch in TargetStream::new(&predictors, reader)? {
///     for (predictor, predicted) in predictors.iter().zip(batch?) {
///         println!("{}: {:?}", predictor.model().target.column(), predicted.predictions.labels());
///     }
/// }
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// By default, the first row that cannot be predicted is an error. See
/// [`skip_bad_rows`](Self::skip_bad_rows). After an error, the stream ends.
pub struct TargetStream<'a> {
    /// At least one.
    predictors: &'a [Predictor],
    rows: RowStream<'a>,
    /// The coverage of the intervals, if they are computed.
    coverage: Option<f64>,
    /// For each predictor.
    shifts: Vec<DataShift>,
}

impl<'a> TargetStream<'a> {
    /// A stream of the predictions for all rows of the reader. The predictors are those of the targets of one file.
    ///
    /// # Errors
    ///
    /// There is no predictor, the table lacks a column that the model needs, or a part of the predictions does not fit
    /// into memory.
    pub fn new(predictors: &'a [Predictor], reader: TableReader) -> Result<Self, Error> {
        let Some(first) = predictors.first() else {
            return Err(Error::Failed(
                "there is no model to predict with".to_string(),
            ));
        };
        #[cfg(feature = "train")]
        {
            let outputs = predictors.iter().map(|of| of.model().config.outputs);
            crate::memory::room_to_predict(reader.name(), outputs.sum())?;
        }
        let rows_at_once = predictors.iter().map(Predictor::rows_at_once);
        let rows_at_once = rows_at_once.min().unwrap_or(1);
        Ok(Self {
            rows: RowStream::new(reader, &first.model().encoder, rows_at_once)?,
            predictors,
            coverage: None,
            shifts: vec![DataShift::default(); predictors.len()],
        })
    }

    /// Checks that at least one of the targets has prediction intervals with a coverage.
    ///
    /// # Errors
    ///
    /// Why the first one has none.
    pub fn check_coverage(predictors: &[Predictor], coverage: f64) -> Result<(), String> {
        let targets = predictors.iter().map(|predictor| &predictor.model().target);
        let mut checked = targets.map(|target| target.check_coverage(coverage));
        let first = checked.next().unwrap_or(Ok(()));
        first.or_else(|reason| match checked.any(|checked| checked.is_ok()) {
            true => Ok(()),
            false => Err(reason),
        })
    }

    /// Also computes prediction intervals with this coverage, a probability such as 0.9, for the targets that have
    /// intervals.
    ///
    /// # Errors
    ///
    /// No model supports the coverage, or has intervals.
    pub fn with_intervals(self, coverage: f64) -> Result<Self, Error> {
        Self::check_coverage(self.predictors, coverage).map_err(Error::Failed)?;
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

    /// What is unlike training in the rows so far and in their predictions.
    pub fn unlike_training(&self) -> Vec<ShiftFinding> {
        let mut all = Vec::new();
        for (predictor, shift) in self.predictors.iter().zip(&self.shifts) {
            let model = predictor.model();
            for finding in shift.findings(&model.encoder, &model.target) {
                if !all.contains(&finding) {
                    all.push(finding);
                }
            }
        }
        all
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
    fn counted(&mut self, part: Part<Predicted>) -> Vec<PredictedRows> {
        let Part {
            rows,
            inputs,
            result: (all, counts, unread),
        } = part;
        let predicted = all.into_iter().zip(self.predictors).zip(&mut self.shifts);
        let predicted = predicted.map(|((all, predictor), shift)| {
            shift.add_rows(rows.len(), &counts);
            shift.add_unread(&unread);
            shift.add_predictions(&all.predictions, &predictor.model().target);
            PredictedRows {
                rows: rows.clone(),
                predictions: all.predictions,
                intervals: all.intervals,
                quantiles: all.quantiles,
                inputs: Some(inputs.clone()),
            }
        });
        predicted.collect()
    }
}

impl Iterator for TargetStream<'_> {
    /// The predictions of each predictor.
    type Item = Result<Vec<PredictedRows>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (predictors, coverage) = (self.predictors, self.coverage);
        let compute = |rows: &RecordBatch| predict(predictors, rows, coverage);
        let part = self.rows.next_part(compute)?;
        Some(part.map(|part| self.counted(part)))
    }
}

/// The predictions of each predictor, counts of what is in each column, and values that cannot be read.
type Predicted = (Vec<AllPredictions>, Vec<ColumnCounts>, UnreadValues);

/// Predicts rows. An error has the index of the bad row.
fn predict(
    predictors: &[Predictor],
    rows: &RecordBatch,
    coverage: Option<f64>,
) -> Result<Predicted, (usize, BadRow)> {
    let bad = |error: CellError| (error.row, BadRow::Cell(error));
    let Some((last, others)) = predictors.split_last() else {
        return Ok((Vec::new(), Vec::new(), UnreadValues::default()));
    };
    let model = last.model();
    let read = model.format.apply(rows).map_err(bad)?;
    let encoded = model.encoder.encode_batch(&read).map_err(bad)?;
    let widening = |predictor: &Predictor, encoded: &Encoded| {
        let model = predictor.model();
        model.target.widening(&model.encoder, encoded)
    };
    let mut unread = UnreadValues::default();
    unread.add(&model.format, rows, &read);
    let others = others.iter();
    let mut all: Vec<AllPredictions> = others
        .map(|predictor| {
            let widening = widening(predictor, &encoded);
            predictor.predict_all(encoded.numbers.clone(), coverage, &widening)
        })
        .collect();
    let widening = widening(last, &encoded);
    all.push(last.predict_all(encoded.numbers, coverage, &widening));
    let mut bad_rows = all
        .iter()
        .filter_map(|all| all.predictions.first_not_finite());
    match bad_rows.next() {
        Some(row) => Err((row, BadRow::NotFinite("prediction"))),
        None => Ok((all, encoded.counts, unread)),
    }
}
