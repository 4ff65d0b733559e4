//! What can be watched while a network trains.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::json_number;
use crate::{Checkpoint, LayerReport, StopReason};

/// Watches a training run: progress bars, histories and reports attach here, and the loop knows
/// none of them. `()` watches nothing.
pub trait Observer {
    /// Whether [`EpochReport::layers`] is wanted. Where it is not, nothing is measured.
    fn records_layers(&self) -> bool {
        false
    }

    /// Before the first step.
    fn on_start(&mut self, start: &StartReport) {
        let _ = start;
    }

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

    /// Before the first step of a run that goes on from a checkpoint, and after
    /// [`on_start`](Self::on_start).
    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        let _ = checkpoint;
    }

    /// Whether training is to be written down now: asked after each update, and once it has ended. It
    /// then goes to [`on_checkpoint`](Self::on_checkpoint).
    fn checkpoint_due(&mut self, ended: Option<StopReason>) -> bool {
        let _ = ended;
        false
    }

    /// Takes training as it is, to [`resume`](crate::resume) it some time.
    fn on_checkpoint(&mut self, checkpoint: Checkpoint) {
        let _ = checkpoint;
    }

    /// After the last epoch, with the report of the one that diverged, if one did.
    fn on_end(&mut self, stop: StopReason, diverged: Option<&EpochReport>) {
        let _ = (stop, diverged);
    }
}

impl Observer for () {}

/// What is known before the first step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StartReport {
    /// Rows trained on.
    pub rows: usize,
    /// Rows that choose the best epoch.
    pub validation_rows: usize,
    /// Numbers to learn.
    pub parameters: usize,
    /// Rows in a step.
    pub batch_size: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// Epochs, at most.
    pub epochs: usize,
    /// The learning rate before the schedule.
    pub learning_rate: f64,
    /// The loss on the training rows of always predicting the mean, or the shares of the classes;
    /// only worked out where [`Observer::records_layers`].
    #[serde(with = "json_number")]
    pub constant_loss: f64,
    /// The mean and the standard deviation of the numbers to predict, if they are that; only worked
    /// out where [`Observer::records_layers`].
    pub target: Option<(f64, f64)>,
}

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
    /// What flowed through the layers, where [`Observer::records_layers`].
    pub layers: Vec<LayerReport>,
}

/// The network on the validation rows after an epoch.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The mean loss.
    pub loss: f64,
    /// `[rows, outputs]`, to score.
    pub outputs: Tensor<2>,
}
