//! The error of an export or an import.

use std::io;
use std::path::PathBuf;

use backburn::ModelFileError;
use backburn::text::path_name;
use thiserror::Error;

/// A model that cannot be exported, or a file that cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A part of the model has no counterpart in the format.
    #[error("{part} cannot be exported: train with {advice}")]
    Unsupported {
        /// The part.
        part: String,
        /// The setting that avoids it.
        advice: &'static str,
    },
    /// The file would be too large for the format.
    #[error(
        "the ONNX file would have {bytes} bytes, and Protobuf allows 2 GiB: train smaller layers \
         (network.hidden) or fewer networks (ensemble.members)"
    )]
    TooLarge {
        /// The size of the file.
        bytes: usize,
    },
    /// The intervals that were asked for do not exist.
    #[error("{0}")]
    Interval(String),
    /// The file to write is a Backburn model.
    #[error(
        "{}: this is a Backburn model, so it is not overwritten: choose another file with --out",
        path_name(path)
    )]
    ModelInTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The file to import holds no network that can be read.
    #[error("{name}: {reason}")]
    Import {
        /// The file.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The imported model is not valid.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A file cannot be read or written.
    #[error("{}: {error}", path_name(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}
