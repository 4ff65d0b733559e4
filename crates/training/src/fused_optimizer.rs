//! SGD, Adam and AdamW over one array of parameters.

use backburn_fused::vectorized;
use rayon::prelude::*;

use crate::optimizer::{OptimizerConfig, OptimizerName};

/// SGD, Adam or AdamW over an array of parameters, with its state.
///
/// The equations are those of Burn's optimizers, which are PyTorch's: SGD with momentum
/// (Sutskever and others, 2013), Adam (Kingma and Ba, 2014) and AdamW (Loshchilov and Hutter,
/// 2017).
///
/// ```
/// use backburn_training::{FusedOptimizer, OptimizerConfig};
///
/// let mut optimizer = FusedOptimizer::new(&OptimizerConfig::sgd(), 2).unwrap();
/// let mut parameters = [1.0, 2.0];
/// let gradient = [0.5, -0.5];
/// optimizer.step(0.1, &mut parameters, |start, out| {
///     out.copy_from_slice(&gradient[start..][..out.len()]);
/// });
/// assert_eq!(parameters, [0.95, 2.05]);
/// ```
pub struct FusedOptimizer {
    rule: Rule,
    /// Weight decay: an L2 penalty for SGD and Adam, decoupled from the gradient for AdamW.
    decay: f32,
    /// Updates so far.
    steps: i32,
    /// The state of each chunk of parameters.
    chunks: Vec<ChunkState>,
}

/// The update rule.
enum Rule {
    Sgd {
        momentum: f32,
        nesterov: bool,
    },
    Adam {
        beta_1: f32,
        beta_2: f32,
        epsilon: f32,
        decoupled: bool,
    },
}

/// The state of a chunk of parameters. It is empty where the optimizer has no such state.
#[derive(Default)]
struct ChunkState {
    /// The momentum of SGD, or the mean gradient of Adam.
    first: Vec<f32>,
    /// The mean squared gradient of Adam.
    second: Vec<f32>,
}

/// Parameters that are updated together. They, their gradient and their state fit into the first
/// cache.
pub(crate) const CHUNK: usize = 2048;
/// With fewer parameters, a second thread costs more than it gains.
const PARALLEL: usize = 1 << 16;

impl FusedOptimizer {
    /// The optimizer for this number of parameters. `None` where `config` names another optimizer
    /// than SGD, Adam and AdamW.
    pub fn new(config: &OptimizerConfig, parameters: usize) -> Option<Self> {
        let beta = |set: Option<f64>, default: f64| set.unwrap_or(default) as f32;
        let adam = |decoupled| Rule::Adam {
            beta_1: beta(config.beta_1, 0.9),
            beta_2: beta(config.beta_2, 0.999),
            epsilon: config.epsilon as f32,
            decoupled,
        };
        let (rule, first, second) = match config.name {
            OptimizerName::Sgd => (
                Rule::Sgd {
                    momentum: config.momentum as f32,
                    nesterov: config.nesterov,
                },
                config.momentum > 0.0,
                false,
            ),
            OptimizerName::Adam => (adam(false), true, true),
            OptimizerName::AdamW => (adam(true), true, true),
            _ => return None,
        };
        let numbers = |wanted: bool, start: usize| match wanted {
            true => vec![0.0; CHUNK.min(parameters - start)],
            false => Vec::new(),
        };
        let starts = (0..parameters).step_by(CHUNK);
        let chunks = starts.map(|start| ChunkState {
            first: numbers(first, start),
            second: numbers(second, start),
        });
        Some(Self {
            rule,
            decay: config.decay(),
            steps: 0,
            chunks: chunks.collect(),
        })
    }

    /// The state: updates so far, and the first and the second means of all parameters.
    pub(crate) fn record(&self) -> (i32, Vec<f32>, Vec<f32>) {
        let all =
            |of: fn(&ChunkState) -> &Vec<f32>| self.chunks.iter().flat_map(of).copied().collect();
        (self.steps, all(|s| &s.first), all(|s| &s.second))
    }

    /// Restores the state that [`record`](Self::record) returned.
    ///
    /// # Errors
    ///
    /// A sentence, if the state is of another optimizer or network.
    pub(crate) fn load_record(
        &mut self,
        steps: i32,
        first: &[f32],
        second: &[f32],
    ) -> Result<(), String> {
        let length =
            |of: fn(&ChunkState) -> &Vec<f32>| self.chunks.iter().map(|s| of(s).len()).sum();
        if (first.len(), second.len()) != (length(|s| &s.first), length(|s| &s.second)) {
            return Err("its optimizer is another one, or of another network".to_string());
        }
        self.steps = steps.max(0);
        let (mut first, mut second) = (first, second);
        let take = |from: &mut &[f32], to: &mut Vec<f32>| {
            let (taken, rest) = from.split_at(to.len());
            to.copy_from_slice(taken);
            *from = rest;
        };
        for state in &mut self.chunks {
            take(&mut first, &mut state.first);
            take(&mut second, &mut state.second);
        }
        Ok(())
    }

