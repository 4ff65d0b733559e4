//! What is unlike training in rows that are predicted, as values and as sentences.

use std::fmt;

use backburn_table::Cell;
use serde::Serialize;

use crate::text::{MAX_NAMES, count, integer, number, shown};
use crate::value_count::ValueCount;

/// What follows for predictions of rows with numbers beyond those of the training rows: no row says how large errors are.
const UNRELIABLE: &str = "prediction intervals and probabilities are unreliable";

/// Something in the rows that are predicted, or in the predictions, that is unlike training. As text, it is
/// a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShiftFinding {
    /// Values of a column of numbers, dates or durations are other text, and count as missing: training had
    /// such text in this column too. In any other column, such text is an error.
    Unreadable {
        /// The column.
        column: String,
        /// Rows with such a value.
        rows: usize,
        /// All rows.
        of: usize,
        /// What the column holds, such as `numbers with a decimal comma`.
        expected: &'static str,
        /// Some of the values, the most frequent first.
        examples: Vec<ValueCount>,
    },
    /// A column is mostly missing, and was not in training.
    Missing {
        /// The column.
        column: String,
        /// Rows without a value.
        rows: usize,
        /// All rows.
        of: usize,
        /// Training rows without a value.
        training_rows: usize,
        /// All training rows.
        of_training: usize,
    },
    /// Numbers of a column are over 100 times as large or as small as in training.
    OtherUnit {
        /// The column.
        column: String,
        /// Rows with such a number.
        rows: usize,
        /// All rows with a number.
        of: usize,
        /// Whether they are larger.
        larger: bool,
        /// Rows below the least number of the training rows, or above the greatest.
        beyond: usize,
        /// The least and the greatest number of the training rows.
        range: [f64; 2],
    },
    /// Values of a column are beyond those of the training rows, in more rows than chance explains.
    Beyond {
        /// The column.
        column: String,
        /// Rows with such a value.
        rows: usize,
        /// All rows with a value.
        of: usize,
        /// The least and the greatest value of the training rows; dates are seconds since 1970.
        range: [f64; 2],
        /// Whether the column holds dates.
        date: bool,
    },
    /// A column has categories that the training rows did not have.
    Unseen {
        /// The column.
        column: String,
        /// Rows with such a category.
        rows: usize,
        /// All rows.
        of: usize,
    },
    /// Predictions are at the smallest or the greatest value of the target in the training rows, to which
    /// `data.clip_predictions` limits them.
    AtBound {
        /// Such predictions.
        rows: usize,
        /// All predictions.
        of: usize,
        /// The value.
        bound: f64,
        /// Whether it is the greatest.
        greatest: bool,
    },
}

/// Sentences about what is unlike training, one for each kind of finding.
pub fn shift_notes(findings: &[ShiftFinding]) -> Vec<String> {
    let mut notes = Vec::new();
    for alike in findings.chunk_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b)) {
        let mut words: Vec<String> = alike.iter().take(MAX_NAMES).map(phrase).collect();
        if alike.len() > MAX_NAMES {
            words.push(format!(
                "and {}",
                count(alike.len() - MAX_NAMES, "further column")
            ));
        }
        notes.push(sentence(&alike[0], &words));
    }
    notes
}

/// What findings of the kind of the first one say together, from the words for each.
fn sentence(first: &ShiftFinding, words: &[String]) -> String {
    match first {
        ShiftFinding::Unseen { .. } => format!(
            "categories that the training rows did not have are treated as unknown: {}",
            words.join(", ")
        ),
        ShiftFinding::Beyond { .. } => {
            format!("{}; in these rows, {UNRELIABLE}", words.join("; "))
        }
        _ => words.join("; "),
    }
}

impl fmt::Display for ShiftFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(self, &[phrase(self)]))
    }
}

fn phrase(finding: &ShiftFinding) -> String {
    match finding {
        ShiftFinding::Unreadable {
            column,
            rows,
            of,
            expected,
            examples,
        } => unreadable(column, (*rows, *of), expected, examples),
        ShiftFinding::Missing {
            column,
            rows,
            of,
            training_rows,
            of_training,
        } => format!(
            "`{}` is missing in {}, in training {}",
            shown(column),
            rows_of(*rows, *of),
            in_training(*training_rows, *of_training)
        ),
        ShiftFinding::OtherUnit {
            column,
            rows,
            of,
            larger,
            beyond,
            range,
        } => other_unit(column, (*rows, *of), *larger, (*beyond, *range)),
        ShiftFinding::Beyond {
            column,
            rows,
            of,
            range,
            date,
        } => format!(
            "`{}` is outside the range of training ({}) in {}",
            shown(column),
            range_text(*range, *date),
            rows_of(*rows, *of)
        ),
        ShiftFinding::Unseen { column, rows, .. } => {
            format!("`{}` in {}", shown(column), count(*rows, "row"))
        }
        ShiftFinding::AtBound {
            rows,
            of,
            bound,
            greatest,
        } => at_bound((*rows, *of), *bound, *greatest),
    }
}

