//! Notes on how rows are split.

use std::fmt;

use serde::Serialize;

use crate::text::{MAX_NAMES, column_option, count, integer, shown};

/// What to know about the splits of a table. As JSON, its `found` is the name of the variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "found", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SplitNote {
    /// Rows are copies of others, and stay together in every split.
    Copies {
        /// Rows that are copies of earlier rows.
        copies: usize,
        /// All rows.
        rows: usize,
    },
    /// Rows are copies of others. They are left out of training where a copy is a validation row.
    CopiesLeftOut {
        /// Rows that are copies of earlier rows.
        copies: usize,
        /// All rows.
        rows: usize,
    },
    /// Rows are near-copies of others: equal when numbers are rounded to a thousandth of the interquartile range of their
    /// column.
    NearCopies {
        /// Rows that are near-copies of earlier rows, without those that are copies.
        near: usize,
        /// All rows.
        rows: usize,
        /// Whether they are left out of training where a near-copy is a validation row. Otherwise they stay together in
        /// every split.
        left_out: bool,
    },
    /// Test rows are copies of training rows.
    CopiesInTest {
        /// These test rows.
        copies: usize,
        /// All test rows.
        rows: usize,
    },
    /// Test rows are near-copies of training rows.
    NearCopiesInTest {
        /// These test rows, without those that are copies.
        near: usize,
        /// All test rows.
        rows: usize,
    },
    /// Features only rise or only fall with the time by which rows are split.
    SameTime {
        /// The column with the time.
        time: String,
        /// The features.
        columns: Vec<String>,
    },
    /// Rows are neither trained on nor validated.
    LeftOut {
        /// These rows.
        left_out: usize,
        /// All rows.
        rows: usize,
        /// What they are.
        why: String,
    },
    /// Rows are neither to learn from nor to test on, where rows are set aside for a test.
    LeftOutOfTest {
        /// These rows.
        left_out: usize,
        /// All rows.
        rows: usize,
        /// What they are.
        why: String,
    },
    /// Rows are in no validation part of a cross-validation.
    NotValidated {
        /// These rows.
        not_validated: usize,
        /// All rows.
        rows: usize,
        /// What they are.
        why: String,
    },
    /// A column may say which rows belong together, and is not used for that.
    MayBeGroup {
        /// The column.
        column: String,
        /// The number of its values.
        values: usize,
        /// Rows with a value.
        rows: usize,
    },
    /// A column may be the time of each row, and is not used for that.
    MayBeTime {
        /// The column.
        column: String,
    },
}

impl fmt::Display for SplitNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copies { copies, rows } => write!(
                f,
                "{} of earlier rows: copies are on one side of every split, so that scores are those of other rows",
                are_copies(*copies, *rows)
            ),
            Self::CopiesLeftOut { copies, rows } => write!(
                f,
                "{} of earlier rows: a copy of a validation row is left out of training, so that scores are those of \
                 other rows",
                are_copies(*copies, *rows)
            ),
            Self::CopiesInTest { copies, rows } => write!(
                f,
                "{} of training rows, so the test scores are too good: leave these rows out of one of the tables",
                are_copies(*copies, *rows)
            ),
            Self::NearCopies {
                near,
                rows,
                left_out,
            } => write!(
                f,
                "{} of earlier rows: {}, so that scores are those of other rows",
                are_near_copies(*near, *rows),
                match left_out {
                    true => "a near-copy of a validation row is left out of training",
                    false => "near-copies are on one side of every split",
                }
            ),
            Self::NearCopiesInTest { near, rows } => write!(
                f,
                "{} of training rows, so the test scores are too good: leave these rows out of one of the tables",
                are_near_copies(*near, *rows)
            ),
            Self::SameTime { time, columns } => f.write_str(&same_time(time, columns)),
            Self::LeftOut {
                left_out,
                rows,
                why,
            } => f.write_str(&parts(
                *left_out,
                *rows,
                "neither trained on nor validated",
                why,
            )),
            Self::LeftOutOfTest {
                left_out,
                rows,
                why,
            } => f.write_str(&parts(
                *left_out,
                *rows,
                "neither trained on nor tested",
                why,
            )),
            Self::NotValidated {
                not_validated,
                rows,
                why,
            } => f.write_str(&parts(*not_validated, *rows, "in no validation part", why)),
            Self::MayBeGroup {
                column,
                values,
                rows,
            } => write!(
                f,
                "column `{}` has {} in {}: if rows with the same value belong together, and predictions are for new \
                 values, {} keeps them on one side of every split",
                shown(column),
                count(*values, "value"),
                count(*rows, "row"),
                column_option("--group", column)
            ),
            Self::MayBeTime { column } => write!(
                f,
                "the rows are in the order of column `{}`: if later rows are to be predicted from earlier ones, {} \
                 scores them so",
                shown(column),
                column_option("--time", column)
            ),
        }
    }
}

