//! Predictions for many small batches.

use arrow_array::RecordBatch;
use backburn_preprocessing::{BatchEncoder, Encoded, Predictions};
use backburn_table::{CellError, Column};

use crate::predictor::Predictor;

/// Predicts many small batches, each by the same steps as [`Predictor::predict`]; made by
/// [`Predictor::batches`]. A program that serves requests encodes the rows of each request, and predicts
/// those of several requests together: one pass of the networks takes less time than many.
///
/// ```no_run
/// use backburn::{Predictor, ReadOptions, TableReader};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let predictor = Predictor::load("houses.safetensors")?;
/// let batches = predictor.batches();
/// let mut encoded = Vec::new();
/// for file in ["a.csv", "b.csv"] {
///     for batch in TableReader::open(file, &ReadOptions::default())? {
///         encoded.push((batches.encode(&batch?)?, Some(0.9)));
///     }
/// }
/// for (predictions, intervals) in batches.predict(encoded) {
///     println!("{} rows: {intervals:?}", predictions.rows());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BatchPredictor<'a> {
    predictor: &'a Predictor,
    encoder: BatchEncoder<'a>,
}

impl Predictor {
    /// Prepares the prediction of many small batches.
    pub fn batches(&self) -> BatchPredictor<'_> {
        BatchPredictor {
            predictor: self,
            encoder: self.model().encoder.batch_encoder(),
        }
    }
}

impl BatchPredictor<'_> {
    /// The predictor.
    pub fn predictor(&self) -> &Predictor {
        self.predictor
    }

    /// Encodes the rows of a record batch with the column types that
    /// [`TableReader`](backburn_table::TableReader) returns, and counts what is unlike training. A column that
    /// the batch lacks counts as missing; see
    /// [`Encoder::lacking`](backburn_preprocessing::Encoder::lacking).
    ///
    /// # Errors
    ///
    /// A value is not of its column's kind. The row of the error is counted within the batch.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Encoded, CellError> {
        let read = self.predictor.model().format.apply(batch)?;
        self.encoder.encode(&read)
    }

    /// The values of a record batch for which [`encode`](Self::encode) returns an error, column by column, at
    /// most `limit`. Rows are counted within the batch.
    pub fn wrong_cells(&self, batch: &RecordBatch, limit: usize) -> Vec<CellError> {
        let model = self.predictor.model();
        let mut wrong = Vec::new();
        for encoder in &model.encoder.columns {
            let name = encoder.name();
            let Some(array) = batch.column_by_name(name) else {
                continue;
            };
            for (row, cell) in Column::new([array]).cells().enumerate() {
                if wrong.len() >= limit {
                    return wrong;
                }
                let error = match model.format.cell(name, cell) {
                    Ok(read) if encoder.accepts(&read) => continue,
                    Ok(read) => CellError {
                        column: name.to_string(),
                        row,
                        value: read.category().unwrap_or_default().into_owned(),
                        expected: encoder.expected(),
                    },
                    Err(error) => CellError { row, ..error },
                };
                wrong.push(error);
            }
        }
        wrong
    }

    /// Predicts several batches in one pass of the networks: for each its [encoded](Self::encode) rows, and the coverage of
    /// its prediction intervals if they are wanted. The prediction for a row
    /// does not depend on the other rows. Intervals are `None` where they are not wanted, or where
    /// [`Target::check_coverage`](backburn_preprocessing::Target::check_coverage) is an error.
    pub fn predict(
        &self,
        batches: Vec<(Encoded, Option<f64>)>,
    ) -> Vec<(Predictions, Option<Vec<[f64; 2]>>)> {
        let model = self.predictor.model();
        let width = model.encoder.width().max(1);
        let outputs_of_row = model.config.outputs;
        let wanted = batches.iter().map(|(encoded, coverage)| {
            let widening = match coverage {
                Some(_) => model.target.widening(&model.encoder, encoded),
                None => Vec::new(),
            };
            (encoded.numbers.len() / width, *coverage, widening)
        });
        let wanted: Vec<(usize, Option<f64>, Vec<f64>)> = wanted.collect();
        let numbers = batches.into_iter().map(|(encoded, _)| encoded.numbers);
        let mut numbers: Vec<Vec<f32>> = numbers.collect();
        let all = match numbers.len() {
            1 => numbers.swap_remove(0),
            _ => numbers.concat(),
        };
        let outputs = self.predictor.outputs(&all);
        let mut rest = outputs.as_slice();
        let predicted = wanted.into_iter().map(|(rows, coverage, widening)| {
            let (outputs, further) = rest.split_at(rows * outputs_of_row);
            rest = further;
            let target = &model.target;
            let intervals = coverage
                .and_then(|coverage| target.widened_intervals(outputs, coverage, &widening));
            (target.predictions(outputs, outputs_of_row), intervals)
        });
        predicted.collect()
    }
}
