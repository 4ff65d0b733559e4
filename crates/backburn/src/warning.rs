//! What a person should know about a table or a run, as values.

/// Something that was done or could not be done, and that does not end the work.
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
    /// Rows are left out, since they have no usable target.
    RowsWithoutTarget {
        /// The target.
        target: String,
        /// How many rows.
        rows: usize,
        /// Whether the target is numeric, so that infinite values count too.
        numeric: bool,
    },
    /// A column never varies in the training rows, and is not used.
    ConstantFeature {
        /// The column.
        column: String,
    },
    /// The network could not be trained once more on all rows. The one before it is the model.
    RefitFailed {
        /// Why, unless it was stopped.
        reason: Option<String>,
    },
    /// A checkpoint could not be written; training goes on.
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
