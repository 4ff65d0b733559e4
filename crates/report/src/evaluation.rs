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
                    actual,
                } => {
                    actual.len() == rows
                        && probabilities.len() == rows * classes.len()
                        && actual.iter().all(|&class| class < classes.len())
                }
            }
    }
}

/// The points of a curve.
pub(crate) type Curve = Vec<(f64, f64)>;

/// The ROC curve of a class: the false and the true positive rate for each threshold of the
/// probability, from high to low. `None` if all rows are of the class, or none is.
pub(crate) fn roc(probabilities: &[f64], is_class: &[bool]) -> Option<Curve> {
    let positives = is_class.iter().filter(|&&is| is).count() as f64;
    let negatives = is_class.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..is_class.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let (mut true_positives, mut false_positives) = (0.0, 0.0);
    let mut curve = vec![(0.0, 0.0)];
    for (rank, &row) in order.iter().enumerate() {
        match is_class[row] {
            true => true_positives += 1.0,
            false => false_positives += 1.0,
        }
        // Rows with the same probability have the same thresholds, so they make one point.
        let next = order.get(rank + 1);
        if next.is_none_or(|&next| probabilities[next] != probabilities[row]) {
            curve.push((false_positives / negatives, true_positives / positives));
        }
    }
    Some(curve)
}

/// The reliability curve: the share of cases in which a class was the actual one, over its mean
/// predicted probability. The probabilities of all classes of all rows are grouped into ten bins of
/// equal width. Empty bins have no point.
pub(crate) fn reliability(probabilities: &[f64], classes: usize, actual: &[usize]) -> Curve {
    let mut bins = vec![(0.0, 0.0, 0usize); 10];
    for (row, &class) in probabilities.chunks_exact(classes).zip(actual) {
        for (index, &p) in row.iter().enumerate().filter(|(_, p)| p.is_finite()) {
            let bin = &mut bins[((p * 10.0) as usize).min(9)];
            bin.0 += p;
            bin.1 += f64::from(u8::from(index == class));
            bin.2 += 1;
        }
    }
    bins.into_iter()
        .filter(|bin| bin.2 > 0)
        .map(|(p, actual, count)| (p / count as f64, actual / count as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roc_curve_goes_from_corner_to_corner() {
        let curve = roc(&[0.9, 0.8, 0.8, 0.1], &[true, true, false, false]).unwrap();
        assert_eq!(curve, [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(roc(&[0.5], &[true]), None);
    }

    #[test]
    fn reliability_has_ten_bins() {
        let bins = reliability(&[0.9, 0.1, 0.95, 0.05], 2, &[0, 1]);
        assert_eq!(bins.len(), 3);
        assert_eq!(bins[0], (0.05, 1.0));
        assert_eq!(bins[2], ((0.9 + 0.95) / 2.0, 0.5));
    }
}
