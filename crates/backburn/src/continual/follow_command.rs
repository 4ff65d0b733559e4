//! Learning from the rows of standard input as they come.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use backburn_table::{ReadOptions, Table};
use csv::StringRecord;
use web_time::Instant;

use super::follow::{Follow, Window};
use super::update_command::{ModelUpdate, UpdateReport};
use crate::context::FitContext;
use crate::error::Error;
use crate::memory::read_table;
use crate::model_file::ModelFile;

/// The rows of a window.
const WINDOW_ROWS: usize = 256;
/// The largest number of bytes of the header and of a row, so that text without line ends does not fill the memory.
const LONGEST_HEADER: usize = 16 << 20;
const LONGEST_ROW: usize = 1 << 20;
/// The shortest time between two writes of the model.
const SAVED_EVERY: Duration = Duration::from_secs(10);
/// How often the end of the work is looked for while no rows come.
const PATIENCE: Duration = Duration::from_millis(200);

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
    /// # Errors
    ///
    /// The table is not `-`, text that is not CSV, a model that cannot be written, and those of
    /// [`FittedModel::update`](crate::FittedModel::update). The model of the windows before is written all the same.
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
        let old = self.old_rows.map(|path| read_table(path, &self.read));
        options.old_rows = old.transpose()?;
        let mut follow = Follow::new(model, options)?;
        let mut rows = Rows::open(input, self.read.delimiter)?;
        let mut written: Option<Instant> = None;
        let mut last: Option<Window> = None;
        let end: Result<(), Error> = loop {
            let window = match rows.next_window(context) {
                Ok(Some(window)) => window,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            match follow.learn(&window, context) {
                Ok(window) => on_window(last.insert(window)),
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
            return Err(nothing_learned(rows.read, context));
        };
        let file = ModelFile::create(self.path())?;
        let path = file.write_or_rescue(update.model.model())?;
        end?;
        Ok(UpdateReport {
            update,
            path,
            followed: last,
        })
    }
}

/// Rows of CSV that another thread reads, so that waiting for them can be stopped.
struct Rows {
    header: StringRecord,
    rows: Receiver<Row>,
    /// The number of data rows so far.
    read: usize,
}

impl Rows {
    /// Reads the header, and goes on reading in another thread.
    fn open(input: impl Read + Send + 'static, delimiter: Option<u8>) -> Result<Self, Error> {
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
            read: 0,
        })
    }

    /// The next window of rows, of which the last has fewer. `None` at the end, and where the run was stopped.
    fn next_window(&mut self, context: &FitContext) -> Result<Option<Table>, Error> {
        let mut text = csv::Writer::from_writer(Vec::new());
        text.write_record(&self.header)
            .map_err(|error| malformed(&error))?;
        let mut rows = 0;
        while rows < WINDOW_ROWS {
            if context.stop.is_stopped() {
                return Ok(None);
            }
            match self.rows.recv_timeout(PATIENCE) {
                Ok(row) => {
                    let row = row.map_err(|error| malformed(&error))?;
                    text.write_record(&row).map_err(|error| malformed(&error))?;
                    rows += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        let name = match self.read {
            0 => "standard input".to_string(),
            read => format!("standard input from row {}", read + 1),
        };
        self.read += rows;
        let text = text
            .into_inner()
            .map_err(|error| Error::Failed(error.error().to_string()))?;
        let options = ReadOptions {
            delimiter: Some(b','),
            header: Some(true),
            ..ReadOptions::default()
        };
        Ok(Some(Table::from_reader(
            &name,
            Cursor::new(text),
            &options,
        )?))
    }
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

/// Why there is no model after so many rows.
fn nothing_learned(rows: usize, context: &FitContext) -> Error {
    if context.stop.is_stopped() {
        return Error::Interrupted;
    }
    let reason = match rows {
        0 => "standard input has a header but no rows",
        _ => "no row of standard input has a target to train on",
    };
    Error::Failed(reason.to_string())
}

fn malformed(error: &csv::Error) -> Error {
    Error::Failed(format!("standard input: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_end_is_an_error() {
        let error = |input: Box<dyn Read + Send>| match Rows::open(input, None) {
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
        let rows = Rows::open(Cursor::new(text), None).unwrap();
        assert_eq!(rows.rows.into_iter().filter(Result::is_ok).count(), 1 << 19);
    }
}
