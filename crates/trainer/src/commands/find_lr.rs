//! `trainer find-lr`.

use backburn_training::{RangeTest, range_test};
use serde_json::json;

use crate::args::FindLrArgs;
use crate::chart;
use crate::config::RunConfig;
use crate::console::{self, Console, count};
use crate::data::{Understood, network_config};
use crate::device;
use crate::error::Error;
use crate::memory::read_table;

pub fn run(args: &FindLrArgs) -> Result<(), Error> {
    let config = RunConfig::from_args(&args.run)?;
    let chosen = device::choose(&args.run.device)?;
    let table = read_table(&args.table.table, &args.table.read.options())?;
    let understood = Understood::of_args(&table, &args.table, &config)?;
    let split = understood.split(&config);
    let prepared = understood.prepare(&table, split, &config, &chosen.device)?;
    let rows = prepared.training.rows();
    let network = network_config(&config, &prepared.encoder, &prepared.target, rows)?;
    chosen.device.seed(config.training.seed);
    let network = network.init(&chosen.device)?;
    let RangeTest {
        rates,
        losses,
        suggestion,
    } = range_test(&network, &prepared.training, &config.training)?;

    let console = Console::for_json(args.run.json);
    let points: Vec<(f64, f64)> = rates
        .iter()
        .zip(&losses)
        .map(|(rate, loss)| (rate.log10(), *loss))
        .collect();
    for line in chart::lines(&points, "loss", "log10 of the learning rate") {
        console.say(line);
    }
    let steps = count(rates.len(), "step");
    console.entry("tried", format!("{steps}, each with a higher rate"));
    let suggested = format!("{suggestion:.1e}").parse().unwrap_or(suggestion);
    console.entry(
        "suggestion",
        format!("--set training.learning_rate={suggested}"),
    );
    let auto = "--set training.learning_rate=auto finds one before each training";
    console.entry("", auto);
    if args.run.json {
        console::json(&json!({
            "rates": rates,
            "losses": losses,
            "suggestion": suggestion,
        }));
    }
    Ok(())
}
