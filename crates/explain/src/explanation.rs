//! All explanations of a model on the rows of a table.

use backburn::{Error, Predictions, SavedModel, Table, room_to_explain};
use burn::tensor::Device;

use crate::dependence::Dependence;
use crate::explainer::Explainer;
use crate::importance::{Importance, Measure};
use crate::row_explanation::RowExplanation;

/// Columns whose dependence is computed: the most important ones.
const DEPENDENCES: usize = 4;

/// What to explain.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// The rows to explain one by one, by their indices in the table. If it is empty, three rows
    /// are explained: those with the highest, the middle and the lowest prediction. For classes, it is the
    /// predicted probability.
    pub rows: Vec<usize>,
    /// Whether the importance of columns and the dependence on them are computed. This takes most of the
    /// time.
    pub columns: bool,
    /// How often each column is shuffled.
    pub repeats: usize,
    /// The seed of the shuffling.
    pub seed: u64,
}

impl Default for ExplainOptions {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            columns: true,
            repeats: 5,
            seed: 0,
        }
    }
}

/// Importance, dependence and rows of a model, on the rows of a table.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The error that importance is measured by.
    pub measure: Measure,
    /// The importance of each column, the most important one first.
    pub importance: Vec<Importance>,
    /// How the prediction depends on the most important columns.
    pub dependence: Vec<Dependence>,
    /// Single rows.
    pub rows: Vec<RowExplanation>,
    /// The predictions for all rows; without columns, for the explained rows alone.
    pub predictions: Predictions,
}

impl Explanation {
    /// Explains a model with the rows of a table. `device` is the device of the model's network.
    ///
    /// ```no_run
    /// use backburn_explain::{ExplainOptions, Explanation};
    /// use backburn::{FittedModel, Table};
    /// use burn::tensor::Device;
    ///
    /// let device = Device::default();
    /// let model = FittedModel::load("houses.safetensors", device.clone())?;
    /// let table = Table::read("houses.csv", &Default::default())?;
    /// let explanation = Explanation::new(model.model(), &table, &ExplainOptions::default(), &device)?;
    /// for importance in &explanation.importance {
    ///     println!("{}: {}", importance.column, importance.mean);
    /// }
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A table that does not fit the model or into memory, or a prediction that is not finite.
    pub fn new(
        model: &SavedModel,
        table: &Table,
        options: &ExplainOptions,
        device: &Device,
    ) -> Result<Self, Error> {
        // If only single rows are explained and the model has its baseline, the other rows are not needed.
        let alone = !options.columns && !options.rows.is_empty() && !model.baselines.is_empty();
        if alone {
            return Self::of_rows(model, table, &options.rows, device);
        }
        room_to_explain(table, model)?;
        let explainer = Explainer::new(model, table, device)?;
        let predictions = explainer.predictions();
        if let Some(row) = predictions.first_not_finite() {
            return Err(Error::not_finite(&table.location(row)));
        }
        let (measure, importance) = match options.columns {
            true => explainer.importance(options.repeats, options.seed)?,
            false => (Measure::Change, Vec::new()),
        };
        let strongest = importance.iter().take(DEPENDENCES);
        let dependence =
            strongest.filter_map(|importance| explainer.dependence(&importance.column));
        let rows = match options.rows.as_slice() {
            [] => three_rows(&predictions),
            rows => rows.to_vec(),
        };
        Ok(Self {
            measure,
            dependence: dependence.collect(),
            importance,
            rows: explainer.explain_rows(&rows),
            predictions,
        })
    }

    /// Explains some rows, without importance and dependence.
    fn of_rows(
        model: &SavedModel,
        table: &Table,
        rows: &[usize],
        device: &Device,
    ) -> Result<Self, Error> {
        let selected = table.select(table.name(), rows)?;
        let explainer = Explainer::new(model, &selected, device)?;
        let predictions = explainer.predictions();
        if let Some(row) = predictions.first_not_finite() {
            return Err(Error::not_finite(&table.location(rows[row])));
        }
        let indices: Vec<usize> = (0..rows.len()).collect();
        let explained = explainer.explain_rows(&indices).into_iter();
        Ok(Self {
            measure: Measure::Change,
            importance: Vec::new(),
            dependence: Vec::new(),
            rows: explained
                .map(|row| RowExplanation {
                    row: rows[row.row],
                    ..row
                })
                .collect(),
            predictions,
        })
    }
}

/// The rows with the highest, the middle and the lowest prediction; of classes, with the highest, the
/// middle and the lowest probability.
fn three_rows(predictions: &Predictions) -> Vec<usize> {
    let heights: Vec<f64> = match predictions {
        Predictions::Values(values) => values.clone(),
        Predictions::Classes {
            classes,
            probabilities,
            ..
        } => probabilities
            .chunks_exact(classes.len())
            .map(|row| row.iter().copied().fold(0.0, f64::max))
            .collect(),
    };
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[b].total_cmp(&heights[a]));
    let mut rows: Vec<usize> = [0, order.len() / 2, order.len().saturating_sub(1)]
        .into_iter()
        .filter_map(|index| order.get(index).copied())
        .collect();
    rows.dedup();
    rows
}
