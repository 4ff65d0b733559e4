//! The quantile transform of a numeric column to a normal distribution.
//!
//! The quantile function of the normal distribution is a rational approximation of 30 lines, accurate
//! to the 7 digits that an `f32` holds; a statistics crate would bring in many more distributions.

use crate::bins::quantile;

/// The largest number of quantiles of a column.
const MAX_QUANTILES: usize = 1000;
/// Probabilities are limited to this distance from 0 and 1: 5.2 standard deviations.
const NEAREST: f64 = 1e-7;

/// Evenly spaced quantiles of sorted values, including the minimum and the maximum.
pub(crate) fn quantiles(sorted: &[f64]) -> Vec<f64> {
    let count = sorted.len().min(MAX_QUANTILES);
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count)
        .map(|position| quantile(sorted, position as f64 / last))
        .collect()
}

/// Maps a value to the standard normal distribution by its rank among the quantiles, with linear
/// interpolation between two quantiles, and the middle rank of equal ones. This is scikit-learn's
/// `QuantileTransformer`, except at the ends: there, a minimum that many rows share becomes -5.2.
pub(crate) fn to_normal(value: f64, quantiles: &[f64]) -> f32 {
    let last = quantiles.len().saturating_sub(1).max(1) as f64;
    let below = quantiles.partition_point(|&q| q < value);
    let up_to = quantiles.partition_point(|&q| q <= value);
    let position = match below < up_to {
        true => (below + up_to - 1) as f64 / 2.0,
        false if below == 0 => 0.0,
        false if below == quantiles.len() => last,
        false => {
            let (low, high) = (quantiles[below - 1], quantiles[below]);
            (below - 1) as f64 + (value - low) / (high - low)
        }
    };
    normal_quantile((position / last).clamp(NEAREST, 1.0 - NEAREST)) as f32
}

/// The inverse of [`to_normal`]: a value that it maps to this number, or the nearest one.
pub(crate) fn from_normal(number: f32, quantiles: &[f64]) -> f64 {
    let at = quantiles.partition_point(|&q| to_normal(q, quantiles) < number);
    let Some(&high) = quantiles.get(at).or(quantiles.last()) else {
        return 0.0;
    };
    let mut low = quantiles[at.saturating_sub(1).min(quantiles.len() - 1)];
    let mut high = high;
    // Bisection to the precision of 64 bits.
    for _ in 0..64 {
        let middle = low + (high - low) / 2.0;
        match to_normal(middle, quantiles) < number {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// The quantile function of the standard normal distribution for a probability in `(0, 1)`, to 7
/// digits: Wichura, "Algorithm AS 241" (1988), PPND7.
fn normal_quantile(probability: f64) -> f64 {
    let ratio = |r: f64, above: &[f64], below: &[f64]| {
        let sum = |terms: &[f64]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
        sum(above) / sum(below)
    };
    let q = probability - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(
            0.180625 - q * q,
            &[3.3871327179, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1],
            &[1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1],
        );
    }
    let r = (-probability.min(1.0 - probability).ln()).sqrt();
    let tail = match r <= 5.0 {
        true => ratio(
            r - 1.6,
            &[1.4234372777, 2.7568153900, 1.3067284816, 1.7023821103e-1],
            &[1.0, 7.3700164250e-1, 1.2021132975e-1],
        ),
        false => ratio(
            r - 5.0,
            &[6.6579051150, 3.0812263860, 4.2868294337e-1, 1.7337203997e-2],
            &[1.0, 2.4197894225e-1, 1.2258202635e-2],
        ),
    };
    tail.copysign(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (probability, number) in [
            (0.5, 0.0),
            (0.841_344_746_068_543, 1.0),
            (0.975, 1.959_963_984_540_054),
            (0.001_349_898_031_630, -3.0),
            (1e-7, -5.199_337_582_192_8),
        ] {
            let found = normal_quantile(probability);
            assert!((found - number).abs() < 1e-6, "{probability}: {found}");
        }
    }

    #[test]
    fn values_are_those_of_scikit_learn() {
        // QuantileTransformer(n_quantiles=5, output_distribution="normal") of 1, 2, 2, 4, 100.
        let known = quantiles(&[1.0, 2.0, 2.0, 4.0, 100.0]);
        assert_eq!(known, [1.0, 2.0, 2.0, 4.0, 100.0]);
        for (value, expected) in [
            (-7.0, -5.199_337_6),
            (1.0, -5.199_337_6),
            (1.5, -1.150_349_4),
            (2.0, -0.318_639_36),
            (3.0, 0.318_639_36),
            (4.0, 0.674_489_75),
            (52.0, 1.150_349_4),
            (1e9, 5.199_337_6),
        ] {
            let found = to_normal(value, &known);
            assert!((found - expected).abs() < 1e-5, "{value}: {found}");
            if (1.0..=100.0).contains(&value) {
                let back = from_normal(found, &known);
                assert!((back - value).abs() < 1e-4, "{value}: {back}");
            }
        }
        let many: Vec<f64> = (0..5000).map(f64::from).collect();
        assert_eq!(quantiles(&many).len(), MAX_QUANTILES);
    }
}
