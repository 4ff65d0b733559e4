//! A network of PyTorch as a model.

use std::fs::File;
use std::path::Path;

use backburn::text::path_name;
use backburn::{
    ColumnEncoder, ColumnKind, ColumnSchema, Encoder, SavedModel, Schema, Summary, Target,
    TargetTransform, read_model_bytes,
};
use backburn_model::{Activation, Ensemble, Mlp, MlpConfig};
use backburn_preprocessing::Scale;
use burn::module::{Param, RunningState};
use burn::nn::norm::Normalization as NormalizationLayer;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::error::ExportError;
use crate::state_dict::{Layer, Norm, Weight, layers};

/// What a state dict does not say about a network.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportOptions {
    /// The names of the inputs, which become numeric columns of these names. Empty means `column_1`, `column_2` and
    /// so on, as the columns of a table without a header are called.
    pub inputs: Vec<String>,
    /// The name of the column that is predicted. Empty means `target`.
    pub target: String,
    /// The classes in the order of the outputs. Empty means that a number is predicted.
    pub classes: Vec<String>,
    /// The activation function after each hidden layer; ReLU by default.
    pub activation: Activation,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            target: String::new(),
            classes: Vec::new(),
            activation: Activation::Relu,
        }
    }
}

/// Imports a multilayer perceptron of PyTorch: the safetensors file of the state dict of a
/// `torch.nn.Sequential` of linear layers, each hidden one followed by `BatchNorm1d` or `LayerNorm` or neither, then
/// by the activation function. `name` is what error messages call the file.
///
/// The model takes the inputs as they are, and predicts what the network returns: numbers in the target's unit,
/// or logits of classes. Two classes may have one output.
///
/// # Errors
///
/// The file is not such a state dict, or does not fit the options.
pub fn import_pytorch(
    name: &str,
    bytes: &[u8],
    options: &ImportOptions,
    device: &Device,
) -> Result<SavedModel, ExportError> {
    let refuse = |reason: String| ExportError::Import {
        name: name.to_string(),
        reason,
    };
    let file = SafeTensors::deserialize(bytes);
    let file = file.map_err(|error| refuse(format!("this is not a safetensors file ({error})")))?;
    let layers = layers(&file).map_err(refuse)?;
    let network = network(&layers, options.activation, device).map_err(refuse)?;
    let config = config_of(&layers, options.activation);
    let inputs = input_names(options, config.inputs).map_err(refuse)?;
    let model = SavedModel {
        schema: schema(&inputs),
        format: Default::default(),
        encoder: encoder(&inputs),
        target: target(options, config.outputs).map_err(refuse)?,
        baselines: Vec::new(),
        summary: Summary {
            program: format!("an import by backburn-export {}", env!("CARGO_PKG_VERSION")),
            ..Summary::default()
        },
        network: Ensemble::from(network),
        config,
    };
    // Reading the file checks all that a model file must satisfy.
    Ok(SavedModel::from_bytes(name, model.to_bytes()?, device)?)
}

/// Imports a network from a file like [`import_pytorch`].
///
/// # Errors
///
/// The same as for [`import_pytorch`]; or the file cannot be read.
pub fn import_file(
    path: &Path,
    options: &ImportOptions,
    device: &Device,
) -> Result<SavedModel, ExportError> {
    let bytes = File::open(path).and_then(read_model_bytes);
    let bytes = bytes.map_err(|error| ExportError::Io {
        path: path.to_path_buf(),
        error,
    })?;
    import_pytorch(&path_name(path), &bytes, options, device)
}

fn config_of(layers: &[Layer], activation: Activation) -> MlpConfig {
    use backburn_model::Normalization;

    let inputs = layers.first().map_or(0, |layer| layer.weight.inputs);
    let outputs = layers.last().map_or(0, |layer| layer.weight.outputs);
    let hidden = layers.iter().take(layers.len().saturating_sub(1));
    let hidden: Vec<usize> = hidden.map(|layer| layer.weight.outputs).collect();
    let normalization = layers.iter().find_map(|layer| layer.normalization.as_ref());
    MlpConfig::new(inputs, outputs)
        .with_hidden(hidden)
        .with_activation(activation)
        .with_normalization(match normalization {
            None => Normalization::None,
            Some(Norm::Batch(_)) => Normalization::Batch,
            Some(Norm::Layer(_)) => Normalization::Layer,
        })
}

