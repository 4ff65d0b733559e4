//! The chain rule of a single weight or unit, with its factors.

use backburn::Error;
use backburn_training::row_pass::{DifferentiatedRow, Layer, Network, Parameter, Pass, difference};
use serde::Serialize;

use crate::playground::Playground;
use crate::row_view::{Answer, RowPass, answer};

/// A weight: `∂loss/∂w = δ · activation`, for one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// The weight.
    pub weight: f64,
    /// The derivative of the row's loss with respect to it.
    pub gradient: f64,
    /// The two factors of that derivative.
    pub factors: Factors,
    /// What the δ of the unit that the edge leads to is the sum of, before it is multiplied by the slope. Empty for the
    /// output layer, whose δ is the derivative of the loss.
    pub delta_factors: Vec<Delta>,
    /// The slope of the activation function of that unit.
    pub slope: f64,
    /// The derivative by finite differences.
    pub finite_difference: f64,
    /// The current learning rate.
    pub learning_rate: f64,
    /// The weight after a step of plain gradient descent on this row: `weight - learning rate · gradient`.
    pub new_weight: f64,
    /// The prediction for this row after such a step of all weights and biases.
    pub new_prediction: Answer,
    /// The loss of this row after it.
    pub new_loss: f64,
}

/// The factors of the derivative with respect to a weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Factors {
    /// δ of the unit that the edge leads to.
    pub delta: f64,
    /// The activation, or the input, that the edge comes from.
    pub activation: f64,
}

/// A term of δ: what comes back from a unit of the next layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delta {
    /// The unit of the next layer.
    pub unit: usize,
    /// The weight of the edge to it; 1 for a residual connection.
    pub weight: f64,
    /// Its δ; for a residual connection, the derivative with respect to its output.
    pub delta: f64,
    /// The product of both.
    pub product: f64,
    /// Whether it comes through a residual connection.
    pub residual: bool,
}

/// A unit, for one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitView {
    /// The bias.
    pub bias: f64,
    /// The derivative of the row's loss with respect to the bias, which is δ.
    pub bias_gradient: f64,
    /// The same by finite differences.
    pub bias_difference: f64,
    /// The terms of the weighted sum.
    pub terms: Vec<Term>,
    /// The sum of the terms and the bias.
    pub z: f64,
    /// What enters the activation function: `z`, or its normalized value.
    pub normalized: f64,
    /// What enters the next layer.
    pub a: f64,
    /// The slope of the activation function.
    pub slope: f64,
    /// δ, the derivative of the loss with respect to `z`.
    pub delta: f64,
    /// The terms of δ, before it is multiplied by the slope; empty for the output layer.
    pub delta_terms: Vec<BackwardTerm>,
}

/// A term of a weighted sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Term {
    /// The unit of the layer before, or the input.
    pub from: usize,
    /// The weight.
    pub weight: f64,
    /// The activation or the input.
    pub activation: f64,
    /// The product of both.
    pub product: f64,
}

/// A term of δ, as [`Delta`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BackwardTerm {
    /// The unit of the next layer.
    pub to: usize,
    /// The weight of the edge to it; 1 for a residual connection.
    pub weight: f64,
    /// Its δ; for a residual connection, the derivative with respect to its output.
    pub delta: f64,
    /// The product of both.
    pub product: f64,
    /// Whether it comes through a residual connection.
    pub residual: bool,
}

impl Playground {
    /// The chain rule of a weight for a row. Layers are counted from 0, the first hidden layer; `to` is a unit of the
    /// layer, and `from` is a unit of the layer before, or an input.
    ///
    /// # Errors
    ///
    /// There is no such row, layer or unit.
    pub fn edge(&self, index: usize, layer: usize, to: usize, from: usize) -> Result<Edge, Error> {
        let row = self.pass_of_row(&self.network, index)?;
        let parameters = self.layer(layer, to)?;
        if from >= parameters.inputs {
            return Err(missing("input", from, parameters.inputs));
        }
        let place = parameters.place(from, to);
        let gradient = row.gradients[layer].weight[place];
        let weight = parameters.weight[place];
        let (new_prediction, new_loss) = self.after_step(&row, index)?;
        Ok(Edge {
            weight,
            gradient,
            factors: Factors {
                delta: row.pass.layers[layer].delta[to],
                activation: row.pass.input_of(layer)[from],
            },
            delta_factors: delta_terms(&self.network, &row.pass, layer, to),
            slope: row.pass.layers[layer].slope[to],
            finite_difference: self.by_difference(
                &row,
                index,
                layer,
                Parameter::Weight(place),
                gradient,
            ),
            learning_rate: self.learning_rate(),
            new_weight: weight - self.learning_rate() * gradient,
            new_prediction,
            new_loss,
        })
    }

