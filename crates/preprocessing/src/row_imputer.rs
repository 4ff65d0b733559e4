//! Imputes missing values in encoded rows.

use std::collections::HashSet;
use std::ops::Range;

use nalgebra::{Cholesky, DMatrix, DVectorViewMut, Dyn};

use crate::column_encoder::ColumnEncoder;
use crate::encoder::Encoder;
use crate::imputer::{imputation_width, is_imputable};
use crate::normal::Normal;

/// An imputer, ready to complete rows in which NaN marks missing values.
#[derive(Debug)]
pub(crate) struct RowImputer<'a> {
    normal: &'a Normal,
    /// Where the numbers that the distribution describes are in an encoded row.
    indices: Vec<usize>,
    imputable: Vec<ImputableNumber<'a>>,
    /// For each one-hot column, the indices of its numbers in the distribution.
    one_hot: Vec<Range<usize>>,
}

/// A number of a row that is NaN where it is missing.
#[derive(Debug)]
struct ImputableNumber<'a> {
    /// Its index in the distribution.
    index: usize,
    column: &'a ColumnEncoder,
    /// Where it is in an encoded row, with its bins.
    range: Range<usize>,
    /// Whether it is imputed by the distribution, and not by the column's default.
    by_distribution: bool,
}

/// The factorization for the last row. The next row often misses the same numbers and uses it again.
#[derive(Debug, Default)]
pub(crate) struct ImputationCache {
    /// The indices of the missing numbers.
    missing: Vec<usize>,
    factor: Option<Cholesky<f64, Dyn>>,
}

impl<'a> RowImputer<'a> {
    /// The imputer of an encoder, if it has one.
    pub fn new(encoder: &'a Encoder) -> Option<Self> {
        let imputer = encoder.imputer.as_ref()?;
        let mut row_imputer = Self {
            normal: &imputer.normal,
            indices: encoder.imputation_indices(),
            imputable: Vec::new(),
            one_hot: Vec::new(),
        };
        let imputed: HashSet<&str> = imputer.columns.iter().map(String::as_str).collect();
        let mut index = 0;
        for (column, (name, range)) in encoder.columns.iter().zip(encoder.column_ranges()) {
            let width = imputation_width(column);
            let numbers = index..index + width;
            index = numbers.end;
            let mut push = |index, range| {
                row_imputer.imputable.push(ImputableNumber {
                    index,
                    column,
                    range,
                    by_distribution: imputed.contains(name),
                });
            };
            match column {
                ColumnEncoder::OneHot { .. } => row_imputer.one_hot.push(numbers),
                _ if !is_imputable(column) => {}
                ColumnEncoder::Numeric { .. } => push(numbers.start, range),
                _ => numbers.zip(range).for_each(|(n, at)| push(n, at..at + 1)),
            }
        }
        Some(row_imputer)
    }

    /// Replaces the NaNs of an encoded row by imputed values.
    pub fn write(&self, row: &mut [f32], cache: &mut ImputationCache) {
        let number = |index: usize| row[self.indices[index]];
        let missing = self.imputable.iter();
        let missing = missing.filter(|imputable| number(imputable.index).is_nan());
        let missing: Vec<&ImputableNumber> = missing.collect();
        if missing.is_empty() {
            return;
        }
        let categories = self.one_hot.iter().cloned();
        let no_category = categories.filter(|numbers| numbers.clone().all(|n| number(n) == 0.0));
        let mut indices: Vec<usize> = missing.iter().map(|missing| missing.index).collect();
        indices.extend(no_category.flatten());
        cache.update(indices, self.normal);
        let means = self.conditional_means(cache, number);
        for (missing, z) in missing.into_iter().zip(means) {
            let numbers = &mut row[missing.range.clone()];
            match missing.by_distribution {
                true => {
                    let z = if z.is_finite() { z } else { 0.0 };
                    let number = self.normal.number(z, missing.index);
                    missing.column.write_scaled(number, numbers);
                }
                false => missing.column.write_default(numbers),
            }
        }
    }

    /// The conditional means of the missing numbers, as standard scores.
    fn conditional_means(
        &self,
        cache: &ImputationCache,
        number: impl Fn(usize) -> f32,
    ) -> Vec<f64> {
        let normal = self.normal;
        let mut is_observed = vec![true; self.indices.len()];
        for &index in &cache.missing {
            is_observed[index] = false;
        }
        let observed = (0..self.indices.len()).filter(|&index| is_observed[index]);
        let observed: Vec<(usize, f64)> = observed
            .map(|index| (index, normal.standardized(number(index), index)))
            .collect();
        let sums = cache.missing.iter().map(|&of| {
            let products = observed.iter().map(|&(by, z)| normal.precision(of, by) * z);
            -products.sum::<f64>()
        });
        let mut means: Vec<f64> = sums.collect();
        match &cache.factor {
            Some(factor) => {
                let size = means.len();
                factor.solve_mut(&mut DVectorViewMut::from_slice(&mut means, size));
            }
            None => means.fill(0.0),
        }
        means
    }
}

impl ImputationCache {
    /// Factorizes the precision matrix of these missing numbers, unless it is the one of the last row.
    fn update(&mut self, missing: Vec<usize>, normal: &Normal) {
        if self.missing == missing {
            return;
        }
        let matrix = DMatrix::from_fn(missing.len(), missing.len(), |row, column| {
            normal.precision(missing[row], missing[column])
        });
        self.factor = Cholesky::new(matrix);
        self.missing = missing;
    }
}
