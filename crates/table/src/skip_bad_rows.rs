//! CSV without its bad rows.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use csv::ByteRecord;

use crate::csv_text::{END, UNCLOSED, not_utf8, wrong_number_of_fields};

/// A row that was skipped because it cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The index of the row, from 0.
    pub row: usize,
    /// What is wrong with it. Only the first 100 rows after each call of
    /// [`TableReader::skipped`](crate::TableReader::skipped) have a reason; it is empty for the others.
    pub reason: String,
}

/// The skipped rows that were not taken yet. Clones share one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct SkippedRows(Arc<Mutex<Vec<Skipped>>>);

impl SkippedRows {
    pub fn take(&self) -> Vec<Skipped> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn add(&self, mut skipped: Skipped) {
        // All rows of a large file may be bad: without their reasons they take little memory.
        const REASONS: usize = 100;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REASONS {
            skipped.reason = String::new();
        }
        all.push(skipped);
    }
}

/// Passes CSV through without the rows that have the wrong number of fields or are not UTF-8. A quote
/// that is never closed is an error, because all that follows is part of one field.
pub(crate) struct SkipBadRows<R> {
    reader: csv::Reader<R>,
    record: ByteRecord,
    fields: usize,
    /// The index of the next row, from 0; `None` before the header.
    row: Option<usize>,
    delimiter: u8,
    text: io::Cursor<Vec<u8>>,
    ended: bool,
    skipped: SkippedRows,
}

impl<R: Read> SkipBadRows<R> {
    pub fn new(bytes: R, delimiter: u8, header: bool, fields: usize, skipped: SkippedRows) -> Self {
        Self {
            reader: csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .flexible(true)
                .from_reader(bytes),
            record: ByteRecord::new(),
            fields,
            row: (!header).then_some(0),
            delimiter,
            text: io::Cursor::default(),
            ended: false,
            skipped,
        }
    }

    /// What is wrong with the record, if anything is.
    fn problem(&self) -> Option<String> {
        let mut fields = self.record.iter();
        if let Some(field) = fields.position(|field| std::str::from_utf8(field).is_err()) {
            return Some(not_utf8(field));
        }
        let found = self.record.len();
        (found != self.fields).then(|| wrong_number_of_fields(found, self.fields))
    }

    /// Reads further records into the buffer.
    fn refill(&mut self) -> io::Result<()> {
        const BUFFER_BYTES: usize = 64 << 10;
        let mut text = std::mem::take(&mut self.text).into_inner();
        text.clear();
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(&mut text);
        let mut written = 0;
        while written < BUFFER_BYTES {
            if !self.reader.read_byte_record(&mut self.record)? {
                self.ended = true;
                break;
            }
            let Some(row) = self.row else {
                // The header was checked when the file was opened.
                writer.write_byte_record(&self.record)?;
                self.row = Some(0);
                continue;
            };
            self.row = Some(row + 1);
            let last = self.record.iter().next_back();
            if last.is_some_and(|field| field.ends_with(END)) {
                let row = row + 1;
                return Err(io::Error::other(format!("data row {row}: {UNCLOSED}")));
            }
            written += self.record.as_slice().len() + self.record.len();
            match self.problem() {
                Some(reason) => self.skipped.add(Skipped { row, reason }),
                None => writer.write_byte_record(&self.record)?,
            }
        }
        writer.flush()?;
        drop(writer);
        self.text = io::Cursor::new(text);
        Ok(())
    }
}

impl<R: Read> Read for SkipBadRows<R> {
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
