//! The forward pass and the backward pass of rows, in 64-bit numbers, with every number in between.

use super::activation::{slope, surrogate, value};
use super::network::{Layer, Network};
use super::normalization::{Standardized, Statistics};

/// A forward pass, and after [`backward`](Pass::backward) its derivatives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Number of rows.
    pub rows: usize,
    /// What enters the first layer, `[rows, features]`.
    pub features: Vec<f64>,
    /// The layers, in order.
    pub layers: Vec<LayerPass>,
    statistics: Statistics,
}

/// The numbers of a layer, each `[rows, units]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerPass {
    /// The weighted sum and the bias: `z = x · W + b`.
    pub z: Vec<f64>,
    /// What enters the activation function: `z`, or its normalized value.
    pub normalized: Vec<f64>,
    /// The value of the activation function.
    pub activated: Vec<f64>,
    /// What enters the next layer: the same, plus the input of a residual layer.
    pub output: Vec<f64>,
    /// The slope of the activation function.
    pub slope: Vec<f64>,
    /// The derivative of the loss with respect to [`output`](Self::output). Empty before the backward pass.
    pub output_delta: Vec<f64>,
    /// δ, the derivative of the loss with respect to [`z`](Self::z). Empty before the backward pass.
    pub delta: Vec<f64>,
    standardized: Standardized,
}

/// The derivatives of the loss with respect to the parameters of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradient {
    /// `[inputs, units]`, row by row.
    pub weight: Vec<f64>,
    /// `[units]`.
    pub bias: Vec<f64>,
}

impl Pass {
    /// The forward pass of rows of features, `[rows, features]`.
    pub fn forward(network: &Network, features: Vec<f64>, statistics: Statistics) -> Self {
        Self::forward_around(network, features, statistics, None)
    }

    /// The same for a network with another function in place of each step function: its surrogate plus `c`, where `c`
    /// makes both equal in the pass `around`. Its gradient is by definition the gradient that is used for the step.
    pub(crate) fn forward_around(
        network: &Network,
        features: Vec<f64>,
        statistics: Statistics,
        around: Option<&Self>,
    ) -> Self {
        let rows = features.len() / network.features().max(1);
        let mut pass = Self {
            rows,
            features,
            layers: Vec::with_capacity(network.layers.len()),
            statistics,
        };
        for (index, layer) in network.layers.iter().enumerate() {
            let around = around.map(|pass| &pass.layers[index]);
            let next = LayerPass::forward(layer, pass.input_of(index), statistics, around);
            pass.layers.push(next);
        }
        pass
    }

    /// What enters a layer, `[rows, inputs]`.
    pub fn input_of(&self, layer: usize) -> &[f64] {
        match layer.checked_sub(1) {
            Some(before) => &self.layers[before].output,
            None => &self.features,
        }
    }

    /// The outputs of the network, `[rows, outputs]`.
    pub fn outputs(&self) -> &[f64] {
        self.layers.last().map_or(&[], |layer| &layer.output)
    }

    /// The backward pass (Rumelhart, Hinton and Williams, 1986). It fills in the deltas, and returns the gradient of
    /// each layer. `output_delta` is the derivative of the loss with respect to the outputs, `[rows, outputs]`.
    pub fn backward(&mut self, network: &Network, output_delta: Vec<f64>) -> Vec<Gradient> {
        let mut gradients = Vec::with_capacity(network.layers.len());
        let mut output_delta = output_delta;
        for (index, layer) in network.layers.iter().enumerate().rev() {
            let statistics = self.statistics;
            self.layers[index].backward(layer, output_delta, statistics);
            let pass = &self.layers[index];
            gradients.push(gradient(layer, self.input_of(index), &pass.delta));
            output_delta = input_delta(layer, pass);
        }
        gradients.reverse();
        gradients
    }
}

impl LayerPass {
    fn forward(
        layer: &Layer,
        input: &[f64],
        statistics: Statistics,
        around: Option<&Self>,
    ) -> Self {
        let z = weighted_sums(layer, input);
        let (normalized, standardized) = layer.normalization.forward(&z, layer.units, statistics);
        let function = layer.activation;
        let activated: Vec<f64> = match around {
            Some(around) if function.is_step() => {
                let places = normalized.iter().enumerate();
                places
                    .map(|(place, x)| {
                        let at = surrogate(function, around.normalized[place]);
                        surrogate(function, *x) + around.activated[place] - at
                    })
                    .collect()
            }
            _ => normalized.iter().map(|&x| value(function, x)).collect(),
        };
        let output = match layer.residual {
            true => activated.iter().zip(input).map(|(a, x)| a + x).collect(),
            false => activated.clone(),
        };
        Self {
            slope: normalized.iter().map(|&x| slope(function, x)).collect(),
            z,
            normalized,
            activated,
            output,
            output_delta: Vec::new(),
            delta: Vec::new(),
            standardized,
        }
    }

    fn backward(&mut self, layer: &Layer, output_delta: Vec<f64>, statistics: Statistics) {
        let pairs = output_delta.iter().zip(&self.slope);
        let of_normalized: Vec<f64> = pairs.map(|(delta, slope)| delta * slope).collect();
        self.delta = layer.normalization.backward(
            &of_normalized,
            &self.standardized,
            layer.units,
            statistics,
        );
        self.output_delta = output_delta;
    }
}

/// `x · W + b`, `[rows, units]`.
fn weighted_sums(layer: &Layer, input: &[f64]) -> Vec<f64> {
    let rows = input.len() / layer.inputs.max(1);
    let mut sums = Vec::with_capacity(rows * layer.units);
    for row in input.chunks_exact(layer.inputs.max(1)) {
        let start = sums.len();
        sums.extend(&layer.bias);
        for (x, weights) in row.iter().zip(layer.weight.chunks_exact(layer.units)) {
            for (sum, weight) in sums[start..].iter_mut().zip(weights) {
                *sum += x * weight;
            }
        }
    }
    sums
}

/// `∂W = xᵀ · δ`, and `∂b` = the sum of the rows of `δ`.
fn gradient(layer: &Layer, input: &[f64], delta: &[f64]) -> Gradient {
    let mut gradient = Gradient {
        weight: vec![0.0; layer.weight.len()],
        bias: vec![0.0; layer.units],
    };
    let rows = input.chunks_exact(layer.inputs.max(1));
    for (row, delta) in rows.zip(delta.chunks_exact(layer.units)) {
        for (bias, delta) in gradient.bias.iter_mut().zip(delta) {
            *bias += delta;
        }
        for (x, weights) in row
            .iter()
            .zip(gradient.weight.chunks_exact_mut(layer.units))
        {
            for (weight, delta) in weights.iter_mut().zip(delta) {
                *weight += x * delta;
            }
        }
    }
    gradient
}

/// The derivative of the loss with respect to the input of a layer: `δ · Wᵀ`, plus what a residual layer passes on.
fn input_delta(layer: &Layer, pass: &LayerPass) -> Vec<f64> {
    let mut all = Vec::with_capacity(pass.delta.len() / layer.units.max(1) * layer.inputs);
    let rows = pass.delta.chunks_exact(layer.units);
    for (delta, output_delta) in rows.zip(pass.output_delta.chunks_exact(layer.units)) {
        for (input, weights) in layer.weight.chunks_exact(layer.units).enumerate() {
            let sum: f64 = delta.iter().zip(weights).map(|(d, w)| d * w).sum();
            all.push(match layer.residual {
                true => sum + output_delta[input],
                false => sum,
            });
        }
    }
    all
}
