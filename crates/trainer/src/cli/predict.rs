//! `trainer predict`: row by row from a table of any length.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use backburn::text::{count, escaped};
use backburn::{
    CellError, OutputFile, Predictions, Predictor, ReadOptions, TableError, TableReader, Unseen,
    nearest_name,
};

use super::args::{OnError, PredictArgs};
use super::predictions::{header, write_rows};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::interrupt;
use crate::ui::console::Console;
use crate::ui::words;

pub fn run(args: &PredictArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let chosen = device::choose(args.device.name())?;
    let predictor = Predictor::load_on(&args.model, &chosen.device)?;
    if let Some(interval) = args.interval {
        let target = &predictor.model().target;
        let checked = target.check_coverage(f64::from(interval) / 100.0);
        checked.map_err(|reason| Error::Failed(format!("--interval {interval}: {reason}")))?;
    }
    if args.out == Path::new("-") {
        stream(args, &predictor, BufWriter::new(io::stdout().lock()))?;
        return Ok(());
    }
    for (path, what) in [(&args.table, "the table"), (&args.model, "the model")] {
        if same_file(path, &args.out) {
            return Err(Error::Usage(format!("--out is {what} itself")));
        }
    }
    let failed = |error: io::Error| Error::Failed(format!("{}: {error}", args.out.display()));
    let mut file = OutputFile::create(&args.out).map_err(failed)?;
    interrupt::unfinished(file.temporary());
    let _ = interrupt::catch();
    let rows = match stream(args, &predictor, BufWriter::new(&mut file)) {
        Err(Error::Output(error)) => return Err(failed(error)),
        rows => rows?,
    };
    file.commit().map_err(failed)?;
    Console::Error.say(format_args!(
        "{} predicted, written to {}",
        count(rows, "row"),
        args.out.display()
    ));
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Predicts batch by batch, so that memory does not grow with the table.
fn stream(args: &PredictArgs, predictor: &Predictor, out: impl Write) -> Result<usize, Error> {
    let skip = args.on_error == OnError::Skip;
    let options = ReadOptions {
        skip_bad_rows: skip,
        ..args.read.options()
    };
    let mut reader = TableReader::open(&args.table, &options)?;
    let schema = reader.schema();
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let encoder = &predictor.model().encoder;
    if let Some(lacking) = encoder.lacking(names()).first() {
        return Err(Error::from(TableError::NoColumn {
            name: reader.name().to_string(),
            column: (*lacking).to_string(),
            nearest: nearest_name(lacking, names()),
        }));
    }
    let mut out = csv::Writer::from_writer(out);
    let output = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::Output(error),
        other => Error::Failed(format!("the predictions cannot be written: {other:?}")),
    };
    let mut numbers = RowNumbers::default();
    let mut rows = 0;
    let mut unseen = Unseen::default();
    let mut header_due = true;
    while let Some(batch) = reader.next().transpose()? {
        for skipped in reader.skipped() {
            numbers.skip(skipped.row, &reader, skipped.reason);
        }
        let of_batch = numbers.next(batch.num_rows());
        let mut start = 0;
        let mut wanted = batch.num_rows();
        while start < batch.num_rows() {
            let part = batch.slice(start, wanted.min(batch.num_rows() - start));
            let end = start + part.num_rows();
            match predict(predictor, &part, args.interval) {
                Ok(predicted) => {
                    unseen.add(predicted.unseen);
                    let (predictions, intervals) = (predicted.predictions, predicted.intervals);
                    if std::mem::take(&mut header_due) {
                        let row = skip.then(|| "row".to_string()).into_iter();
                        let names = header(&predictions, intervals.is_some());
                        out.write_record(row.chain(names)).map_err(output)?;
                    }
                    let shown = skip.then_some(&of_batch[start..end]);
                    write_rows(&predictions, shown, intervals.as_deref(), &mut out)
                        .map_err(output)?;
                    rows += part.num_rows();
                    (start, wanted) = (end, wanted.saturating_mul(4));
                }
                Err((row, error)) if !skip => {
                    return Err(error.at(reader.location(of_batch[start + row])));
                }
                // The batch is halved until the bad row is alone.
                Err(_) if part.num_rows() > 1 => wanted = (part.num_rows() / 4).max(1),
                Err((_, error)) => {
                    numbers.report(of_batch[start], &reader, &error.to_string());
                    start += 1;
                }
            }
        }
    }
    for skipped in reader.skipped() {
        numbers.skip(skipped.row, &reader, skipped.reason);
    }
    numbers.end();
    if rows == 0 {
        let name = reader.name().to_string();
        let reason = match numbers.skipped_rows {
            0 => "the table has a header but no rows".to_string(),
            _ => "none of its rows can be predicted".to_string(),
        };
        return Err(Error::from(TableError::Unusable { name, reason }));
    }
    out.flush()?;
    if let Some(note) = words::unseen(&unseen) {
        Console::Error.paragraph("note", note);
    }
    Ok(rows)
}

