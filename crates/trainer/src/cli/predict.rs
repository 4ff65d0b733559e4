//! `trainer predict`: row by row from a table of any length.

use std::io::{BufWriter, Write};
use std::path::Path;

use backburn::text::{count, escaped, path_name, shown};
use backburn::{
    CommandFiles, KeptColumns, PredictionFormat, PredictionStream, PredictionWriter, Predictor,
    Skipped, TableReader, Warning, open_table, room_to_load, shift_notes, standard_output,
};
use serde_json::{Value, json};

use super::args::PredictArgs;
use super::saving::{prediction_error, prediction_file};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::words;

pub fn run(args: &PredictArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let to_stdout = args.out == Path::new("-");
    let files = CommandFiles::new().table(&args.table);
    let files = files.input("the model", &args.model);
    let files = files.output("--out", &args.out);
    // Messages go to standard error.
    let files = match args.json && !to_stdout {
        true => files.printed(true),
        false => files,
    };
    files.check()?;
    // A format that is unknown is found out before anything is read.
    let format = PredictionFormat::of_path(&args.out);
    let format = format.map_err(|error| prediction_error("--out", error))?;
    if to_stdout && args.json {
        let reason = "--json: standard output has the predictions; write them to a file with --out";
        return Err(Error::Usage(reason.to_string()));
    }
    let chosen = device::choose(args.device.name())?;
    room_to_load(&args.model)?;
    let predictor = Predictor::load_on(&args.model, chosen.get()?)?;
    if let Some(interval) = args.interval {
        let target = &predictor.model().target;
        let checked = target.check_coverage(f64::from(interval) / 100.0);
        checked.map_err(|reason| Error::Failed(format!("--interval {interval}: {reason}")))?;
    }
    if to_stdout {
        let out = BufWriter::new(standard_output()?);
        let out = PredictionWriter::new(out, format, args.skips());
        return stream(args, &predictor, out).map(drop);
    }
    let mut file = prediction_file("--out", &args.out)?;
    let _ = interrupt::catch();
    let summary = stream(args, &predictor, file.writer(args.skips()));
    let mut summary = summary.map_err(|error| match error {
        Error::Output(error) => Error::Failed(format!("{}: {error}", path_name(&args.out))),
        other => other,
    })?;
    file.commit()?;
    let rows = summary["rows"].as_u64().unwrap_or_default() as usize;
    Console::Error.say(format_args!(
        "{} predicted, written to {}",
        count(rows, "row"),
        path_name(&args.out)
    ));
    if args.json {
        summary["out"] = json!(args.out.display().to_string());
        console::json(&summary);
    }
    Ok(())
}

/// Predicts batch by batch, and returns what `--json` prints.
fn stream<W: Write + Send>(
    args: &PredictArgs,
    predictor: &Predictor,
    out: PredictionWriter<W>,
) -> Result<Value, Error> {
    let mut options = predictor
        .model()
        .read_options(args.read.options(), &args.keep);
    options.skip_bad_rows = args.skips();
    if args.keep_all {
        options.columns = None;
    }
    let reader = open_table(&args.table, &options)?;
    let kept = kept_columns(args, predictor, &reader)?;
    let mut stream = PredictionStream::new(predictor, reader)?;
    if let Some(percent) = args.interval {
        stream = stream.with_intervals(f64::from(percent) / 100.0)?;
    }
    if args.skips() {
        stream = stream.skip_bad_rows(show_skipped());
    }
    let mut out = out.keeping(kept);
    for batch in stream.by_ref() {
        out.write(&batch?)?;
    }
    if stream.skipped_rows() > 0 {
        note(format!("{} skipped", count(stream.skipped_rows(), "row")));
    }
    stream.check_not_empty()?;
    for (name, written) in out.renamed() {
        let (name, written) = (shown(name), shown(written));
        note(format!(
            "the column `{name}` of the table is written as `{written}`"
        ));
    }
    out.finish()?;
    let layout = stream.notes().into_iter();
    let warnings: Vec<Warning> = layout.map(|note| Warning::Layout { note }).collect();
    words::notes(&warnings, Console::Error);
    let unlike_training = stream.unlike_training();
    shift_notes(&unlike_training).into_iter().for_each(note);
    Ok(json!({
        "rows": stream.rows(), "skipped": stream.skipped_rows(), "unlike_training": unlike_training,
        "warnings": warnings,
    }))
}

fn note(text: String) {
    Console::Error.paragraph("note", text);
}

/// The columns that `--keep` or `--keep-all` asks for.
fn kept_columns(
    args: &PredictArgs,
    predictor: &Predictor,
    reader: &TableReader,
) -> Result<KeptColumns, Error> {
    let model = predictor.model();
    Ok(match args.keep_all {
        true => KeptColumns::all(&reader.schema(), &model.encoder, &model.format),
        false => KeptColumns::named(&args.keep, reader, &model.encoder, &model.format)?,
    })
}

/// Prints the first skipped rows.
fn show_skipped() -> impl FnMut(&TableReader, &Skipped) {
    const SHOWN: usize = 10;
    let mut shown = 0;
    move |reader: &TableReader, skipped: &Skipped| {
        if shown < SHOWN {
            let location = reader.location(skipped.rows.start);
            let text = format!("{location}: {}", skipped.reason);
            Console::Error.entry("skipped", escaped(&text));
        }
        shown += skipped.rows.len();
    }
}
