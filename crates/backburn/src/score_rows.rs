//! The metrics of the rows that have a target.

use std::borrow::Cow;

use backburn_preprocessing::Predictions;
use backburn_training::metrics::{
    ClassRows, ClassificationScore, Metric, RegressionScore, RowWeights, ValueRows,
};

use crate::targets::Targets;

/// The metrics of rows.
pub(crate) struct Scored<S> {
    /// The number of rows that have a target.
    pub rows: usize,
    /// The usual metrics.
    pub score: S,
    /// The value of the metric that was asked for, if it is defined on these rows.
    pub value: Option<f64>,
}

/// The metrics of predicted numbers, one for each of `rows`; `weights` and the true values are those of all rows.
pub(crate) fn score_values(
    predicted: (&[f64], &[f64]),
    rows: &[usize],
    metric: Option<Metric>,
    weights: Option<&[f64]>,
) -> Option<Scored<RegressionScore>> {
    of_known_values(predicted, rows, weights, |known| {
        Some(Scored {
            rows: known.actual.len(),
            score: RegressionScore::of(known)?,
            value: metric.and_then(|metric| metric.of_values(known)),
        })
    })
}

/// The metrics of probabilities, for `rows` as in [`score_values`]. The classes are those that the predictions
/// decide for.
pub(crate) fn score_classes(
    predicted: (&Predictions, &[Option<usize>]),
    rows: &[usize],
    metric: Option<Metric>,
    weights: Option<&[f64]>,
) -> Option<Scored<ClassificationScore>> {
    of_known_classes(predicted, rows, weights, |known, positive, costs| {
        Some(Scored {
            rows: known.actual.len(),
            score: ClassificationScore::of(known)?,
            value: metric.and_then(|metric| metric.of_classes(known, positive, costs)),
        })
    })
}

/// The value of a metric alone, for `rows` as in [`score_values`]. `None` if it is not defined on these rows.
pub(crate) fn metric_of_rows(
    predictions: &Predictions,
    targets: &Targets,
    rows: &[usize],
    metric: Metric,
    weights: Option<&[f64]>,
) -> Option<f64> {
    match (predictions, targets) {
        (Predictions::Values(predicted), Targets::Values(values)) => {
            of_known_values((predicted, values), rows, weights, |known| {
                metric.of_values(known)
            })
        }
        (Predictions::Classes { .. }, Targets::Classes(of_row)) => {
            let predicted = (predictions, of_row.as_slice());
            of_known_classes(predicted, rows, weights, |known, positive, costs| {
                metric.of_classes(known, positive, costs)
            })
        }
        _ => None,
    }
}

/// What is computed of those of `rows` whose number is known.
fn of_known_values<T>(
    (predicted, values): (&[f64], &[f64]),
    rows: &[usize],
    weights: Option<&[f64]>,
    compute: impl FnOnce(&ValueRows) -> Option<T>,
) -> Option<T> {
    let (mut of_known, mut actual, mut of_rows) = (Vec::new(), Vec::new(), Vec::new());
    for (&row, predicted) in rows.iter().zip(predicted) {
        if !values[row].is_nan() {
            of_known.push(*predicted);
            actual.push(values[row]);
            of_rows.extend(weights.map(|weights| weights[row]));
        }
    }
    compute(&ValueRows {
        predicted: &of_known,
        actual: &actual,
        weights: RowWeights(weights.map(|_| of_rows.as_slice())),
    })
}

/// What is computed of those of `rows` whose class is known, with the positive class and the costs.
fn of_known_classes<T>(
    (predictions, of_row): (&Predictions, &[Option<usize>]),
    rows: &[usize],
    weights: Option<&[f64]>,
    compute: impl FnOnce(&ClassRows, Option<usize>, &[Vec<f64>]) -> Option<T>,
) -> Option<T> {
    let Predictions::Classes {
        classes,
        probabilities,
        decision,
    } = predictions
    else {
        return None;
    };
    let width = classes.len().max(1);
    let is_known = |row: &usize| of_row[*row].is_some();
    let known: Vec<usize> = rows.iter().copied().filter(is_known).collect();
    let decided = predictions.class_indices()?;
    let decided = decided.into_iter().zip(rows);
    let decided = decided.filter_map(|(class, row)| is_known(row).then_some(class));
    let probabilities = match known.len() == rows.len() {
        true => Cow::Borrowed(probabilities.as_slice()),
        false => {
            let rows = rows.iter().zip(probabilities.chunks(width));
            let rows = rows.filter_map(|(row, chunk)| is_known(row).then_some(chunk));
            Cow::Owned(rows.flatten().copied().collect())
        }
    };
    let actual: Vec<usize> = known.iter().filter_map(|&row| of_row[row]).collect();
    let of_rows: Option<Vec<f64>> =
        weights.map(|weights| known.iter().map(|&row| weights[row]).collect());
    let known = ClassRows {
        probabilities: &probabilities,
        classes: classes.len(),
        predicted: &decided.collect::<Vec<_>>(),
        actual: &actual,
        weights: RowWeights(of_rows.as_deref()),
    };
    let positive = decision.as_ref().and_then(|decision| decision.positive);
    let costs: &[Vec<f64>] = decision.as_ref().map_or(&[], |decision| &decision.costs);
    compute(&known, positive, costs)
}
