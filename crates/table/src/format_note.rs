//! What was found out about the text of a table, as values.

use std::fmt;

use serde::Serialize;

use crate::column_kind::ColumnKind;

/// Something about how a table is read that its owner should know. As text, it is a sentence without a
/// full stop that says what was done and how to overrule it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "found", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FormatNote {
    /// Numbers are not written with a decimal point alone.
    Numbers {
        /// The column.
        column: String,
        /// How they are written, in words.
        format: String,
        /// A value as text, and its number.
        example: (String, f64),
        /// What decides.
        decided: Decided,
        /// The number that the example is with another decimal sign, where nothing in the column
        /// decides.
        otherwise: Option<(f64, char)>,
    },
    /// Dates do not start with the year.
    Dates {
        /// The column.
        column: String,
        /// How they are written, in words.
        format: String,
        /// A value as text, and its date.
        example: (String, String),
        /// What decides between the day and the month.
        decided: Decided,
        /// The format to pass where the guess is wrong.
        otherwise: Option<String>,
    },
    /// Times of day or durations are read as hours.
    Durations {
        /// The column.
        column: String,
        /// A value as text, and its hours.
        example: (String, f64),
    },
    /// Some values of a column of numbers or dates are other text.
    TextAmongValues {
        /// The column.
        column: String,
        /// What the column holds.
        kind: ColumnKind,
        /// Values that are not empty.
        values: usize,
        /// Values with a sign such as `<`, which are read as the number beside it, with examples.
        near: Examples,
        /// Values that count as missing, with examples.
        missing: Examples,
    },
    /// Whole numbers among text with digits are codes.
    Codes {
        /// The column.
        column: String,
        /// Values that are numbers.
        numbers: usize,
        /// Values that are not, with examples.
        others: Examples,
    },
    /// Some numbers lack the mark that the others have.
    Unmarked {
        /// The column.
        column: String,
        /// The mark.
        mark: String,
        /// Numbers without it.
        rows: usize,
        /// All numbers.
        of: usize,
    },
    /// Whole numbers with leading zeros are codes.
    LeadingZeros {
        /// The column.
        column: String,
        /// The first of them.
        example: String,
    },
    /// Dates far outside the others stand for no date.
    Sentinels {
        /// The column.
        column: String,
        /// The dates.
        dates: Examples,
    },
    /// Words that no one writes for a category count as missing.
    MissingWords {
        /// The column.
        column: String,
        /// The words.
        words: Examples,
    },
    /// Much of a column of text is missing by one spelling.
    MissingBySpelling {
        /// The column.
        column: String,
        /// The spelling.
        word: String,
        /// Rows with it.
        rows: usize,
        /// All rows.
        of: usize,
    },
    /// Numbers with different currencies or units are left as text.
    DifferentMarks {
        /// The column.
        column: String,
        /// Whether the marks are currencies, not units.
        currencies: bool,
        /// The currencies or units.
        marks: Examples,
    },
    /// Hexadecimal numbers are left as text.
    Hexadecimal {
        /// The column.
        column: String,
        /// The first of them.
        example: String,
    },
    /// Whole numbers beyond 2^53 lose digits as numbers.
    LargeNumbers {
        /// The column.
        column: String,
        /// The first of them.
        example: String,
    },
}

/// What decides how a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// The values of the column.
    ByValues,
    /// Other columns of the table, or the delimiter of its file.
    ByTable,
    /// The user.
    ByRequest,
    /// Nothing: it is the default.
    ByDefault,
}

/// Different texts, the most frequent first, and how often each occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Examples {
    /// The texts.
    pub texts: Vec<(String, usize)>,
    /// Values with any of them, also with those that are not listed.
    pub total: usize,
}

const MAX_TEXTS: usize = 5;

impl Examples {
    /// The most frequent of these texts.
    pub(crate) fn new(texts: impl IntoIterator<Item = (String, usize)>) -> Self {
        let mut texts: Vec<(String, usize)> = texts.into_iter().collect();
        let total = texts.iter().map(|(_, count)| count).sum();
        texts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        texts.truncate(MAX_TEXTS);
        Self { texts, total }
    }
}

impl fmt::Display for Examples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts.iter();
        let texts = texts.map(|(text, count)| format!("{} {count}", quoted(text)));
        f.write_str(&texts.collect::<Vec<_>>().join(", "))?;
        let listed: usize = self.texts.iter().map(|(_, count)| count).sum();
        match listed < self.total {
            true => f.write_str(", …"),
            false => Ok(()),
        }
    }
}

/// Text between backticks, without control characters, and not too long.
fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match plain.len() < text.len() {
        true => format!("`{plain}…`"),
        false => format!("`{plain}`"),
    }
}

/// A name as an argument of a command line.
fn argument(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_string(),
        false => format!("'{}'", quoted(name).trim_matches('`')),
    }
}

impl FormatNote {
    /// The column that the note is about.
    pub fn column(&self) -> &str {
        match self {
            Self::Numbers { column, .. }
            | Self::Dates { column, .. }
            | Self::Durations { column, .. }
            | Self::TextAmongValues { column, .. }
            | Self::Codes { column, .. }
            | Self::Unmarked { column, .. }
            | Self::LeadingZeros { column, .. }
            | Self::Sentinels { column, .. }
            | Self::MissingWords { column, .. }
            | Self::MissingBySpelling { column, .. }
            | Self::DifferentMarks { column, .. }
            | Self::Hexadecimal { column, .. }
            | Self::LargeNumbers { column, .. } => column,
        }
    }
}

