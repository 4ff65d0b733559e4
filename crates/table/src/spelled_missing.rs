//! Text that is missing by its spelling, and might be a category.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;

use crate::cell::Cell;
use crate::format_note::FormatNote;
use crate::table::Table;

/// A note about the most frequent word for missing values in a column of text, if more than one row in
/// twenty has it and it could as well be a category: `None` or `NA`.
pub(crate) fn missing_by_spelling(table: &Table, name: &str, missing: usize) -> Option<FormatNote> {
    let rows = table.rows();
    let much = |count: usize| count * 20 > rows;
    if !much(missing) {
        return None;
    }
    let index = table.position(name)?;
    let mut counts = BTreeMap::new();
    for text in table.batches().iter().flat_map(|batch| texts(batch, index)) {
        let text = text.trim();
        let is_word = text.starts_with(char::is_alphabetic);
        if is_word && Cell::from_text(text) == Cell::Missing {
            *counts.entry(text).or_insert(0_usize) += 1;
        }
    }
    let (word, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    much(count).then(|| FormatNote::MissingBySpelling {
        column: name.to_string(),
        word: word.to_string(),
        rows: count,
        of: rows,
    })
}

/// The texts of a column that was read from text.
fn texts(batch: &RecordBatch, column: usize) -> impl Iterator<Item = &str> {
    let array = batch.column(column).as_string_opt::<i32>();
    array.into_iter().flatten().flatten()
}
