//! What flows through the layers: gradients, weights, updates and activations, measured on a few
//! steps of each epoch.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use backburn_model::Activation;
use burn::module::{ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::Network;
use crate::json_number;

/// A layer in an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Its place in the network, as the weights are named in a saved model: `hidden.0`, `output`.
    pub layer: String,
    /// The Euclidean norm of the gradient of all its parameters, after clipping: the mean over the
    /// steps that were measured.
    #[serde(with = "json_number")]
    pub gradient_norm: f64,
    /// That norm at the first of those steps, which is the first one of the epoch.
    #[serde(with = "json_number")]
    pub first_gradient_norm: f64,
    /// The mean absolute value of an element of that gradient.
    #[serde(with = "json_number")]
    pub gradient_mean_abs: f64,
    /// How much the gradient, after clipping, differs between batches: the standard deviation of
    /// those that were measured, as vectors, over the norm of what they have in common (both
    /// estimated without bias). Above 1 the noise is the stronger. Not a number where nothing in common
    /// shows, or a single step was measured.
    #[serde(with = "json_number")]
    pub gradient_noise: f64,
    /// The Euclidean norm of all its parameters, at the end of the epoch.
    #[serde(with = "json_number")]
    pub weight_norm: f64,
    /// The mean absolute value of a parameter.
    #[serde(with = "json_number")]
    pub weight_mean_abs: f64,
    /// The norm of an update over the norm of what it updates: the mean over the steps measured.
    /// About 0.001 is usual; 0 is a layer that does not learn.
    #[serde(with = "json_number")]
    pub update_ratio: f64,
    /// For hidden layers, what its units give for the rows that were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationReport>,
}

/// What the units of a hidden layer give, for some rows of the training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationReport {
    /// The mean over rows and units.
    #[serde(with = "json_number")]
    pub mean: f64,
    /// The standard deviation over rows and units.
    #[serde(with = "json_number")]
    pub std: f64,
    /// The share of units that give 0 for every row, for functions that can die
    /// ([`Activation::can_die`]).
    #[serde(with = "json_number")]
    pub dead: f64,
    /// The share of units that are within 2.5 % of a bound of the function's range for at least 95 %
    /// of the rows, for functions that have bounds ([`Activation::bounds`]).
    #[serde(with = "json_number")]
    pub saturated: f64,
}

/// The output of a hidden layer's activation function, to look for dead and saturated units.
#[derive(Debug, Clone)]
pub struct HiddenActivation {
    /// The layer, named as in [`LayerReport`].
    pub layer: String,
    /// The function.
    pub function: Activation,
    /// `[rows, units]`.
    pub outputs: Tensor<2>,
}

/// Rows whose activations are looked at: an eighth of them, within these bounds, so that looking
/// stays cheap beside an epoch.
const ROWS: RangeInclusive<usize> = 64..=256;

/// What a layer's sums are, to go on with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// Of the gradients, element by element.
    #[serde(skip)]
    pub gradients: Vec<f32>,
    layer: String,
    /// Of the squared norms, the norms, the absolute values and the ratios, after the first norm: the
    /// bits of 64-bit numbers, which may be infinite.
    numbers: [u64; 5],
    pub measured: usize,
}

/// Measures a few steps of each epoch.
pub(crate) struct Recorder {
    rows: Tensor<2>,
    steps: Vec<usize>,
    layers: Vec<Layer>,
    by_name: HashMap<String, usize>,
    layer_of: HashMap<ParamId, usize>,
}

/// A layer's sums over the steps measured in an epoch.
#[derive(Default)]
struct Layer {
    name: String,
    size: usize,
    /// Of the gradients, element by element.
    sum: Vec<f32>,
    sum_of_squared_norms: f64,
    norms: f64,
    first_norm: f64,
    absolutes: f64,
    ratios: f64,
    measured: usize,
    /// Of the step being measured.
    before: Vec<f32>,
}

