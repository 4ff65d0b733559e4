//! Rows of a table as examples for a network.

use backburn_preprocessing::Target;
use backburn_table::{Table, within_range};
use backburn_training::TensorDataset;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::stored_rows::StoredRows;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::predictor::Predictor;
use crate::row_weights::row_weights;
use crate::score::Score;
use crate::targets::Targets;

/// The rows of a table that have a target, as a model encodes them, and their indices in the table. Rows of weight 0
/// are left out. The table must have been read in the format of the model.
///
/// # Errors
///
/// The table lacks a column, or a value is not of its column's kind.
pub(crate) fn encoded_rows(
    model: &SavedModel,
    read: &Table,
    task: usize,
) -> Result<(StoredRows, Vec<usize>), Error> {
    let targets = Targets::read(read, &model.target)?;
    let weights = match model.summary.weight.as_deref() {
        Some(column) if read.has_column(column) => Some(row_weights(read, column)?),
        _ => None,
    };
    let width = model.encoder.width();
    let numbers = model.encoder.encode(read)?;
    let mut rows = StoredRows::new(width);
    let mut indices = Vec::new();
    for (row, inputs) in numbers.chunks_exact(width.max(1)).enumerate() {
        let target = match &targets {
            Targets::Values(values) => Some(values[row]).filter(|value| within_range(*value)),
            Targets::Classes(classes) => classes[row].map(|class| class as f64),
        };
        let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
        if let Some(target) = target.filter(|_| weight > 0.0) {
            rows.push(task, target as f32, weight as f32, inputs);
            indices.push(row);
        }
    }
    Ok((rows, indices))
}

/// Rows as tensors, with a weight for each of them.
pub(crate) fn tensors(
    rows: &StoredRows,
    target: &Target,
    weights: &[f32],
    device: &Device,
) -> TensorDataset {
    let count = rows.rows();
    let inputs = rows.all_inputs();
    let width = inputs.len() / count.max(1);
    let inputs = Tensor::<2>::from_data(TensorData::new(inputs, [count, width]), device);
    let examples = match target {
        Target::Regression { .. } => {
            let scaled = |row: usize| target.scale(f64::from(rows.target(row))) as f32;
            let values: Vec<f32> = (0..count).map(scaled).collect();
            let values = TensorData::new(values, [count, 1]);
            TensorDataset::regression(inputs, Tensor::<2>::from_data(values, device))
        }
        Target::Classification { .. } => {
            let classes: Vec<i64> = (0..count).map(|row| rows.target(row) as i64).collect();
            let classes = TensorData::new(classes, [count]);
            TensorDataset::classification(inputs, Tensor::<1, Int>::from_data(classes, device))
        }
    };
    match weights.iter().all(|weight| *weight == 1.0) {
        true => examples,
        false => {
            let weights = TensorData::new(weights.to_vec(), [count]);
            examples.with_weights(Tensor::<1>::from_data(weights, device))
        }
    }
}

/// The weights of rows.
pub(crate) fn weights_of(rows: &StoredRows) -> Vec<f32> {
    (0..rows.rows()).map(|row| rows.weight(row)).collect()
}

/// The true targets of rows.
pub(crate) fn truth(rows: &StoredRows, target: &Target) -> Targets {
    let all = 0..rows.rows();
    match target {
        Target::Regression { .. } => {
            Targets::Values(all.map(|row| f64::from(rows.target(row))).collect())
        }
        Target::Classification { .. } => {
            Targets::Classes(all.map(|row| Some(rows.target(row) as usize)).collect())
        }
    }
}

/// The score of a model on rows, with standard errors; `None` without rows.
pub(crate) fn score(predictor: &Predictor, rows: &StoredRows) -> Option<Score> {
    if rows.is_empty() {
        return None;
    }
    let model = predictor.model();
    let predictions = predictor.predict_encoded(rows.all_inputs());
    let targets = truth(rows, &model.target);
    let all: Vec<usize> = (0..rows.rows()).collect();
    let weights: Vec<f64> = all.iter().map(|&row| rows.weight(row).into()).collect();
    let weights = weights
        .iter()
        .any(|weight| *weight != 1.0)
        .then_some(weights);
    let weights = weights.as_deref();
    let metric = model.summary.metric.as_deref();
    let metric = metric.and_then(|name| name.parse().ok());
    let score = Score::weighted(&predictions, &targets, &all, metric, weights)?;
    Some(score.with_standard_errors(&predictions, &targets, &all, (weights, None)))
}
