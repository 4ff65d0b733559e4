//! Training steps over arrays in main memory, for a plain network with SGD, Adam or AdamW. Almost
//! nothing is allocated after the first step.
//!
//! A large batch is split into parts. Each part has a forward and a backward pass of its own, and the
//! parts run in parallel; the update adds their gradients. The split depends on the network and the
//! batch alone, and not on the number of threads, and so the result is the same to the bit.

use std::ops::Range;

use backburn_fused::{FusedMlp, Pass, vectorized, worth_threads};
use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::anchor::Anchor;
use crate::fused_optimizer::{CHUNK, FusedOptimizer};
use crate::loss::scalar;
use crate::loss_gradient::TargetArrays;
use crate::optimizer_record::OptimizerRecord;
use crate::progress::TrainingProgress;
use crate::steps::{StepHook, Steps};
use crate::{Clipping, Criterion, Network, TensorDataset, TrainingConfig, Validation};

/// Trains a network over arrays.
pub(crate) struct Fused<N> {
    /// The module that `network` was created from. It has the initial parameters.
    template: N,
    network: FusedMlp,
    optimizer: FusedOptimizer,
    criterion: Criterion,
    clipping: Clipping,
    /// A penalty that is added to the loss.
    anchor: Option<Anchor>,
    /// The training rows, `[rows, columns]`.
    inputs: Vec<f32>,
    targets: TargetArrays,
    weights: Option<Vec<f32>>,
    /// The row order of the current epoch.
    order: Vec<usize>,
    parts: Vec<Part>,
    /// The validation rows, and their inputs, `[rows, columns]`.
    validation: Option<(TensorDataset, Vec<f32>)>,
    /// The sum of the losses of the epoch's rows so far, and the number of these rows.
    loss: f64,
    rows: usize,
}

/// A part of a batch: its forward and backward pass, and the sum of the losses of its rows.
struct Part {
    pass: Pass,
    loss: f64,
}

/// Rows in a part. With fewer rows, adding the gradients costs more than another thread gains.
const ROWS_PER_PART: usize = 128;
/// Rows in a part of a network with more than [`LARGE`] parameters: gradients that do not fit into
/// a cache take longer to add.
const ROWS_PER_LARGE_PART: usize = 512;
const LARGE: usize = 1 << 19;
const MAX_PARTS: usize = 16;
/// The fewest rows in a part of a batch with two parts. The second thread saves the most time, so two
/// parts may be smaller than three or more.
const ROWS_IN_HALF: usize = 64;
/// The same for a network with more than [`WIDE`] parameters.
const ROWS_IN_WIDE_HALF: usize = 32;
const WIDE: usize = 1 << 16;
/// The fewest multiplications in a batch that is split.
const WORTH_SPLITTING: usize = 500_000;

impl TrainingConfig {
    /// Whether [`fit`](crate::fit) trains this network over arrays, and not through autodiff.
    pub fn fuses<N: Network>(&self, network: &N) -> bool {
        self.fused && FusedOptimizer::new(&self.optimizer, 0).is_some() && network.fused().is_some()
    }
}

impl<N: Network> Fused<N> {
    /// `None` if the network or the optimizer cannot run over arrays.
    pub fn new(
        network: &N,
        training: &TensorDataset,
        validation: Option<&TensorDataset>,
        config: &TrainingConfig,
    ) -> Option<Self> {
        if !config.fused {
            return None;
        }
        let template = network.valid();
        let fused = network.fused()?;
        let optimizer = FusedOptimizer::new(&config.optimizer, fused.parameters.len())?;
        let mut criterion = config.criterion();
        criterion.loss = criterion.loss.for_targets(&training.targets);
        let parts = 0..MAX_PARTS as u64;
        let parts = parts.map(|part| Part {
            pass: Pass::new(&fused, config.seed ^ part.rotate_right(8)),
            loss: 0.0,
        });
        Some(Self {
            parts: parts.collect(),
            template,
            network: fused,
            optimizer,
            criterion,
            clipping: config.clipping(),
            anchor: None,
            inputs: numbers(&training.inputs),
            targets: TargetArrays::new(&training.targets),
            weights: training.weights.as_ref().map(numbers),
            order: Vec::new(),
            validation: validation.map(|rows| (rows.clone(), numbers(&rows.inputs))),
            loss: 0.0,
            rows: 0,
        })
    }