impl Recorder {
    /// To look at a network while it trains on these inputs, `[rows, inputs]`, in so many steps an
    /// epoch.
    pub fn new<N: Network>(network: &N, inputs: &Tensor<2>, steps: usize) -> Self {
        let all = inputs.dims()[0];
        let rows = (all / 8).clamp(*ROWS.start(), *ROWS.end()).min(all);
        // From all over: a table may be sorted.
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

    /// Whether a step of the epoch is one to measure.
    pub fn measures(&self, step: usize) -> bool {
        self.steps.contains(&step)
    }

    /// The sums of the epoch so far.
    pub fn sums(&self) -> Vec<Sums> {
        let sums = self.layers.iter().map(|layer| {
            let numbers = [
                layer.first_norm,
                layer.sum_of_squared_norms,
                layer.norms,
                layer.absolutes,
                layer.ratios,
            ];
            Sums {
                gradients: layer.sum.clone(),
                layer: layer.name.clone(),
                numbers: numbers.map(f64::to_bits),
                measured: layer.measured,
            }
        });
        sums.collect()
    }

    /// Goes on with the sums of an epoch, where they are of the same layers.
    pub fn go_on(&mut self, sums: &[Sums]) {
        let same = |(layer, sums): (&Layer, &Sums)| layer.name == sums.layer;
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

    /// Takes the gradients of a step, if it is one to measure.
    pub fn before_update<N: Network>(
        &mut self,
        step: usize,
        network: &N,
        gradients: &GradientsParams,
    ) {
        if !self.measures(step) {
            return;
        }
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

    /// Takes what a step that is measured did to the weights.
    pub fn after_update<N: Network>(&mut self, step: usize, network: &N) {
        if !self.measures(step) {
            return;
        }
        let mut places = vec![0; self.layers.len()];
        let mut updates = vec![0.0; self.layers.len()];
        network.visit(&mut EachParameter(|id, weight: &[f32]| {
            let Some(&index) = self.layer_of.get(&id) else {
                return;
            };
            let before = &self.layers[index].before[places[index]..];
            places[index] += weight.len();
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

    /// The report of an epoch, whose last weights are these; the next one starts anew.
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
            layer.start_again();
        }
        for hidden in network.activations(self.rows.clone()) {
            if let Some(&index) = self.by_name.get(&hidden.layer) {
                reports[index].activation = Some(ActivationReport::new(&hidden));
            }
        }
        reports
    }
}

impl Layer {
    /// See [`LayerReport::gradient_noise`].
    fn noise(&self) -> f64 {
        let measured = self.measured as f64;
        let squared_mean = sum(&self.sum, |g| g * g) / (measured * measured);
        let variance =
            (self.sum_of_squared_norms - measured * squared_mean).max(0.0) / (measured - 1.0);
        let in_common = squared_mean - variance / measured;
        match self.measured >= 2 && in_common > 0.0 {
            true => (variance / in_common).sqrt(),
            false => f64::NAN,
        }
    }

    fn start_again(&mut self) {
        self.sum.fill(0.0);
        self.sum_of_squared_norms = 0.0;
        self.norms = 0.0;
        self.absolutes = 0.0;
        self.ratios = 0.0;
        self.measured = 0;
    }
}

impl ActivationReport {
    fn new(hidden: &HiddenActivation) -> Self {
        let [rows, units] = hidden.outputs.dims();
        let data = hidden.outputs.to_data();
        let outputs = floats(&data);
        let count = outputs.len().max(1) as f64;
        let mean = sum(&outputs, |x| x) / count;
        let variance = sum(&outputs, |x| (x - mean as f32) * (x - mean as f32)) / count;
        let bounds = hidden.function.bounds().map(|(low, high)| {
            let margin = (high - low) * 0.025;
            ((low + margin) as f32, (high - margin) as f32)
        });
        let mut zeros = vec![0usize; units];
        let mut at_a_bound = vec![0usize; units];
        for row in outputs.chunks_exact(units.max(1)) {
            match bounds {
                Some((low, high)) => {
                    for (count, &x) in at_a_bound.iter_mut().zip(row) {
                        *count += usize::from(x <= low || x >= high);
                    }
                }
                None => {
                    for (count, &x) in zeros.iter_mut().zip(row) {
                        *count += usize::from(x == 0.0);
                    }
                }
            }
        }
        let share = |counts: &[usize], least: f64| {
            let units_there = counts.iter().filter(|&&c| c as f64 >= least).count();
            units_there as f64 / units.max(1) as f64
        };
        Self {
            mean,
            std: variance.sqrt(),
            dead: match hidden.function.can_die() {
                true => share(&zeros, rows as f64),
                false => 0.0,
            },
            saturated: match bounds {
                Some(_) => share(&at_a_bound, 0.95 * rows as f64),
                None => 0.0,
            },
        }
    }
}

/// Sums in 32 bits over short stretches, which the processor does many at a time, and in 64 bits
/// over those.
fn sum(numbers: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    numbers
        .chunks(1024)
        .map(|stretch| {
            let mut lanes = [0f32; 16];
            let chunks = stretch.chunks_exact(16);
            let rest: f32 = chunks.remainder().iter().map(|&x| f(x)).sum();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += f(x);
                }
            }
            f64::from(lanes.iter().sum::<f32>() + rest)
        })
        .sum()
}

fn floats(data: &TensorData) -> Cow<'_, [f32]> {
    match data.as_slice::<f32>() {
        Ok(floats) => Cow::Borrowed(floats),
        Err(_) => Cow::Owned(data.iter::<f32>().collect()),
    }
}

/// Finds the layers: parameters belong together whose path agrees up to its first number, or
/// else up to the parameter's own name.
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
            Some(place) => place + 1,
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
