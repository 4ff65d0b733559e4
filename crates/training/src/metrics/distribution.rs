//! Metrics of predicted quantiles and of predicted means of counts and amounts.

use super::rows::{RowWeights, ValueRows};

/// Metrics of predicted quantiles.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileScore {
    /// The mean quantile loss (pinball loss) over rows and levels, in the unit of the target.
    pub mean_pinball_loss: f64,
    /// Each level, with the share of rows whose value is at most the quantile of that level. The share of a
    /// calibrated model is the level.
    pub coverage: Vec<(f64, f64)>,
}

impl QuantileScore {
    /// The metrics of quantiles, `[rows, levels]`, for the true values, `[rows]`, weighted if the rows have weights. `None` if
    /// there are no rows or levels, or the lengths do not fit.
    pub fn new(
        quantiles: &[f64],
        levels: &[f64],
        actual: &[f64],
        weights: RowWeights,
    ) -> Option<Self> {
        let fits = quantiles.len() == levels.len() * actual.len();
        if levels.is_empty() || !fits || !weights.fits(actual.len()) {
            return None;
        }
        let total = weights.total(actual.len());
        let mut loss = 0.0;
        let mut coverage: Vec<(f64, f64)> = levels.iter().map(|&level| (level, 0.0)).collect();
        let rows = quantiles.chunks_exact(levels.len()).zip(actual);
        for (index, (row, &value)) in rows.enumerate() {
            let weight = weights.of(index);
            for (&quantile, (level, held)) in row.iter().zip(&mut coverage) {
                let difference = value - quantile;
                loss += weight * (*level * difference).max((*level - 1.0) * difference);
                *held += if value <= quantile { weight } else { 0.0 };
            }
        }
        coverage.iter_mut().for_each(|(_, held)| *held /= total);
        Some(Self {
            mean_pinball_loss: loss / (total * levels.len() as f64),
            coverage,
        })
    }
}

/// The mean Poisson deviance of predicted means, as `mean_poisson_deviance` of scikit-learn, weighted if the rows have
/// weights. `None` if there are no rows, the lengths differ, a value is below 0 or a prediction is not above 0.
pub fn mean_poisson_deviance(rows: &ValueRows) -> Option<f64> {
    mean_deviance(rows, |mean, value| {
        let of_value = match value > 0.0 {
            true => value * (value / mean).ln(),
            false => 0.0,
        };
        (value >= 0.0).then_some(2.0 * (of_value - value + mean))
    })
}

/// The mean Gamma deviance of predicted means, as `mean_gamma_deviance` of scikit-learn, weighted if the rows have weights.
/// `None` if there are no rows, the lengths differ, or a value or a prediction is not above 0.
pub fn mean_gamma_deviance(rows: &ValueRows) -> Option<f64> {
    mean_deviance(rows, |mean, value| {
        (value > 0.0).then(|| 2.0 * ((mean / value).ln() + value / mean - 1.0))
    })
}

fn mean_deviance(rows: &ValueRows, deviance: impl Fn(f64, f64) -> Option<f64>) -> Option<f64> {
    if !rows.fits() {
        return None;
    }
    let pairs = rows.predicted.iter().zip(rows.actual);
    let deviances = pairs.map(|(&mean, &value)| match mean > 0.0 {
        true => deviance(mean, value),
        false => None,
    });
    let deviances: Option<Vec<f64>> = deviances.collect();
    Some(rows.weights.mean(deviances?.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers are those of scikit-learn 1.9.1: first without weights, then with `sample_weight=w`.

    /// Compares a deviance with an expected one.
    fn check(
        deviance: impl Fn(&ValueRows) -> Option<f64>,
        (predicted, actual, weights): (&[f64], &[f64], Option<&[f64]>),
        expected: Option<f64>,
    ) {
        let found = deviance(&ValueRows {
            predicted,
            actual,
            weights: RowWeights(weights),
        });
        match (found, expected) {
            (Some(found), Some(expected)) => {
                assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
            (found, expected) => assert_eq!(found, expected),
        }
    }

    #[test]
    fn deviances() {
        let (predicted, weights) = ([0.5, 0.5, 2.0, 2.0], [1.0, 2.0, 0.5, 3.0]);
        let actual = [2.0, 0.0, 1.0, 4.0];
        for (weights, expected) in [
            (None, 1.4260151319598084),
            (Some(&weights[..]), 1.4596250149782006),
        ] {
            let rows = (&predicted[..], &actual[..], weights);
            check(mean_poisson_deviance, rows, Some(expected));
        }
        let actual = [2.0, 0.5, 1.0, 4.0];
        for (weights, expected) in [
            (None, 1.0568528194400546),
            (Some(&weights[..]), 0.809488519224691),
        ] {
            let rows = (&predicted[..], &actual[..], weights);
            check(mean_gamma_deviance, rows, Some(expected));
        }
        check(
            mean_poisson_deviance,
            (&[1.0, 0.0], &[1.0, 1.0], None),
            None,
        );
        check(mean_poisson_deviance, (&[1.0], &[-1.0], None), None);
        check(mean_gamma_deviance, (&[1.0], &[0.0], None), None);
        check(mean_gamma_deviance, (&[], &[], None), None);
        check(mean_gamma_deviance, (&[1.0], &[1.0], Some(&[0.0])), None);
    }

    #[test]
    fn quantiles() {
        let actual = [1.0, 2.0, 3.0];
        let quantiles = [0.0, 2.5, 1.5, 2.0, 2.5, 4.0];
        let weights = [1.0, 3.0, 0.5];
        for (weights, expected) in [
            (None, 0.07499999999999998),
            (Some(&weights[..]), 0.05277777777777777),
        ] {
            let score = QuantileScore::new(&quantiles, &[0.1, 0.9], &actual, RowWeights(weights));
            let score = score.unwrap();
            let error = (score.mean_pinball_loss - expected).abs();
            assert!(error < 1e-12, "{}", score.mean_pinball_loss);
            assert_eq!(score.coverage, [(0.1, 0.0), (0.9, 1.0)]);
        }
        // The second row is above its quantile, and has two thirds of the weight.
        let (actual, weights) = ([1.0, 2.6, 3.0], RowWeights(Some(&weights)));
        let score = QuantileScore::new(&quantiles, &[0.1, 0.9], &actual, weights).unwrap();
        assert!((score.coverage[1].1 - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(
            QuantileScore::new(&quantiles, &[0.1], &actual, weights),
            None
        );
        assert_eq!(QuantileScore::new(&[], &[0.1], &[], RowWeights(None)), None);
    }
}
