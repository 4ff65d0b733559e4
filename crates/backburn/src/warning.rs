//! Warnings about a table or a run, as values.

use std::fmt;

use backburn_table::FormatNote;
use serde::{Serialize, Serializer};

use crate::split_note::SplitNote;
use crate::text::{MAX_NAMES, column_option, count, escaped, integer, quoted, shown};

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
    NotScored,
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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = about_columns(self)
            .or_else(|| about_target(self))
            .or_else(|| about_rows(self))
            .unwrap_or_else(|| about_run(self));
        f.write_str(&sentence)
    }
}

/// The sentence of a warning about columns.
fn about_columns(warning: &Warning) -> Option<String> {
    Some(match warning {
        Warning::Reading(note) => escaped(&note.to_string()),
        Warning::ColumnIgnored { column, reason } => {
            let name = shown(column);
            let how = option_to_use(reason)
                .map(|option| format!("; {} uses it", column_option(option, column)));
            format!(
                "column `{name}` ignored: {}{}",
                escaped(reason),
                how.unwrap_or_default()
            )
        }
        Warning::InfiniteValues { column, rows } => format!(
            "column `{}`: infinite or too large in {} (32 bits hold up to 3.4e38), treated as missing",
            shown(column),
            count(*rows, "row")
        ),
        Warning::MissingValues { columns } => format!(
            "missing values in {} ({}): a missing category is treated as its own category; a missing number is \
             imputed, or marked by its own input",
            count(columns.len(), "column"),
            list(columns)
        ),
        Warning::ConstantFeature { column } => format!(
            "column `{}` ignored: it never varies in the training rows",
            shown(column)
        ),
        Warning::OtherValues {
            column,
            expected,
            values,
            example,
        } => format!(
            "column `{}` holds {expected} in the first rows, and {} later, such as \"{}\"",
            shown(column),
            count(*values, "other value"),
            shown(example)
        ),
        Warning::SuspiciousNumber {
            column,
            value,
            rows,
        } => format!(
            "column `{}`: {value} in {} is far from all other values: if it stands for a missing value, pass \
             --na {}",
            shown(column),
            count(*rows, "row"),
            quoted(value)
        ),
        Warning::NearCopyOfTarget { column, explained } => format!(
            "column `{}` alone explains {:.1} % of the target: if it is not known yet when you make predictions, \
             leave it out: {}",
            shown(column),
            explained * 100.0,
            column_option("--ignore", column)
        ),
        _ => return None,
    })
}

/// The sentence of a warning about the target.
fn about_target(warning: &Warning) -> Option<String> {
    Some(match warning {
        Warning::ZeroInflated {
            target,
            zeros,
            expected,
        } => format!(
            "{:.0} % of the counts `{}` are 0, and {:.0} % of those of a Poisson distribution with their mean: \
             if the columns do not explain these zeros, predict first whether a row is 0 (as a class), and the \
             counts of the other rows with a second model",
            zeros * 100.0,
            shown(target),
            expected * 100.0
        ),
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
        Warning::LargeTarget { target, example } => format!(
            "`{}` has whole numbers beyond 2^53, such as {}: they are rounded, and so are predictions; if they \
             are classes, pass --task classification",
            shown(target),
            shown(example)
        ),
        Warning::NumbersAsClasses {
            target,
            classes,
            rows,
        } => format!(
            "`{}` holds numbers, {} different ones in {}, and each of them is taken for a class: to predict \
             numbers, pass --task regression",
            shown(target),
            integer(*classes),
            count(*rows, "row")
        ),
        Warning::RareClasses { target, classes } => format!(
            "`{}` has {} of one or two rows ({}): they are hard to learn, and the validation rows of most folds do \
             not have them, so that scores leave them out; collect more rows, or merge them with other classes",
            shown(target),
            count(classes.len(), "class"),
            list(classes)
        ),
        _ => return None,
    })
}

