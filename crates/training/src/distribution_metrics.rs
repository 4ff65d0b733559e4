//! Metrics of predicted quantiles and of predicted means of counts and amounts.

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
    /// The metrics of quantiles, `[rows, levels]`, for the true values, `[rows]`. `None` if there are no rows
    /// or levels, or the lengths do not fit.
    pub fn new(quantiles: &[f64], levels: &[f64], actual: &[f64]) -> Option<Self> {
        let fits = quantiles.len() == levels.len() * actual.len();
        if levels.is_empty() || actual.is_empty() || !fits {
            return None;
        }
        let rows = actual.len() as f64;
        let mut loss = 0.0;
        let mut coverage: Vec<(f64, f64)> = levels.iter().map(|&level| (level, 0.0)).collect();
        for (row, &value) in quantiles.chunks_exact(levels.len()).zip(actual) {
            for (&quantile, (level, held)) in row.iter().zip(&mut coverage) {
                let difference = value - quantile;
                loss += (*level * difference).max((*level - 1.0) * difference);
                *held += f64::from(u8::from(value <= quantile));
            }
        }
        coverage.iter_mut().for_each(|(_, held)| *held /= rows);
        Some(Self {
            mean_pinball_loss: loss / (rows * levels.len() as f64),
            coverage,
        })
    }
}

/// The mean Poisson deviance of predicted means, `[rows]`, as `mean_poisson_deviance` of scikit-learn.
/// `None` if there are no rows, the lengths differ, a value is below 0 or a prediction is not above 0.
pub fn mean_poisson_deviance(predicted: &[f64], actual: &[f64]) -> Option<f64> {
    mean_deviance(predicted, actual, |mean, value| {
        let of_value = match value > 0.0 {
            true => value * (value / mean).ln(),
            false => 0.0,
        };
        (value >= 0.0).then_some(2.0 * (of_value - value + mean))
    })
}

/// The mean Gamma deviance of predicted means, `[rows]`, as `mean_gamma_deviance` of scikit-learn. `None` if
/// there are no rows, the lengths differ, or a value or a prediction is not above 0.
pub fn mean_gamma_deviance(predicted: &[f64], actual: &[f64]) -> Option<f64> {
    mean_deviance(predicted, actual, |mean, value| {
        (value > 0.0).then(|| 2.0 * ((mean / value).ln() + value / mean - 1.0))
    })
}

fn mean_deviance(
    predicted: &[f64],
    actual: &[f64],
    deviance: impl Fn(f64, f64) -> Option<f64>,
) -> Option<f64> {
    if actual.is_empty() || predicted.len() != actual.len() {
        return None;
    }
    let rows = predicted.iter().zip(actual);
    let deviances = rows.map(|(&mean, &value)| match mean > 0.0 {
        true => deviance(mean, value),
        false => None,
    });
    let sum: Option<f64> = deviances.sum();
    Some(sum? / actual.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers are those of scikit-learn.

    #[test]
    fn deviances() {
        let (predicted, actual) = ([0.5, 0.5, 2.0, 2.0], [2.0, 0.0, 1.0, 4.0]);
        let deviance = mean_poisson_deviance(&predicted, &actual).unwrap();
        assert!((deviance - 1.4260151319598084).abs() < 1e-12, "{deviance}");
        let actual = [2.0, 0.5, 1.0, 4.0];
        let deviance = mean_gamma_deviance(&predicted, &actual).unwrap();
        assert!((deviance - 1.0568528194400546).abs() < 1e-12, "{deviance}");
        assert_eq!(mean_poisson_deviance(&[1.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(mean_poisson_deviance(&[1.0], &[-1.0]), None);
        assert_eq!(mean_gamma_deviance(&[1.0], &[0.0]), None);
        assert_eq!(mean_gamma_deviance(&[], &[]), None);
    }

    #[test]
    fn quantiles() {
        let actual = [1.0, 2.0, 3.0];
        let quantiles = [0.0, 2.5, 1.5, 2.0, 2.5, 4.0];
        let score = QuantileScore::new(&quantiles, &[0.1, 0.9], &actual).unwrap();
        let error = (score.mean_pinball_loss - 0.07499999999999998).abs();
        assert!(error < 1e-12, "{}", score.mean_pinball_loss);
        assert_eq!(score.coverage, [(0.1, 0.0), (0.9, 1.0)]);
        assert_eq!(QuantileScore::new(&quantiles, &[0.1], &actual), None);
        assert_eq!(QuantileScore::new(&[], &[0.1], &[]), None);
    }
}
