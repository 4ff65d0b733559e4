//! Options for reading text files.

use crate::encoding::Encoding;

/// How to read a CSV file. Files that describe themselves, such as Parquet, ignore these options.
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
    /// The number of lines at the start of the file that are left out.
    pub skip_lines: usize,
    /// Lines that begin with this byte are left out.
    pub comment: Option<u8>,
    /// Whether rows that lack fields at their end are read as if these were empty.
    pub fill_short_rows: bool,
    /// The encoding of the text. With `None` it is UTF-8 or, if a byte order mark or zero bytes show it,
    /// UTF-16.
    pub encoding: Option<Encoding>,
    /// The sheet of an Excel or OpenDocument workbook. With `None` it is the first that has rows.
    pub sheet: Option<String>,
    /// The columns that a model needs. A line that has all of them is the header, although they may be
    /// numbers.
    pub known_columns: Vec<String>,
}
