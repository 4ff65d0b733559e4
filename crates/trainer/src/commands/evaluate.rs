//! `trainer evaluate`.

use backburn_tabular::{Predictor, Target};
use serde_json::{Value, json};

use crate::args::EvaluateArgs;
use crate::console::{self, Console, count};
use crate::data::note_on_unseen;
use crate::device;
use crate::error::{Error, not_finite, once_from_standard_input};
use crate::memory::read_table;
use crate::score::{Kind, Score};

pub fn run(args: &EvaluateArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let chosen = device::choose(&args.device)?;
    let predictor = Predictor::load_on(&args.model, &chosen.device)?;
    let target = &predictor.model().target;
    let table = read_table(&args.table, &args.read.options())?;
    table.column(target.column())?;
    let (predictions, unseen) = predictor.predict_and_count(&table)?;
    if let Some(row) = predictions.first_not_finite() {
        return Err(not_finite(&table.place(row)));
    }
    let score = Score::of_table(&predictions, &table, target)?;

    let console = Console::for_json(args.json);
    console.entry("rows", count(score.rows, "row"));
    console.entry("score", score.line(""));
    if let Some((heading, words)) = score.trust(&predictor, &table)? {
        console.entry(heading, words);
    }
    if let Some(note) = score.passed_over_note() {
        console.paragraph("note", note);
    }
    if let Some(note) = note_on_unseen(&unseen) {
        console.paragraph("note", note);
    }
    if let (Kind::Classification(score), Target::Classification { classes, .. }) =
        (&score.kind, target)
        && classes.len() <= 10
    {
        confusion(&score.confusion, classes, console);
    }
    if args.json {
        let mut object = score.json();
        object.insert("target".to_string(), json!(target.column()));
        if let Target::Classification { classes, .. } = target {
            object.insert("classes".to_string(), json!(classes));
        }
        object.insert("passed_over".to_string(), json!(score.passed_over));
        console::json(&Value::Object(object));
    }
    Ok(())
}

fn confusion(rows: &[Vec<usize>], classes: &[String], console: Console) {
    let names: Vec<String> = classes.iter().map(|name| console::shown(name)).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(6);
    let header: Vec<String> = names.iter().map(|name| format!("{name:>width$}")).collect();
    console.entry(
        "confusion",
        format!("{:width$}  {}  (predicted)", "actual", header.join("  ")),
    );
    for (name, row) in names.iter().zip(rows) {
        let counts: Vec<String> = row.iter().map(|count| format!("{count:>width$}")).collect();
        console.entry("", format!("{name:width$}  {}", counts.join("  ")));
    }
}
