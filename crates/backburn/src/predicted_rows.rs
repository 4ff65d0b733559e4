//! Predictions for some rows of a table.

use arrow_array::RecordBatch;
use backburn_preprocessing::{PredictedQuantiles, Predictions};

/// The predictions for some consecutive rows; made by [`PredictionStream`](crate::PredictionStream).
#[derive(Debug, Clone)]
pub struct PredictedRows {
    /// The indices of the rows in the table, from 0.
    pub rows: Vec<usize>,
    /// The prediction of each row.
    pub predictions: Predictions,
    /// The bounds of the prediction interval of each row, in the target's unit, if intervals are computed.
    pub intervals: Option<Vec<[f64; 2]>>,
    /// The quantiles of each row, if the model predicts them.
    pub quantiles: Option<PredictedQuantiles>,
    /// The rows themselves, as they were read. `None` where only the predictions are known.
    pub inputs: Option<RecordBatch>,
}
