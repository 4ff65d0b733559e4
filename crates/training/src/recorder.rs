//! Measures gradients, weights, updates and activations of the layers on a few steps of each epoch.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use burn::module::{ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::float_sum::{floats, sum};
use crate::layer_report::{ActivationReport, LayerReport};
use crate::network::Network;
use crate::steps::StepHook;

/// Bounds on the number of rows whose activations are measured. It is an eighth of the training rows
/// within these bounds, so that the measurement is cheap compared with an epoch.
const ROWS: RangeInclusive<usize> = 64..=256;

/// The sums of a layer in the middle of an epoch, as a checkpoint keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LayerSums {
    /// The sum of the gradients, element by element; a tensor of the checkpoint.
    #[serde(skip)]
    pub gradients: Vec<f32>,
    layer: String,
    /// The first norm, then the sums of squared norms, norms, absolute values and update ratios, as
    /// the bits of `f64`: they may be infinite, and JSON has no such number.
    numbers: [u64; 5],
    /// The number of measured steps in these sums.
    pub measured: usize,
}

/// Measures the layers at some steps of training.
pub(crate) struct Recorder {
    /// The rows whose activations are measured, `[rows, inputs]`.
    rows: Tensor<2>,
    /// The steps of an epoch that are measured, counted from 0.
    steps: Vec<usize>,
    layers: Vec<Layer>,
    /// Indices into `layers`.
    by_name: HashMap<String, usize>,
    layer_of: HashMap<ParamId, usize>,
}

/// The sums of a layer over the measured steps of an epoch.
#[derive(Default)]
struct Layer {
    name: String,
    /// Number of parameters with a gradient.
    size: usize,
    /// The sum of the gradients, element by element.
    sum: Vec<f32>,
    sum_of_squared_norms: f64,
    norms: f64,
    first_norm: f64,
    absolutes: f64,
    ratios: f64,
    measured: usize,
    /// The parameters before the update that is measured.
    before: Vec<f32>,
}

impl Recorder {
    /// A recorder for a network that trains on these inputs, `[rows, inputs]`, in `steps` steps an
    /// epoch.
    pub fn new<N: Network>(network: &N, inputs: &Tensor<2>, steps: usize) -> Self {
        let all = inputs.dims()[0];
        let rows = (all / 8).clamp(*ROWS.start(), *ROWS.end()).min(all);
        // Evenly spread rows, since a table may be sorted.
        let spread: Vec<i64> = (0..rows).map(|row| (row * all / rows) as i64).collect();
        let spread = TensorData::new(spread, [rows]);
        let spread = Tensor::<1, Int>::from_data(spread, &inputs.device());
        let measured = (steps / 64).clamp(2, 8).min(steps);
        let mut recorder = Self {
            rows: inputs.clone().select(0, spread),
            steps: (0..measured).map(|k| k * steps / measured).collect(),
            layers: Vec::new(),
            by_name: HashMap::new(),
            layer_of: HashMap::new(),
        };
        let mut names = Names {
            recorder: &mut recorder,
            path: Vec::new(),
        };
        network.visit(&mut names);
        recorder
    }

    /// Whether a step of an epoch, counted from 0, is measured.
    pub fn measures(&self, step: usize) -> bool {
        self.steps.contains(&step)
    }

    /// The sums of the current epoch so far.
    pub fn sums(&self) -> Vec<LayerSums> {
        let sums = self.layers.iter().map(|layer| {
            let numbers = [
                layer.first_norm,
                layer.sum_of_squared_norms,
                layer.norms,
                layer.absolutes,
                layer.ratios,
            ];
            LayerSums {
                gradients: layer.sum.clone(),
                layer: layer.name.clone(),
                numbers: numbers.map(f64::to_bits),
                measured: layer.measured,
            }
        });
        sums.collect()
    }

    /// Restores the sums of an epoch. Sums of other layers are ignored.
    pub fn load_sums(&mut self, sums: &[LayerSums]) {
        let same = |(layer, sums): (&Layer, &LayerSums)| layer.name == sums.layer;
        if sums.len() != self.layers.len() || !self.layers.iter().zip(sums).all(same) {
            return;
        }
        for (layer, sums) in self.layers.iter_mut().zip(sums) {
            layer.sum.clone_from(&sums.gradients);
            [
                layer.first_norm,
                layer.sum_of_squared_norms,
                layer.norms,
                layer.absolutes,
                layer.ratios,
            ] = sums.numbers.map(f64::from_bits);
            layer.measured = sums.measured;
        }
    }

    /// The reports of an epoch that ends with these weights. Then the sums start again at 0.
    pub fn report<N: Network>(&mut self, network: &N) -> Vec<LayerReport> {
        let mut norms = vec![0.0; self.layers.len()];
        let mut absolutes = vec![0.0; self.layers.len()];
        let mut sizes = vec![0; self.layers.len()];
        network.visit(&mut EachParameter(|id, weight: &[f32]| {
            if let Some(&index) = self.layer_of.get(&id) {
                norms[index] += sum(weight, |w| w * w);
                absolutes[index] += sum(weight, f32::abs);
                sizes[index] += weight.len();
            }
        }));
        let mut reports: Vec<LayerReport> = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let measured = layer.measured as f64;
            reports.push(LayerReport {
                layer: layer.name.clone(),
                gradient_norm: layer.norms / measured,
                first_gradient_norm: layer.first_norm,
                gradient_mean_abs: layer.absolutes / measured,
                gradient_noise: layer.noise(),
                weight_norm: norms[index].sqrt(),
                weight_mean_abs: absolutes[index] / sizes[index].max(1) as f64,
                update_ratio: layer.ratios / measured,
                activation: None,
            });
            layer.reset();
        }
        for hidden in network.activations(self.rows.clone()) {
            if let Some(&index) = self.by_name.get(&hidden.layer) {
                reports[index].activation = Some(ActivationReport::new(&hidden));
            }
        }
        reports
    }
}

