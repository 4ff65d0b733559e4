//! Targets of later rows that are beyond the range of the training rows, and predictions that do not follow them.

use backburn_preprocessing::Predictions;

use crate::targets::Targets;

/// Fewer rows beyond the range are no sign of a trend.
const MIN_ROWS: usize = 3;
/// The least share of the scored rows that are beyond the range.
const MIN_SHARE: f64 = 0.05;
/// Fewer training rows do not show a trend.
const MIN_TRAINING_ROWS: usize = 10;
/// The least t statistic of the slope of the training targets over time.
const MIN_SIGNIFICANCE: f64 = 4.0;
/// A prediction is at a bound if it is not further from it than this share of the range.
const NEAR: f64 = 0.01;

/// Targets of later rows that are beyond the range of the training rows since they go on rising or falling with the time,
/// and predictions that do not follow them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BeyondRange {
    /// Whether the target rises with the time; otherwise it falls.
    pub rises: bool,
    /// The greatest target of the training rows, or the smallest if the target falls.
    pub bound: f64,
    /// The number of scored rows.
    pub rows: usize,
    /// Those whose target is beyond the bound.
    pub beyond: usize,
    /// Those whose prediction is at the bound.
    pub at_bound: usize,
    /// How much the predictions are on average too low, or too high if the target falls.
    pub error: f64,
}

impl BeyondRange {
    /// Looks for such targets among `rows`, with a prediction for each, where networks were trained on the earlier rows in
    /// `training`. `times` has the time of each row of the table. `None` if there are none, if the target has no
    /// significant linear trend in training, or if the predictions follow it.
    pub fn new(
        predictions: &Predictions,
        targets: &Targets,
        (training, rows): (&[usize], &[usize]),
        times: &[f64],
    ) -> Option<Self> {
        let (Predictions::Values(predicted), Targets::Values(values)) = (predictions, targets)
        else {
            return None;
        };
        let known = training.iter().map(|&row| (times[row], values[row]));
        let known: Vec<(f64, f64)> = known.collect();
        let rises = rises(&known)?;
        // A target that falls is one that rises, with another sign.
        let sign = if rises { 1.0 } else { -1.0 };
        let range = [f64::INFINITY, f64::NEG_INFINITY];
        let [low, bound] = known.iter().fold(range, |[low, high], (_, value)| {
            [low.min(sign * value), high.max(sign * value)]
        });
        let pairs = rows.iter().zip(predicted);
        let pairs = pairs.map(|(&row, predicted)| (sign * values[row], sign * predicted));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let count = |is: &dyn Fn(f64, f64) -> bool| {
            let found = pairs
                .iter()
                .filter(|(truth, predicted)| is(*truth, *predicted));
            found.count()
        };
        let near = NEAR * (bound - low);
        let found = Self {
            rises,
            bound: sign * bound,
            rows: pairs.len(),
            beyond: count(&|truth, _| truth > bound),
            at_bound: count(&|_, predicted| (predicted - bound).abs() <= near),
            error: 0.0,
        };
        let errors: Vec<f64> = pairs.iter().map(|(truth, p)| truth - p).collect();
        let error = found.mean_error(&errors, training.len())?;
        Some(Self { error, ..found })
    }

    /// The mean of the errors, if more rows are beyond the bound than chance puts there, and if it shows that predictions do
    /// not follow them.
    fn mean_error(&self, errors: &[f64], training: usize) -> Option<f64> {
        let rows = self.rows as f64;
        let by_chance = rows / (training as f64 + 1.0);
        let beyond = self.beyond as f64;
        let many = self.beyond >= MIN_ROWS
            && beyond > MIN_SHARE * rows
            && beyond > by_chance + 3.0 * by_chance.sqrt();
        let mean = errors.iter().sum::<f64>() / rows;
        let squares: f64 = errors.iter().map(|error| (error - mean).powi(2)).sum();
        let deviation = (squares / rows).sqrt();
        let stops = self.at_bound as f64 > 2.0 * MIN_SHARE * rows || mean > 0.5 * deviation;
        (many && stops && mean > 3.0 * deviation / rows.sqrt()).then_some(mean)
    }
}

/// Whether the second numbers rise with the first ones, or fall; `None` if neither is significant.
fn rises(pairs: &[(f64, f64)]) -> Option<bool> {
    if pairs.len() < MIN_TRAINING_ROWS {
        return None;
    }
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let [mut xx, mut yy, mut xy] = [0.0; 3];
    for (x, y) in pairs {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let correlation = xy / (xx * yy).sqrt();
    let unexplained = (1.0 - correlation * correlation).max(f64::EPSILON);
    let significance = correlation.abs() * ((count - 2.0) / unexplained).sqrt();
    (significance > MIN_SIGNIFICANCE).then_some(correlation > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the target is `truth` of each of 100 times, of which the last 20 are predicted.
    fn found(truth: impl Fn(f64) -> f64, predicted: impl Fn(f64) -> f64) -> Option<BeyondRange> {
        let times: Vec<f64> = (0..100).map(f64::from).collect();
        let values: Vec<f64> = times.iter().map(|&time| truth(time)).collect();
        let rows: Vec<usize> = (0..100).collect();
        let (training, rows) = rows.split_at(80);
        let predicted = rows.iter().map(|&row| predicted(values[row]));
        let predictions = Predictions::Values(predicted.collect());
        let targets = Targets::Values(values.clone());
        BeyondRange::new(&predictions, &targets, (training, rows), &times)
    }

    fn noise(time: f64) -> f64 {
        (time * 37.0 % 11.0) / 5.0 - 1.0
    }

    #[test]
    fn predictions_that_stop_at_the_bound_of_a_trend_are_found() {
        let rising = found(|time| time + noise(time), |truth| truth.min(80.0)).unwrap();
        assert!(rising.rises);
        assert!((rising.bound - 80.0).abs() < 2.0, "{rising:?}");
        assert_eq!(rising.rows, 20);
        assert!(rising.beyond > 15 && rising.at_bound > 15, "{rising:?}");
        assert!(rising.error > 5.0, "{rising:?}");
        let falling = found(|time| noise(time) - time, |truth| truth.max(-80.0)).unwrap();
        assert!(!falling.rises && falling.bound < -70.0, "{falling:?}");
        assert!(falling.beyond > 15 && falling.error > 5.0, "{falling:?}");
        // Predictions may also stay at the mean.
        let mean = found(|time| time + noise(time), |_| 40.0).unwrap();
        assert_eq!(mean.at_bound, 0);
    }

    #[test]
    fn without_a_trend_or_where_predictions_follow_it_there_is_nothing() {
        assert_eq!(found(noise, |_| 0.0), None);
        assert_eq!(
            found(|time| time + noise(time), |truth| truth + noise(truth)),
            None
        );
        // A trend that ends with the training rows.
        assert_eq!(
            found(|time| time.min(60.0) + noise(time), |truth| truth - 1.0),
            None
        );
        let classes = Targets::Classes(vec![None; 100]);
        let predictions = Predictions::Values(vec![1.0]);
        assert_eq!(
            BeyondRange::new(&predictions, &classes, (&[0], &[1]), &[0.0; 100]),
            None
        );
    }
}
