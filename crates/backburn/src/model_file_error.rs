//! Errors about model files.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::text::{path_name, shown};

/// A model file that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path_name(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The file is not a Backburn model.
    #[error("{name}: this is not a Backburn model ({reason})")]
    Foreign {
        /// The file.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The file is a Backburn model, but damaged or altered.
    #[error("{name}: this model is damaged: {reason}")]
    Damaged {
        /// The file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The file was written by a later version of this program.
    #[error(
        "{name}: this model has format {version}, and this program reads up to {supported}: update it"
    )]
    Newer {
        /// The file.
        name: String,
        /// The format version of the file.
        version: u64,
        /// The newest format version that this program reads.
        supported: u64,
    },
    /// The file has a model of several targets, and one of them is needed.
    #[error(
        "{name}: this model predicts several targets ({}), and one of them is needed: name it with --target, \
         where the command has this option",
        names(targets)
    )]
    SeveralTargets {
        /// The file.
        name: String,
        /// The columns that the model predicts.
        targets: Vec<String>,
    },
    /// The model does not predict this column.
    #[error(
        "{name}: this model does not predict `{}`, but {}",
        shown(target),
        names(targets)
    )]
    NoTarget {
        /// The file.
        name: String,
        /// The column that was asked for.
        target: String,
        /// The columns that the model predicts.
        targets: Vec<String>,
    },
    /// No backend of Burn is compiled in, which holds the networks.
    #[error(
        "no backend of Burn is compiled in: enable a feature of `burn` such as `flex` or `ndarray`"
    )]
    NoBackend,
    /// Another file already exists at the path.
    #[error(
        "{}: already exists and is not a Backburn model, so it is not overwritten: choose \
         another path",
        path_name(path)
    )]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
}

/// Names of columns, with commas between them.
fn names(columns: &[String]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    columns.join(", ")
}
