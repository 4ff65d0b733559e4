//! Learning from the rows of standard input as they come.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use backburn_table::{CellError, ReadOptions, Table, TableError};
use csv::{ErrorKind, Position, StringRecord};
use web_time::Instant;

use super::follow::{Follow, Window};
use super::update_command::{ModelUpdate, UpdateReport};
use crate::context::FitContext;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::memory::read_table;
use crate::model_file::ModelFile;
use crate::text::{count, escaped};

/// The rows of a window.
const WINDOW_ROWS: usize = 256;
/// The largest number of bytes of the header and of a row, so that text without line ends does not fill the memory.
const LONGEST_HEADER: usize = 16 << 20;
const LONGEST_ROW: usize = 1 << 20;
/// The shortest time between two writes of the model.
const SAVED_EVERY: Duration = Duration::from_secs(10);
/// How often the end of the work is looked for while no rows come.
const PATIENCE: Duration = Duration::from_millis(200);
/// The largest number of skipped rows that are shown.
const SHOWN: usize = 10;

type Row = Result<StringRecord, csv::Error>;

impl ModelUpdate<'_> {
    /// Updates the model by the table, or follows the rows of standard input; `on_window` gets each of their windows.
    /// `json` says whether standard output is for the result as JSON.
    ///
    /// # Errors
    ///
    /// Those of [`learn`](Self::learn) and [`learn_rows`](Self::learn_rows).
    pub fn run(
        &self,
        context: &FitContext,
        json: bool,
        on_window: impl FnMut(&Window),
    ) -> Result<UpdateReport, Error> {
        match self.follow {
            true => self.learn_rows(io::stdin(), context, json, on_window),
            false => self.learn(context, json),
        }
    }

    /// Learns from rows in CSV with a header as they come, in windows of 256 rows: a model that is scored on each window
    /// before it learns from it. `on_window` gets each of them. The model is written every ten seconds, and when the
    /// rows end or the run is stopped. A window that is being learned when the run is stopped is left out.
    ///
    /// A row that is not CSV, or that has a value that is not of its column's kind, is skipped, or ends the update after
    /// the rows before it are learned.
    ///
    /// # Errors
    ///
    /// The table is not `-`, a row that cannot be used and is not skipped, a model that cannot be written, and those of
    /// [`FittedModel::update`](crate::FittedModel::update). The model of the rows before is written all the same.
    pub fn learn_rows(
        &self,
        input: impl Read + Send + 'static,
        context: &FitContext,
        json: bool,
        mut on_window: impl FnMut(&Window),
    ) -> Result<UpdateReport, Error> {
        if self.table != Path::new("-") {
            let reason = "--follow reads rows from standard input: name - as the table";
            return Err(Error::Config(reason.to_string()));
        }
        let (model, _) = self.open(context, json)?;
        let mut options = self.options();
        let read = self.read_options(&model);
        let old = self.old_rows.map(|path| read_table(path, &read));
        options.old_rows = old.transpose()?;
        let mut follow = Follow::new(model, options)?;
        let mut rows = Rows::open(input, self.read.delimiter, self.skips_bad_rows)?;
        let mut written: Option<Instant> = None;
        let mut last: Option<Window> = None;
        let end: Result<(), Error> = loop {
            let window = match rows.next_window(context) {
                Ok(Some(window)) => window,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            match rows.learn(window, &mut follow, context) {
                Ok(Some(window)) => on_window(last.insert(window)),
                Ok(None) => continue,
                Err(Error::Interrupted) => break Ok(()),
                Err(error) => break Err(error),
            }
            if written.is_none_or(|at| at.elapsed() >= SAVED_EVERY) {
                let model = follow.model().model();
                let saved = ModelFile::create(self.path()).and_then(|file| file.write(model));
                if let Err(error) = saved {
                    break Err(error.into());
                }
                written = Some(Instant::now());
            }
        };
        let Some(update) = follow.into_update() else {
            end?;
            return Err(nothing_learned(&rows, context));
        };
        let file = ModelFile::create(self.path())?;
        let path = file.write_or_rescue(update.model.model())?;
        end?;
        Ok(UpdateReport {
            update,
            path,
            followed: last,
            table: None,
            skipped: rows.skipped,
            skipped_last: rows.messages,
        })
    }
}

