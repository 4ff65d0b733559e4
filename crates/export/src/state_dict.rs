//! The state dict of a `torch.nn.Sequential`.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};

/// A linear layer of the state dict, with the normalization behind it.
pub(crate) struct Layer {
    pub weight: Weight,
    pub bias: Vec<f32>,
    pub normalization: Option<Norm>,
}

/// The weights of a layer, `[outputs, inputs]`, row by row.
pub(crate) struct Weight {
    pub outputs: usize,
    pub inputs: usize,
    pub numbers: Vec<f32>,
}

/// The normalization behind a layer.
pub(crate) enum Norm {
    /// The weight, the bias, the running mean and the running variance.
    Batch([Vec<f32>; 4]),
    /// The weight and the bias.
    Layer([Vec<f32>; 2]),
}

/// The tensors of a module by name: their shapes and numbers.
type Parts = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The layers of a state dict, in order.
///
/// # Errors
///
/// What is wrong with it, without the name of the file.
pub(crate) fn layers(file: &SafeTensors) -> Result<Vec<Layer>, String> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut last = None;
    for (index, mut parts) in modules(file)? {
        let is_next = last.is_some_and(|last| index == last + 1);
        let width = layers.last().map(|layer| layer.weight.outputs);
        let is_linear = parts
            .get("weight")
            .is_some_and(|(shape, _)| shape.len() == 2);
        if is_linear {
            let layer = linear(index, &mut parts)?;
            if width.is_some_and(|width| width != layer.weight.inputs) {
                let inputs = layer.weight.inputs;
                return Err(format!(
                    "layer {index} has {inputs} inputs, and the layer before has another number of outputs"
                ));
            }
            layers.push(layer);
            last = Some(index);
        } else {
            let layer = layers.last_mut().filter(|_| is_next);
            let layer = layer.ok_or_else(|| {
                format!(
                    "layer {index} is not right behind a linear layer: only linear layers, and BatchNorm1d or \
                     LayerNorm behind them, are imported"
                )
            })?;
            layer.normalization = Some(normalization(index, &mut parts, layer.weight.outputs)?);
        }
        if let Some(part) = parts.keys().next() {
            return Err(format!("layer {index} has a {part}, which is not imported"));
        }
    }
    match layers.last() {
        None => Err("it has no linear layer".to_string()),
        Some(last) if last.normalization.is_some() => {
            Err("it ends with a normalization; it must end with a linear layer".to_string())
        }
        Some(_) => Ok(layers),
    }
}

/// The tensors of each module of a `Sequential` by its index, without a prefix that all names have.
fn modules(file: &SafeTensors) -> Result<BTreeMap<usize, Parts>, String> {
    let mut modules: BTreeMap<usize, Parts> = BTreeMap::new();
    let mut prefixes: Vec<String> = Vec::new();
    for (name, view) in file.tensors() {
        let mut words: Vec<&str> = name.split('.').collect();
        let part = words.pop().unwrap_or_default().to_string();
        let index = words.pop().and_then(|index| index.parse().ok());
        let index: usize = index.ok_or_else(|| {
            format!("the tensor {name:?} is not of a Sequential, whose tensors have names such as \"0.weight\"")
        })?;
        prefixes.push(words.join("."));
        // How many batches were seen does not matter for prediction.
        if part == "num_batches_tracked" {
            continue;
        }
        if view.dtype() != Dtype::F32 {
            return Err(format!(
                "the tensor {name:?} is not of 32-bit numbers: call .float() before saving"
            ));
        }
        let numbers = view.data().chunks_exact(4);
        let numbers = numbers.map(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]));
        let tensor = (view.shape().to_vec(), numbers.collect());
        modules.entry(index).or_default().insert(part, tensor);
    }
    prefixes.dedup();
    match prefixes.iter().all(|prefix| *prefix == prefixes[0]) {
        true => Ok(modules),
        false => Err("it has several modules: save the state dict of one Sequential".to_string()),
    }
}

fn linear(index: usize, parts: &mut Parts) -> Result<Layer, String> {
    let (shape, numbers) = parts.remove("weight").unwrap_or_default();
    let (outputs, inputs) = match shape.as_slice() {
        &[outputs, inputs] if outputs > 0 && inputs > 0 => (outputs, inputs),
        _ => return Err(format!("layer {index} has no inputs or no outputs")),
    };
    let bias = match parts.remove("bias") {
        Some((shape, bias)) if shape == [outputs] => bias,
        Some(_) => {
            return Err(format!(
                "the bias of layer {index} does not fit its weights"
            ));
        }
        None => vec![0.0; outputs],
    };
    Ok(Layer {
        weight: Weight {
            outputs,
            inputs,
            numbers,
        },
        bias,
        normalization: None,
    })
}

fn normalization(index: usize, parts: &mut Parts, width: usize) -> Result<Norm, String> {
    let mut vector = |part: &str| match parts.remove(part) {
        Some((shape, numbers)) if shape == [width] => Ok(Some(numbers)),
        Some(_) => Err(format!(
            "the {part} of layer {index} is not of {width} numbers"
        )),
        None => Ok(None),
    };
    let weight = vector("weight")?.unwrap_or_else(|| vec![1.0; width]);
    let bias = vector("bias")?.unwrap_or_else(|| vec![0.0; width]);
    match (vector("running_mean")?, vector("running_var")?) {
        (Some(mean), Some(variance)) => Ok(Norm::Batch([weight, bias, mean, variance])),
        (None, None) => Ok(Norm::Layer([weight, bias])),
        _ => Err(format!(
            "layer {index} has only one of running_mean and running_var"
        )),
    }
}
