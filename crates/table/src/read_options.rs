//! Options for reading CSV.

/// How to read a CSV file. Parquet files describe themselves and ignore these options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The byte between fields. With `None` it is detected from the first line: a comma, a semicolon,
    /// a tab or a vertical bar.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns. Without names, columns are `column_1`, `column_2`
    /// and so on.
    pub header: bool,
    /// Whether to skip rows that have the wrong number of fields or are not UTF-8, instead of
    /// returning an error. [`TableReader::skipped`](crate::TableReader::skipped) lists them.
    pub skip_bad_rows: bool,
    /// The sheet of an Excel or OpenDocument workbook. With `None` it is the first that has rows.
    pub sheet: Option<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            header: true,
            skip_bad_rows: false,
            sheet: None,
        }
    }
}
