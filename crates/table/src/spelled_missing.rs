//! Text that is missing by its spelling, and might be a category.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;

use crate::cell::Cell;
use crate::format_note::{Examples, FormatNote};
use crate::table::Table;

/// A note about words for missing values in a column of text that could as well be categories, such as
/// `None` and `NA`, if more than one row in twenty has one of them.
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
    let counts = counts.into_iter();
    let words = Examples::new(counts.map(|(word, count)| (word.to_string(), count)));
    much(words.total).then(|| FormatNote::MissingBySpelling {
        column: name.to_string(),
        words,
        of: rows,
    })
}

/// The texts of a column that was read from text.
fn texts(batch: &RecordBatch, column: usize) -> impl Iterator<Item = &str> {
    let array = batch.column(column).as_string_opt::<i32>();
    array.into_iter().flatten().flatten()
}
