//! `trainer predict`: row by row from a table of any length.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use backburn::text::{count, escaped};
use backburn::{
    OutputFile, PredictionCsv, PredictionStream, Predictor, ReadOptions, Skipped, TableReader,
    unseen_note,
};

use super::args::{OnError, PredictArgs};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::interrupt;
use crate::ui::console::Console;

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

/// Predicts batch by batch, and returns the number of predicted rows.
fn stream(args: &PredictArgs, predictor: &Predictor, out: impl Write) -> Result<usize, Error> {
    /// The largest number of skipped rows that are printed.
    const SHOWN: usize = 10;
    let skip = args.on_error == OnError::Skip;
    let options = ReadOptions {
        skip_bad_rows: skip,
        known_columns: predictor.rows().columns().map(str::to_string).collect(),
        ..args.read.options()
    };
    let reader = TableReader::open(&args.table, &options)?;
    let mut stream = PredictionStream::new(predictor, reader)?;
    if let Some(percent) = args.interval {
        stream = stream.with_intervals(f64::from(percent) / 100.0)?;
    }
    if skip {
        let mut shown = 0;
        stream = stream.skip_bad_rows(move |reader: &TableReader, skipped: &Skipped| {
            shown += 1;
            if shown <= SHOWN {
                let text = format!("{}: {}", reader.location(skipped.row), skipped.reason);
                Console::Error.entry("skipped", escaped(&text));
            }
        });
    }
    let mut out = PredictionCsv::new(out, skip);
    for batch in stream.by_ref() {
        let batch = batch?;
        out.write(&batch.rows, &batch.predictions, batch.intervals.as_deref())?;
    }
    if stream.skipped_rows() > 0 {
        let text = format!("{} skipped", count(stream.skipped_rows(), "row"));
        Console::Error.paragraph("note", text);
    }
    stream.check_not_empty()?;
    out.finish()?;
    if let Some(note) = unseen_note(stream.unseen()) {
        Console::Error.paragraph("note", note);
    }
    Ok(stream.rows())
}
