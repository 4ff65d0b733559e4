//! The files that a table of several files was read from.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::TableError;
use crate::source::Source;

/// The files that were read so far, each with the index of its first row. Clones share one list. Empty
/// for a table of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts(Arc<Mutex<Vec<(usize, Source)>>>);

impl Parts {
    pub fn add(&self, first_row: usize, source: Source) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((first_row, source));
    }

    /// The index of the first row of the file that is being read.
    pub fn first_row(&self) -> usize {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.last().map_or(0, |(first, _)| *first)
    }

    /// Describes where a row is; `None` for a table of one file.
    pub fn location(&self, row: usize) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = all
            .partition_point(|(first, _)| *first <= row)
            .checked_sub(1)?;
        let (first, source) = all.get(file)?;
        Some(source.location(row - first))
    }

    /// The error for the file that is being read, if it cannot be parsed; `None` for a table of one file.
    pub fn malformed(&self, reason: &str) -> Option<TableError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, source) = all.last()?;
        Some(source.malformed(reason.to_string()))
    }
}
