//! Notes on how a file was read.

use std::sync::{Arc, Mutex, PoisonError};

/// Notes, which readers add to while they read. Clones share one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn add(&self, note: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&note) {
            all.push(note);
        }
    }

    pub fn all(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

/// What was found out about the layout of a text file; nothing for other files.
#[derive(Debug, Clone, Default)]
pub(crate) struct LayoutInfo {
    pub notes: Notes,
    /// The byte between the fields of a row.
    pub delimiter: Option<u8>,
    /// Names that the header has more than once.
    pub repeated_names: Vec<String>,
    /// Whether the header looks like a row.
    pub header_looks_like_data: bool,
}
