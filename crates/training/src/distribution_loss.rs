//! Losses for the distribution of a number: the quantile loss, and the deviances with a log link.
//!
//! Each loss has its equation in 64 bits with its slope, and as tensors. A deviance is that of
//! scikit-learn, with the exponential of the output as the mean.

use burn::tensor::Tensor;

/// The quantile loss (pinball loss) of Koenker and Bassett, "Regression Quantiles", 1978, for one level,
/// and its slope with respect to the quantile: `max(level · d, (level - 1) · d)` with
/// `d = value - quantile`.
pub(crate) fn pinball(quantile: f32, value: f32, level: f32) -> (f32, f32) {
    let difference = value - quantile;
    let sign = match difference == 0.0 {
        true => 0.0,
        false => difference.signum(),
    };
    let loss = 0.5 * difference.abs() + (level - 0.5) * difference;
    (loss, -0.5 * sign - (level - 0.5))
}

/// The Poisson deviance of a value of at least 0, and its slope with respect to the output, which is the
/// logarithm of the mean: `2 · (value · log(value / mean) - value + mean)`.
pub(crate) fn poisson(output: f32, value: f32) -> (f32, f32) {
    let mean = output.exp();
    let of_value = match value > 0.0 {
        true => value * (value.ln() - output),
        false => 0.0,
    };
    (2.0 * (of_value - value + mean), 2.0 * (mean - value))
}

/// The Gamma deviance of a value above 0, and its slope with respect to the output, which is the logarithm
/// of the mean: `2 · (log(mean / value) + value / mean - 1)`.
pub(crate) fn gamma(output: f32, value: f32) -> (f32, f32) {
    let ratio = value * (-output).exp();
    (
        2.0 * (output - value.ln() + ratio - 1.0),
        2.0 * (1.0 - ratio),
    )
}

/// The quantile loss of each quantile, `[batch, levels]`, for values `[batch, 1]`.
pub(crate) fn pinball_tensor(quantiles: Tensor<2>, values: Tensor<2>, levels: &[f64]) -> Tensor<2> {
    let columns = levels.iter().enumerate().map(|(index, level)| {
        let quantile = quantiles.clone().slice_dim(1, index..index + 1);
        let difference = values.clone() - quantile;
        difference.clone().abs() * 0.5 + difference * (level - 0.5)
    });
    Tensor::cat(columns.collect(), 1)
}

/// The Poisson deviance of each value, `[batch, outputs]`.
pub(crate) fn poisson_tensor(outputs: Tensor<2>, values: Tensor<2>) -> Tensor<2> {
    // The value 0 has no logarithm, and does not need one.
    let logarithms = values.clone().clamp_min(1e-30).log();
    let means = outputs.clone().exp();
    (values.clone() * (logarithms - outputs) - values + means) * 2.0
}

/// The Gamma deviance of each value, `[batch, outputs]`.
pub(crate) fn gamma_tensor(outputs: Tensor<2>, values: Tensor<2>) -> Tensor<2> {
    let ratios = values.clone() * outputs.clone().neg().exp();
    (outputs - values.log() + ratios - 1.0) * 2.0
}

/// The empirical quantiles of some values, one for each level.
pub(crate) fn quantiles_of(mut values: Vec<f32>, levels: &[f64]) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let last = values.len().saturating_sub(1);
    let index = |level: &f64| ((level * values.len() as f64) as usize).min(last);
    let quantile = |level| values.get(index(level)).copied().unwrap_or(f32::NAN);
    levels.iter().map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_equal_their_equations() {
        // mean_pinball_loss([3], [1], alpha=0.9) of scikit-learn is 1.8.
        assert!((pinball(1.0, 3.0, 0.9).0 - 1.8).abs() < 1e-6 * 1.8);
        assert!((pinball(3.0, 1.0, 0.9).0 - 0.2).abs() < 1e-6);
        assert_eq!(pinball(3.0, 3.0, 0.5), (0.0, 0.0));
        // mean_poisson_deviance([3], [2]) is 2 (3 log(3 / 2) - 1), mean_poisson_deviance([0], [2]) is 4.
        let log_2 = std::f32::consts::LN_2;
        let expected = 2.0 * (3.0 * 1.5f32.ln() - 1.0);
        assert!((poisson(log_2, 3.0).0 - expected).abs() < 1e-6);
        assert!((poisson(log_2, 0.0).0 - 4.0).abs() < 1e-6 * 4.0);
        // mean_gamma_deviance([3], [2]) is 2 (log(2 / 3) + 3 / 2 - 1).
        let expected = 2.0 * ((2.0f32 / 3.0).ln() + 0.5);
        assert!((gamma(log_2, 3.0).0 - expected).abs() < 1e-6);
    }

    #[test]
    fn a_perfect_mean_has_no_deviance_and_no_slope() {
        for value in [0.5f32, 1.0, 7.0] {
            for (loss, slope) in [poisson(value.ln(), value), gamma(value.ln(), value)] {
                assert!(
                    loss.abs() < 1e-5 && slope.abs() < 1e-5,
                    "{value}: {loss} {slope}"
                );
            }
        }
    }

    #[test]
    fn quantiles_are_values() {
        let values = vec![5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(quantiles_of(values, &[0.1, 0.5, 0.99]), [1.0, 3.0, 5.0]);
    }
}
