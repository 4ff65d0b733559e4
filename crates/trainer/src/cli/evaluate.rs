//! `trainer evaluate`.

use backburn::text::{count, escaped};
use backburn::{
    Metrics, Predictor, Score, Target, confusion_matrix, read_table, room_to_evaluate,
    room_to_load, shift_notes,
};
use serde_json::{Value, json};

use super::args::EvaluateArgs;
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};

pub fn run(args: &EvaluateArgs) -> Result<(), Error> {
    once_from_standard_input(&args.model, &args.table)?;
    let chosen = device::choose(args.device.name())?;
    room_to_load(&args.model)?;
    let predictor = Predictor::load_on(&args.model, &chosen.device)?;
    let target = &predictor.model().target;
    let further = [target.column().to_string()];
    let options = predictor
        .model()
        .read_options(args.read.options(), &further);
    let table = read_table(&args.table, &options)?;
    let table = predictor.model().format.apply_to_table(&table)?;
    table.column(target.column())?;
    room_to_evaluate(&table, predictor.model())?;
    let (predictions, shift) = predictor.predict_and_count(&table)?;
    if let Some(row) = predictions.first_not_finite() {
        return Err(backburn::Error::not_finite(&table.location(row)).into());
    }
    let score = Score::of_table(&predictions, &table, target)?;

    let console = Console::for_json(args.json);
    console.detail("rows", count(score.rows, "row"));
    console.entry("score", score.line(""));
    if let Some(reliability) = score.reliability(&predictor, &table)? {
        console.detail("trust", reliability);
    }
    for note in table.notes() {
        console.paragraph("note", escaped(&note));
    }
    for note in score.skipped_notes() {
        console.paragraph("note", note);
    }
    let unlike_training = shift.findings(&predictor.model().encoder, target);
    for note in shift_notes(&unlike_training) {
        console.paragraph("note", note);
    }
    if let (Metrics::Classification(score), Target::Classification { classes, .. }) =
        (&score.metrics, target)
        && classes.len() <= 10
    {
        let lines = confusion_matrix(&score.confusion.dense(), classes);
        for (index, line) in lines.into_iter().enumerate() {
            console.entry(if index == 0 { "confusion" } else { "" }, line);
        }
    }
    if args.json {
        let mut object = score.json();
        object.insert("target".to_string(), json!(target.column()));
        if let Target::Classification { classes, .. } = target {
            object.insert("classes".to_string(), json!(classes));
        }
        object.insert("skipped".to_string(), json!(score.skipped));
        let unlike = json!(unlike_training);
        object.insert("unlike_training".to_string(), unlike);
        console::json(&Value::Object(object));
    }
    Ok(())
}
