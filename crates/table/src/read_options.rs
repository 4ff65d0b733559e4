//! Options for reading text files.

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
    /// plainly names.
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
}
