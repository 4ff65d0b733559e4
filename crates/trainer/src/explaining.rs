//! What a model learned, for the report and for `trainer explain`.

use backburn_explain::{Dependence, Explainer, Importance, Measure, RowExplanation};
use backburn_tabular::{Predictions, SavedModel, Table};

use crate::device::Chosen;
use crate::error::{Error, not_finite};
use crate::memory::room_to_explain;

/// Columns whose dependence is shown.
const STRONGEST: usize = 4;

/// What a model learned, by the rows of a table.
pub struct Explained {
    pub measure: Measure,
    pub importance: Vec<Importance>,
    pub dependence: Vec<Dependence>,
    pub rows: Vec<(String, RowExplanation)>,
    pub predictions: Predictions,
}

/// Explains a model by the rows of a table; `rows` are the indices of those to be explained one by
/// one, or none for three that differ; `numbers` are the rows' indices in the file, if those are
/// others.
pub fn explain(
    model: &SavedModel,
    table: &Table,
    rows: &[usize],
    numbers: Option<&[usize]>,
    repeats: usize,
    seed: u64,
    chosen: &Chosen,
) -> Result<Explained, Error> {
    room_to_explain(table.name(), table.rows(), model.encoder.width())?;
    let explainer = Explainer::new(model, table, &chosen.device)?;
    let predictions = explainer.predictions();
    if let Some(row) = predictions.first_not_finite() {
        return Err(not_finite(&table.place(row)));
    }
    let (measure, importance) = explainer.importance(repeats, seed)?;
    let strongest = importance.iter().take(STRONGEST);
    let dependence = strongest
        .filter_map(|importance| explainer.dependence(&importance.column))
        .collect();
    let rows = match rows.is_empty() {
        true => three_rows(&predictions),
        false => rows.to_vec(),
    };
    let rows = explainer
        .explain_rows(&rows)
        .into_iter()
        .map(|row| {
            let number = numbers.map_or(row.row, |numbers| numbers[row.row]) + 1;
            (format!("data row {number}"), row)
        })
        .collect();
    Ok(Explained {
        measure,
        importance,
        dependence,
        rows,
        predictions,
    })
}

/// The rows with the highest, the middle and the lowest prediction; of classes, the surest, the
/// middle and the least sure.
fn three_rows(predictions: &Predictions) -> Vec<usize> {
    let heights: Vec<f64> = match predictions {
        Predictions::Values(values) => values.clone(),
        Predictions::Classes {
            classes,
            probabilities,
        } => probabilities
            .chunks_exact(classes.len())
            .map(|row| row.iter().copied().fold(0.0, f64::max))
            .collect(),
    };
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[b].total_cmp(&heights[a]));
    let mut rows: Vec<usize> = [0, order.len() / 2, order.len().saturating_sub(1)]
        .into_iter()
        .filter_map(|place| order.get(place).copied())
        .collect();
    rows.dedup();
    rows
}