fn unreadable(
    column: &str,
    (rows, of): (usize, usize),
    expected: &str,
    examples: &[ValueCount],
) -> String {
    let mut texts: Vec<String> = examples.iter().map(ValueCount::quoted).collect();
    if examples.iter().map(|example| example.rows).sum::<usize>() < rows {
        texts.push("…".to_string());
    }
    format!(
        "`{}` is treated as missing in {}, because its values are not {expected} ({})",
        shown(column),
        rows_of(rows, of),
        texts.join(", ")
    )
}

fn other_unit(
    column: &str,
    (rows, of): (usize, usize),
    larger: bool,
    (beyond, range): (usize, [f64; 2]),
) -> String {
    let how = if larger { "large" } else { "small" };
    let range = range_text(range, false);
    let also = match beyond {
        0 => format!(" (range in training: {range})"),
        rows => {
            let rows = count(rows, "row");
            format!(", and outside the range of training ({range}) in {rows}, where {UNRELIABLE}")
        }
    };
    format!(
        "`{}` is over 100 times as {how} as usual in training in {}{also}: is it in another unit?",
        shown(column),
        rows_of(rows, of),
    )
}

fn at_bound((rows, of): (usize, usize), bound: f64, greatest: bool) -> String {
    let which = if greatest { "greatest" } else { "smallest" };
    format!(
        "{} of {} are at the {which} value seen in training, {}, which limits them \
         (data.clip_predictions)",
        integer(rows),
        count(of, "prediction"),
        number(bound)
    )
}

fn rows_of(rows: usize, of: usize) -> String {
    format!("{} of {}", integer(rows), count(of, "row"))
}

fn in_training(rows: usize, of: usize) -> String {
    match rows {
        0 => "in none".to_string(),
        rows => format!("in {} of {}", integer(rows), integer(of)),
    }
}

fn range_text(range: [f64; 2], date: bool) -> String {
    let text = |value: f64| match date {
        false => number(value),
        true => {
            let moment = Cell::Date(value).category().unwrap_or_default();
            moment.trim_end_matches(" 00:00:00").to_string()
        }
    };
    format!("{} to {}", text(range[0]), text(range[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(column: &str) -> ShiftFinding {
        ShiftFinding::Missing {
            column: column.to_string(),
            rows: 60,
            of: 60,
            training_rows: 0,
            of_training: 48,
        }
    }

    #[test]
    fn findings_of_a_kind_share_a_sentence() {
        let unseen = |column: &str, rows| ShiftFinding::Unseen {
            column: column.to_string(),
            rows,
            of: 9,
        };
        let notes = shift_notes(&[missing("a"), missing("b"), unseen("c", 1), unseen("d", 2)]);
        assert_eq!(
            notes,
            [
                "`a` is missing in 60 of 60 rows, in training in none; `b` is missing in 60 of 60 rows, in \
                 training in none",
                "categories that the training rows did not have are treated as unknown: `c` in 1 row, `d` in \
                 2 rows"
            ]
        );
        let many: Vec<ShiftFinding> = (0..10).map(|n| missing(&n.to_string())).collect();
        assert!(shift_notes(&many)[0].ends_with("; and 4 further columns"));
        assert!(shift_notes(&[]).is_empty());
    }

    #[test]
    fn values_that_cannot_be_read_have_examples() {
        let finding = ShiftFinding::Unreadable {
            column: "x".to_string(),
            rows: 1500,
            of: 2000,
            expected: "numbers with a decimal comma",
            examples: vec![
                ValueCount::new(("broken", 1490)),
                ValueCount::new(("?\n", 5)),
            ],
        };
        assert_eq!(
            finding.to_string(),
            "`x` is treated as missing in 1,500 of 2,000 rows, because its values are not numbers with a \
             decimal comma (`broken` 1,490, `?\\n` 5, …)"
        );
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(json["what"], "unreadable");
        assert_eq!(json["examples"][0]["value"], "broken");
        assert_eq!(json["examples"][0]["rows"], 1490);
    }

    #[test]
    fn dates_are_shown_as_dates() {
        let beyond = ShiftFinding::Beyond {
            column: "d".to_string(),
            rows: 5,
            of: 9,
            range: [0.0, 86_400.0],
            date: true,
        };
        assert_eq!(
            beyond.to_string(),
            "`d` is outside the range of training (1970-01-01 to 1970-01-02) in 5 of 9 rows; in these rows, prediction \
             intervals and probabilities are unreliable"
        );
        // Several columns say so once.
        let notes = shift_notes(&[beyond.clone(), beyond.clone()]);
        assert_eq!(notes[0].matches("unreliable").count(), 1, "{notes:?}");
        let unit = ShiftFinding::OtherUnit {
            column: "d".to_string(),
            rows: 5,
            of: 9,
            larger: true,
            beyond: 5,
            range: [0.0, 1.0],
        };
        assert!(
            unit.to_string()
                .contains("in 5 rows, where prediction intervals")
        );
        let json = serde_json::to_value(&beyond).unwrap();
        assert_eq!(json["what"], "beyond");
        assert_eq!(json["rows"], 5);
    }
}