impl<N: Network> StepHook<N> for Recorder {
    fn before_update(&mut self, network: &N, gradients: &GradientsParams) {
        for layer in &mut self.layers {
            layer.before.clear();
            layer.size = 0;
        }
        let mut squares = vec![0.0; self.layers.len()];
        let mut absolutes = vec![0.0; self.layers.len()];
        network.visit(&mut EachParameter(|id, weight: &[f32]| {
            let Some(&index) = self.layer_of.get(&id) else {
                return;
            };
            let layer = &mut self.layers[index];
            layer.before.extend_from_slice(weight);
        }));
        network.visit(&mut EachGradient {
            gradients,
            each: |id, gradient: &[f32]| {
                let Some(&index) = self.layer_of.get(&id) else {
                    return;
                };
                let layer = &mut self.layers[index];
                let start = layer.size;
                layer.size += gradient.len();
                if layer.sum.len() < layer.size {
                    layer.sum.resize(layer.size, 0.0);
                }
                for (sum, &g) in layer.sum[start..].iter_mut().zip(gradient) {
                    *sum += g;
                }
                squares[index] += sum(gradient, |g| g * g);
                absolutes[index] += sum(gradient, f32::abs);
            },
        });
        for (layer, (squares, absolutes)) in self
            .layers
            .iter_mut()
            .zip(squares.into_iter().zip(absolutes))
        {
            if layer.measured == 0 {
                layer.first_norm = squares.sqrt();
            }
            layer.measured += 1;
            layer.sum_of_squared_norms += squares;
            layer.norms += squares.sqrt();
            layer.absolutes += absolutes / layer.size.max(1) as f64;
        }
    }

    fn after_update(&mut self, network: &N) {
        let mut positions = vec![0; self.layers.len()];
        let mut updates = vec![0.0; self.layers.len()];
        network.visit(&mut EachParameter(|id, weight: &[f32]| {
            let Some(&index) = self.layer_of.get(&id) else {
                return;
            };
            let before = &self.layers[index].before[positions[index]..];
            positions[index] += weight.len();
            updates[index] += before
                .iter()
                .zip(weight)
                .map(|(before, after)| (after - before) * (after - before))
                .sum::<f32>() as f64;
        }));
        for (layer, update) in self.layers.iter_mut().zip(updates) {
            let weights = sum(&layer.before, |w| w * w);
            if weights > 0.0 {
                layer.ratios += (update / weights).sqrt();
            }
        }
    }
}

impl Layer {
    /// See [`LayerReport::gradient_noise`].
    fn noise(&self) -> f64 {
        let measured = self.measured as f64;
        let squared_mean = sum(&self.sum, |g| g * g) / (measured * measured);
        let variance =
            (self.sum_of_squared_norms - measured * squared_mean).max(0.0) / (measured - 1.0);
        let signal = squared_mean - variance / measured;
        match self.measured >= 2 && signal > 0.0 {
            true => (variance / signal).sqrt(),
            false => f64::NAN,
        }
    }

    fn reset(&mut self) {
        self.sum.fill(0.0);
        self.sum_of_squared_norms = 0.0;
        self.norms = 0.0;
        self.absolutes = 0.0;
        self.ratios = 0.0;
        self.measured = 0;
    }
}

/// Finds the layers of a network. Parameters belong to the same layer if their paths agree up to the
/// first number or, in a path without a number, up to the parameter's own name.
struct Names<'a> {
    recorder: &'a mut Recorder,
    path: Vec<String>,
}

impl ModuleVisitor for Names<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let number = self
            .path
            .iter()
            .position(|part| part.parse::<usize>().is_ok());
        let end = match number {
            Some(position) => position + 1,
            None => self
                .path
                .len()
                .saturating_sub(1)
                .max(1)
                .min(self.path.len()),
        };
        let name = self.path[..end].join(".");
        let recorder = &mut self.recorder;
        let next = recorder.layers.len();
        let index = *recorder.by_name.entry(name.clone()).or_insert(next);
        if index == next {
            recorder.layers.push(Layer {
                name,
                ..Layer::default()
            });
        }
        recorder.layer_of.insert(param.id, index);
    }
}

struct EachParameter<F>(F);

impl<F: FnMut(ParamId, &[f32])> ModuleVisitor for EachParameter<F> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().into_data();
        (self.0)(param.id, &floats(&data));
    }
}

struct EachGradient<'a, F> {
    gradients: &'a GradientsParams,
    each: F,
}

impl<F: FnMut(ParamId, &[f32])> ModuleVisitor for EachGradient<'_, F> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            (self.each)(param.id, &floats(&gradient.into_data()));
        }
    }
}
