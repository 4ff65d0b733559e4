//! What a training run reports: at the start, after each batch, after each epoch and at the end.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::layer_report::LayerReport;
use crate::serde_nan;

/// What is known before the first step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StartReport {
    /// Number of training rows.
    pub rows: usize,
    /// Number of validation rows.
    pub validation_rows: usize,
    /// Number of parameters of the network.
    pub parameters: usize,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// The largest number of epochs.
    pub epochs: usize,
    /// The learning rate before the schedule.
    pub learning_rate: f64,
    /// The loss on the training rows of a constant prediction: the mean of the values, or the class
    /// frequencies. It is computed only if
    /// [`Callback::records_layers`](crate::Callback::records_layers) returns true, and NaN
    /// otherwise.
    #[serde(with = "serde_nan")]
    pub constant_loss: f64,
    /// Mean and standard deviation of the target values; `None` for classes. They are
    /// computed only if
    /// [`Callback::records_layers`](crate::Callback::records_layers) returns true.
    pub target: Option<(f64, f64)>,
}

/// The position of a training run after an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The step within the epoch, counted from 1.
    pub step: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// The learning rate of the last update.
    pub learning_rate: f64,
}

/// The results of an epoch.
#[derive(Debug, Clone)]
pub struct EpochReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The mean loss over the training rows. The loss of each batch is taken before its update.
    pub training_loss: f64,
    /// The results on the validation rows, if there are any.
    pub validation: Option<Validation>,
    /// Whether the loss is lower than that of every earlier epoch. This is the validation loss (or
    /// [`Callback::validation_error`](crate::Callback::validation_error), if it returns an error), or the
    /// training loss if there are no validation rows.
    pub best: bool,
    /// The learning rate of the last update.
    pub learning_rate: f64,
    /// Statistics of each layer. Empty unless
    /// [`Callback::records_layers`](crate::Callback::records_layers) returns true.
    pub layers: Vec<LayerReport>,
}

/// The results of a network on the validation rows.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The mean loss.
    pub loss: f64,
    /// The outputs of the network, `[rows, outputs]`.
    pub outputs: Tensor<2>,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// The validation loss did not improve for [`patience`](crate::TrainingConfig::patience)
    /// epochs.
    EarlyStopping,
    /// A callback returned `Break`.
    Interrupted,
    /// The loss became infinite or NaN.
    Diverged,
}
