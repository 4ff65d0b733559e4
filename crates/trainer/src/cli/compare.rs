//! `trainer compare`.

use backburn::{
    CommandFiles, ComparedMethod, Event, FitContext, MethodScores, Observer, check_room_to_compare,
    compare, compared_scores, comparison_json, verdict,
};

use super::args::CompareArgs;
use super::dataset::read_dataset;
use crate::device;
use crate::error::Error;
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::progress::Progress;

pub fn run(args: &CompareArgs) -> Result<(), Error> {
    let files = CommandFiles::new().table(&args.table.table);
    files.printed(true).check()?;
    let device = device::choose(args.device.name())?;
    let mut config = ComparedMethod::Default.config(args.seed)?;
    args.scoring.set(&mut config.scoring)?;
    let data = read_dataset(&args.table, &mut config)?;
    let folds = data.given_folds().unwrap_or(args.folds.into());
    data.check_folds("--folds", folds)?;
    let stop = interrupt::catch();
    let console = Console::for_json(args.json);
    console.paragraphs(data.in_words(None));
    let splits = data.folds(folds, args.seed);
    console.detail("scores", compared_scores(&data, folds));
    let progress = Progress::new(console, "");
    // The table has one line for all folds.
    let observer = |event: &Event| match event {
        Event::FoldEnd { .. } => {}
        event => progress.on_event(event),
    };
    let context = FitContext::of_run(device, &observer, stop.clone(), args.time_limit).quiet();
    let methods = ComparedMethod::only(&args.only);
    check_room_to_compare(methods, &data, &splits, args.seed, &context)?;
    let mut rows: Vec<MethodScores> = Vec::new();
    for &method in methods {
        progress.phase(method.name());
        let row = compare(method, &data, &splits, args.seed, &config.scoring, &context)?;
        progress.finish();
        if stop.is_stopped() {
            let reason = "interrupted: the remaining methods are not compared".to_string();
            return Err(Error::Failed(reason));
        }
        if rows.is_empty() {
            console.say(row.header());
        }
        console.say(&row);
        rows.push(row);
    }
    console.paragraph("verdict", verdict(&rows));
    if args.json {
        console::json(&comparison_json(&data, folds, &rows));
    }
    Ok(())
}
