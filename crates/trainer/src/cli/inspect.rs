//! `trainer inspect`.

use backburn::text::{count, escaped, number, shown};
use backburn::{SavedModel, Summary, Target};
use backburn_report::{layers, target_transform};
use burn::module::Module;

use super::args::InspectArgs;
use crate::device;
use crate::error::Error;
use crate::ui::console::Console;
use crate::ui::words::file_name;

pub fn run(args: &InspectArgs) -> Result<(), Error> {
    let device = device::choose(None)?;
    let model = SavedModel::load(&args.model, &device.device)?;
    let console = Console::Output;
    let summary = &model.summary;

    console.entry(
        "model",
        format!("{}, by {}", args.model.display(), shown(&summary.program)),
    );
    let target = format!("{} ({})", shown(model.target.column()), model.target.task());
    console.entry("target", target);
    match &model.target {
        Target::Regression { .. } => console.entry("", target_transform(&model.target)),
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
    console.entry("trained", trained(summary));
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
            file_name(&test.table)
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

/// How the model was trained. A model that was made without a table has no rows.
fn trained(summary: &Summary) -> String {
    if summary.training_rows == 0 {
        return "not recorded: a program built this model without fitting it to a table"
            .to_string();
    }
    format!(
        "on {} of {}, {} for validation; the best of {} is epoch {}; seed {}; {}",
        count(summary.training_rows, "row"),
        file_name(&summary.table),
        summary.validation_rows,
        count(summary.epochs, "epoch"),
        summary.best_epoch,
        summary.seed,
        shown(&summary.device),
    )
}
