//! The decision threshold of two classes.

use serde::Serialize;

use super::metric::Metric;
use super::rows::RowWeights;

/// Probabilities of the positive one of two classes.
#[derive(Debug, Clone, Copy)]
pub struct BinaryRows<'a> {
    /// The probability of the positive class, `[rows]`.
    pub probabilities: &'a [f64],
    /// Whether each row is of the positive class.
    pub actual: &'a [bool],
    /// The weights of the rows.
    pub weights: RowWeights<'a>,
    /// The costs `[true class][predicted class]`, the negative class first.
    pub costs: [[f64; 2]; 2],
}

/// What a decision threshold does on some rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ThresholdScore {
    /// The positive class is predicted if its probability is at least this.
    pub threshold: f64,
    /// The metric that the threshold is chosen for.
    pub score: f64,
    /// The share of rows for which the positive class is predicted.
    pub positive: f64,
    /// The share of these rows that are of the positive class; `None` if there are none.
    pub precision: Option<f64>,
    /// The share of the rows of the positive class for which it is predicted; `None` if there are none.
    pub recall: Option<f64>,
}

/// The weights of rows by true and predicted class.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    true_positive: f64,
    false_positive: f64,
    positive: f64,
    negative: f64,
}

impl Counts {
    /// No row is predicted positive.
    fn new(rows: &BinaryRows) -> Self {
        let mut counts = Self::default();
        for (row, &is_positive) in rows.actual.iter().enumerate() {
            match is_positive {
                true => counts.positive += rows.weights.of(row),
                false => counts.negative += rows.weights.of(row),
            }
        }
        counts
    }

    fn add(&mut self, rows: &BinaryRows, row: usize) {
        match rows.actual[row] {
            true => self.true_positive += rows.weights.of(row),
            false => self.false_positive += rows.weights.of(row),
        }
    }

    /// The value of a metric that depends on the decision.
    fn score(&self, metric: Metric, costs: [[f64; 2]; 2]) -> f64 {
        let Self {
            true_positive: tp,
            false_positive: fp,
            positive,
            negative,
        } = *self;
        let (tn, missed, total) = (negative - fp, positive - tp, positive + negative);
        match metric {
            Metric::BalancedAccuracy => {
                let recalls = [(tp, positive), (tn, negative)];
                let recalls = recalls.into_iter().filter(|(_, rows)| *rows > 0.0);
                let recalls: Vec<f64> = recalls.map(|(right, rows)| right / rows).collect();
                recalls.iter().sum::<f64>() / recalls.len() as f64
            }
            Metric::F1 => 2.0 * tp / (positive + tp + fp),
            Metric::Mcc => {
                let product = (tp + fp) * (tn + missed) * positive * negative;
                match product > 0.0 {
                    true => (tp * tn - fp * missed) / product.sqrt(),
                    false => 0.0,
                }
            }
            Metric::Cost => {
                let [[of_tn, of_fp], [of_missed, of_tp]] = costs;
                (tn * of_tn + fp * of_fp + missed * of_missed + tp * of_tp) / total
            }
            _ => (tp + tn) / total,
        }
    }

    fn at(&self, threshold: f64, metric: Metric, costs: [[f64; 2]; 2]) -> ThresholdScore {
        let predicted = self.true_positive + self.false_positive;
        let share = |of: f64| (of > 0.0).then(|| self.true_positive / of);
        ThresholdScore {
            threshold,
            score: self.score(metric, costs),
            positive: predicted / (self.positive + self.negative),
            precision: share(predicted),
            recall: share(self.positive),
        }
    }
}

impl BinaryRows<'_> {
    /// Whether there is a threshold to choose: there are rows of both classes, and each list has a number
    /// for each row.
    fn fits(&self) -> bool {
        let rows = self.actual.len();
        let both = self.actual.contains(&true) && self.actual.contains(&false);
        let known = self.probabilities.iter().all(|p| p.is_finite());
        both && known && self.probabilities.len() == rows && self.weights.fits(rows)
    }

    /// What a threshold does on these rows. `None` if they are of one class, or the lengths differ.
    pub fn at(&self, threshold: f64, metric: Metric) -> Option<ThresholdScore> {
        if !self.fits() {
            return None;
        }
        let mut counts = Counts::new(self);
        for (row, probability) in self.probabilities.iter().enumerate() {
            if *probability >= threshold {
                counts.add(self, row);
            }
        }
        Some(counts.at(threshold, metric, self.costs))
    }

    /// The threshold with the best value of a metric, of all thresholds that divide the rows in another way. It
    /// is in the middle between two probabilities. Of several that are as good, it is the one nearest to 0.5.
    /// `None` if the metric does not depend on the threshold, if the rows are of one class, or if the
    /// lengths differ.
    pub fn best(&self, metric: Metric) -> Option<ThresholdScore> {
        if !self.fits() || !metric.depends_on_decision() {
            return None;
        }
        let mut order: Vec<usize> = (0..self.actual.len()).collect();
        let probability = |row: usize| self.probabilities[row];
        order.sort_by(|&a, &b| probability(b).total_cmp(&probability(a)));
        let mut counts = Counts::new(self);
        let highest = probability(order[0]);
        let mut best = counts.at(between(2.0 - highest, highest), metric, self.costs);
        for (index, &row) in order.iter().enumerate() {
            counts.add(self, row);
            let next = order.get(index + 1).map(|&next| probability(next));
            if next != Some(probability(row)) {
                let threshold = match next {
                    Some(next) => between(probability(row), next),
                    None => probability(row).min(0.5),
                };
                let found = counts.at(threshold, metric, self.costs);
                if is_better(&found, &best, metric) {
                    best = found;
                }
            }
        }
        Some(best)
    }
}

