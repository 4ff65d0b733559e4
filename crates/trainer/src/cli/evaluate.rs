//! `trainer evaluate`.

use backburn::text::count;
use backburn::{
    CommandFiles, Evaluation, Metrics, Predictor, Target, confusion_matrix, read_table,
    room_to_evaluate, room_to_load,
};
use serde_json::{Value, json};

use super::args::EvaluateArgs;
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};

pub fn run(args: &EvaluateArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let files = CommandFiles::new().model(&args.model).table(&args.table);
    files.printed(true).check()?;
    let chosen = device::choose(args.device.name())?;
    room_to_load(&args.model)?;
    let predictor = Predictor::load_on(&args.model, chosen.get()?)?;
    let target = &predictor.model().target;
    let further = [target.column().to_string()];
    let options = predictor
        .model()
        .read_options(args.read.options(), &further);
    let table = read_table(&args.table, &options)?;
    room_to_evaluate(&table, predictor.model())?;
    let evaluation = predictor.evaluate(&table)?;
    let score = &evaluation.score;

    let console = Console::for_json(args.json);
    console.detail("rows", count(score.rows, "row"));
    console.entry("score", score.line(""));
    if let Some(reliability) = &evaluation.reliability {
        console.detail(reliability.heading(), reliability);
    }
    for note in evaluation.notes() {
        console.paragraph("note", note);
    }
    if let (Metrics::Classification(score), Target::Classification { classes, .. }) =
        (&score.metrics, target)
        && classes.len() <= 10
    {
        console.entries(
            "confusion",
            confusion_matrix(&score.confusion.dense(), classes),
        );
    }
    if args.json {
        console::json(&result(&evaluation, target));
    }
    Ok(())
}

/// What `--json` prints.
fn result(evaluation: &Evaluation, target: &Target) -> Value {
    let mut object = evaluation.score.json();
    let mut insert = |name: &str, value| object.insert(name.to_string(), value);
    insert("target", json!(target.column()));
    if let Some(classes) = target.class_names() {
        insert("classes", json!(classes));
    }
    insert("skipped", json!(evaluation.score.skipped));
    insert("unlike_training", json!(evaluation.unlike_training));
    insert("warnings", json!(evaluation.warnings));
    Value::Object(object)
}
