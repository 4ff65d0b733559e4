//! A copy of a network's parameters in 64-bit numbers.

use backburn_model::{Activation, Block, Mlp};
use burn::nn::Linear;
use burn::nn::norm::Normalization;
use burn::tensor::Tensor;

use super::normalization::Norm;

/// A copy of a network's parameters in 64-bit numbers. Dropout is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Number of numeric inputs; the indices of categories follow in a row.
    pub numeric: usize,
    /// The hidden layers, then the output layer.
    pub layers: Vec<Layer>,
    /// For each categorical input, the length of its vectors, and the vectors one after the other.
    tables: Vec<(usize, Vec<f64>)>,
}

/// A linear layer with its normalization and its activation function.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of units.
    pub units: usize,
    /// `[inputs, units]`, row by row.
    pub weight: Vec<f64>,
    /// `[units]`.
    pub bias: Vec<f64>,
    /// Between the weighted sum and the activation function.
    pub normalization: Norm,
    /// The activation function; of the output layer, the identity.
    pub activation: Activation,
    /// Whether the layer adds its input to its output.
    pub residual: bool,
}

impl Network {
    /// Copies the parameters of a network.
    pub fn of(mlp: &Mlp) -> Self {
        let tables = mlp.embeddings.iter().map(|embedding| {
            let [_, dimension] = embedding.weight.val().dims();
            (dimension, numbers(embedding.weight.val()))
        });
        let mut layers: Vec<Layer> = mlp.hidden.iter().map(hidden).collect();
        layers.push(linear(&mlp.output));
        Self {
            numeric: mlp.inputs(),
            tables: tables.collect(),
            layers,
        }
    }

    /// The number of features that enter the first layer.
    pub fn features(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.units)
    }

    /// The features of an encoded row: its numbers, then the learned vector of each of its categories. An index that
    /// is too large means the last category.
    pub fn features_of(&self, row: &[f32]) -> Vec<f64> {
        let (numbers, categories) = row.split_at(self.numeric.min(row.len()));
        let mut features: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
        for ((dimension, vectors), category) in self.tables.iter().zip(categories) {
            let last = (vectors.len() / dimension.max(&1)).saturating_sub(1);
            // A cast from a float saturates.
            let start = (*category as usize).min(last) * dimension;
            features.extend(&vectors[start..start + dimension]);
        }
        features
    }
}

impl Layer {
    /// The place of a weight in [`weight`](Self::weight).
    pub fn place(&self, from: usize, to: usize) -> usize {
        from * self.units + to
    }
}

fn hidden(block: &Block) -> Layer {
    let activation = match (block.activation.function(), block.activation.slopes()) {
        (Activation::PRelu(_), Some(slopes)) => {
            Activation::PRelu(numbers(slopes).first().copied().unwrap_or_default())
        }
        (function, _) => function,
    };
    Layer {
        normalization: normalization(block.normalization.as_ref()),
        activation,
        residual: block.is_residual(),
        ..linear(&block.linear)
    }
}

fn linear(linear: &Linear) -> Layer {
    let [inputs, units] = linear.weight.val().dims();
    Layer {
        inputs,
        units,
        weight: numbers(linear.weight.val()),
        bias: match &linear.bias {
            Some(bias) => numbers(bias.val()),
            None => vec![0.0; units],
        },
        normalization: Norm::None,
        activation: Activation::Identity,
        residual: false,
    }
}

fn normalization(normalization: Option<&Normalization>) -> Norm {
    match normalization {
        Some(Normalization::Batch(norm)) => Norm::Batch {
            gamma: numbers(norm.gamma.val()),
            beta: numbers(norm.beta.val()),
            mean: numbers(norm.running_mean.value()),
            variance: numbers(norm.running_var.value()),
            epsilon: norm.epsilon,
        },
        Some(Normalization::Layer(norm)) => {
            let gamma = numbers(norm.gamma.val());
            let beta = match &norm.beta {
                Some(beta) => numbers(beta.val()),
                None => vec![0.0; gamma.len()],
            };
            Norm::Layer { gamma, beta }
        }
        // An `Mlp` has no other normalization.
        _ => Norm::None,
    }
}

/// The numbers of a tensor, in its order.
fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
