//! Warnings about a table or a run, as values.

/// A warning. The work continues.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A column is not used.
    ColumnIgnored {
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// Numbers of a column are infinite or too large for 32 bits, and are treated as missing.
    InfiniteValues {
        /// The column.
        column: String,
        /// Rows with such a number.
        rows: usize,
    },
    /// Columns have missing values.
    MissingValues {
        /// Each column with the number of rows that lack a value.
        columns: Vec<(String, usize)>,
    },
    /// Rows without a usable target are ignored.
    RowsWithoutTarget {
        /// The target.
        target: String,
        /// The number of rows.
        rows: usize,
        /// Whether the target is numeric, so that infinite values count too.
        numeric: bool,
    },
    /// A column never varies in the training rows, and is not used.
    ConstantFeature {
        /// The column.
        column: String,
    },
    /// The refit on all rows failed. The model is the network from before the refit.
    RefitFailed {
        /// Why, unless it was stopped.
        reason: Option<String>,
    },
    /// A checkpoint could not be written; training continues.
    CheckpointNotWritten {
        /// Why.
        reason: String,
    },
    /// A checkpoint could not be read; its training starts over.
    CheckpointNotRead {
        /// The checkpoint's file.
        file: String,
        /// Why.
        reason: String,
    },
}
