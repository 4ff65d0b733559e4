//! The sentences of warnings.

use std::fmt;

use crate::text::{MAX_NAMES, column_option, count, escaped, integer, quoted, shown};
use crate::warning::Warning;

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = about_columns(self)
            .or_else(|| about_target(self))
            .or_else(|| about_targets(self))
            .or_else(|| about_rows(self))
            .unwrap_or_else(|| about_run(self));
        f.write_str(&sentence)
    }
}

/// The sentence of a warning about columns.
fn about_columns(warning: &Warning) -> Option<String> {
    Some(match warning {
        Warning::Reading(note) => escaped(&note.to_string()),
        Warning::ColumnIgnored { column, reason } => ignored(column, reason),
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
            let beyond = "infinite or too large for 32 bits (above 3.4e38)";
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

/// The sentence of a warning about several targets.
fn about_targets(warning: &Warning) -> Option<String> {
    Some(match warning {
        Warning::MissingTargets { targets } => {
            let mut places = targets.iter().map(|(target, rows)| {
                let rows = count(*rows, "row");
                (format!("`{}`", shown(target)), format!("in {rows}"))
            });
            let (target, rows) = places.next()?;
            let first = format!("{target} is missing {rows}");
            let others = places.map(|(target, rows)| format!("{target} {rows}"));
            let places = first_names([first].into_iter().chain(others));
            format!("{places}: such a row trains the targets that it has")
        }
        Warning::RowsWithoutTargets { targets, rows } => {
            let names = targets.iter().map(|target| format!("`{}`", shown(target)));
            let (rows, names) = (count(*rows, "row"), first_names(names));
            format!("{rows} left out, without a value of any target ({names})")
        }
        Warning::FewTargetRows { target, rows, of } => format!(
            "`{}` has a value in {} of {} only: its scores are unreliable, and the other targets decide which epoch is \
             best; collect more rows, or train it alone",
            shown(target),
            integer(*rows),
            count(*of, "row")
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
                "{at_least}{} of {} rows {}{}: training keeps copies on one side of its splits; do so too where you \
                 split the rows yourself",
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
        Warning::NotScored { several_targets } => not_scored(*several_targets),
        Warning::TrainingRowsScored { share } => {
            let rows = match *share >= 1.0 {
                true => "the rows".to_string(),
                false => format!("about {:.0} % of the rows", share * 100.0),
            };
            format!(
                "{rows} are training rows of this model, so the scores are too good: score rows that it was not \
                 trained on, such as those that train --test-share sets aside"
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
        Warning::NoTrend { target } => format!(
            "data.trend=true has no effect: `{}` has no linear trend over time in the training rows, which have only one \
             time, or in which it neither rises nor falls",
            shown(target)
        ),
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

/// That there is no score, and what gives one.
fn not_scored(several_targets: bool) -> String {
    let gives = match several_targets {
        true => "only --test with a table of other rows, or --test-share, gives one",
        false => "only --test with a table of other rows, --test-share or --folds gives one",
    };
    format!("no rows were held out from training, so there is no score of the model: {gives}")
}

/// That a column is ignored, why, and the option that uses it.
fn ignored(column: &str, reason: &str) -> String {
    let name = shown(column);
    let how =
        option_to_use(reason).map(|option| format!("; {} uses it", column_option(option, column)));
    format!(
        "column `{name}` ignored: {}{}",
        escaped(reason),
        how.unwrap_or_default()
    )
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
    let names = names.iter();
    first_names(names.map(|(name, rows)| format!("`{}` {rows}", shown(name))))
}

/// The first of some names, with commas between them.
fn first_names(mut names: impl Iterator<Item = String>) -> String {
    let mut first: Vec<String> = names.by_ref().take(MAX_NAMES).collect();
    if names.next().is_some() {
        first.push("…".to_string());
    }
    first.join(", ")
}

#[cfg(test)]
mod tests {
    use backburn_table::FormatNote;

    use super::*;
    use crate::split_note::SplitNote;

    fn counts(names: usize) -> Vec<(String, usize)> {
        (0..names).map(|n| (format!("c{n}"), n + 1)).collect()
    }

    fn text(text: &str) -> String {
        text.to_string()
    }

    fn column() -> String {
        text("a\u{1b}b")
    }

    /// One of each variant about columns.
    fn columns() -> Vec<Warning> {
        vec![
            Warning::Reading(FormatNote::LeadingZeros {
                column: column(),
                example: text("007"),
            }),
            Warning::ColumnIgnored {
                column: column(),
                reason: text("its text differs in nearly every row"),
            },
            Warning::InfiniteValues {
                column: column(),
                rows: 3,
            },
            Warning::MissingValues { columns: counts(9) },
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
            Warning::NearCopyOfTarget {
                column: column(),
                explained: 0.999,
            },
        ]
    }

    /// One of each variant about the target.
    fn target() -> Vec<Warning> {
        vec![
            Warning::ZeroInflated {
                target: column(),
                zeros: 0.4,
                expected: 0.1,
            },
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
        ]
    }

    /// One of each variant about several targets.
    fn targets() -> Vec<Warning> {
        vec![
            Warning::MissingTargets { targets: counts(9) },
            Warning::RowsWithoutTargets {
                targets: vec![column(), text("rent")],
                rows: 19,
            },
            Warning::FewTargetRows {
                target: column(),
                rows: 8,
                of: 1000,
            },
        ]
    }

    /// One of each variant about rows and files.
    fn rows() -> Vec<Warning> {
        vec![
            Warning::Layout {
                note: text("2 lines left out"),
            },
            Warning::Splits(SplitNote::MayBeTime { column: column() }),
            Warning::RowCopies {
                copies: 80,
                rows: 120,
                compared: Some(1000),
            },
            Warning::FirstRowsDecide { rows: 10, of: 20 },
            Warning::Refused {
                reason: text("it has one class only"),
            },
            Warning::NotScored {
                several_targets: false,
            },
            Warning::NotScored {
                several_targets: true,
            },
            Warning::TrainingRowsScored { share: 0.83 },
            Warning::Unweighted { column: column() },
        ]
    }

    /// One of each variant about a run.
    fn run() -> Vec<Warning> {
        vec![
            Warning::RefitFailed { reason: None },
            Warning::NoTrend { target: column() },
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
        for warning in [columns(), target(), targets(), rows(), run()].concat() {
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
    fn missing_targets_are_named_with_their_rows() {
        let lacking = vec![(text("price"), 98), (text("rent"), 1)];
        let missing = Warning::MissingTargets { targets: lacking };
        assert_eq!(
            missing.to_string(),
            "`price` is missing in 98 rows, `rent` in 1 row: such a row trains the targets that it has"
        );
        assert_eq!(
            serde_json::to_value(&missing).unwrap()["targets"]["rent"],
            1
        );
        let many = targets()[0].to_string();
        assert!(many.contains("`c5` in 6 rows, …: "), "{many}");
        let left_out = Warning::RowsWithoutTargets {
            targets: vec![text("price"), text("rent")],
            rows: 19,
        };
        let expected = "19 rows left out, without a value of any target (`price`, `rent`)";
        assert_eq!(left_out.to_string(), expected);
        let few = targets()[2].to_string();
        assert!(few.contains("has a value in 8 of 1,000 rows only"), "{few}");
        assert!(few.ends_with("train it alone"), "{few}");
    }

    #[test]
    fn the_reading_of_a_column_is_named_in_json() {
        let reading = serde_json::to_value(&columns()[0]).unwrap();
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
    fn several_targets_are_not_advised_to_use_folds() {
        let sentence = |several_targets| Warning::NotScored { several_targets }.to_string();
        assert!(sentence(false).ends_with("--test-share or --folds gives one"));
        assert!(sentence(true).ends_with("or --test-share, gives one"));
        assert!(!sentence(true).contains("--folds"));
    }

    #[test]
    fn training_rows_are_all_or_a_share() {
        let sentence = |share| Warning::TrainingRowsScored { share }.to_string();
        assert!(sentence(1.0).starts_with("the rows are training rows of this model"));
        assert!(sentence(0.83).starts_with("about 83 % of the rows are training rows"));
    }

    #[test]
    fn copies_are_said_to_stay_together_in_training() {
        let warning = Warning::RowCopies {
            copies: 1,
            rows: 9,
            compared: None,
        };
        assert_eq!(
            warning.to_string(),
            "1 of 9 rows is a copy of an earlier row: training keeps copies on one side of its splits; do so \
             too where you split the rows yourself"
        );
    }
}
