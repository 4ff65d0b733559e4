//! Counts of what rows have in a column.

use crate::column_profile::ValueProfile;

/// Values whose sizes differ by more than this factor are probably in different units.
const UNIT_FACTOR: f64 = 100.0;

/// Counts of what rows have in a column, compared with the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ColumnCounts {
    /// Rows without a usable value.
    pub missing: usize,
    /// Rows whose category was not seen in training.
    pub unseen: usize,
    /// Rows with a number or a date.
    pub values: usize,
    /// Those below the least of the training rows or above the greatest.
    pub beyond: usize,
    /// Those that are not 0.
    pub nonzero: usize,
    /// Those of at least 100 times the usual size in the training rows.
    pub large: usize,
    /// Those that are not 0, and at most a hundredth of the usual size in the training rows.
    pub small: usize,
}

impl ColumnCounts {
    /// Counts a number or a date. Without a profile, only that there is one.
    pub(crate) fn add_value(&mut self, value: f64, training: Option<&ValueProfile>) {
        self.values += 1;
        let Some(training) = training else {
            return;
        };
        let size = value.abs();
        let is_nonzero = value != 0.0;
        self.beyond += usize::from(value < training.min || value > training.max);
        self.nonzero += usize::from(is_nonzero);
        self.large += usize::from(is_nonzero && size >= training.size * UNIT_FACTOR);
        self.small += usize::from(is_nonzero && size <= training.size / UNIT_FACTOR);
    }

    /// Adds the counts of other rows.
    pub fn add(&mut self, other: &Self) {
        self.missing += other.missing;
        self.unseen += other.unseen;
        self.values += other.values;
        self.beyond += other.beyond;
        self.nonzero += other.nonzero;
        self.large += other.large;
        self.small += other.small;
    }
}
