//! `trainer predict`: row by row from a table of any length.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use backburn_tabular::{
    OutputFile, Predictions, Predictor, TableError, TableReader, Unseen, nearest_name,
};

use crate::args::PredictArgs;
use crate::console::{Console, count};
use crate::data::note_on_unseen;
use crate::device;
use crate::error::{Error, not_finite, once_from_standard_input};
use crate::interrupt;

pub fn run(args: &PredictArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let chosen = device::choose(&args.device)?;
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
    if let Some(temporary) = file.temporary() {
        interrupt::remove_unfinished(temporary);
    }
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
    let mut reader = TableReader::open(&args.table, &args.read.options())?;
    let schema = reader.schema();
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let encoder = &predictor.model().encoder;
    if let Some(lacking) = encoder.lacking(names()).first() {
        return Err(Error::Table(TableError::NoColumn {
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
    let mut rows = 0;
    let mut unseen = Unseen::default();
    let mut header_due = true;
    while let Some(batch) = reader.next().transpose()? {
        let encoded = encoder.encode_batch(&batch).map_err(|error| {
            Error::Table(TableError::Cell {
                place: reader.place(rows + error.row),
                error,
            })
        })?;
        unseen.add(encoded.unseen);
        let (predictions, intervals) = match args.interval {
            None => (predictor.predict_encoded(encoded.numbers), None),
            Some(interval) => {
                predictor.predict_intervals(encoded.numbers, f64::from(interval) / 100.0)
            }
        };
        if let Some(row) = predictions.first_not_finite() {
            return Err(not_finite(&reader.place(rows + row)));
        }
        if std::mem::take(&mut header_due) {
            out.write_record(header(&predictions, intervals.is_some()))
                .map_err(output)?;
        }
        write_rows(&predictions, None, intervals.as_deref(), &mut out).map_err(output)?;
        rows += batch.num_rows();
    }
    if rows == 0 {
        let name = reader.name().to_string();
        let reason = "the table has a header but no rows".to_string();
        return Err(Error::Table(TableError::Unusable { name, reason }));
    }
    out.flush()?;
    if let Some(note) = note_on_unseen(&unseen) {
        Console::Error.paragraph("note", note);
    }
    Ok(rows)
}

pub fn header(predictions: &Predictions, with_intervals: bool) -> Vec<String> {
    let mut names = vec!["prediction".to_string()];
    if with_intervals {
        names.extend(["lower".to_string(), "upper".to_string()]);
    }
    if let Predictions::Classes { classes, .. } = predictions {
        names.extend(classes.iter().map(|class| format!("probability_{class}")));
    }
    names
}

/// Writes predictions, each after the number of its row (from 1) or before its interval, where there
/// are such.
pub fn write_rows<W: Write>(
    predictions: &Predictions,
    rows: Option<&[usize]>,
    intervals: Option<&[[f64; 2]]>,
    out: &mut csv::Writer<W>,
) -> csv::Result<()> {
    let labels = predictions.labels();
    for (place, label) in labels.iter().enumerate() {
        if let Some(rows) = rows {
            out.write_field((rows[place] + 1).to_string())?;
        }
        out.write_field(label)?;
        if let Some(intervals) = intervals {
            for bound in intervals[place] {
                out.write_field(bound.to_string())?;
            }
        }
        if let Predictions::Classes {
            classes,
            probabilities,
        } = predictions
        {
            let width = classes.len();
            for p in &probabilities[place * width..(place + 1) * width] {
                out.write_field(format!("{p:.6}"))?;
            }
        }
        out.write_record(None::<&[u8]>)?;
    }
    Ok(())
}
