//! Steps over arrays in main memory: the plain network with the usual optimizers, and hardly
//! anything allocated after the first step.
//!
//! A large batch is cut into parts, each of which goes forward and backward by itself, on as many
//! threads as there are; the update adds up their gradients. How it is cut depends on the network
//! and the batch alone, and so does the result, to the bit.

use std::ops::Range;

use backburn_fused::{FusedMlp, Pass, vectorized, worth_threads};
use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::checkpoint::{Place, Remembered};
use crate::loss_gradient::Truth;
use crate::steps::{Recording, Steps};
use crate::update::{CHUNK, Update};
use crate::{Clipping, Criterion, Examples, Network, TrainingConfig, Validation};

pub(crate) struct Fused<'a, N> {
    /// Whose parameters those of `network` are, with others.
    template: N,
    network: FusedMlp,
    update: Update,
    criterion: Criterion,
    clipping: Clipping,
    inputs: Vec<f32>,
    truth: Truth,
    weights: Option<Vec<f32>>,
    order: Vec<usize>,
    parts: Vec<Part>,
    validation: Option<(&'a Examples, Vec<f32>)>,
    loss: f64,
    rows: usize,
}

/// A part of a batch: its forward and backward pass, and the sum of its losses.
struct Part {
    pass: Pass,
    loss: f64,
}

/// Rows in a part: with fewer, adding up gradients costs more than further threads bring. Parameters
/// that do not fit into a cache take longer to add up.
const ROWS_PER_PART: usize = 128;
const ROWS_PER_LARGE_PART: usize = 512;
const LARGE: usize = 1 << 19;
const MOST_PARTS: usize = 16;
/// Rows in each of two parts, at least: a second thread brings most.
const ROWS_IN_HALF: usize = 64;
const ROWS_IN_WIDE_HALF: usize = 32;
const WIDE: usize = 1 << 16;
/// Multiplications in a batch that is cut, at least.
const WORTH_CUTTING: usize = 500_000;
/// Rows in each forward pass outside training.
const FORWARD_ROWS: usize = 1024;

impl TrainingConfig {
    /// Whether [`fit`](crate::fit) trains such a network over arrays.
    pub fn fuses<N: Network>(&self, network: &N) -> bool {
        self.fused && Update::of(&self.optimizer, 0).is_some() && network.fused().is_some()
    }
}

impl<'a, N: Network> Fused<'a, N> {
    /// To train a network, if it and the settings are ones that are done here.
    pub fn new(
        network: &N,
        training: &Examples,
        validation: Option<&'a Examples>,
        config: &TrainingConfig,
    ) -> Option<Self> {
        if !config.fused {
            return None;
        }
        let template = network.valid();
        let fused = network.fused()?;
        let update = Update::of(&config.optimizer, fused.parameters.len())?;
        let mut criterion = config.criterion();
        criterion.loss = criterion.loss.for_targets(&training.targets);
        let parts = 0..MOST_PARTS as u64;
        let parts = parts.map(|part| Part {
            pass: Pass::new(&fused, config.seed ^ part.rotate_right(8)),
            loss: 0.0,
        });
        Some(Self {
            parts: parts.collect(),
            template,
            network: fused,
            update,
            criterion,
            clipping: config.clipping(),
            inputs: numbers(&training.inputs),
            truth: Truth::of(&training.targets),
            weights: training.weights.as_ref().map(numbers),
            order: Vec::new(),
            validation: validation.map(|rows| (rows, numbers(&rows.inputs))),
            loss: 0.0,
            rows: 0,
        })
    }