impl fmt::Display for FormatNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.column();
        write!(f, "column {}: ", quoted(name))?;
        let name = argument(name);
        match self {
            Self::Numbers { .. }
            | Self::Dates { .. }
            | Self::Durations { .. }
            | Self::Unmarked { .. } => self.write_format(f, &name),
            Self::TextAmongValues { .. }
            | Self::Sentinels { .. }
            | Self::MissingWords { .. }
            | Self::MissingBySpelling { .. } => self.write_missing(f, &name),
            Self::Codes { .. }
            | Self::LeadingZeros { .. }
            | Self::DifferentMarks { .. }
            | Self::Hexadecimal { .. }
            | Self::LargeNumbers { .. } => self.write_kept_text(f, &name),
        }
    }
}

impl FormatNote {
    /// Notes about the format by which text becomes numbers, dates or durations.
    fn write_format(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        match self {
            Self::Numbers {
                format,
                example: (text, number),
                decided,
                otherwise,
                ..
            } => {
                write!(f, "numbers with {}, such as ", printable(format))?;
                write!(f, "{} for {number}{}", quoted(text), decided.phrase())?;
                match otherwise {
                    Some((other, sign)) => write!(f, "; if it is {other}, pass --decimal {sign}"),
                    None => Ok(()),
                }
            }
            Self::Dates {
                format,
                example: (text, date),
                decided,
                otherwise,
                ..
            } => {
                write!(f, "dates read as {}, such as ", printable(format))?;
                write!(f, "{} for {date}{}", quoted(text), decided.phrase())?;
                match otherwise {
                    Some(other) => write!(f, "; pass --date {name}={other} if that is wrong"),
                    None => Ok(()),
                }
            }
            Self::Durations {
                example: (text, hours),
                ..
            } => write!(
                f,
                "times and durations are read as hours, such as {} for {hours}; --categorical {name} \
                 keeps the text",
                quoted(text)
            ),
            Self::Unmarked { mark, rows, of, .. } => write!(
                f,
                "{rows} of {of} numbers have no {}, and are read like the others",
                quoted(mark)
            ),
            _ => Ok(()),
        }
    }

    /// Notes about values that are treated as missing.
    fn write_missing(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        match self {
            Self::TextAmongValues {
                kind,
                values,
                near,
                missing,
                ..
            } => {
                let expected = match kind {
                    ColumnKind::Date => "dates",
                    _ => "numbers",
                };
                let other = near.total + missing.total;
                let is = if other == 1 { "is" } else { "are" };
                write!(f, "{other} of {values} values {is} text among {expected}: ")?;
                match (near.total, missing.total) {
                    (_, 0) => write!(f, "read as the number in it ({near})")?,
                    (0, _) => write!(f, "treated as missing ({missing})")?,
                    (some, others) => write!(
                        f,
                        "{some} read as the number in it ({near}), {others} treated as missing ({missing})"
                    )?,
                }
                write!(f, "; --categorical {name} keeps all as text")
            }
            Self::Sentinels { dates, .. } => write!(
                f,
                "{dates}: far outside the other dates, treated as missing; --date {name}=%Y-%m-%d or \
                 another format keeps every date"
            ),
            Self::MissingWords { words, .. } => write!(f, "{words}: treated as missing"),
            Self::MissingBySpelling { word, rows, of, .. } => write!(
                f,
                "{} is treated as missing in {rows} of {of} rows; if it is a category or a class, \
                 pass --keep-na",
                quoted(word)
            ),
            _ => Ok(()),
        }
    }

    /// Notes about text that is kept although numbers are in it, and about digits that are lost.
    fn write_kept_text(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        match self {
            Self::Codes {
                numbers, others, ..
            } => write!(
                f,
                "{numbers} values are whole numbers and the other {} are text with digits ({others}): \
                 read as categories; --numeric {name} reads the numbers alone",
                others.total
            ),
            Self::LeadingZeros { example, .. } => write!(
                f,
                "codes with leading zeros, such as {}, are read as categories; --numeric {name} reads \
                 numbers",
                quoted(example)
            ),
            Self::DifferentMarks {
                currencies, marks, ..
            } => {
                let what = if *currencies { "currencies" } else { "units" };
                write!(
                    f,
                    "numbers with different {what} ({marks}) are left as text"
                )
            }
            Self::Hexadecimal { example, .. } => write!(
                f,
                "hexadecimal numbers such as {} are left as text; write them with decimal digits",
                quoted(example)
            ),
            Self::LargeNumbers { example, .. } => write!(
                f,
                "whole numbers beyond 2^53, such as {}, are rounded; --categorical {name} keeps all their \
                 digits",
                quoted(example)
            ),
            _ => Ok(()),
        }
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

impl Decided {
    fn phrase(self) -> &'static str {
        match self {
            Self::ByValues => "",
            Self::ByTable => " (as in the rest of the table)",
            Self::ByRequest => " (as requested)",
            Self::ByDefault => " (nothing in the column decides, so this is the default)",
        }
    }
}