/// The predictions for some rows.
struct Predicted {
    predictions: Predictions,
    intervals: Option<Vec<[f64; 2]>>,
    unseen: Unseen,
}

/// Why a row cannot be predicted.
enum BadRow {
    Cell(CellError),
    NotFinite,
}

impl BadRow {
    fn at(self, location: String) -> Error {
        match self {
            Self::Cell(error) => Error::from(TableError::Cell { location, error }),
            Self::NotFinite => backburn::Error::not_finite(&location).into(),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(error) => error.fmt(f),
            Self::NotFinite => f.write_str("the prediction is not a finite number"),
        }
    }
}

fn predict(
    predictor: &Predictor,
    rows: &RecordBatch,
    interval: Option<u8>,
) -> Result<Predicted, (usize, BadRow)> {
    let encoded = predictor.model().encoder.encode_batch(rows);
    let encoded = encoded.map_err(|error| (error.row, BadRow::Cell(error)))?;
    let unseen = encoded.unseen;
    let (predictions, intervals) = match interval {
        None => (predictor.predict_encoded(encoded.numbers), None),
        Some(percent) => predictor.predict_intervals(encoded.numbers, f64::from(percent) / 100.0),
    };
    match predictions.first_not_finite() {
        Some(row) => Err((row, BadRow::NotFinite)),
        None => Ok(Predicted {
            predictions,
            intervals,
            unseen,
        }),
    }
}

/// The indices of rows in the table, counted from 0, when some rows are skipped.
#[derive(Default)]
struct RowNumbers {
    next: usize,
    /// Rows that the reader skipped after the rows that it has returned so far.
    ahead: BTreeSet<usize>,
    /// The number of skipped rows.
    skipped_rows: usize,
}

impl RowNumbers {
    /// The indices of the next rows that the reader returns.
    fn next(&mut self, rows: usize) -> Vec<usize> {
        let mut numbers = Vec::with_capacity(rows);
        while numbers.len() < rows {
            if !self.ahead.remove(&self.next) {
                numbers.push(self.next);
            }
            self.next += 1;
        }
        numbers
    }

    fn skip(&mut self, row: usize, reader: &TableReader, reason: String) {
        self.ahead.insert(row);
        self.report(row, reader, &reason);
    }

    /// Prints the first skipped rows.
    fn report(&mut self, row: usize, reader: &TableReader, reason: &str) {
        const SHOWN: usize = 10;
        self.skipped_rows += 1;
        if self.skipped_rows <= SHOWN {
            let text = format!("{}: {reason}", reader.location(row));
            Console::Error.entry("skipped", escaped(&text));
        }
    }

    fn end(&self) {
        if self.skipped_rows > 0 {
            let text = format!("{} skipped", count(self.skipped_rows, "row"));
            Console::Error.paragraph("note", text);
        }
    }
}
