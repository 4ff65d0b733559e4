//! `trainer gradcheck`.

use backburn::{
    CommandFiles, DatasetOptions, check_network_gradients, gradient_verdict, read_table,
};
use serde_json::{Map, Value, json};

use super::args::GradcheckArgs;
use super::example::{HOUSE_PRICES, PENGUINS};
use crate::device;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &GradcheckArgs) -> Result<(), Error> {
    let table = args.table.as_deref().into_iter();
    let files = table.fold(CommandFiles::new(), CommandFiles::table);
    args.run.input(files).printed(true).check()?;
    let config = args.run.settings()?;
    let device = device::choose(args.run.device.name())?;
    let tables = match (&args.table, &args.target) {
        (Some(table), Some(target)) => {
            let columns = args.columns.options();
            let read = columns.read_options(args.read.options(), &[target], &config.columns);
            vec![(read_table(table, &read)?, target.clone())]
        }
        _ => [&HOUSE_PRICES, &PENGUINS]
            .into_iter()
            .map(|example| Ok((example.table()?, example.target.to_string())))
            .collect::<Result<_, Error>>()?,
    };
    let console = Console::for_json(args.run.json);
    let elements = (args.elements > 0).then_some(args.elements);
    let mut results = Map::new();
    let mut checks = Vec::new();
    for (index, (table, target)) in tables.iter().enumerate() {
        if index > 0 {
            console.say("");
        }
        let mut config = config.clone();
        let options = DatasetOptions {
            task: args.task,
            ..DatasetOptions::default()
        };
        let columns = args.columns.options();
        let data = columns.dataset(table.clone(), target, options, &mut config)?;
        let check = check_network_gradients(&data, elements, &config, device.get()?)?;
        for (heading, text) in check.in_words(&data) {
            match heading {
                "note" => console.paragraph(heading, text),
                _ => console.entry(heading, text),
            }
        }
        console.say("");
        check.lines().iter().for_each(|line| console.say(line));
        results.insert(table.name().to_string(), json!(check.parameters));
        checks.push(check);
    }
    if args.run.json {
        console::json(&Value::Object(results));
    }
    console.entry("verdict", gradient_verdict(&checks)?);
    Ok(())
}
