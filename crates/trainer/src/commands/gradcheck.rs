//! `trainer gradcheck`.

use backburn_model::{Activation, Mlp};
use backburn_tabular::{Table, Task};
use backburn_training::{GradientCheck, StraightThrough, TOLERANCE, check_gradients};
use burn::tensor::Tensor;
use serde_json::{Map, Value, json};

use crate::args::GradcheckArgs;
use crate::commands::example::{HOUSE_PRICES, PENGUINS};
use crate::config::RunConfig;
use crate::console::{self, Console, count, shown};
use crate::data::{Understood, network_config};
use crate::device::{self, Chosen};
use crate::error::Error;
use crate::memory::read_table;

/// Rows that the loss is over.
const ROWS: usize = 16;

pub fn run(args: &GradcheckArgs) -> Result<(), Error> {
    let config = RunConfig::from_args(&args.run)?;
    let chosen = device::choose(&args.run.device)?;
    let task = args.task.map(Into::into);
    let tables = match (&args.table, &args.target) {
        (Some(table), Some(target)) => {
            vec![(read_table(table, &args.read.options())?, target.clone())]
        }
        _ => [&HOUSE_PRICES, &PENGUINS]
            .into_iter()
            .map(|example| Ok((example.table()?, example.target.to_string())))
            .collect::<Result<_, Error>>()?,
    };
    let console = Console::for_json(args.run.json);
    let elements = (args.elements > 0).then_some(args.elements);
    let mut results = Map::new();
    let mut wrong = Vec::new();
    for (place, (table, target)) in tables.iter().enumerate() {
        if place > 0 {
            console.say("");
        }
        let checks = check(table, target, task, elements, &config, &chosen, console)?;
        let names = checks
            .iter()
            .filter(|check| !passes(check))
            .map(|check| check.name.clone());
        wrong.extend(names);
        results.insert(table.name().to_string(), json!(checks));
    }
    if args.run.json {
        console::json(&Value::Object(results));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::Failed(format!(
            "the gradient of {} is not what differences say, to a relative {TOLERANCE:.0e}",
            wrong.join(", ")
        ))),
    }
}

fn passes(check: &GradientCheck) -> bool {
    check.error < TOLERANCE
}

fn check(
    table: &Table,
    target: &str,
    task: Option<Task>,
    elements: Option<usize>,
    config: &RunConfig,
    chosen: &Chosen,
    console: Console,
) -> Result<Vec<GradientCheck>, Error> {
    let understood = Understood::new(table, target, task, None, config)?;
    let split = understood.split(config);
    let prepared = understood.prepare(table, split, config, &chosen.device)?;
    let rows = prepared.training.rows();
    let mut network = network_config(config, &prepared.encoder, &prepared.target, rows)?;
    let step = network.activation == Activation::Step;
    if step {
        // A step's surrogate is for one pass, which dropout makes another one.
        network.dropout = 0.0;
    }
    let examples = prepared.training.slice(0, rows.min(ROWS));
    let seed = config.training.seed;
    chosen.device.seed(seed);
    let mlp = network.init(&chosen.device)?;
    let criterion = config.training.criterion();
    let around = std::cell::OnceCell::new();
    let in_double = examples.in_double();
    // The indices of categories are no numbers to differentiate by.
    let [batch, columns] = examples.inputs.dims();
    let numbers = match network.inputs {
        0 => columns,
        inputs => inputs,
    };
    let inputs = examples.inputs.clone().slice([0..batch, 0..numbers]);
    let indices = in_double.inputs.clone().slice([0..batch, numbers..columns]);
    let mut checks = check_gradients(&mlp, &inputs, elements, seed, |mlp: &Mlp, rows| {
        let rows = match numbers == columns {
            true => rows,
            false => Tensor::cat(vec![rows, indices.clone().autodiff()], 1),
        };
        let outputs = match step {
            true => around
                .get_or_init(|| StraightThrough::around(mlp, rows.clone()))
                .forward(mlp, rows),
            false => mlp.forward(rows),
        };
        criterion.forward(outputs, &in_double.targets, in_double.weights.as_ref())
    });

    if network.inputs == 0 {
        checks.retain(|check| check.name != "inputs");
    }

    let task = understood.task;
    let name = table.name();
    console.entry("table", format!("{name}, {} ({task})", shown(target)));
    let widths: Vec<String> = network.widths().iter().map(usize::to_string).collect();
    let shape = format!("{} ({})", widths.join(" → "), network.activation);
    console.entry("network", shape);
    let rows = count(examples.rows(), "row");
    let what = format!("{rows} in 64 bits: backpropagation against central differences");
    console.entry("check", what);
    if step {
        let note = "a step has no slope: checked is that the straight-through gradient is that of the \
            function it stands for";
        console.paragraph("note", note);
    }
    console.say("");
    console.say(format_args!(
        "{:<34} {:>12} {:>14} {:>11} {:>9}",
        "parameter", "shape", "checked", "largest", "error"
    ));
    for check in &checks {
        let shape: Vec<String> = check.shape.iter().map(usize::to_string).collect();
        let all: usize = check.shape.iter().product();
        let verdict = match (passes(check), check.kinks) {
            (false, _) => {
                let (place, gradient, difference) = check.worst;
                format!(
                    " wrong: element {place} is {gradient:.6e}, differences say {difference:.6e}"
                )
            }
            (true, 0) => String::new(),
            (true, kinks) => format!(" {kinks} at a kink"),
        };
        console.say(format_args!(
            "{:<34} {:>12} {:>14} {:>11.2e} {:>9.0e}{verdict}",
            check.name,
            shape.join(" × "),
            format!("{} of {all}", check.checked),
            check.largest,
            check.error
        ));
    }
    Ok(checks)
}
