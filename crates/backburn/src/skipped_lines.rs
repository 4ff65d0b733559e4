//! Skipped rows as lines of text.

use backburn_table::{Skipped, TableReader};

use crate::text::escaped;

/// The largest number of rows that are shown.
const SHOWN: usize = 10;

/// Makes lines of text of the first skipped rows.
#[derive(Debug, Clone, Default)]
pub struct SkippedLines {
    rows: usize,
}

impl SkippedLines {
    /// A line about rows that a reader skipped; `None` if ten rows were skipped before them.
    pub fn line(&mut self, reader: &TableReader, skipped: &Skipped) -> Option<String> {
        let is_shown = self.rows < SHOWN;
        self.rows += skipped.rows.len();
        is_shown.then(|| {
            let location = reader.location(skipped.rows.start);
            escaped(&format!("{location}: {}", skipped.reason)).to_string()
        })
    }
}
