//! The end of a text file that is no part of the table: blank rows, which spreadsheets write, and the last lines of a
//! report, filled up with delimiters.

use std::collections::VecDeque;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::layout::{FOOTER_LINES, is_footer_text, looks_like_a_number};
use crate::notes::Notes;

/// Passes batches of text through, without the rows at the end in which every field is empty, and without last lines such
/// as `Source: ...` whose other fields are empty. Such rows between others are rows. A table with one column has none: an
/// empty line is not a row.
pub(crate) struct WithoutEnd<I> {
    batches: I,
    notes: Notes,
    ready: VecDeque<RecordBatch>,
    /// Rows that are left out if the table ends with them.
    held: Vec<RecordBatch>,
    /// The rows before them.
    above: Option<RecordBatch>,
    /// Whether the first column holds only numbers, by the first rows.
    number_first: Option<bool>,
    ended: bool,
}

/// What a row is by its fields.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Filled<'a> {
    Nothing,
    /// The first field alone.
    First(&'a str),
    More,
}

impl<I> WithoutEnd<I> {
    pub fn new(batches: I, notes: Notes) -> Self {
        Self {
            batches,
            notes,
            ready: VecDeque::new(),
            held: Vec::new(),
            above: None,
            number_first: None,
            ended: false,
        }
    }

    /// Adds a batch to those that are ready, but for rows with which the table may end.
    fn add(&mut self, batch: &RecordBatch) {
        // More batches than these are not held in memory: they are rows.
        const MAX_HELD: usize = 256;
        let rows = batch.num_rows();
        let sure = rows_before_end(batch);
        if sure > 0 || self.held.len() >= MAX_HELD {
            self.ready.extend(self.held.drain(..));
        }
        if sure > 0 {
            let first = batch.slice(0, sure);
            self.number_first
                .get_or_insert_with(|| number_first(&first));
            self.above = Some(first.clone());
            self.ready.push_back(first);
        }
        if sure < rows {
            self.held.push(batch.slice(sure, rows - sure));
        }
    }

    /// The rows among the last ones that are rows of the table.
    fn end(&mut self) {
        self.ended = true;
        let held = std::mem::take(&mut self.held);
        let rows: Vec<Filled> = held.iter().flat_map(filled_rows).collect();
        let first = self.above.as_ref().map(first_texts).unwrap_or_default();
        let end = match self.above.is_some() {
            true => end_of_rows(&rows, &first, self.number_first.unwrap_or(false)),
            false => without_blank(&rows),
        };
        if let Some(note) = footer_note(&rows[end..]) {
            self.notes.add(note);
        }
        let mut left = end;
        for batch in &held {
            let rows = left.min(batch.num_rows());
            if rows > 0 {
                self.ready.push_back(batch.slice(0, rows));
            }
            left -= rows;
        }
    }
}

impl<I: Iterator<Item = Result<RecordBatch, String>>> Iterator for WithoutEnd<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            if self.ended {
                return None;
            }
            match self.batches.next() {
                Some(Ok(batch)) => self.add(&batch),
                Some(error) => return Some(error),
                None => self.end(),
            }
        }
    }
}

/// The number of rows before those with which the table may end: blank ones, and lines of text in the first column.
fn rows_before_end(batch: &RecordBatch) -> usize {
    if batch.num_columns() < 2 {
        return batch.num_rows();
    }
    let mut lines = 0;
    for row in (0..batch.num_rows()).rev() {
        match filled(batch, row) {
            Filled::Nothing => {}
            Filled::First(text) if lines < FOOTER_LINES && may_belong(text) => lines += 1,
            _ => return row + 1,
        }
    }
    0
}

fn filled_rows(batch: &RecordBatch) -> impl Iterator<Item = Filled<'_>> {
    (0..batch.num_rows()).map(move |row| filled(batch, row))
}

