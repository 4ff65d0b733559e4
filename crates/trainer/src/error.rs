//! Whatever ends a command early.

use std::io;
use std::path::Path;

use backburn_tabular::{ModelFileError, TableError};
use backburn_training::{Finding, History, TrainingError};
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
    /// Training whose loss became no number before there was a network to keep: what it was like, and
    /// why.
    #[error("{}", TrainingError::Diverged)]
    Diverged(Box<History>, Vec<Finding>),
    /// The command line or the config file.
    #[error("{0}")]
    Usage(String),
    /// Anything else that failed, in a sentence.
    #[error("{0}")]
    Failed(String),
    /// What is to be read cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// The prediction for a row is infinite or not a number.
pub fn not_finite(place: &str) -> Error {
    Error::Failed(format!(
        "{place}: the prediction is not a finite number: the row is far from all that the model \
         learned from, or the model is damaged"
    ))
}

/// Makes sure that at most one of two files is standard input.
pub fn once_from_standard_input(a: &Path, b: &Path) -> Result<(), Error> {
    match a == b && a == Path::new("-") {
        true => Err(Error::Usage(
            "- stands twice, and standard input can be read once".to_string(),
        )),
        false => Ok(()),
    }
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
