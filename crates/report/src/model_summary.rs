//! The facts about a model as lines of text.

use std::collections::{BTreeMap, HashSet};

use backburn::baselines::constant_of_task;
use backburn::text::{count, escaped, file_name, integer, mean_and_deviation, number, shown};
use backburn::{Distribution, SavedModel, Summary, Target, metric_name};
use burn::module::Module;

use crate::model_report::{decision, layers, target_transform};
use crate::training_rows::training_rows_note;

/// The facts about a model, each with a short heading: target, network, training, scores. The heading is empty
/// for a line that continues the one before.
pub fn model_summary(model: &SavedModel) -> Vec<(&'static str, String)> {
    let summary = &model.summary;
    let target = format!("{} ({})", shown(model.target.column()), model.target.task());
    let about_target = match &model.target {
        Target::Regression { .. } => target_transform(&model.target),
        Target::Classification { classes, .. } => {
            let names: Vec<String> = classes.iter().take(20).map(|name| shown(name)).collect();
            let more = if classes.len() > 20 { ", …" } else { "" };
            format!(
                "{}: {}{more}",
                count(classes.len(), "class"),
                names.join(", ")
            )
        }
    };
    let parameters = count(model.network.num_params(), "parameter");
    let mut facts = vec![
        ("target", target),
        ("", about_target),
        ("network", format!("{}, {parameters}", layers(model))),
        ("trained", trained(summary, model.network.members.len())),
    ];
    if let Some(decision) = decision(&model.target) {
        facts.push(("decision", decision));
    }
    if let Some(note) = training_rows_note(model) {
        facts.push(("privacy", note));
    }
    if !summary.validation.is_empty() {
        let scores = scores(&summary.validation, &summary.validation_errors);
        facts.push(("validation", scores));
    }
    if !summary.validation_constant.is_empty() {
        let scores = scores(&summary.validation_constant, &BTreeMap::new());
        let name = match model.target.distribution() {
            Some(Distribution::Quantiles { .. }) => {
                "the mean, or the quantiles of the training rows"
            }
            _ => constant_of_task(model.target.task()),
        };
        facts.push(("", format!("always {name}: {scores}")));
    }
    if let Some(test) = &summary.test {
        let on = format!(
            "{} on {} of {}",
            scores(&test.scores, &BTreeMap::new()),
            count(test.rows, "row"),
            file_name(&test.table)
        );
        facts.push(("test", on));
    }
    facts
}

/// Each column of the model's table, with its kind and how it is used, or why it is not.
pub fn column_summary(model: &SavedModel) -> Vec<(String, String)> {
    let encoded = model.encoder.columns.iter();
    let encoded: HashSet<&str> = encoded.map(|encoder| encoder.name()).collect();
    let columns = model.schema.columns.iter().map(|column| {
        let is_encoded = encoded.contains(column.name.as_str());
        let use_of_it = match (&column.reason, is_encoded) {
            _ if column.name == model.target.column() => "target".to_string(),
            _ if model.encoder.trend() == Some(column.name.as_str()) => {
                "the time of the trend".to_string()
            }
            (Some(reason), _) => format!("ignored: {}", escaped(reason)),
            (None, true) => {
                let missing = match column.missing {
                    0 => String::new(),
                    missing => format!(", {missing} missing"),
                };
                format!("{}, {} distinct{missing}", column.kind, column.distinct)
            }
            (None, false) => "not used".to_string(),
        };
        (shown(&column.name), use_of_it)
    });
    columns.collect()
}

/// Scores by name, each with its standard error if it is known.
fn scores(scores: &BTreeMap<String, f64>, errors: &BTreeMap<String, f64>) -> String {
    let words = scores.iter().map(|(name, value)| {
        let value = match errors.get(name) {
            Some(error) => mean_and_deviation(*value, *error),
            None => number(*value),
        };
        format!("{} {value}", shown(metric_name(name)))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// How the model was trained. A model that was made without a table has no rows.
fn trained(summary: &Summary, networks: usize) -> String {
    if summary.training_rows == 0 {
        return "not recorded: a program built this model without fitting it to a table"
            .to_string();
    }
    let rows = count(summary.training_rows, "row");
    let how = match networks {
        1 => format!(
            "{} for validation; the best of {} is epoch {}",
            integer(summary.validation_rows),
            count(summary.epochs, "epoch"),
            summary.best_epoch
        ),
        _ => format!(
            "{} scored by networks that were not trained on them",
            count(summary.validation_rows, "row")
        ),
    };
    format!(
        "on {rows} of {}, {how}; seed {}; {}",
        file_name(&summary.table),
        summary.seed,
        shown(&summary.device),
    )
}