    /// Forward and backward pass of the rows at these places of the order; the gradients stay with
    /// the parts, whose number is returned.
    fn backpropagate(&mut self, rows: Range<usize>) -> usize {
        self.network.prepare_backward();
        let rows = &self.order[rows];
        let work = rows.len() * self.network.work() * 3;
        let count = parts(rows.len(), self.network.parameters.len(), work);
        let scale = (rows.len() as f32).recip();
        let (network, criterion, truth) = (&self.network, &self.criterion, &self.truth);
        let (inputs, weights) = (&self.inputs, self.weights.as_deref());
        let columns = network.columns();
        let run = |part: &mut Part, rows: &[usize]| {
            let Part { pass, loss } = part;
            let batch = pass.inputs(network, rows.len());
            for (to, &row) in batch.chunks_exact_mut(columns).zip(rows) {
                to.copy_from_slice(&inputs[row * columns..][..columns]);
            }
            // Forward pass.
            pass.forward_for_training(network);
            // Loss and backward pass.
            pass.backward(network, |outputs, gradient| {
                *loss = criterion.backward(outputs, rows, truth, weights, scale, gradient);
            });
        };
        let parts = &mut self.parts[..count];
        let shares = rows.chunks(rows.len().div_ceil(count));
        if count > 1 && worth_threads(work) {
            let shares: Vec<&[usize]> = shares.collect();
            let parts = parts.par_iter_mut().zip(shares);
            parts
                .with_max_len(1)
                .for_each(|(part, rows)| run(part, rows));
        } else {
            parts
                .iter_mut()
                .zip(shares)
                .for_each(|(part, rows)| run(part, rows));
        }
        let losses: f64 = parts.iter().map(|part| part.loss).sum();
        self.loss += losses;
        self.rows += rows.len();
        count
    }
}

/// How many parts a batch is cut into, by its rows, the network's parameters and the multiplications.
fn parts(rows: usize, parameters: usize, work: usize) -> usize {
    if work < WORTH_CUTTING {
        return 1;
    }
    let many = match parameters > LARGE {
        true => rows / ROWS_PER_LARGE_PART,
        false => rows / ROWS_PER_PART,
    };
    let two = match parameters > WIDE {
        true => rows / ROWS_IN_WIDE_HALF,
        false => rows / ROWS_IN_HALF,
    };
    many.max(two.min(2)).clamp(1, MOST_PARTS)
}

/// The gradient of a batch, bounded: the sum of what its parts found.
struct Gradient<'a> {
    parts: &'a [Part],
    value: Option<f32>,
    factor: f32,
}

impl<'a> Gradient<'a> {
    fn new(parts: &'a [Part], clipping: &Clipping) -> Self {
        let mut gradient = Self {
            parts,
            value: clipping.value.map(|bound| bound as f32),
            factor: 1.0,
        };
        if let Some(bound) = clipping.norm {
            let mut stretch = [0.0; CHUNK];
            let length = parts[0].pass.gradient.len();
            let squares = (0..length).step_by(CHUNK).map(|start| {
                let stretch = &mut stretch[..CHUNK.min(length - start)];
                gradient.read(start, stretch);
                let squares = stretch.iter().map(|g| g * g);
                f64::from(squares.sum::<f32>())
            });
            let norm = squares.sum::<f64>().sqrt();
            gradient.factor = (bound / (norm + 1e-6)).min(1.0) as f32;
        }
        gradient
    }

    fn all(&self) -> Vec<f32> {
        let mut all = vec![0.0; self.parts[0].pass.gradient.len()];
        self.read(0, &mut all);
        all
    }

    /// Writes the gradient from a place on.
    fn read(&self, start: usize, out: &mut [f32]) {
        let of = |part: &'a Part| &part.pass.gradient[start..];
        out.copy_from_slice(&of(&self.parts[0])[..out.len()]);
        vectorized(
            #[inline(always)]
            || {
                for part in &self.parts[1..] {
                    for (out, g) in out.iter_mut().zip(of(part)) {
                        *out += g;
                    }
                }
                if let Some(bound) = self.value {
                    out.iter_mut().for_each(|g| *g = g.clamp(-bound, bound));
                }
                if self.factor != 1.0 {
                    out.iter_mut().for_each(|g| *g *= self.factor);
                }
            },
        );
    }
}