/// The network with the weights of the layers.
fn network(layers: &[Layer], activation: Activation, device: &Device) -> Result<Mlp, String> {
    if matches!(activation, Activation::PRelu(_)) {
        return Err("PReLU has learned slopes, which are not imported".to_string());
    }
    let vector = |numbers: &[f32]| {
        let data = TensorData::new(numbers.to_vec(), [numbers.len()]);
        Tensor::<1>::from_data(data, device)
    };
    let config = config_of(layers, activation);
    let mut mlp = config.init(device).map_err(|error| error.to_string())?;
    let Mlp { hidden, output, .. } = &mut mlp;
    let places = hidden
        .iter_mut()
        .map(|block| (&mut block.linear, &mut block.normalization));
    for ((linear, place), layer) in places.zip(layers) {
        set_linear(linear, layer, device);
        match (place, &layer.normalization) {
            (None, None) => {}
            (Some(NormalizationLayer::Batch(batch)), Some(Norm::Batch(parts))) => {
                let [gamma, beta, mean, variance] = parts.each_ref().map(|part| vector(part));
                batch.gamma = Param::from_tensor(gamma);
                batch.beta = Param::from_tensor(beta);
                batch.running_mean = RunningState::new(mean);
                batch.running_var = RunningState::new(variance);
            }
            (Some(NormalizationLayer::Layer(norm)), Some(Norm::Layer([weight, bias]))) => {
                norm.gamma = Param::from_tensor(vector(weight));
                norm.beta = Some(Param::from_tensor(vector(bias)));
            }
            _ => {
                let reason =
                    "its hidden layers have different normalizations; all must have the same";
                return Err(reason.to_string());
            }
        }
    }
    if let Some(layer) = layers.last() {
        set_linear(output, layer, device);
    }
    Ok(mlp)
}

fn set_linear(linear: &mut burn::nn::Linear, layer: &Layer, device: &Device) {
    let Weight {
        outputs: rows,
        inputs: columns,
        ref numbers,
    } = layer.weight;
    // PyTorch's weights are `[outputs, inputs]`.
    let turned = (0..rows * columns).map(|at| numbers[at % rows * columns + at / rows]);
    let weight = TensorData::new(turned.collect::<Vec<f32>>(), [columns, rows]);
    linear.weight = Param::from_tensor(Tensor::from_data(weight, device));
    let bias = TensorData::new(layer.bias.clone(), [rows]);
    linear.bias = Some(Param::from_tensor(Tensor::from_data(bias, device)));
}

fn input_names(options: &ImportOptions, inputs: usize) -> Result<Vec<String>, String> {
    match options.inputs.len() {
        0 => Ok((1..=inputs)
            .map(|number| format!("column_{number}"))
            .collect()),
        found if found == inputs => Ok(options.inputs.clone()),
        found => Err(format!(
            "the network has {inputs} inputs, and {found} names are given"
        )),
    }
}

fn schema(inputs: &[String]) -> Schema {
    let columns = inputs.iter().map(|name| ColumnSchema {
        name: name.clone(),
        kind: ColumnKind::Numeric,
        missing: 0,
        infinite: 0,
        distinct: 0,
        reason: None,
    });
    Schema {
        columns: columns.collect(),
    }
}

/// An encoder that takes numbers as they are, and 0 where they are missing.
fn encoder(inputs: &[String]) -> Encoder {
    let columns = inputs.iter().map(|name| ColumnEncoder::Numeric {
        name: name.clone(),
        scale: Scale {
            mean: 0.0,
            std: 1.0,
            clipped: false,
        },
        edges: Vec::new(),
        quantiles: Vec::new(),
        indicator: false,
        missing: None,
    });
    Encoder {
        columns: columns.collect(),
        knn_features: Vec::new(),
        imputer: None,
        profile: Vec::new(),
    }
}

fn target(options: &ImportOptions, outputs: usize) -> Result<Target, String> {
    let column = match options.target.as_str() {
        "" => "target".to_string(),
        name => name.to_string(),
    };
    let classes = options.classes.clone();
    match classes.len() {
        0 if outputs == 1 => Ok(Target::Regression {
            column,
            scale: TargetTransform::None,
            mean: 0.0,
            std: 1.0,
            bounds: None,
            at_bounds: None,
            distribution: None,
            errors: Vec::new(),
            error_scale: None,
        }),
        0 => Err(format!(
            "the network has {outputs} outputs: name the class of each, in order"
        )),
        found if found == outputs || (found == 2 && outputs == 1) => Ok(Target::Classification {
            column,
            classes,
            temperature: 1.0,
            decision: None,
        }),
        found => Err(format!(
            "the network has {outputs} outputs, and {found} classes are given"
        )),
    }
}
