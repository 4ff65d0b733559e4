//! Predicted and actual classes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::charts::{self, Lines, Scale};
use crate::evaluation::{
    ClassScore, Curve, Evaluation, ReliabilityBin, area, average_precision, class_scores, lift,
    precision_recall, reliability, roc,
};
use crate::figure::{figure, wide_table};
use crate::format::{number, truncate};

/// The number of rows in a table of the largest errors.
const WORST: usize = 8;
/// The shade of a whole row in a confusion matrix, in percent. Text on it has a contrast of 4.5, also in the dark.
const SHADE: f64 = 45.0;
/// The largest number of classes in a confusion matrix.
const MATRIX_CLASSES: usize = 12;
/// The number of confusions that are shown of more classes.
const CONFUSIONS: usize = 12;
/// The largest number of classes in the table of scores. Of more, those with the lowest F1 are shown.
const SCORED_CLASSES: usize = 20;
/// The largest number of curves in one chart.
const CURVES: usize = 4;

/// The fields of [`Outcome::Classes`](crate::evaluation::Outcome::Classes).
pub struct ClassPredictions<'a> {
    pub classes: &'a [String],
    pub probabilities: &'a [f64],
    pub predicted: &'a [usize],
    pub actual: &'a [usize],
}

impl ClassPredictions<'_> {
    /// The probability of a class in each row.
    fn of_class(&self, class: usize) -> Vec<f64> {
        let probabilities = self.probabilities.iter().skip(class);
        probabilities.step_by(self.classes.len()).copied().collect()
    }

    /// Whether each row is of a class.
    fn is_class(&self, class: usize) -> Vec<bool> {
        self.actual.iter().map(|&actual| actual == class).collect()
    }

    /// The classes that have a curve of their own. Of two classes it is the second.
    fn with_curve(&self) -> std::ops::Range<usize> {
        match self.classes.len() {
            2 => 1..2,
            width => 0..width,
        }
    }
}

/// The figures of a classification.
pub fn classification(evaluation: &Evaluation, predictions: &ClassPredictions) -> Markup {
    let predicted = predictions.predicted;
    html! {
        (confusion_matrix(predictions, predicted))
        (scores(predictions, predicted))
        (roc_curves(predictions))
        (precision_recall_curves(predictions))
        (lift_curves(predictions))
        (reliability_curve(predictions))
        (worst_classes(evaluation, predictions, predicted))
    }
}

fn confusion_matrix(predictions: &ClassPredictions, predicted: &[usize]) -> Markup {
    let classes = predictions.classes;
    let width = classes.len();
    let mut counts = Vec::new();
    if width <= MATRIX_CLASSES {
        counts = vec![vec![0usize; width]; width];
        for (&class, &predicted) in predictions.actual.iter().zip(predicted) {
            counts[class][predicted] += 1;
        }
    }
    html! {
        figure data-figure="confusion" {
            figcaption {
                b { "Confusion matrix" }
                @if width > MATRIX_CLASSES {
                    "The matrix of " (width) " classes is too large to show. These are the most frequent confusions."
                } @else {
                    "The number of rows by actual class (rows) and predicted class (columns). The shade is the share of the row."
                }
            }
            @if width > MATRIX_CLASSES {
                (most_confused(predictions))
            } @else {
                (wide_table("Confusion matrix", "confusion numbers", html! {
                    tr { td {} @for name in classes { th { (truncate(name, 14)) } } }
                    @for (class, counts) in counts.iter().enumerate() {
                        tr {
                            th scope="row" { (truncate(&classes[class], 18)) }
                            @for (predicted, &count) in counts.iter().enumerate() {
                                (matrix_cell(count, counts.iter().sum(), predicted == class))
                            }
                        }
                    }
                }))
            }
        }
    }
}

/// The most frequent pairs of an actual class and another predicted one, in place of a large matrix.
fn most_confused(predictions: &ClassPredictions) -> Markup {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for pair in predictions.actual.iter().zip(predictions.predicted) {
        *counts.entry((*pair.0, *pair.1)).or_default() += 1;
    }
    let wrong = counts.into_iter();
    let mut wrong: Vec<_> = wrong
        .filter(|((actual, predicted), _)| actual != predicted)
        .collect();
    // The sort is stable: equal counts stay in the order of the classes.
    wrong.sort_by_key(|(_, count)| Reverse(*count));
    let name = |class: usize| truncate(&predictions.classes[class], 24);
    html! {
        @if wrong.is_empty() {
            p class="faint" { "Each row is predicted right." }
        } @else {
            (wide_table("The most frequent confusions", "numbers", html! {
                tr { th { "actual" } th { "predicted" } th { "rows" } }
                @for ((actual, predicted), count) in wrong.iter().take(CONFUSIONS) {
                    tr { td { (name(*actual)) } td { (name(*predicted)) } td { (count) } }
                }
            }))
            p class="faint" { code { "trainer evaluate --json" } " prints the whole matrix." }
        }
    }
}

