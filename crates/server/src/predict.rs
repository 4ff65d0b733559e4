//! The prediction of requests: of small ones together, and of large ones batch by batch.

use arrow_array::RecordBatch;
use backburn::{
    BatchPredictor, CellError, ColumnCounts, Encoded, Error, PredictedRows, Predictions, SavedModel,
};

use crate::answer::{Answer, AnswerFormat, AnswerWriter};
use crate::columns::output_names;
use crate::config::Limits;
use crate::metrics::Metrics;
use crate::model_name::ModelName;
use crate::problem::{MAX_ERRORS, Problem};
use crate::request::{Opened, PredictRequest};
use crate::rows::RowLimits;

/// Numbers that the answer to a request may have, at most: a model of many classes has many for each row.
const MAX_NUMBERS: usize = 10_000_000;
/// Numbers of encoded rows and of outputs that are computed in one pass, about.
const PASS_NUMBERS: usize = 1 << 20;

/// What predicts: a model, and where it counts.
pub(crate) struct Prediction<'a> {
    pub batches: BatchPredictor<'a>,
    pub name: &'a ModelName,
    pub metrics: &'a Metrics,
    pub limits: &'a Limits,
}

/// A request whose rows are encoded.
struct EncodedRequest {
    rows: Encoded,
    coverage: Option<f64>,
    format: AnswerFormat,
}

impl Prediction<'_> {
    pub fn model(&self) -> &SavedModel {
        self.batches.predictor().model()
    }

    /// The limits of a request's rows.
    pub fn row_limits(&self, rows: usize) -> RowLimits {
        RowLimits {
            rows: rows
                .min(MAX_NUMBERS / self.model().config.outputs.max(1))
                .max(1),
            body: self.limits.body,
        }
    }

    /// Predicts small requests together. `answer` gets the answer to each, by its index.
    pub fn together(
        &self,
        requests: &mut [PredictRequest],
        mut answer: impl FnMut(usize, Result<Answer, Problem>),
    ) {
        let limits = self.row_limits(self.limits.rows);
        let of_row = self
            .model()
            .encoder
            .width()
            .max(self.model().config.outputs);
        let mut pass: Vec<(usize, EncodedRequest)> = Vec::new();
        let mut numbers = 0;
        for (index, request) in requests.iter_mut().enumerate() {
            match self.encoded(request, limits) {
                Ok(encoded) => {
                    numbers += encoded.rows.rows * of_row;
                    pass.push((index, encoded));
                }
                Err(problem) => answer(index, Err(problem)),
            }
            if numbers >= PASS_NUMBERS {
                numbers = 0;
                self.pass(std::mem::take(&mut pass), &mut answer);
            }
        }
        if !pass.is_empty() {
            self.pass(pass, &mut answer);
        }
    }

    /// Predicts encoded requests in one pass of the networks.
    fn pass(
        &self,
        pass: Vec<(usize, EncodedRequest)>,
        answer: &mut impl FnMut(usize, Result<Answer, Problem>),
    ) {
        let (mut batches, mut formats) = (Vec::new(), Vec::new());
        let mut rows = 0;
        for (index, encoded) in pass {
            rows += encoded.rows.rows;
            batches.push((encoded.rows, encoded.coverage));
            formats.push((index, encoded.format));
        }
        let predicted = self.batches.predict(batches);
        self.metrics.predicted(&self.name.name, rows);
        for ((index, format), (predictions, intervals)) in formats.into_iter().zip(predicted) {
            let mut writer = AnswerWriter::new(format, self.name);
            let written = write(&mut writer, predictions, intervals, 0);
            answer(index, written.and_then(|()| finished(writer)));
        }
    }

    fn encoded(
        &self,
        request: &mut PredictRequest,
        limits: RowLimits,
    ) -> Result<EncodedRequest, Problem> {
        let Opened {
            rows: batches,
            coverage,
            format,
        } = self.open(request, limits)?;
        let mut rows = Encoded::default();
        for batch in batches {
            let batch = batch?;
            rows.extend(self.encode(&batch, rows.rows)?);
        }
        self.count(&rows.counts);
        Ok(EncodedRequest {
            rows,
            coverage,
            format,
        })
    }

    /// Predicts a request alone, batch by batch.
    pub fn alone(&self, request: &mut PredictRequest) -> Result<Answer, Problem> {
        let Opened {
            rows: batches,
            coverage,
            format,
        } = self.open(request, self.row_limits(self.limits.rows))?;
        let mut writer = AnswerWriter::new(format, self.name);
        let mut rows = 0;
        for batch in batches {
            let batch = batch?;
            self.write(&mut writer, &batch, rows, coverage)?;
            rows += batch.num_rows();
        }
        finished(writer)
    }

    /// Opens a request, and checks that the model has what it asks for.
    pub fn open(&self, request: &mut PredictRequest, limits: RowLimits) -> Result<Opened, Problem> {
        let model = self.model();
        let opened = request.open(&model.encoder, limits)?;
        if let Some(coverage) = opened.coverage {
            let checked = model.target.check_coverage(coverage);
            checked.map_err(|reason| Problem::malformed(format!("`interval`: {reason}")))?;
        }
        if let AnswerFormat::Tensors(answer) = &opened.format {
            answer.check(&output_names(model, opened.coverage.is_some()))?;
        }
        Ok(opened)
    }

    /// Predicts a batch and writes its predictions. `before` rows of the request came before it.
    pub fn write(
        &self,
        writer: &mut AnswerWriter,
        batch: &RecordBatch,
        before: usize,
        coverage: Option<f64>,
    ) -> Result<(), Problem> {
        let encoded = self.encode(batch, before)?;
        self.count(&encoded.counts);
        let predicted = self.batches.predict(vec![(encoded, coverage)]);
        self.metrics.predicted(&self.name.name, batch.num_rows());
        for (predictions, intervals) in predicted {
            write(writer, predictions, intervals, before)?;
        }
        Ok(())
    }

    fn encode(&self, batch: &RecordBatch, before: usize) -> Result<Encoded, Problem> {
        self.batches.encode(batch).map_err(|first| {
            let mut wrong = self.batches.wrong_cells(batch, MAX_ERRORS);
            if wrong.is_empty() {
                wrong.push(first);
            }
            wrong.sort_by_key(|error| error.row);
            let wrong = wrong.into_iter().map(|error| CellError {
                row: before + error.row,
                ..error
            });
            Problem::wrong_values(wrong.collect())
        })
    }

    fn count(&self, counts: &[ColumnCounts]) {
        self.metrics
            .add_counts(&self.name.name, &self.model().encoder, counts);
    }
}

/// Writes predictions, of which all must be finite.
fn write(
    writer: &mut AnswerWriter,
    predictions: Predictions,
    intervals: Option<Vec<[f64; 2]>>,
    before: usize,
) -> Result<(), Problem> {
    if let Some(row) = predictions.first_not_finite() {
        let row = format!("row {}", before + row + 1);
        return Err(Problem::unprocessable(Error::not_finite(&row).to_string()));
    }
    let predicted = PredictedRows {
        rows: Vec::new(),
        predictions,
        intervals,
        quantiles: None,
        inputs: None,
    };
    // What is written into memory fails only for a fault of this program.
    writer.write(&predicted).map_err(|_| Problem::internal())
}

/// The complete answer.
pub(crate) fn finished(writer: AnswerWriter) -> Result<Answer, Problem> {
    writer.finish().map_err(|_| Problem::internal())
}
