//! A dataset in words.

use backburn_table::Table;

use crate::dataset::Dataset;
use crate::text::{count, shown};

impl Dataset {
    /// What a fit learns from, in sentences with short headings: the table, its columns, notes, the target, and how
    /// rows are split. `test` is the test table, if there is one.
    pub fn in_words(&self, test: Option<&Table>) -> Vec<(&'static str, String)> {
        let table = self.table();
        let mut data = format!("{}: {}", table.name(), count(table.rows(), "row"));
        if let Some(test) = test {
            data += &format!(", {} to test", count(test.rows(), "row"));
        }
        let notes = self
            .warnings()
            .iter()
            .map(|note| ("note", note.to_string()));
        let target = format!("{} ({})", shown(self.target()), self.task());
        let mut lines = vec![("data", data), ("columns", self.columns_by_kind())];
        lines.extend(notes);
        lines.push(("target", target));
        lines.extend(self.splits_in_words().map(|splits| ("splits", splits)));
        lines
    }
}
