//! The error type of commands.

use std::io;

pub use backburn::once_from_standard_input;
use backburn::{ModelFileError, TableError};
use backburn_export::ExportError;
use thiserror::Error;

/// The error of a command.
#[derive(Debug, Error)]
pub enum Error {
    /// The library.
    #[error(transparent)]
    Library(#[from] backburn::Error),
    /// The command line.
    #[error("{0}")]
    Usage(String),
    /// Any other error, as a sentence.
    #[error("{0}")]
    Failed(String),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// 1 for what failed, 2 for wrong usage.
    pub fn exit_code(&self) -> u8 {
        use backburn::Error::{Config, Model};
        use backburn::ModelFileError::{NoTarget, SeveralTargets};
        match self {
            Self::Usage(_) | Self::Library(Config(_)) => 2,
            Self::Library(Model(SeveralTargets { .. } | NoTarget { .. })) => 2,
            _ => 1,
        }
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        Self::Library(error.into())
    }
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ModelFileError> for Error {
    fn from(error: ModelFileError) -> Self {
        Self::Library(error.into())
    }
}
