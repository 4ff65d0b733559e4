//! What can be wrong with a table or a model file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A table that cannot be used, in words for the person who has it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{name}: {error}")]
    Io {
        /// The file.
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not the table it should be.
    #[error("{place}: {reason}")]
    Malformed {
        /// File, and line where known.
        place: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A column that is not there.
    #[error("{name} has no column `{column}`{}", hint(.nearest))]
    NoColumn {
        /// The table.
        name: String,
        /// The column asked for.
        column: String,
        /// The column that was perhaps meant.
        nearest: Option<String>,
    },
    /// A value that its column cannot hold.
    #[error("{place}: {error}")]
    Cell {
        /// File, and line where known.
        place: String,
        /// Which value.
        error: CellError,
    },
    /// The table as a whole cannot be learned from.
    #[error("{name}: {reason}")]
    Unusable {
        /// The table.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    }
}

/// A value that its column cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// The column.
    pub column: String,
    /// The row in its batch or table, from 0.
    pub row: usize,
    /// The value as written.
    pub value: String,
    /// What the column holds.
    pub expected: &'static str,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column,
            value,
            expected,
            ..
        } = self;
        write!(
            f,
            "column `{column}` holds {expected}, but here is {value:?}"
        )
    }
}

impl std::error::Error for CellError {}

/// A model file that cannot be used or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is no model of ours.
    #[error("{name}: this is not a Backburn model ({reason})")]
    Foreign {
        /// The file.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The file is a model of ours, but damaged or altered.
    #[error("{name}: this model is damaged: {reason}")]
    Damaged {
        /// The file.
        name: String,
        /// How.
        reason: String,
    },
    /// The file is of a later program.
    #[error(
        "{name}: this model has format {version}, and this program reads up to {}: update it",
        crate::FORMAT_VERSION
    )]
    Newer {
        /// The file.
        name: String,
        /// Its format version.
        version: u64,
    },
    /// Something else already stands at the path.
    #[error(
        "{}: already exists and is not a Backburn model, so it is not overwritten: choose \
         another path",
        path.display()
    )]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
}
