//! A model as an ONNX file.

use std::collections::HashSet;

use backburn::{ColumnEncoder, SavedModel, Target};
use backburn_model::{Ensemble, Mlp, RealMlp, TabM};
use backburn_table::ColumnFormat;
use prost::Message;
use serde_json::json;

use crate::encoding::{EncodedRows, encode};
use crate::error::ExportError;
use crate::graph::{Graph, Kind, ML_DOMAIN, Value, rows_info};
use crate::networks;
use crate::onnx::{
    GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, ValueInfoProto,
};
use crate::predictions::{output_names, predictions};

/// The versions of the file format and of the operators. ONNX Runtime 1.13 (2022) and later read them.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
const ML_OPSET: i64 = 3;
/// The coverage of the intervals if none is asked for, in percent.
const COVERAGE: u8 = 90;
/// The size of the largest Protobuf message.
const MAX_BYTES: usize = i32::MAX as usize;

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
/// A part of the model that cannot be exported, intervals that the model does not have, or a file of more than
/// 2 GiB.
pub fn export_onnx(model: &SavedModel, options: &OnnxOptions) -> Result<Vec<u8>, ExportError> {
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
    let found = predictions((logits, model.config.outputs), &model.target, half, outputs);
    let outputs = found.iter().map(|output| output.write(&graph)).collect();
    let graph = graph.finish("backburn", described, outputs);
    let interval = half.map(|_| options.interval.unwrap_or(COVERAGE));
    to_bytes(graph, about_model(model), metadata(model, interval))
}

/// A network to export without a table.
#[derive(Debug, Clone, Copy)]
pub enum Network<'a> {
    /// A multilayer perceptron. The input `numbers` is `[rows, inputs]` of 32-bit numbers; with embeddings,
    /// `categories` is `[rows, embeddings]` of 64-bit whole numbers.
    Mlp(&'a Mlp),
    /// A RealMLP, whose input `numbers` is `[rows, inputs]`.
    RealMlp(&'a RealMlp),
    /// A TabM, whose input `numbers` is `[rows, inputs]`. The output is the mean of its members.
    TabM(&'a TabM),
}

/// Exports a network alone as an ONNX file. The output is `outputs`, `[rows, outputs]` of 32-bit numbers.
///
/// # Errors
///
/// A part of the network that cannot be exported, or a file of more than 2 GiB.
pub fn export_network(network: Network) -> Result<Vec<u8>, ExportError> {
    let graph = Graph::new(["numbers", "categories", "outputs"].map(String::from));
    let (width, embeddings, outputs) = match network {
        Network::Mlp(mlp) => (
            mlp.inputs(),
            mlp.embeddings.len(),
            last(&mlp.output.weight.shape()),
        ),
        Network::RealMlp(network) => (
            network.inputs.inputs(),
            0,
            last(&network.output.weight.shape()),
        ),
        Network::TabM(network) => {
            let head = network.heads.first();
            let outputs = head.map_or(0, |head| last(&head.weight.shape()));
            (network.inputs.inputs(), 0, outputs)
        }
    };
    let mut described = Vec::new();
    let numbers = (width > 0).then(|| {
        described.push(rows_info(
            "numbers",
            Kind::Float,
            width,
            "the numbers of each row",
        ));
        graph.input("numbers", Kind::Float)
    });
    let mut categories = Vec::new();
    if embeddings > 0 {
        let about = "the index of the category for each embedding";
        described.push(rows_info("categories", Kind::Int, embeddings, about));
        let all = graph.input("categories", Kind::Int);
        categories.extend((0..embeddings).map(|column| all.columns(&[column], embeddings)));
    }
    let found = match (network, numbers) {
        (Network::RealMlp(network), Some(numbers)) => networks::real_mlp(numbers, network)?,
        (Network::TabM(network), Some(numbers)) => networks::tabm(numbers, network)?,
        (Network::Mlp(mlp), numbers) => {
            let rows = EncodedRows {
                numbers,
                categories,
            };
            let ensemble = Ensemble::from(mlp.clone());
            networks::ensemble(&graph, &rows, &ensemble)?
        }
        (_, None) => {
            return Err(ExportError::Unsupported {
                part: "a network without inputs".to_string(),
                advice: "at least one input",
            });
        }
    };
    graph.output(found, "outputs");
    let output = rows_info(
        "outputs",
        Kind::Float,
        outputs,
        "the outputs of the network",
    );
    let graph = graph.finish("backburn", described, vec![output]);
    to_bytes(graph, "A network.".to_string(), Vec::new())
}

/// The length of the last dimension.
fn last(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(0)
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
fn metadata(model: &SavedModel, interval: Option<u8>) -> Vec<StringStringEntryProto> {
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
    let entries = entries
        .into_iter()
        .map(|(key, value)| StringStringEntryProto {
            key: key.to_string(),
            value,
        });
    entries.collect()
}

fn to_bytes(
    graph: GraphProto,
    doc_string: String,
    metadata_props: Vec<StringStringEntryProto>,
) -> Result<Vec<u8>, ExportError> {
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: domain.to_string(),
        version,
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![opset("", OPSET), opset(ML_DOMAIN, ML_OPSET)],
        producer_name: "backburn".to_string(),
        producer_version: env!("CARGO_PKG_VERSION").to_string(),
        doc_string,
        graph: Some(graph),
        metadata_props,
    };
    match model.encoded_len() {
        bytes if bytes <= MAX_BYTES => Ok(model.encode_to_vec()),
        bytes => Err(ExportError::TooLarge { bytes }),
    }
}

#[cfg(test)]
mod tests;
