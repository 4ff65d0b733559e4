//! `trainer inspect`.

use backburn_tabular::{SavedModel, Target};
use burn::module::Module;

use crate::args::{DeviceArgs, InspectArgs};
use crate::console::{Console, count, escaped, number, shown};
use crate::device;
use crate::error::Error;
use crate::reporting::{layers, scale_in_words};

pub fn run(args: &InspectArgs) -> Result<(), Error> {
    let chosen = device::choose(&DeviceArgs::default())?;
    let model = SavedModel::load(&args.model, &chosen.device)?;
    let console = Console::Output;
    let summary = &model.summary;

    console.entry(
        "model",
        format!("{}, by {}", args.model.display(), shown(&summary.program)),
    );
    let target = format!("{} ({})", shown(model.target.column()), model.target.task());
    console.entry("target", target);
    match &model.target {
        Target::Regression { .. } => console.entry("", scale_in_words(&model.target)),
        Target::Classification { classes, .. } => {
            let names: Vec<String> = classes.iter().take(20).map(|name| shown(name)).collect();
            let more = if classes.len() > 20 { ", …" } else { "" };
            console.entry(
                "",
                format!(
                    "{}: {}{more}",
                    count(classes.len(), "class"),
                    names.join(", ")
                ),
            );
        }
    }
    let parameters = count(model.network.num_params(), "parameter");
    console.entry("network", format!("{}, {parameters}", layers(&model)));
    console.entry(
        "trained",
        format!(
            "on {} of {}, {} to validate; best of {} at epoch {}; seed {}; {}",
            count(summary.training_rows, "row"),
            shown(&summary.table),
            summary.validation_rows,
            count(summary.epochs, "epoch"),
            summary.best_epoch,
            summary.seed,
            shown(&summary.device),
        ),
    );
    let scores = |scores: &std::collections::BTreeMap<String, f64>| {
        let words = scores
            .iter()
            .map(|(name, value)| format!("{} {}", shown(name), number(*value)));
        words.collect::<Vec<_>>().join(", ")
    };
    if !summary.validation.is_empty() {
        console.entry("validation", scores(&summary.validation));
    }
    if let Some(test) = &summary.test {
        let on = format!(
            "{} on {} of {}",
            scores(&test.scores),
            count(test.rows, "row"),
            shown(&test.table)
        );
        console.entry("test", on);
    }
    console.say("");
    console.entry("column", "kind");
    for column in &model.schema.columns {
        let use_of_it = match (
            &column.reason,
            model
                .encoder
                .columns
                .iter()
                .find(|c| c.name() == column.name),
        ) {
            _ if column.name == model.target.column() => "target".to_string(),
            (Some(reason), _) => format!("ignored: {}", escaped(reason)),
            (None, Some(_)) => {
                let missing = match column.missing {
                    0 => String::new(),
                    missing => format!(", {missing} missing"),
                };
                format!("{}, {} different{missing}", column.kind, column.distinct)
            }
            (None, None) => "not used".to_string(),
        };
        console.say(format_args!("{:<30} {use_of_it}", shown(&column.name)));
    }
    if !summary.settings.is_empty() {
        console.say("\nsettings");
        console.say(escaped(summary.settings.trim_end()));
    }
    Ok(())
}
