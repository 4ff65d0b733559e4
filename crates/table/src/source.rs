//! Where a table came from, for error messages.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::byte_limit::TOO_LONG;
use crate::csv_text::{END, UNCLOSED, not_utf8, open_text, wrong_number_of_fields};
use crate::error::TableError;

/// Where a table came from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub name: String,
    /// The CSV file, if it can be read again to find the line of a row.
    pub csv: Option<CsvFile>,
    /// Whether the table is text, so that rows count from 1 below the header.
    pub is_text: bool,
    /// Whether bad rows are skipped, so that a bad row is not why reading failed.
    pub skips_bad_rows: bool,
}

/// A CSV file on disk and how to parse it.
#[derive(Debug, Clone)]
pub(crate) struct CsvFile {
    pub path: PathBuf,
    pub delimiter: u8,
    pub header: bool,
}

impl Source {
    /// The source of a table that is not read from text.
    pub fn typed(name: &str) -> Self {
        Self {
            name: name.to_string(),
            csv: None,
            is_text: false,
            skips_bad_rows: false,
        }
    }

    /// Describes where a row is, counted from 0: by its line if the file can be read again, otherwise
    /// by its number.
    pub fn location(&self, row: usize) -> String {
        let line = self.csv.as_ref().and_then(|file| {
            let mut records = file.reader()?.into_byte_records();
            let record = records.nth(row)?.ok()?;
            line_at(&file.path, record.position()?.byte())
        });
        match line {
            Some(line) => format!("{}:{line}", self.name),
            None if self.is_text => format!("{}, data row {}", self.name, row + 1),
            None => format!("{}, row {}", self.name, row + 1),
        }
    }

    /// The error for a file that cannot be parsed. A CSV file is read again to find the line.
    pub fn malformed(&self, reason: String) -> TableError {
        let too_long = reason.contains(TOO_LONG);
        let csv = self.csv.as_ref();
        let csv = csv.filter(|_| !self.skips_bad_rows && !too_long);
        match csv.and_then(CsvFile::first_bad_row) {
            Some((line, reason)) => TableError::malformed(format!("{}:{line}", self.name), reason),
            None => TableError::malformed(&self.name, reason),
        }
    }
}

impl CsvFile {
    fn reader(&self) -> Option<csv::Reader<impl Read + use<>>> {
        let reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(self.header)
            .flexible(true)
            .from_reader(open_text(&self.path)?.chain(END));
        Some(reader)
    }

    /// The line of the first bad row, and what is wrong with it.
    fn first_bad_row(&self) -> Option<(u64, String)> {
        let mut reader = self.reader()?;
        let expected = reader.byte_headers().ok()?.len();
        for record in reader.into_byte_records() {
            let record = record.ok()?;
            let last = record.iter().next_back();
            let unclosed = last.is_some_and(|field| field.ends_with(END));
            let not_text = record.iter().position(|v| std::str::from_utf8(v).is_err());
            let reason = match (not_text, record.len()) {
                _ if unclosed => UNCLOSED.to_string(),
                (Some(field), _) => not_utf8(field),
                (None, found) if found != expected => wrong_number_of_fields(found, expected),
                _ => continue,
            };
            return Some((line_at(&self.path, record.position()?.byte())?, reason));
        }
        None
    }
}

/// The line of the record that the csv crate found at this byte. Its position may be in the middle of
/// a `\r\n` or before empty lines, so line ends from there on are skipped.
fn line_at(path: &Path, byte: u64) -> Option<u64> {
    let mut line = 1;
    for (position, next) in (0..).zip(BufReader::new(open_text(path)?).bytes()) {
        let next = next.ok()?;
        if position >= byte && !matches!(next, b'\r' | b'\n') {
            break;
        }
        line += u64::from(next == b'\n');
    }
    Some(line)
}
