//! The history of a training run, epoch by epoch.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::callback::{Callback, TrainingState};
use crate::serde_nan;
use crate::{EpochReport, LayerReport, StartReport, StopReason};

/// The history of a training run. It is a [`Callback`] that fills itself and records
/// [`layers`](EpochRecord::layers). [`diagnose`](crate::diagnose) reads it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// The report at the start.
    pub start: StartReport,
    /// All epochs, in order. If training diverged, the last one is the epoch that diverged.
    pub epochs: Vec<EpochRecord>,
    /// Why training ended; `None` while it runs.
    pub stop: Option<StopReason>,
}

/// The results of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The mean loss over the training rows. The loss of each batch is taken before its update.
    #[serde(with = "serde_nan")]
    pub training_loss: f64,
    /// The mean loss on the validation rows, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// A score of the predictions for the validation rows, such as accuracy. The caller sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The learning rate of the last update.
    pub learning_rate: f64,
    /// Whether the loss is lower than that of every earlier epoch.
    pub best: bool,
    /// Statistics of the layers, in the order of the network.
    pub layers: Vec<LayerReport>,
}

impl From<&EpochReport> for EpochRecord {
    fn from(report: &EpochReport) -> Self {
        Self {
            epoch: report.epoch,
            training_loss: report.training_loss,
            validation_loss: report.validation.as_ref().map(|v| v.loss),
            score: None,
            learning_rate: report.learning_rate,
            best: report.best,
            layers: report.layers.clone(),
        }
    }
}

impl Callback for History {
    fn records_layers(&self) -> bool {
        true
    }

    fn on_fit_start(&mut self, start: &StartReport) {
        *self = Self {
            start: start.clone(),
            ..Self::default()
        };
    }

    fn on_epoch_end(&mut self, _: &dyn TrainingState, report: &EpochReport) -> ControlFlow<()> {
        self.epochs.push(report.into());
        ControlFlow::Continue(())
    }

    fn on_fit_end(
        &mut self,
        _: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        self.epochs.extend(diverged.map(EpochRecord::from));
        self.stop = Some(stop);
    }
}