    /// A unit for a row: its weighted sum forward, and its δ backward. Layers are counted as for [`edge`](Self::edge).
    ///
    /// # Errors
    ///
    /// There is no such row, layer or unit.
    pub fn unit(&self, index: usize, layer: usize, unit: usize) -> Result<UnitView, Error> {
        let row = self.pass_of_row(&self.network, index)?;
        let parameters = self.layer(layer, unit)?;
        let pass = &row.pass.layers[layer];
        let inputs = row.pass.input_of(layer).iter().enumerate();
        let terms = inputs.map(|(from, &activation)| {
            let weight = parameters.weight[parameters.place(from, unit)];
            Term {
                from,
                weight,
                activation,
                product: weight * activation,
            }
        });
        let delta_terms = delta_terms(&self.network, &row.pass, layer, unit).into_iter();
        let bias_gradient = row.gradients[layer].bias[unit];
        Ok(UnitView {
            bias: parameters.bias[unit],
            bias_gradient,
            bias_difference: self.by_difference(
                &row,
                index,
                layer,
                Parameter::Bias(unit),
                bias_gradient,
            ),
            terms: terms.collect(),
            z: pass.z[unit],
            normalized: pass.normalized[unit],
            a: pass.output[unit],
            slope: pass.slope[unit],
            delta: pass.delta[unit],
            delta_terms: delta_terms.map(BackwardTerm::from).collect(),
        })
    }

    /// A layer that has the unit.
    fn layer(&self, layer: usize, unit: usize) -> Result<&Layer, Error> {
        let layers = &self.network.layers;
        let found = layers.get(layer);
        let found = found.ok_or_else(|| missing("layer", layer, layers.len()))?;
        match unit < found.units {
            true => Ok(found),
            false => Err(missing("unit", unit, found.units)),
        }
    }

    fn by_difference(
        &self,
        row: &RowPass,
        index: usize,
        layer: usize,
        parameter: Parameter,
        expected: f64,
    ) -> f64 {
        let row = DifferentiatedRow {
            features: &row.pass.features,
            aim: self.data.aims[index],
            criterion: self.criterion(),
            pass: &row.pass,
        };
        difference(&self.network, &row, layer, parameter, expected)
    }

    /// The prediction and the loss for a row after a step of gradient descent on this row alone.
    fn after_step(&self, row: &RowPass, index: usize) -> Result<(Answer, f64), Error> {
        let rate = self.learning_rate();
        let mut network = self.network.clone();
        for (layer, gradient) in network.layers.iter_mut().zip(&row.gradients) {
            let descend = |to: &mut Vec<f64>, gradient: &[f64]| {
                to.iter_mut()
                    .zip(gradient)
                    .for_each(|(w, g)| *w -= rate * g);
            };
            descend(&mut layer.weight, &gradient.weight);
            descend(&mut layer.bias, &gradient.bias);
        }
        let after = self.pass_of_row(&network, index)?;
        let predictions = self.predictions(after.pass.outputs());
        Ok((answer(&predictions, 0), after.loss))
    }
}

impl From<Delta> for BackwardTerm {
    fn from(term: Delta) -> Self {
        Self {
            to: term.unit,
            weight: term.weight,
            delta: term.delta,
            product: term.product,
            residual: term.residual,
        }
    }
}

/// What comes back to a unit from the next layer. The sum of the products, times the slope, is δ of the unit, unless a
/// normalization is between them.
fn delta_terms(network: &Network, pass: &Pass, layer: usize, unit: usize) -> Vec<Delta> {
    let (Some(next), Some(numbers)) = (network.layers.get(layer + 1), pass.layers.get(layer + 1))
    else {
        return Vec::new();
    };
    let terms = numbers.delta.iter().enumerate().map(|(to, &delta)| {
        let weight = next.weight[next.place(unit, to)];
        Delta {
            unit: to,
            weight,
            delta,
            product: weight * delta,
            residual: false,
        }
    });
    let mut terms: Vec<Delta> = terms.collect();
    if next.residual {
        let delta = numbers.output_delta[unit];
        terms.push(Delta {
            unit,
            weight: 1.0,
            delta,
            product: delta,
            residual: true,
        });
    }
    terms
}

fn missing(what: &str, index: usize, count: usize) -> Error {
    Error::Config(format!("{what} {index}: there are {count}, counted from 0"))
}