    /// Forward pass, loss and backward pass for the rows at these positions of the order. The
    /// gradients stay in the parts; their number is returned.
    fn backpropagate(&mut self, batch: Range<usize>) -> usize {
        self.network.prepare_backward();
        let rows = &self.order[batch];
        let work = rows.len() * self.network.work() * 3;
        let count = parts(rows.len(), self.network.parameters.len(), work);
        let scale = (rows.len() as f32).recip();
        let (network, criterion, targets) = (&self.network, &self.criterion, &self.targets);
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
                *loss = criterion.backward(outputs, rows, targets, weights, scale, gradient);
            });
        };
        let parts = &mut self.parts[..count];
        let chunks = rows.chunks(rows.len().div_ceil(count));
        if count > 1 && worth_threads(work) {
            let chunks: Vec<&[usize]> = chunks.collect();
            let parts = parts.par_iter_mut().zip(chunks);
            parts
                .with_max_len(1)
                .for_each(|(part, rows)| run(part, rows));
        } else {
            parts
                .iter_mut()
                .zip(chunks)
                .for_each(|(part, rows)| run(part, rows));
        }
        let losses: f64 = parts.iter().map(|part| part.loss).sum();
        self.loss += losses;
        self.rows += rows.len();
        count
    }
}

/// Rows in each forward pass outside of training. A very wide network takes fewer, so that memory stays bounded.
pub(crate) fn validation_rows(widest: usize) -> usize {
    const ROWS: usize = 1024;
    const NUMBERS: usize = 1 << 24;
    (NUMBERS / widest.max(1)).clamp(1, ROWS)
}

/// The number of parts of a batch, by its rows, the parameters of the network and the multiplications.
pub(crate) fn parts(rows: usize, parameters: usize, work: usize) -> usize {
    if work < WORTH_SPLITTING {
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
    many.max(two.min(2)).clamp(1, MAX_PARTS)
}

/// The clipped gradient of a batch: the sum of the gradients of its parts.
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
            let mut chunk = [0.0; CHUNK];
            let length = parts[0].pass.gradient.len();
            let squares = (0..length).step_by(CHUNK).map(|start| {
                let chunk = &mut chunk[..CHUNK.min(length - start)];
                gradient.read(start, chunk);
                let squares = chunk.iter().map(|g| g * g);
                f64::from(squares.sum::<f32>())
            });
            let norm = squares.sum::<f64>().sqrt();
            gradient.factor = (bound / (norm + 1e-6)).min(1.0) as f32;
        }
        gradient
    }

    /// The whole gradient.
    fn all(&self) -> Vec<f32> {
        let mut all = vec![0.0; self.parts[0].pass.gradient.len()];
        self.read(0, &mut all);
        all
    }

    /// Writes the elements of the gradient from `start` on, as many as `out` takes.
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

impl<N: Network> Steps<N> for Fused<N> {
    fn set_anchor(&mut self, anchor: &Anchor) -> bool {
        let fits = anchor.fits(self.network.parameters.len());
        self.anchor = fits.then(|| anchor.clone());
        fits
    }

    fn start_epoch(&mut self, rng: &mut ChaCha8Rng) {
        let rows = self.inputs.len() / self.network.columns();
        self.order.clear();
        self.order.extend(0..rows);
        self.order.shuffle(rng);
        (self.loss, self.rows) = (0.0, 0);
    }