/// The sentence about features that follow the time.
fn same_time(time: &str, columns: &[String]) -> String {
    let names = columns.iter().take(MAX_NAMES);
    let names: Vec<String> = names.map(|name| format!("`{}`", shown(name))).collect();
    let more = if columns.len() > MAX_NAMES {
        ", …"
    } else {
        ""
    };
    let ignore = columns.first().map(|name| column_option("--ignore", name));
    format!(
        "features that follow the time `{}`: {}{more}; a model cannot learn what values do that are later than all \
         training rows, and {} leaves one out",
        shown(time),
        names.join(", "),
        ignore.unwrap_or_default()
    )
}

/// The copies among the rows, with the verb.
fn are_copies(copies: usize, rows: usize) -> String {
    let are = match copies {
        1 => "is a copy",
        _ => "are copies",
    };
    format!("{} of {} {are}", integer(copies), count(rows, "row"))
}

/// The near-copies among the rows, with the verb.
fn are_near_copies(near: usize, rows: usize) -> String {
    let are = match near {
        1 => "is a near-copy",
        _ => "are near-copies",
    };
    let rows = count(rows, "row");
    format!(
        "{} of {rows} {are} (numbers are equal to a thousandth of the interquartile range of their column)",
        integer(near)
    )
}

/// How many rows are in no part of a split, and why.
fn parts(some: usize, rows: usize, place: &str, why: &str) -> String {
    format!("{} of {} {place}: {why}", integer(some), are(some, rows))
}

/// All rows, with the verb for some of them.
fn are(some: usize, rows: usize) -> String {
    let are = if some == 1 { "is" } else { "are" };
    format!("{} {are}", count(rows, "row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_says_how_many_or_which_column() {
        let column = || "my id\u{1b}".to_string();
        for (note, words) in [
            (
                SplitNote::Copies {
                    copies: 540,
                    rows: 600,
                },
                "540 of 600 rows are copies of earlier rows",
            ),
            (
                SplitNote::CopiesLeftOut {
                    copies: 1,
                    rows: 600,
                },
                "1 of 600 rows is a copy of earlier rows",
            ),
            (
                SplitNote::CopiesInTest {
                    copies: 2,
                    rows: 10,
                },
                "2 of 10 rows are copies of training rows",
            ),
            (
                SplitNote::NearCopies {
                    near: 3,
                    rows: 600,
                    left_out: true,
                },
                "3 of 600 rows are near-copies (",
            ),
            (
                SplitNote::NearCopiesInTest { near: 1, rows: 10 },
                "1 of 10 rows is a near-copy (",
            ),
            (
                SplitNote::MayBeGroup {
                    column: column(),
                    values: 12,
                    rows: 60,
                },
                "has 12 values in 60 rows",
            ),
            (SplitNote::MayBeTime { column: column() }, "--time"),
            (
                SplitNote::SameTime {
                    time: "day".to_string(),
                    columns: vec![column(), "year".to_string()],
                },
                "features that follow the time `day`: ",
            ),
            (
                SplitNote::LeftOut {
                    left_out: 4,
                    rows: 40,
                    why: "in the gap".to_string(),
                },
                "4 of 40 rows are neither trained on nor validated: in the gap",
            ),
            (
                SplitNote::LeftOutOfTest {
                    left_out: 1,
                    rows: 40,
                    why: "in the gap".to_string(),
                },
                "1 of 40 rows is neither trained on nor tested: in the gap",
            ),
        ] {
            let text = note.to_string();
            assert!(text.contains(words), "{text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
            assert!(serde_json::to_value(&note).unwrap()["found"].is_string());
        }
    }
}