/// A count whose background shows its share of its row.
fn matrix_cell(count: usize, of_row: usize, is_right: bool) -> Markup {
    let share = count as f64 / of_row.max(1) as f64;
    let class = if is_right { "right" } else { "wrong" };
    let title = format!("{} % of this actual class", number(share * 100.0));
    html! { td class=(class) style=(format!("--share:{:.0}%", share * SHADE)) title=(title) { (count) } }
}

/// Precision, recall, F1 and support of each class.
fn scores(predictions: &ClassPredictions, predicted: &[usize]) -> Markup {
    let classes = predictions.classes;
    let scores = class_scores(classes.len(), predicted, predictions.actual);
    let shown = scored_classes(&scores);
    let percent = |share: f64| match share.is_finite() {
        true => format!("{:.1} %", share * 100.0),
        false => "–".to_string(),
    };
    html! {
        figure data-figure="classes" {
            figcaption { b { "Scores of each class" } "Precision is the share of right rows among those predicted as the class, recall among those of the class. F1 is their harmonic mean, and support is the number of rows." }
            (wide_table("Scores of each class", "numbers", html! {
                tr { th { "class" } th { "precision" } th { "recall" } th { "F1" } th { "support" } }
                @for &class in &shown {
                    @let score = &scores[class];
                    tr {
                        td { (truncate(&classes[class], 24)) }
                        td { (percent(score.precision)) }
                        td { (percent(score.recall)) }
                        td { (percent(score.f1)) }
                        td { (score.support) }
                    }
                }
            }))
            @if classes.len() > SCORED_CLASSES {
                p class="faint" { "The " (SCORED_CLASSES) " of " (classes.len()) " classes with the lowest F1." }
            }
        }
    }
}

/// The classes in the table of scores: all, or those with the lowest F1.
fn scored_classes(scores: &[ClassScore]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..scores.len()).collect();
    if classes.len() > SCORED_CLASSES {
        // A class without a row and a prediction has no F1, and comes last.
        let f1 = |class: usize| match scores[class].f1.is_nan() {
            true => f64::INFINITY,
            false => scores[class].f1,
        };
        classes.sort_by(|&a, &b| f1(a).total_cmp(&f1(b)));
        classes.truncate(SCORED_CLASSES);
    }
    classes
}

fn roc_curves(predictions: &ClassPredictions) -> Markup {
    let curves = predictions.with_curve().filter_map(|class| {
        let curve = roc(&predictions.of_class(class), &predictions.is_class(class))?;
        let name = truncate(&predictions.classes[class], 18);
        Some((format!("{name}, AUC {:.4}", area(&curve)), curve))
    });
    let text = "The true positive rate over the false positive rate, for all thresholds of the probability. Random \
        guesses are on the diagonal, where the area under the curve (AUC) is 0.5.";
    let chart = Lines {
        x: "false positive rate",
        y: "true positive rate",
        curves: curves.take(CURVES).collect(),
        diagonal: true,
        ..Lines::default()
    };
    curves_figure(predictions, ("roc", "ROC curve", text), chart)
}

fn precision_recall_curves(predictions: &ClassPredictions) -> Markup {
    let curves = predictions.with_curve().filter_map(|class| {
        let is_class = predictions.is_class(class);
        let curve = precision_recall(&predictions.of_class(class), &is_class)?;
        let name = truncate(&predictions.classes[class], 18);
        Some((
            format!("{name}, AP {:.4}", average_precision(&curve)),
            curve,
        ))
    });
    let text = "The precision over the recall, for all thresholds of the probability. AP is the average precision. \
        Random guesses have the precision of the class's share of the rows.";
    let chart = Lines {
        x: "recall",
        y: "precision",
        curves: curves.take(CURVES).collect(),
        ..Lines::default()
    };
    curves_figure(
        predictions,
        ("precision-recall", "Precision and recall", text),
        chart,
    )
}

fn lift_curves(predictions: &ClassPredictions) -> Markup {
    let curves = predictions.with_curve().filter_map(|class| {
        let curve = lift(&predictions.of_class(class), &predictions.is_class(class))?;
        Some((truncate(&predictions.classes[class], 18), curve))
    });
    let curves: Vec<(String, Curve)> = curves.take(CURVES).collect();
    let points = curves.iter().flat_map(|(_, curve)| curve);
    let top = points.map(|point| point.1).fold(1.0, f64::max);
    let text = "How many times as frequent a class is among the rows with its highest probabilities as among all rows, over \
        the share of these rows. That of random guesses is 1.";
    let chart = Lines {
        x: "share of rows",
        y: "lift",
        curves,
        range: Some((0.0..1.0, 0.0..1.02 * top)),
        ..Lines::default()
    };
    curves_figure(predictions, ("lift", "Lift", text), chart)
}