impl<N: Network> Steps<N> for Fused<'_, N> {
    fn start_epoch(&mut self, rng: &mut ChaCha8Rng) {
        let rows = self.inputs.len() / self.network.columns();
        self.order.clear();
        self.order.extend(0..rows);
        self.order.shuffle(rng);
        (self.loss, self.rows) = (0.0, 0);
    }

    fn step(
        &mut self,
        rows: Range<usize>,
        rate: ModuleLearningRate,
        recording: Option<Recording<'_>>,
    ) {
        let mut recording = recording.filter(|r| r.recorder.measures(r.step));
        // Forward pass, loss and backward pass.
        let parts = self.backpropagate(rows);
        let gradient = Gradient::new(&self.parts[..parts], &self.clipping);
        if let Some(Recording { recorder, step }) = &mut recording {
            let gradients = by_parameter(&self.template, &gradient.all());
            recorder.before_update(*step, &self.network(), &gradients);
        }
        // Update.
        let parameters = &mut self.network.parameters;
        let read = |start: usize, out: &mut [f32]| gradient.read(start, out);
        self.update.step(rate.base(), parameters, read);
        if let Some(Recording { recorder, step }) = recording {
            recorder.after_update(step, &self.network());
        }
    }

    fn diverged(&mut self) -> bool {
        !self.loss.is_finite()
    }

    fn losses(&self) -> (f64, usize) {
        (self.loss, self.rows)
    }

    fn remembered(&self) -> Remembered {
        let (steps, first, second) = self.update.remembered();
        let dropout = self.parts.iter().map(|part| part.pass.rng.clone());
        Remembered::Arrays {
            steps,
            first,
            second,
            dropout: dropout.collect(),
        }
    }

    fn go_on(&mut self, place: &Place, remembered: &Remembered) -> Result<(), String> {
        let Remembered::Arrays {
            steps,
            first,
            second,
            dropout,
        } = remembered
        else {
            return Err("it is of a network that was trained through Burn".to_string());
        };
        if dropout.len() != self.parts.len() {
            return Err("it has other random numbers for dropout".to_string());
        }
        self.update.remember(*steps, first, second)?;
        for (part, rng) in self.parts.iter_mut().zip(dropout) {
            part.pass.rng = rng.clone();
        }
        (self.loss, self.rows) = (place.loss, place.loss_rows);
        Ok(())
    }

    fn network(&self) -> N {
        self.template.clone().with_fused(&self.network)
    }

    fn validate(&mut self) -> Option<Validation> {
        let (rows, inputs) = self.validation.as_ref()?;
        let network = &self.network;
        let stretch = FORWARD_ROWS * network.columns();
        let forward = |pass: &mut Pass, inputs: &[f32]| {
            let rows = inputs.len() / network.columns();
            pass.inputs(network, rows).copy_from_slice(inputs);
            pass.forward(network).to_vec()
        };
        let outputs: Vec<f32> = match worth_threads(rows.rows() * network.work()) {
            true => {
                let stretches = inputs.par_chunks(stretch);
                let new = || Pass::new(network, 0);
                let outputs = stretches.map_init(new, forward);
                outputs.collect::<Vec<_>>().concat()
            }
            false => {
                let pass = &mut self.parts[0].pass;
                let stretches = inputs.chunks(stretch);
                stretches.flat_map(|inputs| forward(pass, inputs)).collect()
            }
        };
        let outputs = TensorData::new(outputs, [rows.rows(), network.outputs()]);
        let outputs = Tensor::from_data(outputs, &rows.inputs.device());
        let weights = rows.weights.as_ref();
        let loss = self
            .criterion
            .forward(outputs.clone(), &rows.targets, weights);
        Some(Validation {
            loss: crate::fit::scalar(loss),
            outputs,
        })
    }
}

/// The numbers of a tensor, read some rows at a time: as a whole it would be copied twice.
fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    const ROWS: usize = 1 << 14;
    let rows = tensor.dims()[0];
    let mut numbers = Vec::with_capacity(tensor.shape().num_elements());
    for start in (0..rows).step_by(ROWS) {
        let part = tensor.clone().slice_dim(0, start..(start + ROWS).min(rows));
        numbers.extend(part.into_data().iter::<f32>());
    }
    numbers
}

/// The gradient of each parameter of a module, from that of all of them in the order of visiting.
fn by_parameter<M: Module>(module: &M, gradient: &[f32]) -> GradientsParams {
    struct Register<'a> {
        gradient: &'a [f32],
        by_parameter: GradientsParams,
    }
    impl ModuleVisitor for Register<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.shape();
            let (numbers, rest) = self.gradient.split_at(shape.num_elements());
            self.gradient = rest;
            let numbers = TensorData::new(numbers.to_vec(), shape);
            let gradient = Tensor::<D>::from_data(numbers, &param.val().device());
            self.by_parameter.register(param.id, gradient);
        }
    }
    let mut register = Register {
        gradient,
        by_parameter: GradientsParams::new(),
    };
    module.visit(&mut register);
    register.by_parameter
}
