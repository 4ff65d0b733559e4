//! The rows of a file that were skipped.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Consecutive rows that were skipped because they cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The indices of the rows, from 0.
    pub rows: Range<usize>,
    /// What is wrong with the row. Only the first 1,000 skipped rows of a table are listed one by one, with
    /// their reasons; it is empty for the others.
    pub reason: String,
}

/// Rows that are listed one by one.
const LISTED: usize = 1_000;

/// The skipped rows that were not taken yet. Clones share one list. All rows of a large file may be bad:
/// neighbors take the memory of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct SkippedRows(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    waiting: Vec<Skipped>,
    /// Rows that were listed one by one so far.
    listed: usize,
}

impl SkippedRows {
    pub fn take(&self) -> Vec<Skipped> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut list.waiting)
    }

    /// Adds rows that follow those of earlier calls.
    pub fn add(&self, skipped: Skipped) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Skipped { rows, mut reason } = skipped;
        match list.listed < LISTED && !reason.is_empty() {
            true => list.listed += 1,
            false => reason.clear(),
        }
        match list.waiting.last_mut() {
            Some(last) if reason.is_empty() && last.continues_at(rows.start) => {
                last.rows.end = rows.end;
            }
            _ => list.waiting.push(Skipped { rows, reason }),
        }
    }
}

impl Skipped {
    /// Whether a row without a reason may be added to these.
    fn continues_at(&self, row: usize) -> bool {
        self.reason.is_empty() && self.rows.end == row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(row: usize) -> Skipped {
        Skipped {
            rows: row..row + 1,
            reason: format!("row {row}"),
        }
    }

    #[test]
    fn only_the_first_rows_are_listed_one_by_one() {
        let skipped = SkippedRows::default();
        (0..500).for_each(|row| skipped.add(bad(row)));
        assert_eq!(skipped.take().len(), 500);
        (500..2_000_000).for_each(|row| skipped.add(bad(row)));
        skipped.add(bad(3_000_000));
        let taken = skipped.take();
        assert_eq!(taken.len(), 502);
        assert_eq!(taken[499], bad(999));
        assert_eq!(taken[500].rows, 1_000..2_000_000);
        assert_eq!(taken[501].rows, 3_000_000..3_000_001);
        assert!(taken[500..].iter().all(|rows| rows.reason.is_empty()));
        assert!(skipped.take().is_empty());
    }
}