/// A figure of curves of classes, between 0 and 1 unless the chart has other ranges.
fn curves_figure(
    predictions: &ClassPredictions,
    (figure_name, title, text): (&str, &str, &str),
    chart: Lines,
) -> Markup {
    let mut text = text.to_string();
    if predictions.classes.len() > CURVES {
        text += " The curves of the first four classes are shown.";
    }
    let svg = match chart.curves.is_empty() {
        true => None,
        false => charts::lines(&Lines {
            range: chart.range.clone().or(Some((0.0..1.0, 0.0..1.02))),
            ..chart
        }),
    };
    figure(figure_name, title, &text, svg)
}

/// The reliability curve. Of two classes it is that of the second: each row would count twice, with probabilities that
/// sum to 1.
fn reliability_curve(predictions: &ClassPredictions) -> Markup {
    let cases = predictions.with_curve().flat_map(|class| {
        let is_class = predictions.is_class(class).into_iter();
        predictions.of_class(class).into_iter().zip(is_class)
    });
    let bins = reliability(cases);
    let (x, counted, text) = match predictions.classes {
        [_, second] => {
            let name = truncate(second, 18);
            let text = format!(
                "How often {name} was the actual class, by its predicted probability. On the diagonal, the probabilities \
                 are right. Below it is how many rows each point stands for."
            );
            (format!("predicted probability of {name}"), "rows", text)
        }
        _ => {
            let text = "How often a class was the actual one, by its predicted probability. On the diagonal, the \
                probabilities are right. Below it is how many cases each point stands for: each row is one case for \
                each class.";
            (
                "predicted probability".to_string(),
                "cases",
                text.to_string(),
            )
        }
    };
    let known: Vec<&ReliabilityBin> = bins.iter().flatten().collect();
    let points = known.iter().map(|bin| (bin.predicted, bin.actual));
    let notes = known
        .iter()
        .map(|bin| format!(" ({} {counted})", bin.count));
    let svg = charts::lines(&Lines {
        x: x.as_str(),
        y: "actual frequency",
        curves: vec![(String::new(), points.collect())],
        notes: notes.collect(),
        diagonal: true,
        dots: true,
        range: Some((0.0..1.0, 0.0..1.02)),
        ..Lines::default()
    });
    let counts = bins.map(|bin| bin.map_or(0, |bin| bin.count));
    let histogram = charts::histogram(&counts, &(0.0..1.0), (x.as_str(), counted), Scale::Numbers);
    let svg = svg.zip(histogram).map(|(curve, counts)| curve + &counts);
    figure("reliability", "Reliability", &text, svg)
}

fn worst_classes(
    evaluation: &Evaluation,
    predictions: &ClassPredictions,
    predicted: &[usize],
) -> Markup {
    let ClassPredictions {
        classes,
        probabilities,
        actual,
        ..
    } = predictions;
    let of_actual = |row: usize| probabilities[row * classes.len() + actual[row]];
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    worst.sort_by(|&a, &b| of_actual(a).total_cmp(&of_actual(b)));
    html! {
        figure data-figure="worst" {
            figcaption { b { "Largest errors" } "The rows whose actual class had the lowest predicted probability." }
            (wide_table("The rows with the largest errors", "numbers", html! {
                tr { th { "data row" } th { "predicted" } th { "actual" } th { "its probability" } }
                @for &row in worst.iter().take(WORST) {
                    tr {
                        td { (evaluation.row_numbers[row]) }
                        td { (truncate(&classes[predicted[row]], 24)) }
                        td { (truncate(&classes[actual[row]], 24)) }
                        td { (number(of_actual(row) * 100.0)) " %" }
                    }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_classes_are_shown_by_their_most_frequent_confusions() {
        let classes: Vec<String> = (0..30).map(|class| format!("class {class}")).collect();
        let actual: Vec<usize> = (0..29).chain([3, 3]).collect();
        let mut predicted = actual.clone();
        // Class 3 is taken for class 4 twice, and class 5 for class 6 once.
        predicted[29..].fill(4);
        predicted[5] = 6;
        let probabilities = vec![1.0 / 30.0; 30 * actual.len()];
        let predictions = ClassPredictions {
            classes: &classes,
            probabilities: &probabilities,
            predicted: &predicted,
            actual: &actual,
        };
        let html = confusion_matrix(&predictions, &predicted).into_string();
        let rows = "<tr><td>class 3</td><td>class 4</td><td>2</td></tr>\
            <tr><td>class 5</td><td>class 6</td><td>1</td></tr>";
        assert!(html.contains(rows), "{html}");
        let html = scores(&predictions, &predicted).into_string();
        assert!(
            html.contains("The 20 of 30 classes with the lowest F1."),
            "{html}"
        );
        assert!(html.contains("<td>class 5</td><td>–</td>"), "{html}");
        assert!(!html.contains("class 29"), "{html}");
    }
}
