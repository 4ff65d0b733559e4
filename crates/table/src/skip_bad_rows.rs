//! The rows of a file that were skipped.

use std::sync::{Arc, Mutex, PoisonError};

/// A row that was skipped because it cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The index of the row, from 0.
    pub row: usize,
    /// What is wrong with it. Only the first 100 rows after each call of
    /// [`TableReader::skipped`](crate::TableReader::skipped) have a reason; it is empty for the others.
    pub reason: String,
}

/// The skipped rows that were not taken yet. Clones share one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct SkippedRows(Arc<Mutex<Vec<Skipped>>>);

impl SkippedRows {
    pub fn take(&self) -> Vec<Skipped> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn add(&self, mut skipped: Skipped) {
        // All rows of a large file may be bad: without their reasons they take little memory.
        const REASONS: usize = 100;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REASONS {
            skipped.reason = String::new();
        }
        all.push(skipped);
    }
}
