//! Networks as nodes.

use backburn_model::{
    Block, EmbeddedInputs, Ensemble, Mlp, NtkLinear, PeriodicEmbedding, RealMlp, SharedLinear, TabM,
};
use burn::nn::Linear;
use burn::nn::norm::Normalization;

use crate::activations::activate;
use crate::attributes::Attribute;
use crate::encoding::EncodedRows;
use crate::error::ExportError;
use crate::graph::{Graph, Kind, Value};

/// The epsilon of Burn's layer normalization, whose own field is private.
const LAYER_NORM_EPSILON: f32 = 1e-5;

/// The mean output of the networks of an ensemble, `[rows, outputs]`.
///
/// # Errors
///
/// A part of a network is newer than this crate.
pub(crate) fn ensemble<'g>(
    graph: &'g Graph,
    rows: &EncodedRows<'g>,
    ensemble: &Ensemble,
) -> Result<Value<'g>, ExportError> {
    let outputs = ensemble
        .members
        .iter()
        .map(|member| mlp(graph, rows, member));
    let outputs: Vec<Value> = outputs.collect::<Result<_, _>>()?;
    let members = outputs.len();
    let sum = outputs.into_iter().reduce(|sum, output| sum + output);
    match (sum, members) {
        (Some(sum), 1) => Ok(sum),
        (Some(sum), members) => Ok(sum * f64::from(1.0 / members as f32)),
        (None, _) => Err(ExportError::Unsupported {
            part: "a model without networks".to_string(),
            advice: "ensemble.members of at least 1",
        }),
    }
}

/// The outputs of a multilayer perceptron.
fn mlp<'g>(graph: &'g Graph, rows: &EncodedRows<'g>, mlp: &Mlp) -> Result<Value<'g>, ExportError> {
    let mut features: Vec<Value> = rows.numbers.into_iter().collect();
    for (embedding, index) in mlp.embeddings.iter().zip(&rows.categories) {
        let table = graph.tensor(embedding.weight.val());
        features.push(table.gather(index.reshape(&[-1]), 0));
    }
    let mut x = graph.concat(&features, 1);
    for block in &mlp.hidden {
        x = hidden_layer(x, block)?;
    }
    if mlp.is_increasing() || mlp.has_offset() {
        return Err(ExportError::Unsupported {
            part: "a network with ascending outputs or an offset".to_string(),
            advice: "training.loss=auto",
        });
    }
    Ok(linear(x, &mlp.output))
}

fn linear<'g>(x: Value<'g>, linear: &Linear) -> Value<'g> {
    let weight = x.graph.tensor(linear.weight.val());
    let bias = linear.bias.as_ref();
    x.linear(weight, bias.map(|bias| x.graph.tensor(bias.val())))
}

fn hidden_layer<'g>(x: Value<'g>, block: &Block) -> Result<Value<'g>, ExportError> {
    let input = x;
    let x = linear(x, &block.linear);
    let x = match &block.normalization {
        Some(normalization) => normalize(x, normalization)?,
        None => x,
    };
    let x = activate(x, &block.activation)?;
    Ok(if block.is_residual() { x + input } else { x })
}

fn normalize<'g>(x: Value<'g>, normalization: &Normalization) -> Result<Value<'g>, ExportError> {
    let graph = x.graph;
    match normalization {
        Normalization::Batch(batch) => {
            let inputs = [
                x,
                graph.tensor(batch.gamma.val()),
                graph.tensor(batch.beta.val()),
                graph.tensor(batch.running_mean.value()),
                graph.tensor(batch.running_var.value()),
            ];
            let epsilon = [("epsilon", Attribute::Float(batch.epsilon as f32))];
            Ok(graph.with("BatchNormalization", &inputs, &epsilon, x.kind))
        }
        Normalization::Layer(layer) => {
            let inputs = [x, graph.tensor(layer.gamma.val())];
            let bias = layer.beta.iter().map(|beta| graph.tensor(beta.val()));
            let inputs: Vec<Value> = inputs.into_iter().chain(bias).collect();
            let epsilon = [("epsilon", Attribute::Float(LAYER_NORM_EPSILON))];
            Ok(graph.with("LayerNormalization", &inputs, &epsilon, x.kind))
        }
        _ => Err(ExportError::Unsupported {
            part: "this normalization".to_string(),
            advice: "network.normalization=none, batch or layer",
        }),
    }
}

