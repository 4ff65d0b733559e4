//! Options for encoding columns.

use serde::{Deserialize, Serialize};

use crate::bins::Bins;

/// How numeric columns are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberScale {
    /// Mean 0 and standard deviation 1 over the training rows, as scikit-learn's `StandardScaler`.
    Standard,
    /// Median 0 and interquartile range 1 over the training rows, as scikit-learn's `RobustScaler`,
    /// with smooth clipping to the range from -3 to 3.
    #[default]
    Robust,
    /// Quantiles mapped to a standard normal distribution, as scikit-learn's `QuantileTransformer`;
    /// within -5.2 and 5.2.
    Quantile,
}

/// How columns are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderOptions {
    /// How numeric columns are scaled.
    pub numbers: NumberScale,
    /// Bins of each numeric column, at quantiles of the training rows.
    pub bins: Bins,
    /// A categorical column with at most this many categories is one-hot encoded; one with more gets
    /// an embedding.
    pub one_hot_max: usize,
    /// The length of an embedding vector; 0 selects `1.6 * categories^0.56`, at most 50.
    pub embedding_dimension: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            numbers: NumberScale::Robust,
            bins: Bins::Auto,
            one_hot_max: 50,
            embedding_dimension: 0,
        }
    }
}
