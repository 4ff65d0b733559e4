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
        /// The format to pass where the guess is wrong, unless the values decide.
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
    /// A few different numbers beside other text are categories.
    FewNumbers {
        /// The column.
        column: String,
        /// Values that are numbers.
        numbers: usize,
        /// Values that are not, with examples.
        others: Examples,
    },
    /// Many different numbers beside more text, of few words, are categories. The words may stand for missing
    /// values.
    NumbersBesideWords {
        /// The column.
        column: String,
        /// Values that are numbers.
        numbers: usize,
        /// Values that are not.
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
        /// A format in which every date of the column is kept, if there is one.
        format: Option<String>,
    },
    /// Words that no one writes for a category count as missing.
    MissingWords {
        /// The column.
        column: String,
        /// The words.
        words: Examples,
    },
    /// Much of a column of text is missing by its spelling.
    MissingBySpelling {
        /// The column.
        column: String,
        /// The spellings.
        words: Examples,
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
    /// Some dates have the month first, and others the day.
    OrdersDiffer {
        /// The column.
        column: String,
        /// Dates that have the month first, with examples, and how to read them alone.
        month_first: (Examples, String),
        /// Dates that have the day first, with examples, and how to read them alone.
        day_first: (Examples, String),
        /// The order in words that the column is read in; `None` if it is left as text.
        read: Option<String>,
    },
    /// Too few values of a column are dates, so that it is left as text.
    FewDates {
        /// The column.
        column: String,
        /// Values that are dates.
        dates: usize,
        /// Values that are not, with examples.
        others: Examples,
    },
    /// A month beside a number that may be a year or a day.
    MonthsOrDays {
        /// The column.
        column: String,
        /// The first of them.
        example: String,
        /// The format in which the number is a year.
        format: String,
    },
    /// Days and months without a year are left as text.
    WithoutYear {
        /// The column.
        column: String,
        /// The first of them.
        example: String,
    },
    /// Text such as `2023-005` may be a day of a year, and is left as text.
    DaysOfYear {
        /// The column.
        column: String,
        /// The first of them, and the date that it would be.
        example: (String, String),
        /// The format in which it is a date.
        format: String,
    },
    /// Values such as `01.2023` are months of years, and not numbers.
    MonthsLikeNumbers {
        /// The column.
        column: String,
        /// The first of them, and its date.
        example: (String, String),
    },
    /// Numbers may stand for dates.
    NumbersLikeDates {
        /// The column.
        column: String,
        /// A number and the date that it would be.
        example: (String, String),
        /// How they would be read, in words.
        format: String,
    },
    /// Categories differ only in case or spaces.
    SimilarCategories {
        /// The column.
        column: String,
        /// Some of the categories with several spellings, each with its rows, the most frequent first.
        groups: Vec<Vec<(String, usize)>>,
        /// The number of all such categories.
        of: usize,
    },
}

/// What decides how a column is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decided {
    /// The values of the column.
    ByValues,
    /// Another column of the table, with this name.
    ByColumn(String),
    /// The decimal commas of the table: where these are written, the day comes first.
    ByDecimalComma,
    /// The semicolons between the fields of the file, which are written where the comma is the decimal
    /// sign.
    BySemicolons,
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
pub(crate) fn quoted(text: &str) -> String {
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

impl FormatNote {
    /// The column that the note is about.
    pub fn column(&self) -> &str {
        match self {
            Self::Numbers { column, .. }
            | Self::Dates { column, .. }
            | Self::Durations { column, .. }
            | Self::TextAmongValues { column, .. }
            | Self::Codes { column, .. }
            | Self::FewNumbers { column, .. }
            | Self::NumbersBesideWords { column, .. }
            | Self::Unmarked { column, .. }
            | Self::LeadingZeros { column, .. }
            | Self::Sentinels { column, .. }
            | Self::MissingWords { column, .. }
            | Self::MissingBySpelling { column, .. }
            | Self::DifferentMarks { column, .. }
            | Self::Hexadecimal { column, .. }
            | Self::LargeNumbers { column, .. }
            | Self::OrdersDiffer { column, .. }
            | Self::FewDates { column, .. }
            | Self::MonthsOrDays { column, .. }
            | Self::WithoutYear { column, .. }
            | Self::DaysOfYear { column, .. }
            | Self::MonthsLikeNumbers { column, .. }
            | Self::NumbersLikeDates { column, .. }
            | Self::SimilarCategories { column, .. } => column,
        }
    }
}
