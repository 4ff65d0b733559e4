//! Predictions and actual values, and the curves computed from them.

/// The predictions and actual values of rows that have a target.
///
/// ```
/// use backburn_report::{Evaluation, Outcome};
///
/// let evaluation = Evaluation {
///     rows: "2 rows that were not trained on".to_string(),
///     row_numbers: vec![1, 2],
///     outcome: Outcome::Values {
///         predicted: vec![10.5, 7.0],
///         actual: vec![11.0, 7.5],
///     },
/// };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// A description of the rows, such as "586 rows that were not trained on".
    pub rows: String,
    /// The number of each row in its table, counted from 1.
    pub row_numbers: Vec<usize>,
    /// The prediction and the actual value of each row.
    pub outcome: Outcome,
}

/// The predictions and actual values of an [`Evaluation`], row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Of a regression, in the target's unit.
    Values {
        /// The predictions.
        predicted: Vec<f64>,
        /// The actual values.
        actual: Vec<f64>,
    },
    /// Of a classification.
    Classes {
        /// The names of the classes.
        classes: Vec<String>,
        /// The predicted probabilities, `[rows, classes]`, row by row.
        probabilities: Vec<f64>,
        /// The index of each row's predicted class: the most probable one, or the one that the model decides for by its
        /// threshold or its costs.
        predicted: Vec<usize>,
        /// The index of each row's actual class.
        actual: Vec<usize>,
    },
}

impl Evaluation {
    /// Whether there is at least one row, and each row has a number, a prediction and an actual value.
    pub(crate) fn is_consistent(&self) -> bool {
        let rows = self.row_numbers.len();
        rows > 0
            && match &self.outcome {
                Outcome::Values { predicted, actual } => {
                    (predicted.len(), actual.len()) == (rows, rows)
                }
                Outcome::Classes {
                    classes,
                    probabilities,
                    predicted,
                    actual,
                } => {
                    (predicted.len(), actual.len()) == (rows, rows)
                        && predicted.iter().all(|&class| class < classes.len())
                        && probabilities.len() == rows * classes.len()
                        && actual.iter().all(|&class| class < classes.len())
                }
            }
    }
}

impl Evaluation {
    /// The number of the row with the largest error: of classes, with the lowest probability of the actual one. `None`
    /// if a row lacks a number or a value.
    pub(crate) fn worst(&self) -> Option<usize> {
        if !self.is_consistent() {
            return None;
        }
        let error = |row: usize| match &self.outcome {
            Outcome::Values { predicted, actual } => (actual[row] - predicted[row]).abs(),
            Outcome::Classes {
                classes,
                probabilities,
                actual,
                ..
            } => 1.0 - probabilities[row * classes.len() + actual[row]],
        };
        let rows = 0..self.row_numbers.len();
        let worst = rows.max_by(|&a, &b| error(a).total_cmp(&error(b)))?;
        Some(self.row_numbers[worst])
    }
}

/// The points of a curve.
pub(crate) type Curve = Vec<(f64, f64)>;

/// For each threshold of the probability of a class, from high to low, the number of rows that reach it, and the number of
/// rows of the class among them. Rows with the same probability reach the same thresholds.
fn above_thresholds(probabilities: &[f64], is_class: &[bool]) -> Curve {
    let mut order: Vec<usize> = (0..is_class.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let mut of_class = 0.0;
    let mut counts = Vec::new();
    for (rank, &row) in order.iter().enumerate() {
        of_class += f64::from(u8::from(is_class[row]));
        let next = order.get(rank + 1);
        if next.is_none_or(|&next| probabilities[next] != probabilities[row]) {
            counts.push(((rank + 1) as f64, of_class));
        }
    }
    counts
}

/// The ROC curve of a class: the false and the true positive rate for each threshold of the
/// probability, from high to low. `None` if all rows are of the class, or none is.
pub(crate) fn roc(probabilities: &[f64], is_class: &[bool]) -> Option<Curve> {
    let positives = is_class.iter().filter(|&&is| is).count() as f64;
    let negatives = is_class.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let counts = above_thresholds(probabilities, is_class).into_iter();
    let points = counts.map(|(rows, right)| ((rows - right) / negatives, right / positives));
    Some([(0.0, 0.0)].into_iter().chain(points).collect())
}

/// The area under a curve whose points go from left to right. For a ROC curve it is the AUC.
pub(crate) fn area(curve: &[(f64, f64)]) -> f64 {
    let parts = curve.windows(2);
    parts
        .map(|ends| (ends[1].0 - ends[0].0) * (ends[0].1 + ends[1].1) / 2.0)
        .sum()
}

/// The precision-recall curve of a class: recall and precision for each threshold of the probability, from high to low.
/// `None` if no row is of the class.
pub(crate) fn precision_recall(probabilities: &[f64], is_class: &[bool]) -> Option<Curve> {
    let positives = is_class.iter().filter(|&&is| is).count() as f64;
    if positives == 0.0 {
        return None;
    }
    let counts = above_thresholds(probabilities, is_class).into_iter();
    let points = counts.map(|(rows, right)| (right / positives, right / rows));
    Some(points.collect())
}

/// The lift curve of a class: for each threshold of the probability, from high to low, the share of the rows that reach it, and
/// how many times as frequent the class is among them as among all rows. `None` if no row is of the class.
pub(crate) fn lift(probabilities: &[f64], is_class: &[bool]) -> Option<Curve> {
    let positives = is_class.iter().filter(|&&is| is).count() as f64;
    if positives == 0.0 {
        return None;
    }
    let all = is_class.len() as f64;
    let counts = above_thresholds(probabilities, is_class).into_iter();
    let points = counts.map(|(rows, right)| (rows / all, right * all / (rows * positives)));
    Some(points.collect())
}

/// The average precision of a precision-recall curve: the mean precision, weighted by the rise of the recall, as
/// scikit-learn's `average_precision_score` computes it.
pub(crate) fn average_precision(curve: &[(f64, f64)]) -> f64 {
    let before = [0.0].into_iter().chain(curve.iter().map(|point| point.0));
    let parts = curve.iter().zip(before);
    parts
        .map(|((recall, precision), before)| (recall - before) * precision)
        .sum()
}

/// How well a class is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClassScore {
    /// The share of the rows predicted as this class that are of it; NaN if there are none.
    pub precision: f64,
    /// The share of the rows of this class that are predicted as it; NaN if there are none.
    pub recall: f64,
    /// The harmonic mean of both, which is 0 if no row is predicted right.
    pub f1: f64,
    /// The number of rows of this class.
    pub support: usize,
}

