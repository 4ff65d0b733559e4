//! Warnings about a table or a run, as values.

use backburn_table::FormatNote;
use serde::{Serialize, Serializer};

use crate::split_note::SplitNote;

/// A warning. The work continues. As text, it is a sentence without a full stop that says what is unusual,
/// where, and what to do. As JSON, it is an object whose `what` is the name of the variant.
///
/// ```
/// use backburn::Warning;
///
/// let warning = Warning::ConstantFeature { column: "unit".to_string() };
/// assert_eq!(warning.to_string(), "column `unit` ignored: it never varies in the training rows");
/// assert_eq!(serde_json::to_value(&warning).unwrap()["what"], "constant_feature");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// How the text of a column is read as values, where that is not plain.
    Reading(FormatNote),
    /// What was done about the layout of the file, such as lines that were left out.
    Layout {
        /// A sentence.
        note: String,
    },
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
        #[serde(serialize_with = "as_map")]
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
    /// Some of several targets are missing in rows that have others. These rows are used to train the others.
    MissingTargets {
        /// Each of these targets with the number of such rows.
        #[serde(serialize_with = "as_map")]
        targets: Vec<(String, usize)>,
    },
    /// Rows that have none of several targets are ignored.
    RowsWithoutTargets {
        /// The targets.
        targets: Vec<String>,
        /// The number of rows.
        rows: usize,
    },
    /// One of several targets has very few rows.
    FewTargetRows {
        /// The target.
        target: String,
        /// The rows that have it.
        rows: usize,
        /// The rows that have at least one of the targets.
        of: usize,
    },
    /// A target of numbers has whole numbers beyond 2^53, which lose digits.
    LargeTarget {
        /// The target.
        target: String,
        /// The first of them.
        example: String,
    },
    /// A target of numbers, most of which differ, is predicted as classes.
    NumbersAsClasses {
        /// The target.
        target: String,
        /// The number of classes.
        classes: usize,
        /// The number of rows.
        rows: usize,
    },
    /// Classes have one or two rows: too few to be in the validation rows of every fold.
    RareClasses {
        /// The target.
        target: String,
        /// Each class with its number of rows.
        #[serde(serialize_with = "as_map")]
        classes: Vec<(String, usize)>,
    },
    /// A column never varies in the training rows, and is not used.
    ConstantFeature {
        /// The column.
        column: String,
    },
    /// Some values of a column are not of the kind that its first rows have.
    OtherValues {
        /// The column.
        column: String,
        /// What the first rows hold, such as `numbers`.
        expected: &'static str,
        /// The number of other values.
        values: usize,
        /// The first of them.
        example: String,
    },
    /// A number of nines is far from all other numbers of a column, and may stand for a missing value.
    SuspiciousNumber {
        /// The column.
        column: String,
        /// The number as text.
        value: String,
        /// Rows with it.
        rows: usize,
    },
    /// Rows are copies of earlier rows.
    RowCopies {
        /// The number of copies.
        copies: usize,
        /// All rows.
        rows: usize,
        /// Rows were compared with the first of this many different rows. `None` if they were compared with all.
        compared: Option<usize>,
    },
    /// What to know about how rows are split.
    Splits(SplitNote),
    /// A target of the Poisson loss has many more zeros than a Poisson distribution.
    ZeroInflated {
        /// The target.
        target: String,
        /// The share of rows that are 0.
        zeros: f64,
        /// That share of a Poisson distribution with the same mean.
        expected: f64,
    },
    /// The setting `data.trend` has no effect: the training rows have one time only, or the target neither rises nor falls
    /// over them.
    NoTrend {
        /// The target.
        target: String,
    },
    /// A column alone explains nearly all of the target.
    NearCopyOfTarget {
        /// The column.
        column: String,
        /// The share of the target that it explains.
        explained: f64,
    },
    /// The first rows alone decided what the columns hold.
    FirstRowsDecide {
        /// The number of these rows.
        rows: usize,
        /// All rows.
        of: usize,
    },
    /// Training would refuse the table or its target.
    Refused {
        /// Why.
        reason: String,
    },
    /// No rows were held out, so that there is no score.
    NotScored {
        /// Whether the model is one of several targets, which cannot be cross-validated.
        several_targets: bool,
    },
    /// Rows that are scored are training rows of the model.
    TrainingRowsScored {
        /// The share of the scored rows; an estimate, unless it is 1.
        share: f64,
    },
    /// The rows that are scored lack the weights that training had.
    Unweighted {
        /// The column of the weights.
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
    /// The last line of the file of a search was cut off. Its network is trained again.
    StudyCutOff {
        /// The file.
        file: String,
        /// The results that it has.
        results: usize,
    },
    /// The model of the networks that are finished could not be saved; training continues.
    ModelNotSaved {
        /// Why.
        reason: String,
    },
}

/// Names with numbers, as one object.
fn as_map<S: Serializer>(names: &[(String, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(names.iter().map(|(name, rows)| (name, rows)))
}
