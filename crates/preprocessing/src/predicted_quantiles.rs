//! Predicted quantiles of the rows of a table.

use std::ops::Range;

/// Predicted quantiles, row by row, in the unit of the target. Those of a row ascend.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PredictedQuantiles {
    /// The level of each quantile, in ascending order.
    pub levels: Vec<f64>,
    /// `rows * levels` numbers, row by row.
    pub values: Vec<f64>,
}

impl PredictedQuantiles {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.levels.len().max(1)
    }

    /// The quantiles of a row, one for each of the [`levels`](Self::levels); `None` if there is no such row.
    pub fn row(&self, row: usize) -> Option<&[f64]> {
        self.values.chunks_exact(self.levels.len().max(1)).nth(row)
    }

    /// The quantile of each row with the level of this index.
    pub fn column(&self, index: usize) -> impl Iterator<Item = f64> {
        let width = self.levels.len().max(1);
        self.values.iter().skip(index).step_by(width).copied()
    }

    /// The quantiles of some rows.
    ///
    /// # Panics
    ///
    /// There are no such rows.
    #[must_use]
    pub fn of_rows(&self, rows: Range<usize>) -> Self {
        let width = self.levels.len();
        Self {
            levels: self.levels.clone(),
            values: self.values[rows.start * width..rows.end * width].to_vec(),
        }
    }

    /// Adds the quantiles of further rows, of the same levels.
    pub fn extend(&mut self, further: Self) {
        self.values.extend(further.values);
    }
}
