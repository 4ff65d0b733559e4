//! Where a table came from, for error messages.

use std::path::PathBuf;

use crate::byte_limit::TOO_LONG;
use crate::csv_text::open_text;
use crate::encoding::Encoding;
use crate::error::TableError;
use crate::layout::{Layout, LayoutRows, Row};

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
    pub encoding: Option<Encoding>,
    pub layout: Layout,
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
        match self.csv.as_ref().and_then(|file| file.line(row)) {
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
    fn rows(&self) -> Option<LayoutRows<impl std::io::Read + use<>>> {
        let text = open_text(&self.path, self.encoding)?;
        Some(LayoutRows::new(text, self.layout.clone()))
    }

    /// The line of a row, which is counted from 0.
    fn line(&self, row: usize) -> Option<u64> {
        let mut rows = self.rows()?;
        for _ in 0..=row {
            rows.next_row().ok()??;
        }
        Some(rows.line())
    }

    /// The line of the first bad row, and what is wrong with it.
    fn first_bad_row(&self) -> Option<(u64, String)> {
        let mut rows = self.rows()?;
        while let Some(row) = rows.next_row().ok()? {
            if let Row::Bad(reason) = row {
                return Some((rows.line(), reason));
            }
        }
        None
    }
}
