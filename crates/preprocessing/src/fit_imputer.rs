//! Fits the imputer.

use backburn_table::{ColumnKind, Table};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::column_encoder::ColumnEncoder;
use crate::encoder::Encoder;
use crate::imputer::{Imputer, is_imputable};
use crate::normal::{MAX_NUMBERS, Normal};

/// The largest number of training rows that the imputer is fitted on.
const MAX_ROWS: usize = 5000;

impl Encoder {
    /// Fits an [`Imputer`] of missing values on the training rows (a random sample of 5000, if there
    /// are more). Columns in which three or more training rows have no value are not imputed: their
    /// indicator marks missing values for the network.
    ///
    /// The encoder stays without an imputer if an encoded row has more than 512 numbers besides bins,
    /// or if the rows cannot be encoded, for which [`encode`](Self::encode) gives the reason. Missing
    /// values are then replaced by the median or the mean of their column.
    #[must_use]
    pub fn with_imputer(mut self, table: &Table, training: &[usize]) -> Self {
        let numbers = self.imputation_indices().len();
        if !self.columns.iter().any(is_imputable) || !(2..=MAX_NUMBERS).contains(&numbers) {
            return self;
        }
        let mut rows = training.to_vec();
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        rows.truncate(MAX_ROWS);
        rows.sort_unstable();
        let columns_alone = Self {
            columns: self.columns.iter().map(without_bins).collect(),
            knn_features: Vec::new(),
            imputer: None,
            profile: Vec::new(),
        };
        let sample = table.select(table.name(), &rows);
        if let Ok(encoded) = sample.and_then(|sample| columns_alone.encode(&sample)) {
            self.imputer = fit(&columns_alone, &encoded);
        }
        self
    }
}

/// Fits the imputer of an encoder without bins on encoded rows.
fn fit(encoder: &Encoder, encoded: &[f32]) -> Option<Imputer> {
    let width = encoder.width();
    let normal = Normal::fit(encoded, width, &encoder.imputation_indices())?;
    let columns = encoder.columns.iter().zip(encoder.column_ranges());
    let imputed = columns.filter(|(column, (_, range))| {
        let numbers = encoded.iter().skip(range.start).step_by(width);
        let is_numeric = column.kind() == ColumnKind::Numeric;
        is_imputable(column) && !(is_numeric && has_majority_value(numbers))
    });
    let columns: Vec<String> = imputed.map(|(_, (name, _))| name.to_string()).collect();
    (!columns.is_empty()).then_some(Imputer { columns, normal })
}

/// Whether more than half of the numbers are the same one, as in a zero-inflated column.
fn has_majority_value<'a>(numbers: impl Iterator<Item = &'a f32>) -> bool {
    let mut numbers: Vec<f32> = numbers.copied().collect();
    numbers.sort_unstable_by(f32::total_cmp);
    let Some(&median) = numbers.get(numbers.len() / 2) else {
        return false;
    };
    2 * numbers.iter().filter(|&&number| number == median).count() > numbers.len()
}

fn without_bins(column: &ColumnEncoder) -> ColumnEncoder {
    let mut column = column.clone();
    if let ColumnEncoder::Numeric { edges, .. } = &mut column {
        edges.clear();
    }
    column
}
