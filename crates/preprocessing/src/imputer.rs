//! The imputer of missing values.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::column_encoder::ColumnEncoder;
use crate::normal::Normal;

/// Imputes missing values from the rest of their row, in columns that were almost complete in training:
/// by the conditional mean of a multivariate normal distribution of the encoded rows. For example,
/// a missing number of bedrooms becomes that of houses of a similar size, and not the median of all houses.
///
/// Let `z` be the standard scores of a row's numbers, and `Λ` the inverse of their covariance matrix.
/// If the numbers `m` are missing and `o` are observed, the conditional means are `-Λ_mm⁻¹ Λ_mo z_o`
/// (Little and Rubin, "Statistical Analysis with Missing Data", section 11.2), limited to the range of
/// the training rows. A boolean becomes a number between those of false and true, and a date is
/// imputed part by part. A category that is missing or was not seen in training counts as missing, but
/// is not imputed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imputer {
    /// The columns whose values are imputed. In numeric columns where more than half of the training
    /// rows have the same value, a missing value is replaced by the median instead: in a zero-inflated
    /// column, the conditional mean is a value that hardly any row has.
    pub columns: Vec<String>,
    #[serde(skip)]
    pub(crate) normal: Normal,
}

impl Imputer {
    /// The name of its tensor in a model file, which has the rows of [`Encoder::tensors`](crate::Encoder::tensors): the
    /// means of the numbers, their standard deviations, minimums and maximums, then the precision matrix.
    pub const TENSOR: &str = "imputer";

    /// Why it is invalid for these columns, if it is; `size` is the number of numbers that
    /// [`imputation_width`] counts in all columns. Used for imputers from files, which may hold
    /// anything.
    pub(crate) fn problem(&self, columns: &[ColumnEncoder], size: usize) -> Option<String> {
        let imputable = columns.iter().filter(|column| is_imputable(column));
        let imputable: HashSet<&str> = imputable.map(ColumnEncoder::name).collect();
        let has = |name: &String| imputable.contains(name.as_str());
        if !self.columns.iter().all(has) {
            return Some("it imputes values of other columns than it has".to_string());
        }
        (self.normal.size() != size).then(|| "its imputer does not fit its columns".to_string())
    }
}

/// Numbers of an encoded column that the imputer uses: all but the bins.
pub(crate) fn imputation_width(column: &ColumnEncoder) -> usize {
    match column {
        ColumnEncoder::Numeric { indicator, .. } => 1 + usize::from(*indicator),
        _ => column.width(),
    }
}

/// Whether missing values of a column can be imputed: it has no indicator of missing values, which
/// would mark them for the network.
pub(crate) fn is_imputable(column: &ColumnEncoder) -> bool {
    matches!(
        column,
        ColumnEncoder::Numeric {
            indicator: false,
            ..
        } | ColumnEncoder::Boolean {
            indicator: false,
            ..
        } | ColumnEncoder::Date {
            indicator: false,
            ..
        }
    )
}
