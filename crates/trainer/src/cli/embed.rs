//! `trainer embed`: row by row from a table of any length.

use std::io::Write;

use backburn::text::count;
use backburn::{Embedder, EmbeddingStream, EmbeddingWriter, PredictionFormat, RowsReport};

use super::args::EmbedArgs;
use super::predict::show_skipped;
use super::saving::{finish, prediction_file};
use crate::error::Error;
use crate::interrupt;
use crate::ui::console::Console;

pub fn run(args: &EmbedArgs) -> Result<(), Error> {
    let (on, out) = (&args.on, args.out.as_path());
    let mut files = on.files().output("--out", out);
    if on.json {
        files = files.printed(true);
    }
    files.check()?;
    let mut file = prediction_file("--out", out, PredictionFormat::of_embeddings(out))?;
    let predictor = on.predictor()?;
    let embedder = predictor.embedder()?;
    let _ = interrupt::catch();
    let report = stream(args, &embedder, file.embedding_writer(args.rows.skips()));
    let dimensions = count(embedder.dimensions(), "dimension");
    let done = format!("embedded in {dimensions}");
    finish(file, report, &done, on.json)
}

/// Embeds batch by batch.
fn stream<W: Write + Send>(
    args: &EmbedArgs,
    embedder: &Embedder,
    out: EmbeddingWriter<W>,
) -> Result<RowsReport, Error> {
    let (reader, kept) = args.rows.open(&args.on, embedder.predictor())?;
    let mut stream = EmbeddingStream::new(embedder, reader)?;
    if args.rows.skips() {
        stream = stream.skip_bad_rows(show_skipped());
    }
    let mut out = out.keeping(kept);
    for batch in stream.by_ref() {
        out.write(&batch?)?;
    }
    let report = stream.report(&out.renamed());
    Console::Error.notes(&report.notes());
    stream.check_not_empty()?;
    out.finish()?;
    Ok(report)
}