    fn step(
        &mut self,
        batch: Range<usize>,
        rate: ModuleLearningRate,
        mut hook: Option<&mut dyn StepHook<N>>,
    ) {
        // Forward pass, loss and backward pass.
        let parts = self.backpropagate(batch);
        let gradient = Gradient::new(&self.parts[..parts], &self.clipping);
        if let Some(hook) = &mut hook {
            let gradients = by_parameter(&self.template, &gradient.all());
            hook.before_update(&self.network(), &gradients);
        }
        // The penalty is not clipped.
        let anchor = self.anchor.as_ref();
        let pull = anchor.map(|anchor| anchor.gradient(&self.network.parameters));
        // Update.
        let parameters = &mut self.network.parameters;
        let read = |start: usize, out: &mut [f32]| {
            gradient.read(start, out);
            if let Some(pull) = &pull {
                let pull = pull[start..].iter();
                out.iter_mut().zip(pull).for_each(|(g, pull)| *g += pull);
            }
        };
        self.optimizer.step(rate.base(), parameters, read);
        if let Some(hook) = hook {
            hook.after_update(&self.network());
        }
    }

    fn diverged(&mut self) -> bool {
        !self.loss.is_finite()
    }

    fn losses(&self) -> (f64, usize) {
        (self.loss, self.rows)
    }

    fn optimizer_record(&self) -> OptimizerRecord {
        let (steps, first, second) = self.optimizer.record();
        let dropout = self.parts.iter().map(|part| part.pass.rng.clone());
        OptimizerRecord::Fused {
            steps,
            first,
            second,
            dropout: dropout.collect(),
        }
    }

    fn load_record(
        &mut self,
        progress: &TrainingProgress,
        record: &OptimizerRecord,
    ) -> Result<(), String> {
        let OptimizerRecord::Fused {
            steps,
            first,
            second,
            dropout,
        } = record
        else {
            return Err("it belongs to a network that was trained through Burn".to_string());
        };
        if dropout.len() != self.parts.len() {
            return Err("it has another number of dropout generators".to_string());
        }
        self.optimizer.load_record(*steps, first, second)?;
        for (part, rng) in self.parts.iter_mut().zip(dropout) {
            part.pass.rng = rng.clone();
        }
        (self.loss, self.rows) = (progress.loss_sum, progress.loss_rows);
        Ok(())
    }

    fn network(&self) -> N {
        self.template.clone().with_fused(&self.network)
    }

    fn validate(&mut self, other: Option<&N>) -> Option<Validation> {
        let (rows, inputs) = self.validation.as_ref()?;
        let other = other.and_then(Network::fused);
        let network = other.as_ref().unwrap_or(&self.network);
        let chunk = validation_rows(network.widest()) * network.columns();
        let forward = |pass: &mut Pass, inputs: &[f32]| {
            let rows = inputs.len() / network.columns();
            pass.inputs(network, rows).copy_from_slice(inputs);
            pass.forward(network).to_vec()
        };
        let outputs: Vec<f32> = match worth_threads(rows.rows() * network.work()) {
            true => {
                let chunks = inputs.par_chunks(chunk);
                let new = || Pass::new(network, 0);
                let outputs = chunks.map_init(new, forward);
                outputs.collect::<Vec<_>>().concat()
            }
            false => {
                let pass = &mut self.parts[0].pass;
                let chunks = inputs.chunks(chunk);
                chunks.flat_map(|inputs| forward(pass, inputs)).collect()
            }
        };
        let outputs = TensorData::new(outputs, [rows.rows(), network.outputs()]);
        let outputs = Tensor::from_data(outputs, &rows.inputs.device());
        let weights = rows.weights.as_ref();
        let loss = self
            .criterion
            .forward(outputs.clone(), &rows.targets, weights);
        Some(Validation {
            loss: scalar(loss),
            outputs,
        })
    }
}

/// The numbers of a tensor. They are read in chunks of rows, since reading the whole tensor would copy it
/// twice.
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

/// The gradient of each parameter of a module. `gradient` has those of all parameters in the order of
/// [`Module::visit`].
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
