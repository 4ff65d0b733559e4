//! `trainer evaluate`.

use backburn::text::count;
use backburn::{read_table, room_to_evaluate};
use serde_json::Value;

use super::model_args::ModelArgs;
use crate::error::Error;
use crate::ui::console::{self, Console};
use crate::ui::words;

pub fn run(args: &ModelArgs) -> Result<(), Error> {
    args.files().printed(true).check()?;
    let predictor = args.predictor()?;
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
    words::notes(&evaluation.notes(), console);
    console.entries("confusion", evaluation.confusion(target));
    if args.json {
        console::json(&Value::Object(evaluation.json(target)));
    }
    Ok(())
}