    /// Updates the parameters. `rate` is the learning rate. `gradient(start, out)` must fill `out`
    /// with the elements of the gradient from `start` on; it is called from several threads.
    ///
    /// `parameters` has the length that the optimizer was made for.
    pub fn step(
        &mut self,
        rate: f64,
        parameters: &mut [f32],
        gradient: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        self.steps = self.steps.saturating_add(1);
        let (rule, decay, steps) = (&self.rule, self.decay, self.steps);
        let update = |(chunk, (parameters, state)): (usize, (&mut [f32], &mut ChunkState))| {
            let mut numbers = [0.0; CHUNK];
            let numbers = &mut numbers[..parameters.len()];
            gradient(chunk * CHUNK, numbers);
            rule.apply(rate, decay, steps, parameters, numbers, state);
        };
        if parameters.len() >= PARALLEL {
            let chunks = parameters.par_chunks_mut(CHUNK);
            let chunks = chunks.zip(&mut self.chunks).enumerate();
            chunks.with_min_len(PARALLEL / CHUNK / 4).for_each(update);
        } else {
            let chunks = parameters.chunks_mut(CHUNK);
            chunks.zip(&mut self.chunks).enumerate().for_each(update);
        }
    }
}

impl Rule {
    fn apply(
        &self,
        rate: f64,
        decay: f32,
        steps: i32,
        parameters: &mut [f32],
        gradient: &mut [f32],
        state: &mut ChunkState,
    ) {
        match *self {
            Self::Sgd { momentum, nesterov } => {
                penalize(decay, parameters, gradient);
                if momentum > 0.0 {
                    add_momentum(momentum, nesterov, gradient, &mut state.first);
                }
                descend(rate as f32, parameters, gradient);
            }
            Self::Adam {
                beta_1,
                beta_2,
                epsilon,
                decoupled,
            } => {
                let keep = match decoupled {
                    true => (1.0 - rate * f64::from(decay)) as f32,
                    false => {
                        penalize(decay, parameters, gradient);
                        1.0
                    }
                };
                // The means start at zero; this corrects their bias.
                let correction = (1.0 - beta_2.powi(steps)).sqrt();
                let step = AdamStep {
                    beta_1,
                    beta_2,
                    keep,
                    rate: rate as f32 * correction / (1.0 - beta_1.powi(steps)),
                    epsilon: epsilon * correction,
                };
                step.apply(parameters, gradient, state);
            }
        }
    }
}

/// A step of Adam, with corrected bias.
struct AdamStep {
    beta_1: f32,
    beta_2: f32,
    rate: f32,
    epsilon: f32,
    /// What decoupled weight decay multiplies each parameter by.
    keep: f32,
}

impl AdamStep {
    fn apply(&self, parameters: &mut [f32], gradient: &[f32], state: &mut ChunkState) {
        let &Self {
            beta_1,
            beta_2,
            rate,
            epsilon,
            keep,
        } = self;
        vectorized(
            #[inline(always)]
            || {
                let state = state.first.iter_mut().zip(&mut state.second);
                for ((w, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(state) {
                    *m = *m * beta_1 + g * (1.0 - beta_1);
                    *v = *v * beta_2 + g * g * (1.0 - beta_2);
                    *w = *w * keep - *m * rate / (v.sqrt() + epsilon);
                }
            },
        );
    }
}

/// Moves the parameters against the gradient.
fn descend(rate: f32, parameters: &mut [f32], gradient: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for (w, g) in parameters.iter_mut().zip(gradient) {
                *w -= *g * rate;
            }
        },
    );
}

/// Adds the gradient of the L2 penalty.
fn penalize(decay: f32, parameters: &[f32], gradient: &mut [f32]) {
    if decay > 0.0 {
        for (g, w) in gradient.iter_mut().zip(parameters) {
            *g += decay * w;
        }
    }
}

/// Updates the velocity, and replaces the gradient by the direction of the step.
fn add_momentum(momentum: f32, nesterov: bool, gradient: &mut [f32], velocity: &mut [f32]) {
    for (g, v) in gradient.iter_mut().zip(velocity) {
        *v = *g + momentum * *v;
        *g = match nesterov {
            true => *g + momentum * *v,
            false => *v,
        };
    }
}