/// A threshold that the upper probability reaches and the lower one does not.
fn between(upper: f64, lower: f64) -> f64 {
    let middle = (upper + lower) / 2.0;
    match middle > lower {
        true => middle,
        false if upper > lower => upper,
        // Above a probability of 1.
        false => lower + f64::EPSILON,
    }
}

fn is_better(found: &ThresholdScore, best: &ThresholdScore, metric: Metric) -> bool {
    let errors = (metric.error(found.score), metric.error(best.score));
    let from_half = |score: &ThresholdScore| (score.threshold - 0.5).abs();
    errors.0 < errors.1 || (errors.0 == errors.1 && from_half(found) < from_half(best))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::rows::ClassRows;
    use super::*;

    /// The best value of a metric by trying every threshold, with the metric over all rows.
    fn by_search(rows: &BinaryRows, metric: Metric) -> f64 {
        let both = |p: &f64| [1.0 - p, *p];
        let probabilities: Vec<f64> = rows.probabilities.iter().flat_map(both).collect();
        let actual: Vec<usize> = rows.actual.iter().map(|a| usize::from(*a)).collect();
        let costs = rows.costs.map(|costs| costs.to_vec());
        let thresholds = rows.probabilities.iter().copied().chain([0.0, 1.5]);
        let scores = thresholds.map(|threshold| {
            let predicted = rows.probabilities.iter();
            let predicted: Vec<usize> = predicted.map(|p| usize::from(*p >= threshold)).collect();
            let rows = ClassRows {
                probabilities: &probabilities,
                classes: 2,
                predicted: &predicted,
                actual: &actual,
                weights: rows.weights,
            };
            metric.of_classes(&rows, Some(1), &costs).unwrap()
        });
        let better = |a: f64, b: f64| match metric.error(b) < metric.error(a) {
            true => b,
            false => a,
        };
        scores.reduce(better).unwrap()
    }

    #[test]
    fn the_chosen_threshold_equals_an_exhaustive_search() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for round in 0..60 {
            let rows = rng.random_range(2..40usize);
            // Few different probabilities, so that many are equal.
            let mut probability = || f64::from(rng.random_range(0..=12u8)) / 12.0;
            let probabilities: Vec<f64> = (0..rows).map(|_| probability()).collect();
            let mut actual: Vec<bool> = (0..rows).map(|_| rng.random_range(0..3u8) == 0).collect();
            (actual[0], actual[1]) = (true, false);
            let weights: Vec<f64> = (0..rows).map(|_| rng.random_range(0.1..3.0)).collect();
            let rows = BinaryRows {
                probabilities: &probabilities,
                actual: &actual,
                weights: RowWeights((round % 2 == 0).then_some(weights.as_slice())),
                costs: [[0.0, 1.0], [7.0, 0.5]],
            };
            for metric in [
                Metric::Accuracy,
                Metric::BalancedAccuracy,
                Metric::F1,
                Metric::Mcc,
                Metric::Cost,
            ] {
                let best = rows.best(metric).unwrap();
                let searched = by_search(&rows, metric);
                assert!((best.score - searched).abs() < 1e-9, "{metric}: {best:?}");
                // The threshold has this value on all rows.
                let again = rows.at(best.threshold, metric).unwrap();
                assert!((again.score - best.score).abs() < 1e-9, "{metric}");
                assert!(best.threshold.is_finite() && best.threshold >= 0.0);
            }
            assert_eq!(rows.best(Metric::Auc), None);
        }
    }

    #[test]
    fn a_threshold_has_precision_and_recall() {
        let rows = BinaryRows {
            probabilities: &[0.9, 0.8, 0.4, 0.1],
            actual: &[true, false, true, false],
            weights: RowWeights(None),
            costs: [[0.0, 1.0], [10.0, 0.0]],
        };
        let score = rows.at(0.5, Metric::F1).unwrap();
        assert_eq!((score.precision, score.recall), (Some(0.5), Some(0.5)));
        assert_eq!((score.score, score.positive), (0.5, 0.5));
        // A missed positive row costs more than a false alarm.
        let best = rows.best(Metric::Cost).unwrap();
        assert_eq!((best.threshold, best.score), (0.25, 0.25));
        let of_one_class = BinaryRows {
            actual: &[true; 4],
            ..rows
        };
        assert_eq!(of_one_class.best(Metric::F1), None);
    }
}