/// The sentence of a warning about rows and files.
fn about_rows(warning: &Warning) -> Option<String> {
    Some(match warning {
        Warning::Layout { note } => escaped(note),
        Warning::Splits(note) => note.to_string(),
        Warning::RowCopies {
            copies,
            rows,
            compared,
        } => {
            let at_least = if compared.is_some() { "at least " } else { "" };
            let how = compared.map(|compared| {
                let compared = integer(compared);
                format!(", compared with the first {compared} different rows")
            });
            format!(
                "{at_least}{} of {} rows {}{}: copies on both sides of a split make scores too good",
                integer(*copies),
                integer(*rows),
                match copies {
                    1 => "is a copy of an earlier row",
                    _ => "are copies of earlier rows",
                },
                how.unwrap_or_default()
            )
        }
        Warning::FirstRowsDecide { rows, of } => format!(
            "the first {} decide what the columns hold; the statistics are of all {}",
            count(*rows, "row"),
            integer(*of)
        ),
        Warning::Refused { reason } => format!("training would refuse this: {}", escaped(reason)),
        Warning::NotScored => {
            "no rows were held out, so there is no score: pass --test with a table of other rows, \
             or --folds"
                .to_string()
        }
        Warning::TrainingRowsScored { share } => {
            let rows = match *share >= 1.0 {
                true => "the rows".to_string(),
                false => format!("about {:.0} % of the rows", share * 100.0),
            };
            format!(
                "{rows} are training rows of this model, so the scores are too good: score rows that it was not \
                 trained on, or cross-validate with train --folds"
            )
        }
        Warning::Unweighted { column } => format!(
            "the scores are not weighted: the table does not have the column `{}`, which weights the training rows",
            shown(column)
        ),
        _ => return None,
    })
}

/// The sentence of a warning about a run.
fn about_run(warning: &Warning) -> String {
    match warning {
        Warning::RefitFailed { reason } => {
            let why = reason.as_ref().map(|reason| format!(" ({reason})"));
            format!(
                "the refit on all rows did not finish{}: the model is the network from before the refit",
                why.unwrap_or_default()
            )
        }
        Warning::CheckpointNotWritten { reason } => {
            let reason = escaped(reason);
            format!("no checkpoint was written: {reason}; training continues")
        }
        Warning::CheckpointNotRead { file, reason } => format!(
            "the checkpoint {} cannot be used ({}): this training starts over",
            escaped(file),
            escaped(reason)
        ),
        Warning::StudyCutOff { file, results } => format!(
            "{}: the last line was cut off, and its network is trained again; the {} before it are kept",
            escaped(file),
            count(*results, "result")
        ),
        Warning::ModelNotSaved { reason } => format!(
            "the networks that are finished are not saved yet: {reason}; training continues, and saves again \
             at its end",
            reason = escaped(reason)
        ),
        _ => String::new(),
    }
}

/// The option that uses a column which was ignored for this reason, if there is one.
fn option_to_use(reason: &str) -> Option<&'static str> {
    let starts = |beginnings: &[&str]| beginnings.iter().any(|start| reason.starts_with(start));
    match () {
        () if starts(&["an index", "it is the index"]) => Some("--numeric"),
        () if starts(&[
            "its text",
            "it has too many different texts",
            "its whole numbers beyond 2^53",
        ]) =>
        {
            Some("--categorical")
        }
        () => None,
    }
}

