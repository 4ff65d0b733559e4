//! Predictions compared with actual values.

use maud::{Markup, html};

use crate::charts::{self, Lines, Reference};
use crate::evaluation::{Evaluation, Outcome, reliability, roc};
use crate::figure::figure;
use crate::format::{number, signed, truncate};
use crate::report::Report;

/// The largest number of points in a scatter plot.
const POINTS: usize = 1500;
/// The number of rows in a table of the largest errors.
const WORST: usize = 8;
/// The largest number of classes in a confusion matrix.
const MATRIX_CLASSES: usize = 12;
/// The largest number of ROC curves in one chart.
const ROC_CURVES: usize = 4;

/// Predicted and actual values.
pub fn evaluation(report: &Report) -> Markup {
    let consistent = |evaluation: &&Evaluation| evaluation.is_consistent();
    let Some(evaluation) = report.evaluation.as_ref().filter(consistent) else {
        return html! {
            h2 { "Predicted and actual" }
            p { "No row has both a prediction and an actual value." }
        };
    };
    html! {
        h2 { "Predicted and actual" }
        p { "On " (evaluation.rows) "." }
        div class="grid" {
            @match &evaluation.outcome {
                Outcome::Values { predicted, actual } => (values(report, evaluation, predicted, actual)),
                Outcome::Classes { classes, probabilities, actual } => {
                    (classification(evaluation, &ClassPredictions { classes, probabilities, actual }))
                }
            }
        }
    }
}

fn values(report: &Report, evaluation: &Evaluation, predicted: &[f64], actual: &[f64]) -> Markup {
    let step = actual.len().div_ceil(POINTS).max(1);
    let pairs = || {
        actual
            .iter()
            .copied()
            .zip(predicted.iter().copied())
            .step_by(step)
    };
    let points: Vec<(f64, f64)> = pairs().collect();
    let residuals: Vec<(f64, f64)> = pairs().map(|(a, p)| (p, a - p)).collect();
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    worst.sort_by(|&a, &b| {
        let error = |row: usize| (actual[row] - predicted[row]).abs();
        error(b).total_cmp(&error(a))
    });
    let amount = |value: f64| format!("{}{}", report.unit, number(value));
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
            div class="wide" { table class="numbers" {
                tr { th { "data row" } th { "predicted" } th { "actual" } th { "actual − predicted" } }
                @for &row in worst.iter().take(WORST) {
                    tr {
                        td { (evaluation.row_numbers[row]) }
                        td { (amount(predicted[row])) }
                        td { (amount(actual[row])) }
                        td { (signed(actual[row] - predicted[row], &report.unit)) }
                    }
                }
            } }
        }
    }
}

/// The fields of [`Outcome::Classes`].
struct ClassPredictions<'a> {
    classes: &'a [String],
    probabilities: &'a [f64],
    actual: &'a [usize],
}

impl ClassPredictions<'_> {
    /// The class with the highest probability in each row.
    fn predicted(&self) -> Vec<usize> {
        let width = self.classes.len();
        self.probabilities
            .chunks_exact(width)
            .map(|row| (0..width).fold(0, |best, c| if row[c] > row[best] { c } else { best }))
            .collect()
    }

    /// The probability of a class in each row.
    fn of_class(&self, class: usize) -> Vec<f64> {
        let probabilities = self.probabilities.iter().skip(class);
        probabilities.step_by(self.classes.len()).copied().collect()
    }
}

fn classification(evaluation: &Evaluation, predictions: &ClassPredictions) -> Markup {
    html! {
        (confusion_matrix(predictions))
        (roc_curves(predictions))
        (reliability_curve(predictions))
        (worst_classes(evaluation, predictions))
    }
}

