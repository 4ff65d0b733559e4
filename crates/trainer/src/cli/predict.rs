//! `trainer predict`: row by row from a table of any length.

use std::io::{BufWriter, Write};
use std::path::Path;

use backburn::{
    PredictionFormat, PredictionWriter, Predictor, RowsReport, Skipped, SkippedLines, TableReader,
    TargetStream, standard_output,
};

use super::args::PredictArgs;
use super::saving::{finish, prediction_file};
use crate::error::Error;
use crate::interrupt;
use crate::ui::console::Console;

pub fn run(args: &PredictArgs) -> Result<(), Error> {
    let (on, out) = (&args.on, args.out.as_path());
    let to_stdout = out == Path::new("-");
    let mut files = on.files().output("--out", out);
    // Messages go to standard error.
    if on.json && !to_stdout {
        files = files.printed(true);
    }
    files.check()?;
    // A format that is unknown is found out before anything is read.
    let format = PredictionFormat::of_path(out);
    let format = format.map_err(|error| error.of_option("--out"))?;
    if to_stdout && on.json {
        let reason = "--json: standard output has the predictions; write them to a file with --out";
        return Err(Error::Usage(reason.to_string()));
    }
    let mut predictors = on.predictors()?;
    if let Some(threshold) = args.threshold {
        let positive = args.positive.as_deref();
        predictors = Predictor::all_with_threshold(predictors, threshold, positive)?;
    }
    if let Some(interval) = args.interval {
        let checked = TargetStream::check_coverage(&predictors, f64::from(interval) / 100.0);
        checked.map_err(|reason| Error::Failed(format!("--interval {interval}: {reason}")))?;
    }
    if to_stdout {
        let out = BufWriter::new(standard_output()?);
        let out = PredictionWriter::new(out, format, args.rows.skips());
        return stream(args, &predictors, out).map(drop);
    }
    let mut file = prediction_file("--out", out, Ok(format))?;
    let _ = interrupt::catch();
    let report = stream(args, &predictors, file.writer(args.rows.skips()));
    finish(file, report, "predicted", on.json)
}

/// Predicts batch by batch.
fn stream<W: Write + Send>(
    args: &PredictArgs,
    predictors: &[Predictor],
    out: PredictionWriter<W>,
) -> Result<RowsReport, Error> {
    let (reader, kept) = args.rows.open(&args.on, &predictors[0])?;
    let mut stream = TargetStream::new(predictors, reader)?;
    if let Some(percent) = args.interval {
        stream = stream.with_intervals(f64::from(percent) / 100.0)?;
    }
    if args.rows.skips() {
        stream = stream.skip_bad_rows(show_skipped());
    }
    let mut out = out.keeping(kept);
    for batch in stream.by_ref() {
        out.write_targets(predictors, &batch?)?;
    }
    let report = stream.report(out.renamed());
    Console::Error.notes(&report.notes());
    stream.check_not_empty()?;
    out.finish()?;
    Ok(report)
}

/// Prints the first skipped rows.
pub fn show_skipped() -> impl FnMut(&TableReader, &Skipped) {
    let mut lines = SkippedLines::default();
    move |reader: &TableReader, skipped: &Skipped| {
        if let Some(line) = lines.line(reader, skipped) {
            Console::Error.entry("skipped", line);
        }
    }
}
