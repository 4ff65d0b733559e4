//! Errors about tables and their values.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::column_kind::ColumnKind;

/// A table that cannot be used. The message says what is wrong, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{name}: {error}")]
    Io {
        /// The file.
        name: String,
        /// The system's error.
        error: io::Error,
    },
    /// The file cannot be parsed as a table.
    #[error("{location}: {reason}")]
    Malformed {
        /// The file, and the line if it is known.
        location: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A column does not exist.
    #[error("{name} has no column `{column}`{}", advice.as_ref().map_or(String::new(), |advice| format!("; {advice}")))]
    NoColumn {
        /// The table.
        name: String,
        /// The name that was looked up.
        column: String,
        /// The columns that there are, or a sentence on how the table is read otherwise.
        advice: Option<String>,
    },
    /// A value does not have the type of its column.
    #[error("{location}: {error}")]
    Cell {
        /// The file, and the line if it is known.
        location: String,
        /// The value and its column.
        error: CellError,
    },
    /// The table can be read, but does not fit the task.
    #[error("{name}: {reason}")]
    Unusable {
        /// The table.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl TableError {
    pub(crate) fn io(name: &str, error: io::Error) -> Self {
        Self::Io {
            name: name.to_string(),
            error,
        }
    }

    /// The error of a file of a kind that is not read: what it is, and what to do. `FILE` in the advice
    /// stands for the file.
    pub(crate) fn not_read(name: &str, what: &str, to_do: &str) -> Self {
        let to_do = match std::path::Path::new(name).exists() {
            true => to_do.replace("FILE", &format!("{name:?}")),
            false => to_do.to_string(),
        };
        Self::malformed(name, format!("this is {what}: {to_do}"))
    }

    pub(crate) fn malformed(location: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed {
            location: location.into(),
            reason: reason.into(),
        }
    }
}

/// A value that does not have the type of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// The column.
    pub column: String,
    /// The index of the row in its batch or table, from 0.
    pub row: usize,
    /// The value as text, as in the table.
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
        )?;
        match *expected == ColumnKind::Numeric.expected() && is_like_number(value) {
            true => f.write_str(": write numbers like 1234.5"),
            false => Ok(()),
        }
    }
}

impl std::error::Error for CellError {}

/// Whether text may be a number that is written otherwise, such as `71,9`.
fn is_like_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_written_otherwise_is_told_from_text() {
        let message = |value: &str| {
            let error = CellError {
                column: "size".to_string(),
                row: 0,
                value: value.to_string(),
                expected: ColumnKind::Numeric.expected(),
            };
            error.to_string()
        };
        assert_eq!(
            message("71,9"),
            "column `size` holds numbers, but here is \"71,9\": write numbers like 1234.5"
        );
        assert!(message("$1,200").ends_with(": write numbers like 1234.5"));
        for text in ["big", "A/5 21171", "-"] {
            assert!(message(text).ends_with(&format!("but here is {text:?}")));
        }
    }
}
