//! Options for reading text files.

use crate::column_words::known_columns;
use crate::encoding::Encoding;

/// How to read a file. Most options are for CSV. Those that mean nothing for a file have no effect, and
/// [`TableReader::notes`](crate::TableReader::notes) says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The byte between fields; a space stands for one or more spaces. With `None` it is detected: a
    /// comma, a semicolon, a tab, a vertical bar, a caret, a tilde or spaces, by what makes all rows
    /// equally long.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns. Without names, columns are `column_1`, `column_2`
    /// and so on. With `None` it does, and a first line of numbers is refused unless the numbers are
    /// plainly names; lines below it that hold units or descriptions are left out.
    pub header: Option<bool>,
    /// Whether to skip rows that have the wrong number of fields or are not UTF-8, instead of
    /// returning an error. [`TableReader::skipped`](crate::TableReader::skipped) lists them.
    pub skip_bad_rows: bool,
    /// The number of lines of text, or of rows of a sheet, at the start that are left out.
    pub skip_lines: usize,
    /// Lines that begin with this byte are left out.
    pub comment: Option<u8>,
    /// Whether rows that lack fields at their end are read as if these were empty.
    pub fill_short_rows: bool,
    /// The encoding of CSV or JSON. With `None` it is UTF-8 or, if a byte order mark, zero bytes or escapes show
    /// it, UTF-16 or ISO-2022-JP.
    pub encoding: Option<Encoding>,
    /// The sheet of an Excel or OpenDocument workbook. With `None` it is the first that has rows.
    pub sheet: Option<String>,
    /// The columns that a model needs. A line that has all of them is the header, although they may be
    /// numbers.
    pub known_columns: Vec<String>,
    /// The columns to read, by words as for [`columns_named`](crate::columns_named); names that the file does
    /// not have count for nothing. With `None` it is all columns. The others remain columns of the table, but
    /// have no values: they are null in every row, and are not decoded.
    pub columns: Option<Vec<String>>,
    /// Columns that are not read, by words as well, although [`columns`](Self::columns) has them.
    pub without_columns: Vec<String>,
    /// Columns that the caller names for another reason, by words as well, such as the target. The names of such columns, and
    /// of those in the three lists above, are read as they are; others without characters that cannot be seen.
    pub named_columns: Vec<String>,
    /// The memory that may be taken for what is read at a time, in bytes: the text of a few rows, or a whole
    /// workbook. What is larger is refused. With `None` there are fixed limits, about as much as a few gigabytes.
    /// Columns of Parquet and Arrow files are not limited by it: see [`TableSize::at_once`](crate::TableSize::at_once).
    pub memory: Option<u64>,
}

impl ReadOptions {
    /// Whether the caller names a column of this name.
    pub(crate) fn names(&self, column: &str) -> bool {
        let columns = self.columns.as_deref().unwrap_or_default();
        let words: [&[String]; 3] = [columns, &self.without_columns, &self.named_columns];
        let is_named =
            |words: &[String]| known_columns(words, |name| name == column).next().is_some();
        self.known_columns.iter().any(|name| name == column) || words.into_iter().any(is_named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_in_any_of_the_lists() {
        let list = |name: &str| vec![name.to_string()];
        let options = ReadOptions {
            known_columns: list("a"),
            columns: Some(list("b,c")),
            without_columns: list("d"),
            named_columns: list("e,f"),
            ..ReadOptions::default()
        };
        for name in ["a", "b", "c", "b,c", "d", "e", "f"] {
            assert!(options.names(name), "{name}");
        }
        assert!(!options.names("g") && !options.names("") && !options.names("a,b"));
    }
}