/// Rows of CSV that another thread reads, so that waiting for them can be stopped.
struct Rows {
    header: StringRecord,
    rows: Receiver<Row>,
    /// Whether rows that cannot be used are skipped.
    skips: bool,
    /// The number of data rows so far, without those that are not CSV.
    read: usize,
    /// The number of skipped rows so far.
    skipped: usize,
    /// What is to be said about them with the next window.
    messages: Vec<String>,
    /// The error of a row that cannot be used, while the rows before it are learned.
    failed: Option<Error>,
}

impl Rows {
    /// Reads the header, and goes on reading in another thread.
    fn open(
        input: impl Read + Send + 'static,
        delimiter: Option<u8>,
        skips: bool,
    ) -> Result<Self, Error> {
        let left = Arc::new(AtomicUsize::new(LONGEST_HEADER));
        let input = LimitedRows {
            input,
            left: left.clone(),
        };
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader
            .delimiter(delimiter.unwrap_or(b','))
            .from_reader(input);
        let header = reader.headers().map_err(|error| malformed(&error))?.clone();
        if header.is_empty() {
            let reason = "standard input is empty: the first line has the names of the columns";
            return Err(Error::Failed(reason.to_string()));
        }
        left.store(LONGEST_ROW, Ordering::Relaxed);
        let (sender, rows) = sync_channel(WINDOW_ROWS);
        thread::spawn(move || {
            for row in reader.into_records() {
                left.store(LONGEST_ROW, Ordering::Relaxed);
                if sender.send(row).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            header,
            rows,
            skips,
            read: 0,
            skipped: 0,
            messages: Vec::new(),
            failed: None,
        })
    }

    /// The rows of the next window, of which the last has fewer. `None` at the end, and where the run was stopped.
    ///
    /// # Errors
    ///
    /// A row that cannot be used, once the rows before it were returned.
    fn next_window(&mut self, context: &FitContext) -> Result<Option<Vec<StringRecord>>, Error> {
        let mut rows = Vec::new();
        while rows.len() < WINDOW_ROWS && self.failed.is_none() {
            if context.stop.is_stopped() {
                return Ok(None);
            }
            match self.rows.recv_timeout(PATIENCE) {
                Ok(Ok(row)) => rows.push(row),
                Ok(Err(error)) => match self.skips && !error.is_io_error() {
                    true => self.skip(&malformed(&error)),
                    false => self.failed = Some(malformed(&error)),
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        match (rows.is_empty(), self.failed.take()) {
            (true, Some(error)) => Err(error),
            (true, None) => Ok(None),
            (false, failed) => {
                self.failed = failed;
                Ok(Some(rows))
            }
        }
    }

    /// Learns from the rows of a window that can be used: all others are skipped, or the first of them ends the
    /// window. `None` if no row can be used.
    ///
    /// # Errors
    ///
    /// The first row cannot be used, and those of [`Follow::learn`] that are not about a row.
    fn learn(
        &mut self,
        mut rows: Vec<StringRecord>,
        follow: &mut Follow,
        context: &FitContext,
    ) -> Result<Option<Window>, Error> {
        let before = self.read;
        self.read += rows.len();
        rows.retain(|row| is_row(row, &self.header));
        while !rows.is_empty() {
            let table = self.table(&rows, before, follow.model())?;
            // Otherwise rows of the text are not rows of the table, as the end of a report.
            let is_whole = table.rows() == rows.len();
            match follow.learn(&table, context) {
                Ok(window) => {
                    return Ok(Some(Window {
                        skipped: std::mem::take(&mut self.messages),
                        ..window
                    }));
                }
                // The old rows may have a value that cannot be used, too.
                Err(Error::Table(TableError::Cell { location, error }))
                    if is_whole && error.row < rows.len() && location.starts_with(table.name()) =>
                {
                    self.bad_value(&mut rows, error);
                }
                Err(error) => return Err(error),
            }
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    /// Takes a row with a value of another kind than its column out of a window, or that row and all after it.
    fn bad_value(&mut self, rows: &mut Vec<StringRecord>, error: CellError) {
        let row = error.row;
        let location = location(rows[row].position());
        let error = Error::from(TableError::Cell { location, error });
        match self.skips {
            true => {
                self.skip(&error);
                rows.remove(row);
            }
            false => {
                rows.truncate(row);
                self.failed = Some(error);
            }
        }
    }

    /// Counts a row that is skipped.
    fn skip(&mut self, error: &Error) {
        if self.skipped < SHOWN {
            self.messages.push(escaped(&error.to_string()).to_string());
        }
        self.skipped += 1;
    }

    /// Rows as a table for a model; `before` is the number of rows before them.
    fn table(
        &self,
        rows: &[StringRecord],
        before: usize,
        model: &FittedModel,
    ) -> Result<Table, Error> {
        let mut text = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(rows) {
            text.write_record(row).map_err(|error| malformed(&error))?;
        }
        let name = match before {
            0 => "standard input".to_string(),
            before => format!("standard input from row {}", before + 1),
        };
        let text = text
            .into_inner()
            .map_err(|error| Error::Failed(error.error().to_string()))?;
        let options = ReadOptions {
            delimiter: Some(b','),
            header: Some(true),
            named_columns: columns_of(model),
            ..ReadOptions::default()
        };
        Ok(Table::from_reader(&name, Cursor::new(text), &options)?)
    }
}

/// Whether a row of text is one of a table: neither blank nor the header again.
fn is_row(row: &StringRecord, header: &StringRecord) -> bool {
    let is_blank = row.iter().all(|field| field.trim().is_empty());
    let has_names = header.iter().any(|name| name.parse::<f64>().is_err());
    !(is_blank || has_names && row == header)
}

/// The columns that a model learns from.
fn columns_of(model: &FittedModel) -> Vec<String> {
    let model = model.model();
    let features = model.encoder.columns.iter();
    let features = features.map(|column| column.name().to_string());
    let others = [
        Some(model.target.column().to_string()),
        model.summary.weight.clone(),
    ];
    features.chain(others.into_iter().flatten()).collect()
}

/// Text whose rows are limited. `left` is how many bytes of a row may still be read.
struct LimitedRows<R> {
    input: R,
    left: Arc<AtomicUsize>,
}

impl<R: Read> Read for LimitedRows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let left = self.left.load(Ordering::Relaxed);
        let left = left.checked_sub(read).ok_or_else(|| {
            let reason =
                "a row has more than 1 MB, or the header more than 16 MB: is a quote not closed?";
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })?;
        self.left.store(left, Ordering::Relaxed);
        Ok(read)
    }
}

/// Why there is no model after these rows.
fn nothing_learned(rows: &Rows, context: &FitContext) -> Error {
    if context.stop.is_stopped() {
        return Error::Interrupted;
    }
    let reason = match (rows.read, rows.messages.first()) {
        (_, Some(first)) => format!("no row of standard input can be learned from; {first}"),
        (0, None) => "standard input has a header but no rows".to_string(),
        _ => "no row of standard input has a target to train on".to_string(),
    };
    Error::Failed(reason)
}

/// Where a row is.
fn location(position: Option<&Position>) -> String {
    match position {
        Some(position) => format!("standard input:{}", position.line()),
        None => "standard input".to_string(),
    }
}

/// The error of a row that is not CSV.
fn malformed(error: &csv::Error) -> Error {
    let reason = match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let fields = count(usize::try_from(*len).unwrap_or(usize::MAX), "field");
            format!("the row has {fields}, and the header has {expected_len}")
        }
        ErrorKind::Utf8 { .. } => "the row is not text in UTF-8".to_string(),
        _ => error.to_string(),
    };
    Error::Failed(format!("{}: {reason}", location(error.position())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_end_is_an_error() {
        let error = |input: Box<dyn Read + Send>| match Rows::open(input, None, false) {
            Err(error) => error.to_string(),
            Ok(rows) => {
                let mut rows = rows.rows.into_iter();
                rows.find_map(Result::err).unwrap().to_string()
            }
        };
        let header = error(Box::new(io::repeat(b'a')));
        assert!(header.starts_with("standard input: "), "{header}");
        assert!(header.contains("more than 16 MB"), "{header}");
        let start = "a,b\n1,2\n3,\"".as_bytes();
        let row = error(Box::new(start.chain(io::repeat(b'\n'))));
        assert!(row.contains("a row has more than 1 MB"), "{row}");
    }

    #[test]
    fn many_short_rows_are_not_too_long() {
        let text = format!("a,b\n{}", "1,2\n".repeat(1 << 19));
        let rows = Rows::open(Cursor::new(text), None, false).unwrap();
        assert_eq!(rows.rows.into_iter().filter(Result::is_ok).count(), 1 << 19);
    }
}
