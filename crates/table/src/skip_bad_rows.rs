//! CSV without its bad rows.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use csv::ByteRecord;

use crate::read::{END, UNCLOSED, not_utf8, wrong_number_of_fields};

/// A row that was left out because it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The row, from 0.
    pub row: usize,
    /// What is wrong with it; empty where a hundred others wait to be asked for.
    pub reason: String,
}

/// What was left out and nobody has asked for yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct SkippedRows(Arc<Mutex<Vec<Skipped>>>);

impl SkippedRows {
    pub fn take(&self) -> Vec<Skipped> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, mut skipped: Skipped) {
        // A file may be bad from end to end.
        const REASONS: usize = 100;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REASONS {
            skipped.reason = String::new();
        }
        all.push(skipped);
    }
}

/// Reads CSV and gives it on without the rows that have too few or too many fields, or that are not
/// UTF-8. A quote that is never closed ends it with an error: all that follows is part of one field.
pub(crate) struct Skipping<R> {
    reader: csv::Reader<R>,
    record: ByteRecord,
    fields: usize,
    /// The row to come, from 0; none before the header.
    row: Option<usize>,
    delimiter: u8,
    text: io::Cursor<Vec<u8>>,
    ended: bool,
    skipped: SkippedRows,
}

impl<R: Read> Skipping<R> {
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

    /// What is wrong with the record.
    fn problem(&self) -> Option<String> {
        let mut fields = self.record.iter();
        if let Some(field) = fields.position(|field| std::str::from_utf8(field).is_err()) {
            return Some(not_utf8(field));
        }
        let found = self.record.len();
        (found != self.fields).then(|| wrong_number_of_fields(found, self.fields))
    }

    /// The text of some more records.
    fn refill(&mut self) -> io::Result<()> {
        const STRETCH: usize = 64 << 10;
        let mut text = std::mem::take(&mut self.text).into_inner();
        text.clear();
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(&mut text);
        let mut written = 0;
        while written < STRETCH {
            if !self.reader.read_byte_record(&mut self.record)? {
                self.ended = true;
                break;
            }
            let Some(row) = self.row else {
                // The header was looked at already.
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

impl<R: Read> Read for Skipping<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.text.read(to)?;
            if count > 0 || to.is_empty() || self.ended {
                return Ok(count);
            }
            self.refill()?;
        }
    }
}
