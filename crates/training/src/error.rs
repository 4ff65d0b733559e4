//! Errors of training.

use thiserror::Error;

use crate::config::ConfigError;
use crate::learning_rate::LOWEST_RATE;

/// Why a training run failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrainingError {
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no training row.
    #[error("there are no training rows")]
    NoRows,
    /// Rows, targets, weights, the outputs of the network and the loss do not fit together.
    #[error("{0}")]
    Mismatch(String),
    /// No parameter of the network is trainable, as after `Module::no_grad`.
    #[error("every parameter of the network is frozen")]
    Frozen,
    /// The range test found no learning rate at which the loss falls.
    #[error(
        "the loss falls at no learning rate from {LOWEST_RATE:e} up: check that the target is scaled \
         and that the initial weights fit the activation function"
    )]
    NoRate,
    /// The checkpoint belongs to another training run.
    #[error("the checkpoint does not fit: {0}")]
    Checkpoint(String),
    /// The loss became infinite or NaN before there was a network to keep.
    #[error("the loss became infinite or NaN: reduce training.learning_rate")]
    Diverged,
}