/// The scores of each class.
pub(crate) fn class_scores(
    classes: usize,
    predicted: &[usize],
    actual: &[usize],
) -> Vec<ClassScore> {
    let mut counts = vec![(0usize, 0usize, 0usize); classes];
    for (&predicted, &actual) in predicted.iter().zip(actual) {
        counts[predicted].0 += 1;
        counts[actual].1 += 1;
        counts[actual].2 += usize::from(predicted == actual);
    }
    let score = |(predicted, support, right): (usize, usize, usize)| ClassScore {
        precision: right as f64 / predicted as f64,
        recall: right as f64 / support as f64,
        f1: 2.0 * right as f64 / (predicted + support) as f64,
        support,
    };
    counts.into_iter().map(score).collect()
}

/// A bin of a [`reliability`] curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ReliabilityBin {
    /// The mean predicted probability.
    pub predicted: f64,
    /// The share of cases in which the class was the actual one.
    pub actual: f64,
    /// The number of cases: one for each row and class.
    pub count: usize,
}

/// The reliability curve: the share of cases in which a class was the actual one, over its mean
/// predicted probability. A case is the predicted probability of a class for a row, and whether the row is of this
/// class. Cases are grouped into ten bins of equal width. An empty bin is `None`.
pub(crate) fn reliability(
    cases: impl Iterator<Item = (f64, bool)>,
) -> [Option<ReliabilityBin>; 10] {
    let mut bins = [(0.0, 0.0, 0usize); 10];
    for (p, is_class) in cases.filter(|(p, _)| p.is_finite()) {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.0 += p;
        bin.1 += f64::from(u8::from(is_class));
        bin.2 += 1;
    }
    bins.map(|(predicted, actual, count)| {
        (count > 0).then(|| ReliabilityBin {
            predicted: predicted / count as f64,
            actual: actual / count as f64,
            count,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roc_curve_goes_from_corner_to_corner() {
        let curve = roc(&[0.9, 0.8, 0.8, 0.1], &[true, true, false, false]).unwrap();
        assert_eq!(curve, [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(area(&curve), 0.875);
        assert_eq!(roc(&[0.5], &[true]), None);
    }

    #[test]
    fn precision_falls_as_recall_rises() {
        let curve = precision_recall(&[0.9, 0.8, 0.7, 0.1], &[true, false, true, false]).unwrap();
        assert_eq!(
            curve,
            [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0), (1.0, 0.5)]
        );
        assert!((average_precision(&curve) - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
        assert_eq!(precision_recall(&[0.5], &[false]), None);
    }

    #[test]
    fn the_lift_ends_at_that_of_all_rows() {
        let curve = lift(&[0.9, 0.8, 0.7, 0.1], &[true, false, true, false]).unwrap();
        let expected = [(0.25, 2.0), (0.5, 1.0), (0.75, 4.0 / 3.0), (1.0, 1.0)];
        assert_eq!(curve.len(), 4);
        for (found, expected) in curve.iter().zip(expected) {
            let difference = (found.0 - expected.0).abs() + (found.1 - expected.1).abs();
            assert!(difference < 1e-12, "{curve:?}");
        }
        // The first row is not of the class.
        let curve = lift(&[0.9, 0.1], &[false, true]).unwrap();
        assert_eq!(curve, [(0.5, 0.0), (1.0, 1.0)]);
        assert_eq!(lift(&[0.5], &[false]), None);
    }

    #[test]
    fn each_class_has_scores() {
        let scores = class_scores(3, &[0, 0, 1, 1], &[0, 1, 1, 1]);
        assert_eq!(
            (scores[0].precision, scores[0].recall, scores[0].support),
            (0.5, 1.0, 1)
        );
        assert_eq!(
            (scores[1].precision, scores[1].recall, scores[1].support),
            (1.0, 2.0 / 3.0, 3)
        );
        assert_eq!(scores[1].f1, 0.8);
        assert!(scores[2].recall.is_nan() && scores[2].support == 0);
    }

    #[test]
    fn reliability_has_ten_bins() {
        let cases = [(0.9, true), (0.05, true), (0.95, false), (f64::NAN, true)];
        let bins = reliability(cases.into_iter());
        assert_eq!(bins.iter().flatten().count(), 2);
        let first = bins[0].unwrap();
        assert_eq!((first.predicted, first.actual, first.count), (0.05, 1.0, 1));
        let last = bins[9].unwrap();
        assert_eq!(
            (last.predicted, last.actual, last.count),
            ((0.9 + 0.95) / 2.0, 0.5, 2)
        );
    }
}
