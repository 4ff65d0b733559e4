//! SGD, Adam and AdamW over one array of parameters. The equations are those of Burn's optimizers.

use backburn_fused::vectorized;
use rayon::prelude::*;

use crate::{OptimizerConfig, OptimizerName};

/// SGD, Adam or AdamW over an array of parameters, and what it remembers of each.
pub struct Update {
    rule: Rule,
    /// An L2 penalty for SGD and Adam, decoupled from the gradient for AdamW.
    decay: f32,
    steps: i32,
    chunks: Vec<Memory>,
}

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

/// Of a stretch of parameters: the momentum, or the mean gradient and the mean squared one.
#[derive(Default)]
struct Memory {
    first: Vec<f32>,
    second: Vec<f32>,
}

/// Parameters that are updated together: they and all that goes with them stay in the nearest
/// cache.
pub(crate) const CHUNK: usize = 2048;
/// With fewer parameters, a second thread costs more than it brings.
const PARALLEL: usize = 1 << 16;

impl Update {
    /// The optimizer for so many parameters, or `None` where it is not one of the three.
    pub fn of(config: &OptimizerConfig, parameters: usize) -> Option<Self> {
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
        let chunks = starts.map(|start| Memory {
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

    /// The steps taken, and what is remembered of all parameters.
    pub(crate) fn remembered(&self) -> (i32, Vec<f32>, Vec<f32>) {
        let all = |of: fn(&Memory) -> &Vec<f32>| self.chunks.iter().flat_map(of).copied().collect();
        (self.steps, all(|m| &m.first), all(|m| &m.second))
    }

    /// Goes on with what another of the same kind remembered.
    pub(crate) fn remember(
        &mut self,
        steps: i32,
        first: &[f32],
        second: &[f32],
    ) -> Result<(), String> {
        let length = |of: fn(&Memory) -> &Vec<f32>| self.chunks.iter().map(|m| of(m).len()).sum();
        if (first.len(), second.len()) != (length(|m| &m.first), length(|m| &m.second)) {
            return Err("its optimizer is another, or of another network".to_string());
        }
        self.steps = steps.max(0);
        let (mut first, mut second) = (first, second);
        let take = |from: &mut &[f32], to: &mut Vec<f32>| {
            let (taken, rest) = from.split_at(to.len());
            to.copy_from_slice(taken);
            *from = rest;
        };
        for memory in &mut self.chunks {
            take(&mut first, &mut memory.first);
            take(&mut second, &mut memory.second);
        }
        Ok(())
    }

    /// Updates the parameters. `gradient` writes the gradient from a place on into what it is given.
    /// `rate` is the learning rate.
    ///
    /// # Panics
    ///
    /// There are more parameters than the optimizer was made for.
    pub fn step(
        &mut self,
        rate: f64,
        parameters: &mut [f32],
        gradient: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        self.steps = self.steps.saturating_add(1);
        let (rule, decay, steps) = (&self.rule, self.decay, self.steps);
        let update = |(chunk, (parameters, memory)): (usize, (&mut [f32], &mut Memory))| {
            let mut numbers = [0.0; CHUNK];
            let numbers = &mut numbers[..parameters.len()];
            gradient(chunk * CHUNK, numbers);
            rule.apply(rate, decay, steps, parameters, numbers, memory);
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
        memory: &mut Memory,
    ) {
        match *self {
            Self::Sgd { momentum, nesterov } => {
                let rate = rate as f32;
                penalize(decay, parameters, gradient);
                if momentum > 0.0 {
                    add_momentum(momentum, nesterov, gradient, &mut memory.first);
                }
                vectorized(
                    #[inline(always)]
                    || {
                        for (w, g) in parameters.iter_mut().zip(gradient) {
                            *w -= *g * rate;
                        }
                    },
                );
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
                // The means start at zero; this undoes it.
                let correction = (1.0 - beta_2.powi(steps)).sqrt();
                let rate = rate as f32 * correction / (1.0 - beta_1.powi(steps));
                let epsilon = epsilon * correction;
                vectorized(
                    #[inline(always)]
                    || {
                        let memory = memory.first.iter_mut().zip(&mut memory.second);
                        for ((w, &mut g), (m, v)) in parameters.iter_mut().zip(gradient).zip(memory)
                        {
                            *m = *m * beta_1 + g * (1.0 - beta_1);
                            *v = *v * beta_2 + g * g * (1.0 - beta_2);
                            *w = *w * keep - *m * rate / (v.sqrt() + epsilon);
                        }
                    },
                );
            }
        }
    }
}

fn penalize(decay: f32, parameters: &[f32], gradient: &mut [f32]) {
    if decay > 0.0 {
        for (g, w) in gradient.iter_mut().zip(parameters) {
            *g += decay * w;
        }
    }
}

fn add_momentum(momentum: f32, nesterov: bool, gradient: &mut [f32], velocity: &mut [f32]) {
    for (g, v) in gradient.iter_mut().zip(velocity) {
        *v = *g + momentum * *v;
        *g = match nesterov {
            true => *g + momentum * *v,
            false => *v,
        };
    }
}
