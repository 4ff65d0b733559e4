//! The explanation of the rows of a request.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use backburn::Table;
use backburn_explain::Explainer;

use crate::answer::{Answer, AnswerWriter};
use crate::predict::{Prediction, finished};
use crate::problem::Problem;
use crate::request::PredictRequest;

/// Predicts the rows of a request, and explains each by its columns.
pub(crate) fn explained(
    prediction: &Prediction,
    request: &mut PredictRequest,
) -> Result<Answer, Problem> {
    let model = prediction.model();
    if model.baselines.is_empty() {
        let reason = "the model does not hold the average training row, with which explanations \
                      compare: train it again";
        return Err(Problem::unprocessable(reason));
    }
    let limits = prediction.row_limits(prediction.limits.explained_rows);
    let opened = prediction.open(request, limits)?;
    let batches: Vec<RecordBatch> = opened.rows.collect::<Result<_, Problem>>()?;
    let Some(first) = batches.first() else {
        return Err(Problem::unprocessable("the request has no rows"));
    };
    let batch = concat_batches(first.schema_ref(), &batches);
    let batch = batch.map_err(|error| Problem::malformed(error.to_string()))?;
    let mut writer = AnswerWriter::new(opened.format, prediction.name);
    prediction.write(&mut writer, &batch, 0, opened.coverage)?;
    let table = Table::from_batch("the request", batch);
    let device = prediction.batches.predictor().device();
    let explainer = Explainer::new(model, &table, device)?;
    let rows: Vec<usize> = (0..table.rows()).collect();
    writer.explain(explainer.explain_rows(&rows));
    finished(writer)
}
