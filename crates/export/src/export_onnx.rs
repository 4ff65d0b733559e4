//! A model as an ONNX file.

use std::collections::HashSet;

use backburn::{ColumnEncoder, SavedModel, Target};
use backburn_table::ColumnFormat;
use serde_json::json;

use crate::check_target::check_target;
use crate::encoding::encode;
use crate::error::ExportError;
use crate::graph::{Graph, Kind, Value, rows_info};
use crate::networks;
use crate::onnx::ValueInfoProto;
use crate::onnx_file::to_bytes;
use crate::predictions::{output_names, predictions};

/// The coverage of the intervals if none is asked for, in percent.
const COVERAGE: u8 = 90;
/// What is written into an ONNX file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnnxOptions {
    /// The coverage of the prediction intervals of numbers in percent, from 50 to 99. `None` selects 90, and no
    /// intervals if the model has none of 90 percent.
    pub interval: Option<u8>,
}

/// Exports a model as an ONNX file: preprocessing, networks, ensemble and postprocessing as one graph.
///
/// Each column that the model uses is an input of its name with shape `[rows, 1]`. Numbers are 64-bit, and NaN
/// where they are missing. Dates are seconds since 1970-01-01 00:00 UTC as 64-bit numbers, also with NaN. Booleans
/// and categories are text, and empty where they are missing.
///
/// The outputs have the names of the columns that `trainer predict` writes: `prediction`, and `lower` and
/// `upper` for numbers with intervals, or `probability_CLASS` for up to 100 classes. `probabilities` has those of all classes,
/// `[rows, classes]`. If a column has one of these names, the name of the output ends with `_1`.
///
/// # Errors
///
/// A part of the model that cannot be exported, such as a decision threshold, intervals that the model does not have, or a file of more than
/// 2 GiB.
pub fn export_onnx(model: &SavedModel, options: &OnnxOptions) -> Result<Vec<u8>, ExportError> {
    check_target(model)?;
    let half = half_width(&model.target, options)?;
    let columns = &model.encoder.columns;
    let inputs: HashSet<String> = columns.iter().map(|column| column.name().into()).collect();
    let outputs = free_names(output_names(&model.target, half.is_some()), &inputs);
    let graph = Graph::new(inputs.into_iter().chain(outputs.iter().cloned()));

    let kinds = columns.iter().map(input_kind);
    let kinds: Vec<Kind> = kinds.collect::<Result<_, _>>()?;
    let described = columns.iter().zip(&kinds).map(|(column, &kind)| {
        let about = about_input(model, column);
        rows_info(column.name(), kind, 1, &about)
    });
    let described: Vec<ValueInfoProto> = described.collect();
    let inputs = columns.iter().zip(kinds);
    let inputs: Vec<Value> = inputs
        .map(|(column, kind)| graph.input(column.name(), kind))
        .collect();

    let rows = encode(&graph, model, &inputs)?;
    let logits = networks::ensemble(&graph, &rows, &model.network)?;
    let interval = (half, rows.widening.filter(|_| half.is_some()));
    let logits = (logits, model.config.outputs);
    let found = predictions(logits, &model.target, interval, outputs);
    let outputs = found.iter().map(|output| output.write(&graph)).collect();
    let graph = graph.finish("backburn", described, outputs);
    let interval = half.map(|_| options.interval.unwrap_or(COVERAGE));
    to_bytes(graph, about_model(model), metadata(model, interval))
}

/// Half the width of the intervals in the scale of the outputs; `None` without intervals.
fn half_width(target: &Target, options: &OnnxOptions) -> Result<Option<f64>, ExportError> {
    let per_cent = options.interval.unwrap_or(COVERAGE);
    if let Err(reason) = target.check_coverage(f64::from(per_cent) / 100.0) {
        return match options.interval {
            Some(_) => Err(ExportError::Interval(format!(
                "--interval {per_cent}: {reason}"
            ))),
            None => Ok(None),
        };
    }
    Ok(match target {
        Target::Regression { errors, .. } => {
            let index = usize::from(per_cent).checked_sub(50);
            index.and_then(|index| errors.get(index).copied())
        }
        Target::Classification { .. } => None,
    })
}

/// These names, with a number after those that are taken.
fn free_names(names: Vec<String>, taken: &HashSet<String>) -> Vec<String> {
    let mut used = taken.clone();
    let free = names.into_iter().map(|name| {
        let mut free = name.clone();
        let mut number = 0;
        while !used.insert(free.clone()) {
            number += 1;
            free = format!("{name}_{number}");
        }
        free
    });
    free.collect()
}

fn input_kind(column: &ColumnEncoder) -> Result<Kind, ExportError> {
    match column {
        ColumnEncoder::Numeric { .. } | ColumnEncoder::Date { .. } => Ok(Kind::Double),
        ColumnEncoder::Boolean { .. }
        | ColumnEncoder::OneHot { .. }
        | ColumnEncoder::Embedding { .. } => Ok(Kind::Text),
        other => Err(ExportError::Unsupported {
            part: format!("the encoding of the column `{}`", other.name()),
            advice: "--ignore for this column",
        }),
    }
}

/// What an input holds.
fn about_input(model: &SavedModel, column: &ColumnEncoder) -> String {
    let format = model.format.columns.get(column.name());
    match (column, format) {
        (ColumnEncoder::Numeric { .. }, Some(ColumnFormat::Duration(_))) => {
            "hours; NaN where missing"
        }
        (ColumnEncoder::Numeric { .. }, _) => "numbers; NaN where missing",
        (ColumnEncoder::Date { .. }, _) => "seconds since 1970-01-01 00:00 UTC; NaN where missing",
        (ColumnEncoder::Boolean { .. }, _) => {
            "true or false, yes or no, t or f, y or n; empty where missing"
        }
        _ => "text without white space around it; empty where missing",
    }
    .to_string()
}

fn about_model(model: &SavedModel) -> String {
    let mut about = format!("Predicts {}.", model.target.column());
    let rows = model.encoder.training_rows();
    if rows > 0 {
        about += &format!(" The file holds numbers and targets of {rows} training rows.");
    }
    about
}

/// What a program may want to know about the model, by name. Lists are JSON.
fn metadata(model: &SavedModel, interval: Option<u8>) -> Vec<(&'static str, String)> {
    let target = &model.target;
    let mut entries = vec![
        ("program", model.summary.program.clone()),
        ("task", target.task().name().to_string()),
        ("target", target.column().to_string()),
        ("format", json!(model.format).to_string()),
        (
            "training_rows_in_file",
            model.encoder.training_rows().to_string(),
        ),
    ];
    if let Target::Classification { classes, .. } = target {
        entries.push(("classes", json!(classes).to_string()));
    }
    if let Some(interval) = interval {
        entries.push(("interval", interval.to_string()));
    }
    entries
}

#[cfg(test)]
mod tests;
