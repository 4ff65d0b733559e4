//! Counts of categories that were not seen in training.

use std::collections::BTreeMap;

/// For each column, the number of rows whose category was not seen in training. Columns without such
/// rows are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unseen(pub BTreeMap<String, usize>);

impl Unseen {
    /// Adds the counts of another batch.
    pub fn add(&mut self, other: Self) {
        for (column, rows) in other.0 {
            *self.0.entry(column).or_default() += rows;
        }
    }
}
