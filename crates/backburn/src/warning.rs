//! Warnings about a table or a run, as values.

use std::fmt;

use backburn_table::FormatNote;

use crate::text::{MAX_NAMES, count, escaped, shown};

/// A warning. The work continues. As text, it is a sentence without a full stop.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// How the text of a column is read as values, where that is not plain.
    Reading(FormatNote),
    /// What was done about the layout of the file, such as lines that were left out.
    Layout(String),
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
        /// Those of them whose number is infinite, or too large for 32 bits.
        too_large: usize,
    },
    /// Classes have one or two rows: too few to be in the validation rows of every fold.
    RareClasses {
        /// The target.
        target: String,
        /// Each class with its number of rows.
        classes: Vec<(String, usize)>,
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
    /// The model of the networks that are finished could not be saved; training continues.
    ModelNotSaved {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(self))
    }
}

fn sentence(warning: &Warning) -> String {
    match warning {
        Warning::Reading(note) => escaped(&note.to_string()),
        Warning::Layout(note) => escaped(note),
        Warning::ColumnIgnored { column, reason } => {
            format!("column `{}` ignored: {}", shown(column), escaped(reason))
        }
        Warning::InfiniteValues { column, rows } => format!(
            "column `{}`: infinite or too large in {}, treated as missing",
            shown(column),
            count(*rows, "row")
        ),
        Warning::MissingValues { columns } => {
            let first = columns.iter().take(MAX_NAMES);
            let first = first.map(|(column, rows)| format!("`{}` {rows}", shown(column)));
            let more = if columns.len() > MAX_NAMES {
                ", …"
            } else {
                ""
            };
            format!(
                "missing values in {} ({}{more}): a missing category is treated as its own category; a missing \
                 number is imputed, or marked by its own input",
                count(columns.len(), "column"),
                first.collect::<Vec<_>>().join(", ")
            )
        }
        Warning::RowsWithoutTarget {
            target,
            rows,
            too_large,
        } => {
            let beyond = "infinite or beyond what 32 bits hold (3.4e38)";
            let why = match too_large {
                0 => "missing".to_string(),
                all if all == rows => beyond.to_string(),
                some => format!("missing, or (in {some}) {beyond}"),
            };
            let rows = count(*rows, "row");
            format!("{rows} left out: `{}` is {why}", shown(target))
        }
        Warning::RareClasses { target, classes } => {
            let first = classes.iter().take(MAX_NAMES);
            let first = first.map(|(class, rows)| format!("`{}` {rows}", shown(class)));
            let more = if classes.len() > MAX_NAMES {
                ", …"
            } else {
                ""
            };
            format!(
                "`{}` has {} of one or two rows ({}{more}): too few for the validation rows of every fold, so \
                 that scores may be over the other classes alone",
                shown(target),
                count(classes.len(), "class"),
                first.collect::<Vec<_>>().join(", ")
            )
        }
        Warning::ConstantFeature { column } => format!(
            "column `{}` ignored: it never varies in the training rows",
            shown(column)
        ),
        Warning::RefitFailed { reason } => {
            let why = reason.as_ref().map(|reason| format!(" ({reason})"));
            format!(
                "the refit on all rows did not finish{}: the model is the network from before the refit",
                why.unwrap_or_default()
            )
        }
        Warning::CheckpointNotWritten { reason } => {
            format!("no checkpoint was written: {reason}; training continues")
        }
        Warning::CheckpointNotRead { file, reason } => {
            format!(
                "{}: {}; this training starts over",
                escaped(file),
                escaped(reason)
            )
        }
        Warning::ModelNotSaved { reason } => format!("not saved yet: {reason}"),
    }
}
