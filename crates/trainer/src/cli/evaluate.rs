//! `trainer evaluate`.

use backburn::text::{count, shown};
use backburn::{EvaluationOptions, json_of_targets, read_table, room_to_evaluate};

use super::args::EvaluateArgs;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &EvaluateArgs) -> Result<(), Error> {
    let scored = EvaluationOptions::new(args.by.as_deref(), args.weight.as_deref());
    let args = &args.on;
    args.files().printed(true).check()?;
    let predictors = args.predictors()?;
    let options = scored.read_options(&predictors, args.read.options());
    let table = read_table(&args.table, &options)?;
    let console = Console::for_json(args.json);
    let mut results = Vec::new();
    for predictor in &predictors {
        let target = &predictor.model().target;
        room_to_evaluate(&table, predictor.model())?;
        let evaluation = predictor.evaluate_with(&table, &scored)?;
        let score = &evaluation.score;
        if predictors.len() > 1 {
            console.entry("target", shown(target.column()));
        }
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
        results.push(evaluation.json(target));
    }
    if args.json {
        console::json(&json_of_targets(results));
    }
    Ok(())
}
