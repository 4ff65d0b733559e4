//! CSV that Arrow's reader does not read: it is rewritten row by row as plain CSV.

use std::io::{self, Read};

use crate::byte_limit::{ByteBudget, TOO_LONG};
use crate::layout::{Layout, LayoutRows, Row};
use crate::notes::Notes;
use crate::skip_bad_rows::{Skipped, SkippedRows};

/// The delimiter of the rewritten text.
pub(crate) const DELIMITER: u8 = b',';

/// The note on rows that repeat the header.
pub(crate) const REPEATED_HEADER: &str = "lines that repeat the header are left out";

/// What to do with bad rows.
pub(crate) enum BadRows {
    /// The first one is an error.
    Refuse,
    /// They are left out and listed.
    Skip(SkippedRows),
}

/// The rows of a CSV file as plain CSV without a header.
pub(crate) struct CsvRows<R> {
    rows: LayoutRows<R>,
    bad: BadRows,
    notes: Notes,
    /// The index of the next row, from 0.
    row: usize,
    /// Rows at the start that are left out, because they were read before.
    read_before: usize,
    text: io::Cursor<Vec<u8>>,
    /// Whether no row was written yet.
    at_start: bool,
    ended: bool,
    /// The text that a batch may have.
    budget: ByteBudget,
}

impl<R: Read> CsvRows<R> {
    pub fn new(text: R, layout: Layout, bad: BadRows, notes: Notes) -> Self {
        Self {
            rows: LayoutRows::new(text, layout),
            bad,
            notes,
            row: 0,
            read_before: 0,
            text: io::Cursor::default(),
            at_start: true,
            ended: false,
            budget: ByteBudget::new(u64::MAX),
        }
    }

    /// Sets the budget of the reader, so that rows that are left out do not count.
    pub fn within(mut self, budget: ByteBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Leaves out the first rows.
    pub fn after(mut self, rows: usize) -> Self {
        self.read_before = rows;
        self
    }

    /// Rewrites further rows into the buffer.
    fn refill(&mut self) -> io::Result<()> {
        const BUFFER_BYTES: usize = 64 << 10;
        let mut text = std::mem::take(&mut self.text).into_inner();
        text.clear();
        let mut writer = csv::WriterBuilder::new();
        // The reader of the rewritten text would leave out U+FEFF at its start, which is part of a field here.
        let quotes = match self.at_start {
            true => csv::QuoteStyle::Always,
            false => csv::QuoteStyle::Necessary,
        };
        let writer = writer.delimiter(DELIMITER).quote_style(quotes);
        let mut writer = writer.from_writer(&mut text);
        let mut written = 0;
        while written < BUFFER_BYTES {
            let Some(row) = self.rows.next_row()? else {
                self.end();
                break;
            };
            let index = self.row;
            self.row += 1;
            written += self.rows.bytes();
            let bytes = self.rows.bytes_read() as u64;
            match row {
                _ if index < self.read_before => self.budget.give_back(bytes),
                Row::Data => writer.write_record(self.rows.fields())?,
                Row::Bad(reason) => {
                    self.bad_row(index, reason)?;
                    self.budget.give_back(bytes);
                }
            }
        }
        writer.flush()?;
        drop(writer);
        self.at_start &= text.is_empty();
        self.text = io::Cursor::new(text);
        Ok(())
    }

    fn bad_row(&self, row: usize, reason: String) -> io::Result<()> {
        match &self.bad {
            // All that follows an open quote is part of one field.
            BadRows::Skip(skipped) if !self.rows.unclosed() => {
                let rows = row..row + 1;
                skipped.add(Skipped { rows, reason });
            }
            _ => {
                let line = self.rows.line();
                return Err(io::Error::other(format!("line {line}: {reason}")));
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        self.ended = true;
        match self.rows.comments() {
            0 => {}
            1 => self.notes.add("1 comment line is left out".to_string()),
            count => self
                .notes
                .add(format!("{count} comment lines are left out")),
        }
        if self.rows.headers() > 0 {
            self.notes.add(REPEATED_HEADER.to_string());
        }
        if let Some(footer) = self.rows.footer() {
            let lines = match footer.lines {
                1 => format!("line {} is", footer.line),
                lines => format!("{lines} lines from line {} on are", footer.line),
            };
            let text = &footer.text;
            self.notes.add(format!(
                "{lines} left out, as the end of a report: {text:?}"
            ));
        }
    }
}

impl<R: Read> Read for CsvRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.text.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.ended {
                return Ok(count);
            }
            self.refill()?;
        }
    }
}

/// Whether an error is that of a batch that is too long.
pub(crate) fn is_too_long(reason: &str) -> bool {
    reason.contains(TOO_LONG)
}