fn filled(batch: &RecordBatch, row: usize) -> Filled<'_> {
    let Some((first, others)) = batch.columns().split_first() else {
        return Filled::Nothing;
    };
    let is_blank = |column: &ArrayRef| text(column, row).is_some_and(str::is_empty);
    if !others.iter().all(is_blank) {
        return Filled::More;
    }
    match text(first, row) {
        Some("") => Filled::Nothing,
        Some(text) => Filled::First(text),
        None => Filled::More,
    }
}

/// A field without spaces around it; `None` if the column is not one of text.
fn text(column: &ArrayRef, row: usize) -> Option<&str> {
    let column = column.as_string_opt::<i32>()?;
    Some(match column.is_null(row) {
        true => "",
        false => column.value(row).trim(),
    })
}

/// The texts of the first column.
fn first_texts(batch: &RecordBatch) -> Vec<&str> {
    let first = batch.columns().first();
    let texts = first.map(|first| (0..batch.num_rows()).filter_map(move |row| text(first, row)));
    texts.into_iter().flatten().collect()
}

/// Whether the first fields of the first rows are numbers.
fn number_first(batch: &RecordBatch) -> bool {
    const ROWS: usize = 200;
    let first = batch.slice(0, batch.num_rows().min(ROWS));
    let texts = first_texts(&first);
    texts
        .iter()
        .all(|text| looks_like_a_number(text.as_bytes()))
}

/// The number of rows without the blank ones at the end.
fn without_blank(rows: &[Filled]) -> usize {
    let last = rows.iter().rposition(|row| *row != Filled::Nothing);
    last.map_or(0, |last| last + 1)
}

/// The number of rows without the blank ones and the lines of a report at the end. `above` are the first fields of the rows
/// before them.
fn end_of_rows(rows: &[Filled], above: &[&str], number_first: bool) -> usize {
    let (mut end, mut lines) = (rows.len(), 0);
    for (index, row) in rows.iter().enumerate().rev() {
        match *row {
            Filled::Nothing if end == index + 1 => end = index,
            Filled::Nothing => {}
            Filled::First(text) if lines < FOOTER_LINES && may_belong(text) => {
                lines += 1;
                let after_blank = index > 0 && rows[index - 1] == Filled::Nothing;
                let begins = is_footer_text(text.as_bytes(), 1, false, number_first)
                    || (after_blank && is_remark(text))
                    || is_footnote(text);
                // A text is a value if rows begin like it.
                if begins && !above.iter().any(|above| begin_alike(above, text)) {
                    end = index;
                }
            }
            _ => break,
        }
    }
    // Blank rows stand before the lines as well.
    without_blank(&rows[..end])
}

/// Whether a line may belong to the end of a report, if it stands below such a line.
fn may_belong(text: &str) -> bool {
    is_footer_text(text.as_bytes(), 1, true, false)
}

/// Whether text is a remark rather than the name of a row.
fn is_remark(text: &str) -> bool {
    const WORDS: usize = 4;
    text.starts_with(['*', '(', '†', '¹'])
        || text.contains(": ")
        || text.split_whitespace().count() >= WORDS
}

