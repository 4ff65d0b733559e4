//! Predictions beside what is true.

/// Rows whose truth is known, with their predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// What rows they are, such as "586 rows that were not learned from".
    pub rows: String,
    /// Where each row stands in its table, from 1.
    pub places: Vec<usize>,
    /// What was predicted of each, and what is true.
    pub outcome: Outcome,
}

/// What was predicted, and what is true.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Numbers.
    Values {
        /// As predicted.
        predicted: Vec<f64>,
        /// As they are.
        actual: Vec<f64>,
    },
    /// Classes.
    Classes {
        /// Their names.
        classes: Vec<String>,
        /// `rows * classes` numbers, row by row.
        probabilities: Vec<f64>,
        /// The index of each row's class.
        actual: Vec<usize>,
    },
}

impl Evaluation {
    /// Whether there is a prediction, a truth and a place for every row, and a row.
    pub(crate) fn is_whole(&self) -> bool {
        let rows = self.places.len();
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

/// Points of a curve.
pub(crate) type Curve = Vec<(f64, f64)>;

/// The rate of true over that of false positives, as the least probability to count as the class
/// falls; `None` where all rows are of the class, or none.
pub(crate) fn roc(probabilities: &[f64], is_class: &[bool]) -> Option<Curve> {
    let positives = is_class.iter().filter(|&&is| is).count() as f64;
    let negatives = is_class.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..is_class.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let (mut hits, mut alarms) = (0.0, 0.0);
    let mut curve = vec![(0.0, 0.0)];
    for (rank, &row) in order.iter().enumerate() {
        match is_class[row] {
            true => hits += 1.0,
            false => alarms += 1.0,
        }
        // Rows of one probability count at once.
        let next = order.get(rank + 1);
        if next.is_none_or(|&next| probabilities[next] != probabilities[row]) {
            curve.push((alarms / negatives, hits / positives));
        }
    }
    Some(curve)
}

/// How often it was right, over how sure the model was, by tenths of probability, for every class
/// of every row: `(mean probability, share)`.
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
        .map(|(p, right, count)| (p / count as f64, right / count as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roc_goes_from_corner_to_corner() {
        let curve = roc(&[0.9, 0.8, 0.8, 0.1], &[true, true, false, false]).unwrap();
        assert_eq!(curve, [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(roc(&[0.5], &[true]), None);
    }

    #[test]
    fn reliability_is_by_tenths() {
        let bins = reliability(&[0.9, 0.1, 0.95, 0.05], 2, &[0, 1]);
        assert_eq!(bins.len(), 3);
        assert_eq!(bins[0], (0.05, 1.0));
        assert_eq!(bins[2], ((0.9 + 0.95) / 2.0, 0.5));
    }
}
