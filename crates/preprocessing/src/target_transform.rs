//! Transforms of the target for regression.

use serde::{Deserialize, Serialize};

/// The transform of the target for regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetTransform {
    /// Standardized: mean 0 and standard deviation 1 over the training rows.
    #[default]
    Standard,
    /// Logarithms, standardized: for amounts above 0 that span orders of magnitude. The mean squared
    /// error is then about ratios, and predictions are above 0.
    Log,
    /// No transform.
    None,
    /// [`Log`](Self::Log) if all values are above 0 and have a long tail that their logarithms do not
    /// have; otherwise [`Standard`](Self::Standard).
    Auto,
}

/// The mean and the standard deviation of one number or more.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|v| (v - mean) * (v - mean));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// Whether values have a long tail to the right that their logarithms do not have: their skewness (the
/// mean of the cubed standard scores) is above 1, and at least twice that of the logarithms.
pub(crate) fn has_long_tail(values: &[f64]) -> bool {
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let skew = skewness(values);
    skew > 1.0 && skewness(&logarithms).abs() <= skew / 2.0
}

fn skewness(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let moment = |power| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / count;
    moment(3) / moment(2).powf(1.5)
}