/// Names with their numbers of rows: `` `a` 3, `b` 1 ``.
fn list(names: &[(String, usize)]) -> String {
    let first = names.iter().take(MAX_NAMES);
    let first = first.map(|(name, rows)| format!("`{}` {rows}", shown(name)));
    let mut first: Vec<String> = first.collect();
    if names.len() > MAX_NAMES {
        first.push("…".to_string());
    }
    first.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(names: usize) -> Vec<(String, usize)> {
        (0..names).map(|n| (format!("c{n}"), n + 1)).collect()
    }

    /// One of each variant.
    fn all() -> Vec<Warning> {
        let text = |text: &str| text.to_string();
        let column = || text("a\u{1b}b");
        vec![
            Warning::Reading(FormatNote::LeadingZeros {
                column: column(),
                example: text("007"),
            }),
            Warning::Layout {
                note: text("2 lines left out"),
            },
            Warning::ColumnIgnored {
                column: column(),
                reason: text("its text differs in nearly every row"),
            },
            Warning::InfiniteValues {
                column: column(),
                rows: 3,
            },
            Warning::MissingValues { columns: counts(9) },
            Warning::RowsWithoutTarget {
                target: column(),
                rows: 3,
                too_large: 1,
            },
            Warning::LargeTarget {
                target: column(),
                example: text("9007199254740993"),
            },
            Warning::NumbersAsClasses {
                target: column(),
                classes: 118,
                rows: 120,
            },
            Warning::RareClasses {
                target: column(),
                classes: counts(2),
            },
            Warning::ConstantFeature { column: column() },
            Warning::OtherValues {
                column: column(),
                expected: "numbers",
                values: 2,
                example: text("x"),
            },
            Warning::SuspiciousNumber {
                column: column(),
                value: text("-999"),
                rows: 2,
            },
            Warning::RowCopies {
                copies: 80,
                rows: 120,
                compared: Some(1000),
            },
            Warning::Splits(SplitNote::MayBeTime { column: column() }),
            Warning::ZeroInflated {
                target: column(),
                zeros: 0.4,
                expected: 0.1,
            },
            Warning::NearCopyOfTarget {
                column: column(),
                explained: 0.999,
            },
            Warning::FirstRowsDecide { rows: 10, of: 20 },
            Warning::Refused {
                reason: text("it has one class only"),
            },
            Warning::NotScored,
            Warning::TrainingRowsScored { share: 0.83 },
            Warning::Unweighted { column: column() },
            Warning::RefitFailed { reason: None },
            Warning::CheckpointNotWritten {
                reason: text("the disk is full"),
            },
            Warning::CheckpointNotRead {
                file: text("run/1"),
                reason: text("it is damaged"),
            },
            Warning::StudyCutOff {
                file: text("m.tuning.jsonl"),
                results: 2,
            },
            Warning::ModelNotSaved {
                reason: text("the disk is full"),
            },
        ]
    }

    #[test]
    fn each_warning_is_a_sentence_and_an_object() {
        for warning in all() {
            let sentence = warning.to_string();
            assert!(sentence.len() > 10, "{warning:?}");
            assert!(!sentence.ends_with('.'), "{sentence}");
            assert!(!sentence.contains('\u{1b}'), "{sentence:?}");
            let json = serde_json::to_value(&warning).unwrap();
            assert!(json["what"].is_string(), "{json}");
        }
    }

    #[test]
    fn names_are_counted_and_not_all_listed() {
        let missing = Warning::MissingValues { columns: counts(9) };
        let sentence = missing.to_string();
        assert!(sentence.starts_with("missing values in 9 columns (`c0` 1, "));
        assert!(sentence.contains("`c5` 6, …)"), "{sentence}");
        let json = serde_json::to_value(&missing).unwrap();
        assert_eq!(json["columns"]["c8"], 9);
    }

    #[test]
    fn the_reading_of_a_column_is_named_in_json() {
        let reading = serde_json::to_value(&all()[0]).unwrap();
        assert_eq!(reading["what"], "reading");
        assert_eq!(reading["found"], "leading_zeros");
        assert_eq!(reading["example"], "007");
    }

    #[test]
    fn an_ignored_column_can_be_used_where_an_option_can_do_that() {
        let ignored = |reason: &str| {
            let (column, reason) = ("my id".to_string(), reason.to_string());
            Warning::ColumnIgnored { column, reason }.to_string()
        };
        let text = ignored("an index: it only numbers the rows");
        assert!(text.ends_with("; --numeric 'my id' uses it"), "{text}");
        for reason in [
            "its text differs in nearly every row",
            "its whole numbers beyond 2^53 differ only in digits that numbers lose",
        ] {
            let text = ignored(reason);
            assert!(text.ends_with("; --categorical 'my id' uses it"), "{text}");
        }
        assert!(!ignored("it never varies").contains("--"));
    }

    #[test]
    fn training_rows_are_all_or_a_share() {
        let sentence = |share| Warning::TrainingRowsScored { share }.to_string();
        assert!(sentence(1.0).starts_with("the rows are training rows of this model"));
        assert!(sentence(0.83).starts_with("about 83 % of the rows are training rows"));
    }
}
