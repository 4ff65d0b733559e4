//! A sentence about categories that are not in the training rows.

use backburn_preprocessing::Unseen;

use crate::text::{MAX_NAMES, count, shown};

/// A sentence about categories that are not in the training rows, if there are any. It names the columns and
/// the number of rows.
pub fn unseen_note(unseen: &Unseen) -> Option<String> {
    let Unseen(unseen) = unseen;
    let mut columns: Vec<String> = unseen
        .iter()
        .take(MAX_NAMES)
        .map(|(column, rows)| format!("`{}` in {}", shown(column), count(*rows, "row")))
        .collect();
    if unseen.len() > columns.len() {
        columns.push("…".to_string());
    }
    let columns = columns.join(", ");
    let words =
        format!("categories that the training rows did not have are treated as unknown: {columns}");
    (!unseen.is_empty()).then_some(words)
}
