//! Blank rows at the end of a table, which spreadsheets write.

use std::collections::VecDeque;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};

/// Passes batches of text through, without the rows at the end in which every field is empty. Blank
/// rows between others are rows. A table with one column has none: an empty line is not a row.
pub(crate) struct WithoutBlankEnd<I> {
    batches: I,
    ready: VecDeque<RecordBatch>,
    /// Blank rows, which are rows if others follow.
    blank: Vec<RecordBatch>,
}

impl<I> WithoutBlankEnd<I> {
    pub fn new(batches: I) -> Self {
        Self {
            batches,
            ready: VecDeque::new(),
            blank: Vec::new(),
        }
    }
}

impl<I: Iterator<Item = Result<RecordBatch, String>>> Iterator for WithoutBlankEnd<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        // More blank batches than these are not held in memory: they are rows.
        const MAX_HELD: usize = 256;
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            let batch = match self.batches.next()? {
                Ok(batch) => batch,
                error => return Some(error),
            };
            let rows = batch.num_rows();
            let filled = filled_rows(&batch);
            if filled > 0 || self.blank.len() >= MAX_HELD {
                self.ready.extend(self.blank.drain(..));
            }
            if filled == rows {
                self.ready.push_back(batch);
                continue;
            }
            if filled > 0 {
                self.ready.push_back(batch.slice(0, filled));
            }
            self.blank.push(batch.slice(filled, rows - filled));
        }
    }
}

/// The number of rows without the blank ones at the end.
fn filled_rows(batch: &RecordBatch) -> usize {
    let columns = batch.columns();
    let is_blank = |column: &ArrayRef, row: usize| {
        column.is_null(row)
            || column
                .as_string_opt::<i32>()
                .is_some_and(|text| text.value(row).trim().is_empty())
    };
    let is_filled = |&row: &usize| columns.iter().any(|column| !is_blank(column, row));
    match columns.len() {
        0 | 1 => batch.num_rows(),
        _ => (0..batch.num_rows())
            .rev()
            .find(is_filled)
            .map_or(0, |row| row + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;

    use super::*;

    fn batch(values: &[&str]) -> RecordBatch {
        let values: Vec<Option<&str>> = values
            .iter()
            .map(|v| (!v.is_empty()).then_some(*v))
            .collect();
        let column: ArrayRef = Arc::new(StringArray::from(values));
        RecordBatch::try_from_iter([("a", column.clone()), ("b", column)]).unwrap()
    }

    fn rows(batches: &[&[&str]]) -> usize {
        let batches = batches.iter().map(|values| Ok(batch(values)));
        WithoutBlankEnd::new(batches)
            .map(|batch| batch.unwrap().num_rows())
            .sum()
    }

    #[test]
    fn only_blank_rows_at_the_end_are_left_out() {
        assert_eq!(rows(&[&["1", "", "2"], &["3"]]), 4);
        assert_eq!(rows(&[&["1", "", " "]]), 1);
        assert_eq!(rows(&[&["1", "", ""], &["", ""], &[""]]), 1);
        assert_eq!(rows(&[&["1", "", ""], &["", ""], &["", "2", ""]]), 7);
        assert_eq!(rows(&[&["", ""]]), 0);
    }
}
