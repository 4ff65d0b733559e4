//! What can be watched while a network trains.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

/// Watches a training run: progress bars, histories and reports attach here, and the loop knows
/// none of them. `()` watches nothing.
pub trait Observer {
    /// After each update. `Break` ends training as if it had been interrupted.
    fn on_step(&mut self, step: &StepReport) -> ControlFlow<()> {
        let _ = step;
        ControlFlow::Continue(())
    }

    /// After each epoch. `Break` ends training as if it had been interrupted.
    fn on_epoch(&mut self, epoch: &EpochReport) -> ControlFlow<()> {
        let _ = epoch;
        ControlFlow::Continue(())
    }
}

impl Observer for () {}

/// Where training is after an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The step within the epoch, from 1.
    pub step: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// The learning rate of the update.
    pub learning_rate: f64,
}

/// What an epoch brought.
#[derive(Debug, Clone)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The mean loss of the epoch's batches, each taken before its update.
    pub training_loss: f64,
    /// On the validation rows, if there are any.
    pub validation: Option<Validation>,
    /// Whether no earlier epoch had a loss as low: on the validation rows, or the training loss if
    /// there are none.
    pub best: bool,
    /// The learning rate of the last update.
    pub learning_rate: f64,
}

/// The network on the validation rows after an epoch.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The mean loss.
    pub loss: f64,
    /// `[rows, outputs]`, to score.
    pub outputs: Tensor<2>,
}