/// The outputs of a RealMLP for rows of `[rows, inputs]`.
///
/// # Errors
///
/// The same as for [`ensemble`].
pub(crate) fn real_mlp<'g>(rows: Value<'g>, network: &RealMlp) -> Result<Value<'g>, ExportError> {
    let graph = rows.graph;
    let mut x = embedded_inputs(rows, &network.inputs) * graph.tensor(network.scale.val());
    for (layer, blend) in network.hidden.iter().zip(&network.blends) {
        let input = ntk_linear(x, layer);
        let active = activate(input, &network.activation)?;
        x = input + (active - input) * graph.tensor(blend.val());
    }
    Ok(ntk_linear(x, &network.output))
}

fn ntk_linear<'g>(x: Value<'g>, layer: &NtkLinear) -> Value<'g> {
    let weight = layer.weight.val();
    let [inputs, _] = weight.dims();
    let product = x.matmul(x.graph.tensor(weight));
    product * (1.0 / (inputs as f64).sqrt()) + x.graph.tensor(layer.bias.val())
}

/// The mean output of the members of a TabM for rows of `[rows, inputs]`.
///
/// # Errors
///
/// The same as for [`ensemble`].
pub(crate) fn tabm<'g>(rows: Value<'g>, network: &TabM) -> Result<Value<'g>, ExportError> {
    let graph = rows.graph;
    // `[rows, 1, features]`; the first input scales make `[rows, members, features]` of it.
    let mut x = embedded_inputs(rows, &network.inputs).unsqueeze(1);
    for layer in &network.hidden {
        x = activate(shared_linear(x, layer), &network.activation)?;
    }
    let outputs = network.heads.iter().enumerate().map(|(member, head)| {
        let of_member = x.gather(graph.scalar(Kind::Int, member as f64), 1);
        linear(of_member, head)
    });
    let members = network.heads.len();
    let sum = outputs.reduce(|sum, output| sum + output);
    Ok(sum.map_or(x, |sum| sum * (1.0 / members as f64)))
}

fn shared_linear<'g>(x: Value<'g>, layer: &SharedLinear) -> Value<'g> {
    let graph = x.graph;
    let scaled = x * graph.tensor(layer.input_scale.val());
    let product = scaled.matmul(graph.tensor(layer.weight.val()));
    product * graph.tensor(layer.output_scale.val()) + graph.tensor(layer.bias.val())
}

/// The features of rows: the embedded numbers, then the others.
fn embedded_inputs<'g>(rows: Value<'g>, inputs: &EmbeddedInputs) -> Value<'g> {
    let Some(embedding) = &inputs.embedding else {
        return rows;
    };
    let embedded = inputs.embedded();
    let numbers: Vec<usize> = (0..embedded).collect();
    let mut features = periodic(rows.columns(&numbers, inputs.inputs()), embedding);
    if inputs.inputs() > embedded {
        let others: Vec<usize> = (embedded..inputs.inputs()).collect();
        features.push(rows.columns(&others, inputs.inputs()));
    }
    rows.graph.concat(&features, 1)
}

/// The vectors of numbers `[rows, numbers]`, and the numbers themselves if the embedding is dense.
fn periodic<'g>(numbers: Value<'g>, embedding: &PeriodicEmbedding) -> Vec<Value<'g>> {
    let graph = numbers.graph;
    let [count, _, learned] = embedding.bias.val().dims();
    // `[numbers, rows, 1]`
    let column = numbers.transpose(&[1, 0]).unsqueeze(2);
    let angle = column * graph.tensor(embedding.frequency.val()) * (2.0 * std::f64::consts::PI);
    let waves = match &embedding.phase {
        Some(phase) => (angle + graph.tensor(phase.val())).same("Cos"),
        None => graph.concat(&[angle.same("Cos"), angle.same("Sin")], 2),
    };
    let weight = graph.tensor(embedding.weight.val());
    let mut vectors = waves.matmul(weight) + graph.tensor(embedding.bias.val());
    if embedding.has_relu() {
        vectors = vectors.same("Relu");
    }
    let flat = vectors.transpose(&[1, 0, 2]);
    let flat = flat.reshape(&[-1, (count * learned) as i64]);
    match embedding.is_dense() {
        true => vec![flat, numbers],
        false => vec![flat],
    }
}
