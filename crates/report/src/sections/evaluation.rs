//! Predictions compared with actual values.

use maud::{Markup, html};

use super::classification::{ClassPredictions, classification};
use crate::charts::{self, Reference};
use crate::evaluation::{Evaluation, Outcome};
use crate::figure::{figure, wide_table};
use crate::format::{number, signed};
use crate::place::Place;
use crate::report::Report;

/// The largest number of points in a scatter plot.
const POINTS: usize = 1000;
/// The number of rows in a table of the largest errors.
const WORST: usize = 8;

/// Predicted and actual values.
pub fn evaluation(report: &Report, place: Place) -> Markup {
    let heading = place.heading("evaluation", "Predicted and actual");
    let consistent = |evaluation: &&Evaluation| evaluation.is_consistent();
    let Some(evaluation) = report.evaluation.as_ref().filter(consistent) else {
        return html! {
            (heading)
            p { "No row has both a prediction and an actual value." }
        };
    };
    html! {
        (heading)
        p { "On " (evaluation.rows) "." }
        div class="grid" {
            @match &evaluation.outcome {
                Outcome::Values { predicted, actual } => (values(report, evaluation, predicted, actual)),
                Outcome::Classes { classes, probabilities, predicted, actual } => {
                    (classification(evaluation, &ClassPredictions { classes, probabilities, predicted, actual }))
                }
            }
        }
    }
}

fn values(report: &Report, evaluation: &Evaluation, predicted: &[f64], actual: &[f64]) -> Markup {
    let step = actual.len().div_ceil(POINTS).max(1);
    let amount = |value: f64| format!("{}{}", report.unit, number(value));
    let rows = || (0..actual.len()).step_by(step);
    let title = |row: usize| {
        let (actual, predicted) = (amount(actual[row]), amount(predicted[row]));
        let row = evaluation.row_numbers[row];
        format!("data row {row}: predicted {predicted}, actual {actual}")
    };
    let points = rows().map(|row| (actual[row], predicted[row], title(row)));
    let points: Vec<(f64, f64, String)> = points.collect();
    let residuals = rows().map(|row| (predicted[row], actual[row] - predicted[row], title(row)));
    let residuals: Vec<(f64, f64, String)> = residuals.collect();
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    worst.sort_by(|&a, &b| {
        let error = |row: usize| (actual[row] - predicted[row]).abs();
        error(b).total_cmp(&error(a))
    });
    html! {
        (figure(
            "predicted", "Predicted against actual", "Each point is a row. On the line, the prediction equals the actual value.",
            charts::scatter(&points, "actual", "predicted", Reference::Equal)
        ))
        (figure(
            "residuals", "Residuals", "The actual value minus the prediction. A curve or a funnel shows a pattern that the network has not learned.",
            charts::scatter(&residuals, "predicted", "actual − predicted", Reference::Zero)
        ))
        figure data-figure="worst" {
            figcaption { b { "Largest errors" } "Check these rows for wrong data, or for a cause that no column contains." }
            (wide_table("The rows with the largest errors", "numbers", html! {
                tr { th { "data row" } th { "predicted" } th { "actual" } th { "actual − predicted" } }
                @for &row in worst.iter().take(WORST) {
                    tr {
                        td { (evaluation.row_numbers[row]) }
                        td { (amount(predicted[row])) }
                        td { (amount(actual[row])) }
                        td { (signed(actual[row] - predicted[row], &report.unit)) }
                    }
                }
            }))
        }
    }
}
