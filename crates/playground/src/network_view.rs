//! The weights of the network, and what the last step computed for each weight and unit.

use backburn_model::Activation;
use backburn_training::row_pass::{Gradient, Layer, LayerPass, Network, Pass, Statistics, loss};
use serde::Serialize;

use crate::playground::Playground;

/// The layers of the network. Derivatives are of the loss of the last step, before its update. Before the first step
/// they are those of the first batch of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkView {
    /// The hidden layers, then the output layer.
    pub layers: Vec<LayerView>,
    /// The number of rows of the step.
    pub rows: usize,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerView {
    /// The weights after the step: for each unit, those of its inputs.
    pub weights: Vec<Vec<f64>>,
    /// The biases after the step.
    pub bias: Vec<f64>,
    /// The gradient by which the step changed the weights, in the same order; without dropout, clipping and decay.
    pub gradient: Vec<Vec<f64>>,
    /// The gradient of the biases.
    pub bias_gradient: Vec<f64>,
    /// For each unit, the mean absolute output over the rows.
    pub activation: Vec<f64>,
    /// For each unit, the mean absolute δ over the rows, each of its own row's loss.
    pub delta: Vec<f64>,
}

/// What flows through a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flow {
    /// The name of the layer, as in a saved model.
    pub layer: String,
    /// The norm of the gradient of the last step.
    pub gradient_norm: f64,
    /// The share of units that output 0 for every row of a sample.
    pub dead: f64,
    /// The share of units that are at a bound of their activation function for nearly every row of a sample.
    pub saturated: f64,
}

/// The rows of a sample, at most.
const SAMPLE: usize = 128;

impl Playground {
    /// The weights of the network, and the gradients of the last step.
    pub fn network(&self) -> NetworkView {
        let (pass, gradients) = self.last_pass();
        let layers = self.network.layers.iter().zip(&pass.layers).zip(gradients);
        NetworkView {
            layers: layers
                .map(|((l, pass), gradient)| layer_view(l, pass, gradient))
                .collect(),
            rows: pass.rows,
        }
    }

    /// What flows through each layer.
    pub fn gradient_flow(&self) -> Vec<Flow> {
        let (_, gradients) = self.last_pass();
        let sample = self.sample();
        let last = self.network.layers.len().saturating_sub(1);
        let layers = self
            .network
            .layers
            .iter()
            .zip(&sample.layers)
            .zip(gradients);
        let layers = layers
            .enumerate()
            .map(|(index, ((layer, pass), gradient))| Flow {
                layer: match index == last {
                    true => "output".to_string(),
                    false => format!("hidden.{index}"),
                },
                gradient_norm: norm(&gradient),
                dead: dead(layer, pass),
                saturated: saturated(layer, pass),
            });
        layers.collect()
    }

    /// The pass of the last step, and its gradients.
    fn last_pass(&self) -> (Pass, Vec<Gradient>) {
        let (network, rows) = match &self.last {
            Some((network, rows)) => (network, rows.clone()),
            None => {
                let rows = self.settings.batch_size.min(self.data.training_rows());
                (&self.network, (0..rows).collect())
            }
        };
        self.pass_of_batch(network, &rows)
    }

    /// The forward and the backward pass of a batch of rows, in which batch normalization takes the statistics of the
    /// batch. The loss is the mean over the rows.
    pub(crate) fn pass_of_batch(&self, network: &Network, rows: &[usize]) -> (Pass, Vec<Gradient>) {
        let features = self.data.features(network, rows);
        let mut pass = Pass::forward(network, features, Statistics::OfBatch);
        let criterion = self.criterion();
        let share = 1.0 / rows.len().max(1) as f64;
        let outputs = pass
            .outputs()
            .chunks_exact(network.outputs().max(1))
            .zip(rows);
        let slopes = outputs.flat_map(|(outputs, &row)| {
            let (_, slopes) = loss(&criterion, outputs, self.data.aims[row]);
            slopes.into_iter().map(move |slope| slope * share)
        });
        let slopes: Vec<f64> = slopes.collect();
        let gradients = pass.backward(network, slopes);
        (pass, gradients)
    }

    /// The forward pass of evenly spread training rows.
    fn sample(&self) -> Pass {
        let all = self.data.training_rows();
        let count = all.min(SAMPLE);
        let rows: Vec<usize> = (0..count).map(|row| row * all / count).collect();
        let features = self.data.features(&self.network, &rows);
        Pass::forward(&self.network, features, Statistics::Running)
    }
}

fn layer_view(layer: &Layer, pass: &LayerPass, gradient: Gradient) -> LayerView {
    let rows = (pass.z.len() / layer.units.max(1)).max(1) as f64;
    LayerView {
        weights: by_unit(&layer.weight, layer.units),
        bias: layer.bias.clone(),
        gradient: by_unit(&gradient.weight, layer.units),
        bias_gradient: gradient.bias,
        activation: mean_abs(&pass.output, layer.units, 1.0 / rows),
        // The loss is a mean over the rows, so that the δ of a row's own loss is larger by their number.
        delta: mean_abs(&pass.delta, layer.units, 1.0),
    }
}

/// The columns of an array `[inputs, units]`.
fn by_unit(weights: &[f64], units: usize) -> Vec<Vec<f64>> {
    let of_unit = |unit: usize| {
        weights
            .iter()
            .skip(unit)
            .step_by(units.max(1))
            .copied()
            .collect()
    };
    (0..units).map(of_unit).collect()
}

/// For each unit, the sum of absolute values over the rows, times `factor`.
fn mean_abs(numbers: &[f64], units: usize, factor: f64) -> Vec<f64> {
    let of_unit = |unit: usize| {
        let numbers = numbers.iter().skip(unit).step_by(units.max(1));
        numbers.map(|number| number.abs() * factor).sum()
    };
    (0..units).map(of_unit).collect()
}

fn norm(gradient: &Gradient) -> f64 {
    let all = gradient.weight.iter().chain(&gradient.bias);
    all.map(|g| g * g).sum::<f64>().sqrt()
}

/// The share of units whose activation is 0 for every row; 0 for functions that cannot die.
fn dead(layer: &Layer, pass: &LayerPass) -> f64 {
    match layer.activation.can_die() {
        true => share_of_units(layer, pass, 1.0, |a| a == 0.0),
        false => 0.0,
    }
}

/// The share of units that are within 2.5 % of a bound for at least 95 % of the rows; 0 for functions without bounds.
fn saturated(layer: &Layer, pass: &LayerPass) -> f64 {
    let bounds = Activation::bounds(&layer.activation);
    bounds.map_or(0.0, |(low, high)| {
        let margin = (high - low) * 0.025;
        share_of_units(layer, pass, 0.95, |a| {
            a <= low + margin || a >= high - margin
        })
    })
}

/// The share of units for which a condition holds in at least `least` of the rows.
fn share_of_units(layer: &Layer, pass: &LayerPass, least: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let units = layer.units.max(1);
    let rows = pass.activated.len() / units;
    let is_counted = |unit: &usize| {
        let activated = pass.activated.iter().skip(*unit).step_by(units);
        let count = activated.filter(|a| holds(**a)).count();
        count as f64 >= least * rows as f64
    };
    (0..layer.units).filter(is_counted).count() as f64 / units as f64
}
