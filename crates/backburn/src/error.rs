//! The error type of this crate.

use thiserror::Error;

use crate::model_file_error::ModelFileError;
use backburn_table::TableError;
#[cfg(feature = "train")]
use backburn_training::{Finding, History, TrainingError};

/// An operation that could not be done. The message says what is wrong, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The model file.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A setting or an argument that is not valid.
    #[error("{0}")]
    Config(String),
    /// Training.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Training(TrainingError),
    /// The loss became infinite or NaN before there was a network to keep.
    #[cfg(feature = "train")]
    #[error("{}", TrainingError::Diverged)]
    Diverged {
        /// The history up to that point.
        history: Box<History>,
        /// The findings of the diagnosis.
        findings: Vec<Finding>,
    },
    /// The caller asked to stop before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
    /// Any other error, as a sentence.
    #[error("{0}")]
    Failed(String),
}

#[cfg(feature = "train")]
impl From<TrainingError> for Error {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Config(error) => Self::Config(error.to_string()),
            other => Self::Training(other),
        }
    }
}

impl From<backburn_model::ConfigError> for Error {
    fn from(error: backburn_model::ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}

impl Error {
    /// The same error; if it is about an argument, it begins with the option that has it, such as `--out`.
    pub fn of_option(self, option: &str) -> Self {
        match self {
            Self::Config(reason) => Self::Config(format!("{option} {reason}")),
            other => other,
        }
    }

    /// The error of a row whose prediction is infinite or NaN; `row` says where the row is.
    pub fn not_finite(row: &str) -> Self {
        Self::not_finite_result("prediction", row)
    }

    /// The error of a row with a result that is infinite or NaN; `what` is the result, and `row` says where the
    /// row is.
    pub(crate) fn not_finite_result(what: &str, row: &str) -> Self {
        Self::Failed(format!(
            "{row}: the {what} is not a finite number: the row is far outside the training data, or \
             the model is damaged"
        ))
    }
}
