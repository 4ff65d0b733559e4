//! What training was like, epoch by epoch.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::json_number;
use crate::{EpochReport, LayerReport, Observer, StartReport, StopReason};

/// Everything that a training run showed of itself. As an [`Observer`] it fills itself, and asks
/// for [`layers`](EpochRecord::layers) to be recorded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// What was known at the start.
    pub start: StartReport,
    /// Every epoch, in order; where training diverged, the last one is that which did.
    pub epochs: Vec<EpochRecord>,
    /// Why training ended, once it has.
    pub stop: Option<StopReason>,
}

/// An epoch as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The mean loss of the epoch's batches.
    #[serde(with = "json_number")]
    pub training_loss: f64,
    /// The mean loss on the validation rows, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// How good the predictions for the validation rows are, in the data's own terms, if whoever
    /// keeps the history knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The learning rate of the last update.
    pub learning_rate: f64,
    /// Whether no earlier epoch had a loss as low.
    pub best: bool,
    /// The layers, in the order of the network.
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

impl Observer for History {
    fn records_layers(&self) -> bool {
        true
    }

    fn on_start(&mut self, start: &StartReport) {
        *self = Self {
            start: start.clone(),
            ..Self::default()
        };
    }

    fn on_epoch(&mut self, epoch: &EpochReport) -> ControlFlow<()> {
        self.epochs.push(epoch.into());
        ControlFlow::Continue(())
    }

    fn on_end(&mut self, stop: StopReason, diverged: Option<&EpochReport>) {
        self.epochs.extend(diverged.map(EpochRecord::from));
        self.stop = Some(stop);
    }
}
