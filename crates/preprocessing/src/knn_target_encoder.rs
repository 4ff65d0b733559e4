//! The mean target of the nearest training rows as features.

use serde::{Deserialize, Serialize};

use crate::column_encoder::ColumnEncoder;
use crate::nearest_neighbors::{NEAREST, NearestNeighborIndex};

/// Features from the nearest training rows: the mean target of the 4 and of the 16 training rows that
/// are nearest in some numeric columns, as of a k-nearest-neighbors regression. They help where the
/// target changes from place to place without a simple formula, as house prices do with latitude and
/// longitude.
///
/// The features of a training row do not use its own target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnnTargetEncoder {
    /// Two numeric columns or more. Distances are Euclidean, between their scaled numbers; a missing value
    /// is imputed, or replaced by the median.
    pub columns: Vec<String>,
    /// Whether the first mean is over all of the nearest rows, weighted by distance.
    #[serde(
        rename = "weighed",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub distance_weighted: bool,
    /// The encoders of the means: of the 4 nearest rows, then of the 16 nearest, for each output.
    pub means: Vec<ColumnEncoder>,
    #[serde(skip)]
    pub(crate) index: NearestNeighborIndex,
}

impl KnnTargetEncoder {
    /// The numbers of nearest rows whose mean targets are features.
    pub const NEAREST: [usize; 2] = NEAREST;
    /// The largest number of outputs with k-NN features: each output has features of its own.
    pub const MAX_OUTPUTS: usize = 10;

    /// The largest number of features that one encoder adds, with this many bins; 0 for more than
    /// [`MAX_OUTPUTS`](Self::MAX_OUTPUTS) outputs.
    pub fn max_width(outputs: usize, bins: usize) -> usize {
        match outputs <= Self::MAX_OUTPUTS {
            true => NEAREST.len() * outputs * (2 + bins),
            false => 0,
        }
    }

    /// The number of training rows whose numbers and targets it stores.
    pub fn training_rows(&self) -> usize {
        self.index.rows()
    }

    /// Number of features.
    pub(crate) fn width(&self) -> usize {
        self.means.iter().map(ColumnEncoder::width).sum()
    }

    /// Writes the features of a new row with these coordinates.
    pub(crate) fn write(&self, at: &[f32], features: &mut [f32]) {
        self.write_means(
            &self.index.means(at, None, self.distance_weighted),
            features,
        );
    }

    /// Writes the features for these means.
    pub(crate) fn write_means(&self, means: &[f32], features: &mut [f32]) {
        let mut first = 0;
        for (mean, encoder) in means.iter().zip(&self.means) {
            encoder.write_number(f64::from(*mean), &mut features[first..]);
            first += encoder.width();
        }
    }

    /// Whether it is valid. Used for encoders from files, which may hold anything.
    pub(crate) fn is_usable(&self) -> bool {
        let numeric = |mean: &ColumnEncoder| matches!(mean, ColumnEncoder::Numeric { .. });
        let mut columns: Vec<&String> = self.columns.iter().collect();
        columns.sort_unstable();
        columns.dedup();
        self.means.len() == self.index.outputs() * NEAREST.len()
            && columns.len() == self.columns.len()
            && columns.len() == self.index.dimensions()
            && self
                .means
                .iter()
                .all(|mean| numeric(mean) && mean.is_usable())
    }
}