fn confusion_matrix(predictions: &ClassPredictions) -> Markup {
    let classes = predictions.classes;
    let width = classes.len();
    let mut counts = Vec::new();
    if width <= MATRIX_CLASSES {
        counts = vec![vec![0usize; width]; width];
        for (&class, predicted) in predictions.actual.iter().zip(predictions.predicted()) {
            counts[class][predicted] += 1;
        }
    }
    html! {
        figure data-figure="confusion" {
            figcaption { b { "Confusion matrix" } "The number of rows by actual class (rows) and predicted class (columns)." }
            @if width > MATRIX_CLASSES {
                p class="faint" { (width) " classes are too many for a table. " code { "trainer evaluate --json" } " prints the numbers." }
            } @else {
                div class="wide" { table class="confusion numbers" {
                    tr { th {} @for name in classes { th { (truncate(name, 14)) } } }
                    @for (class, counts) in counts.iter().enumerate() {
                        tr {
                            th { (truncate(&classes[class], 18)) }
                            @for (predicted, count) in counts.iter().enumerate() {
                                td class=[(predicted == class).then_some("right")] { (count) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn roc_curves(predictions: &ClassPredictions) -> Markup {
    let width = predictions.classes.len();
    // The curve of one of two classes is the mirror image of the other's.
    let shown = if width == 2 { 1..2 } else { 0..width };
    let curves: Vec<(String, Vec<(f64, f64)>)> = shown
        .filter_map(|class| {
            let is_class: Vec<bool> = predictions.actual.iter().map(|&a| a == class).collect();
            let curve = roc(&predictions.of_class(class), &is_class)?;
            Some((truncate(&predictions.classes[class], 18), curve))
        })
        .take(ROC_CURVES)
        .collect();
    let curves: Vec<(&str, Vec<(f64, f64)>)> = curves
        .iter()
        .map(|(name, curve)| (name.as_str(), curve.clone()))
        .collect();
    let svg = match curves.is_empty() {
        true => None,
        false => charts::lines(&Lines {
            x: "false positive rate",
            y: "true positive rate",
            curves,
            diagonal: true,
            range: Some((0.0..1.0, 0.0..1.02)),
            ..Lines::default()
        }),
    };
    let mut text =
        "The true positive rate over the false positive rate, for all thresholds of the \
        probability. Random guesses are on the diagonal."
            .to_string();
    if width > ROC_CURVES {
        text += " Only four classes are shown.";
    }
    figure("roc", "ROC curve", &text, svg)
}

fn reliability_curve(predictions: &ClassPredictions) -> Markup {
    let width = predictions.classes.len();
    let points = reliability(predictions.probabilities, width, predictions.actual);
    let svg = charts::lines(&Lines {
        x: "predicted probability",
        y: "actual frequency",
        curves: vec![("", points)],
        diagonal: true,
        dots: true,
        range: Some((0.0..1.0, 0.0..1.02)),
        ..Lines::default()
    });
    let text = "How often a class was the actual one, by its predicted probability. On the diagonal, the \
        probabilities are right.";
    figure("reliability", "Reliability", text, svg)
}

fn worst_classes(evaluation: &Evaluation, predictions: &ClassPredictions) -> Markup {
    let ClassPredictions {
        classes,
        probabilities,
        actual,
    } = predictions;
    let predicted = predictions.predicted();
    let of_actual = |row: usize| probabilities[row * classes.len() + actual[row]];
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    worst.sort_by(|&a, &b| of_actual(a).total_cmp(&of_actual(b)));
    html! {
        figure data-figure="worst" {
            figcaption { b { "Largest errors" } "The rows whose actual class had the lowest predicted probability." }
            div class="wide" { table class="numbers" {
                tr { th { "data row" } th { "predicted" } th { "actual" } th { "its probability" } }
                @for &row in worst.iter().take(WORST) {
                    tr {
                        td { (evaluation.row_numbers[row]) }
                        td { (truncate(&classes[predicted[row]], 24)) }
                        td { (truncate(&classes[actual[row]], 24)) }
                        td { (number(of_actual(row) * 100.0)) " %" }
                    }
                }
            } }
        }
    }
}
