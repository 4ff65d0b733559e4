//! `trainer evaluate`.

use backburn::text::count;
use backburn::{EvaluationOptions, read_table, room_to_evaluate};
use serde_json::Value;

use super::args::EvaluateArgs;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &EvaluateArgs) -> Result<(), Error> {
    let scored = EvaluationOptions::new(args.by.as_deref(), args.weight.as_deref());
    let args = &args.on;
    args.files().printed(true).check()?;
    let predictor = args.predictor()?;
    let target = &predictor.model().target;
    let further = scored.columns(predictor.model());
    let options = predictor
        .model()
        .read_options(args.read.options(), &further);
    let table = read_table(&args.table, &options)?;
    room_to_evaluate(&table, predictor.model())?;
    let evaluation = predictor.evaluate_with(&table, &scored)?;
    let score = &evaluation.score;

    let console = Console::for_json(args.json);
    console.detail("rows", count(score.rows, "row"));
    console.entry("score", score.line(""));
    if let Some(reliability) = &evaluation.reliability {
        console.detail(reliability.heading(), reliability);
    }
    console.notes(&evaluation.notes());
    console.entries("confusion", evaluation.confusion(target));
    if let Some(groups) = &evaluation.groups {
        console.entries("by group", groups.lines());
    }
    if args.json {
        console::json(&Value::Object(evaluation.json(target)));
    }
    Ok(())
}
