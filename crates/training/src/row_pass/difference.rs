//! The derivative of the loss by finite differences, to check backpropagation.

use crate::loss::Criterion;

use super::loss::{Aim, loss};
use super::network::Network;
use super::normalization::Statistics;
use super::pass::Pass;

/// A parameter of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The weight at a place of the array.
    Weight(usize),
    /// The bias of a unit.
    Bias(usize),
}

/// A row whose loss is differentiated.
pub struct DifferentiatedRow<'a> {
    /// What enters the first layer, `[features]`.
    pub features: &'a [f64],
    /// What the network is to predict.
    pub aim: Aim,
    /// The loss.
    pub criterion: Criterion,
    /// Its pass through the network; step functions are replaced by the function whose gradient is the
    /// straight-through estimate.
    pub pass: &'a Pass,
}

/// The step sizes. Rounding errors are large with a small step, and a kink such as that of ReLU may be within a large
/// one.
const STEPS: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// The derivative of the loss of a row by a parameter: of the extrapolated central differences with several step
/// sizes, the one closest to `expected`.
pub fn difference(
    network: &Network,
    row: &DifferentiatedRow,
    layer: usize,
    parameter: Parameter,
    expected: f64,
) -> f64 {
    let mut moved = network.clone();
    let start = *at(&mut moved, layer, parameter);
    let scale = start.abs().max(1.0);
    let mut loss_at = |by: f64| {
        *at(&mut moved, layer, parameter) = start + by;
        let features = row.features.to_vec();
        let pass = Pass::forward_around(&moved, features, Statistics::Running, Some(row.pass));
        loss(&row.criterion, pass.outputs(), row.aim).0
    };
    let mut central = |h: f64| (loss_at(h) - loss_at(-h)) / (2.0 * h);
    let candidates = STEPS.map(|step| {
        let h = step * scale;
        // The errors of both are proportional to h², and cancel out.
        (4.0 * central(h / 2.0) - central(h)) / 3.0
    });
    let distance = |difference: &f64| (difference - expected).abs();
    let closest = candidates
        .into_iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    closest.unwrap_or(f64::NAN)
}

fn at(network: &mut Network, layer: usize, parameter: Parameter) -> &mut f64 {
    let layer = &mut network.layers[layer];
    match parameter {
        Parameter::Weight(place) => &mut layer.weight[place],
        Parameter::Bias(unit) => &mut layer.bias[unit],
    }
}
