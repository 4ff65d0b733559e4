//! Whatever ends a command early.

use std::io;

use backburn_tabular::{ModelFileError, TableError};
use backburn_training::TrainingError;
use thiserror::Error;

/// A command that could not be done.
#[derive(Debug, Error)]
pub enum Error {
    /// The table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The model file.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// Training.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The command line or the config file.
    #[error("{0}")]
    Usage(String),
    /// Anything else that failed, in a sentence.
    #[error("{0}")]
    Failed(String),
    /// Standard output cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// 1 for what failed, 2 for what was asked for wrongly.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Training(TrainingError::Config(_)) => 2,
            _ => 1,
        }
    }
}

impl From<backburn_model::ConfigError> for Error {
    fn from(error: backburn_model::ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
