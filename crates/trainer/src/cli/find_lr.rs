//! `trainer find-lr`.

use backburn::text::count;
use backburn::{CommandFiles, find_learning_rate};
use backburn_dashboard::lines;
use serde_json::json;

use super::args::FindLrArgs;
use super::dataset::read_dataset;
use crate::device;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &FindLrArgs) -> Result<(), Error> {
    let files = CommandFiles::new().table(&args.table.table);
    args.run.input(files).printed(true).check()?;
    let mut config = args.run.settings()?;
    let device = device::choose(args.run.device.name())?;
    let data = read_dataset(&args.table, &mut config)?;
    let console = Console::for_json(args.run.json);
    console.notes(data.warnings());
    let test = find_learning_rate(&data, &config, device.get()?)?;
    for line in lines(&test.points(), "loss", "log10 of the learning rate") {
        console.say(line);
    }
    let steps = count(test.rates.len(), "step");
    console.entry("tried", format!("{steps}, each with a higher rate"));
    let setting = format!("--set training.learning_rate={}", test.rounded());
    console.entry("suggestion", setting);
    let auto = "--set training.learning_rate=auto finds one before each training";
    console.entry("", auto);
    if args.run.json {
        let mut result = json!(test);
        result["warnings"] = json!(data.warnings());
        console::json(&result);
    }
    Ok(())
}
