//! `trainer evaluate`.

use backburn::text::{count, shown};
use backburn::{EvaluationOptions, evaluate_targets, json_of_targets, read_table};

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
    let evaluations = evaluate_targets(&predictors, &table, &scored)?;
    let console = Console::for_json(args.json);
    let mut results = Vec::new();
    for (predictor, evaluation) in predictors.iter().zip(&evaluations) {
        let target = &predictor.model().target;
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