/// Whether text begins with the mark of a footnote: `* estimated`, `1) estimated`.
fn is_footnote(text: &str) -> bool {
    let Some((mark, _)) = text.split_once(' ') else {
        return false;
    };
    let number = mark.strip_suffix(')');
    let is_number = |n: &str| (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    mark == "*" || number.is_some_and(is_number)
}

/// Whether two texts have the same first word. All marks of footnotes are alike.
fn begin_alike(one: &str, other: &str) -> bool {
    let first = |text: &str| text.split_whitespace().next().map(str::to_lowercase);
    (is_footnote(one) && is_footnote(other)) || first(one) == first(other)
}

/// That the last rows are left out, if they hold text.
fn footer_note(left_out: &[Filled]) -> Option<String> {
    let texts = left_out.iter().filter_map(|row| match row {
        Filled::First(text) => Some(*text),
        _ => None,
    });
    let first = texts.clone().next()?;
    let rows = match texts.count() {
        1 => "the last row is".to_string(),
        count => format!("the last {count} rows are"),
    };
    Some(format!(
        "{rows} left out, as the end of a report: {first:?}"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;

    use super::*;

    fn column<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        let values = values.map(|value| (!value.is_empty()).then_some(value));
        Arc::new(values.collect::<StringArray>())
    }

    fn batch(values: &[&str]) -> RecordBatch {
        let column = column(values.iter().copied());
        RecordBatch::try_from_iter([("a", column.clone()), ("b", column)]).unwrap()
    }

    fn rows(batches: &[&[&str]]) -> usize {
        let batches = batches.iter().map(|values| Ok(batch(values)));
        WithoutEnd::new(batches, Notes::default())
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

    /// The rows that are left of some with two fields, in two batches, and the notes.
    fn left(lines: &[&str]) -> (usize, Vec<String>) {
        let field = |place: usize| {
            let fields = lines.iter().map(move |line| line.split('|').nth(place));
            column(fields.map(Option::unwrap_or_default))
        };
        let whole = RecordBatch::try_from_iter([("a", field(0)), ("b", field(1))]).unwrap();
        let parts = [whole.slice(0, 2), whole.slice(2, whole.num_rows() - 2)];
        let notes = Notes::default();
        let batches = WithoutEnd::new(parts.into_iter().map(Ok), notes.clone());
        let rows = batches.map(|batch| batch.unwrap().num_rows()).sum();
        (rows, notes.all())
    }

    #[test]
    fn last_lines_of_a_report_are_left_out_though_they_have_all_fields() {
        for end in [
            &["Source: us|"][..],
            &["Total|"],
            &["(3 rows)|"],
            &["|", "Note: preliminary|", "seen by Ada|"],
            &["|", "* preliminary|", "|"],
            &["Source: us|", "|", "Licence of the office|"],
            &["Generated on: 2024-01-01 10:00|"],
            &["Page 1 of 1|"],
            &["--- END ---|"],
            &["* estimated|"],
            &["1) estimated|", "2) preliminary|"],
        ] {
            let lines = [&["de|1", "fr|2", "us|3"][..], end].concat();
            let (rows, notes) = left(&lines);
            assert_eq!(rows, 3, "{lines:?}");
            assert!(notes[0].contains("as the end of a report"), "{notes:?}");
        }
        let (rows, notes) = left(&["1|1", "2|2", "3|3", "As of May|"]);
        assert_eq!(rows, 3);
        assert_eq!(
            notes,
            ["the last row is left out, as the end of a report: \"As of May\""]
        );
    }

    #[test]
    fn rows_that_lack_all_but_their_name_are_rows() {
        for end in [
            &["Chad|"][..],
            &["South Sudan|"],
            &["|", "South Sudan|"],
            &["Source: us|", "Chad|5"],
            &["Source: us|3"],
            &["4|"],
            &["de|"],
        ] {
            let lines = [&["de|1", "fr|2", "us|3"][..], end].concat();
            assert_eq!(left(&lines), (lines.len(), Vec::new()), "{lines:?}");
        }
        let total = ["Total|1", "Part|2", "Total|"];
        assert_eq!(left(&total), (3, Vec::new()));
        for rows in [
            ["Source: s0|1", "Source: s1|2", "Source: s9|"],
            ["1) apples|1", "2) pears|2", "3) plums|"],
            ["* a|1", "* b|2", "* c|"],
            ["Page 1|1", "Page 2|2", "Page 3 of 3|"],
        ] {
            assert_eq!(left(&rows), (3, Vec::new()), "{rows:?}");
        }
        // A table that begins with such a line has rows of this kind.
        assert_eq!(left(&["Source: us|", "Note: us|"]).0, 2);
    }
}
