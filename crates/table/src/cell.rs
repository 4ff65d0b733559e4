//! One value of a table.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::category::{boolean_name, number_name, without_point};

/// One value of a table. Whether text is a number, a boolean, a date or a category depends on the
/// type of its column: see [`number`](Self::number), [`boolean`](Self::boolean), [`date`](Self::date)
/// and [`category`](Self::category).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value, or text that stands for a missing value, such as `NA`.
    Missing,
    /// A number from a typed column.
    Number(f64),
    /// A whole number from a typed column of 64 bits or more, with all its digits.
    Integer(i128),
    /// A boolean from a typed column.
    Boolean(bool),
    /// A date and time from a typed column, in seconds since 1970-01-01 00:00 UTC.
    Date(f64),
    /// Text, without leading and trailing white space. From a typed column it may be a word such as
    /// `NA`, which would stand for a missing value in a CSV file.
    Text(&'a str),
}

/// Words for missing values have at most this many bytes.
const MAX_MISSING: usize = 8;

/// Whether text stands for a missing value: the list of `pandas.read_csv`, `?`, and everything that
/// Rust parses as NaN (`nan` in any case and with any sign).
fn is_missing(text: &str) -> bool {
    matches!(
        text,
        "" | "#N/A"
            | "#N/A N/A"
            | "#NA"
            | "-1.#IND"
            | "-1.#QNAN"
            | "1.#IND"
            | "1.#QNAN"
            | "<NA>"
            | "N/A"
            | "NA"
            | "NULL"
            | "None"
            | "n/a"
            | "null"
            | "?"
    ) || text
        .trim_start_matches(['+', '-'])
        .eq_ignore_ascii_case("nan")
}

/// Text without white space around it. Most text has none.
fn trimmed(text: &str) -> &str {
    let is_seen = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    match is_seen(bytes.first()) && is_seen(bytes.last()) {
        true => text,
        false => text.trim(),
    }
}

/// Whether text begins as the words for missing values do: most text does not.
fn may_be_missing(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= MAX_MISSING
        && match bytes.first() {
            None | Some(b'#' | b'-' | b'+' | b'<' | b'N' | b'n' | b'?') => true,
            // `1.#IND`
            Some(b'1') => bytes.get(2) == Some(&b'#'),
            _ => false,
        }
}

impl<'a> Cell<'a> {
    /// A value from text: trimmed, and [`Missing`](Self::Missing) if it stands for a missing value.
    pub fn from_text(text: &'a str) -> Self {
        let text = trimmed(text);
        match may_be_missing(text) && is_missing(text) {
            true => Self::Missing,
            false => Self::Text(text),
        }
    }

    /// The value, but [`Missing`](Self::Missing) if it is text that stands for a missing value in a CSV
    /// file.
    pub fn without_missing_words(self) -> Self {
        match self {
            Self::Text(text) => Self::from_text(text),
            cell => cell,
        }
    }

    /// The value as a number, which may be infinite; `None` if it is not one.
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Number(number) => Some(number),
            Self::Integer(number) => Some(number as f64),
            Self::Boolean(value) => Some(f64::from(u8::from(value))),
            Self::Text(text) => text.parse().ok(),
            Self::Missing | Self::Date(_) => None,
        }
    }

    /// The value as a boolean; `None` if it is not one.
    pub fn boolean(&self) -> Option<bool> {
        match *self {
            Self::Boolean(value) => Some(value),
            Self::Text(text) if text.len() <= 5 && may_be_boolean(text) => {
                let is_one_of = |words: [&str; 4]| {
                    let mut words = words.iter();
                    words.any(|word| text.eq_ignore_ascii_case(word))
                };
                match () {
                    () if is_one_of(["true", "yes", "t", "y"]) => Some(true),
                    () if is_one_of(["false", "no", "f", "n"]) => Some(false),
                    () => None,
                }
            }
            _ => None,
        }
    }

    /// The value as seconds since 1970; `None` if it is not a date in the order year, month, day,
    /// with or without a time.
    pub fn date(&self) -> Option<f64> {
        match *self {
            Self::Date(seconds) => Some(seconds),
            Self::Text(text) => parse_date(text),
            _ => None,
        }
    }

    /// The value as the name of a category; `None` if it is missing. Whole numbers lose their `.0`,
    /// so that `1` and `1.0` are the same category. Typed numbers and booleans are spelled as Python
    /// writes them into a CSV file: `1e-07`, `True`.
    pub fn category(&self) -> Option<Cow<'a, str>> {
        Some(match *self {
            Self::Missing => return None,
            Self::Text(text) => Cow::Borrowed(without_point(text)),
            Self::Number(number) => Cow::Owned(number_name(number)),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Boolean(value) => Cow::Borrowed(boolean_name(value)),
            Self::Date(seconds) => match DateTime::from_timestamp(seconds as i64, 0) {
                Some(moment) => Cow::Owned(moment.naive_utc().to_string()),
                None => Cow::Owned(seconds.to_string()),
            },
        })
    }
}

/// Whether text begins as the words for booleans do: most text does not.
fn may_be_boolean(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| matches!(byte | 0x20, b't' | b'f' | b'y' | b'n'))
}

/// Whether a number is finite and smaller in magnitude than the largest `f32`. Other numbers count as
/// missing; some files use the largest `f32` for missing values.
pub fn within_range(number: f64) -> bool {
    number.abs() < f64::from(f32::MAX)
}

fn parse_date(text: &str) -> Option<f64> {
    let plausible = text.len() >= 8
        && text.as_bytes()[..4].iter().all(u8::is_ascii_digit)
        && matches!(text.as_bytes()[4], b'-' | b'/');
    if !plausible {
        return None;
    }
    let seconds = |moment: NaiveDateTime| {
        let moment = moment.and_utc();
        moment.timestamp() as f64 + f64::from(moment.timestamp_subsec_micros()) / 1e6
    };
    if let Some(moment) = fixed_width(text.as_bytes()) {
        return Some(seconds(moment));
    }
    let text = text.replacen('/', "-", 2);
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return date.and_hms_opt(0, 0, 0).map(seconds);
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(seconds(moment.naive_utc()));
    }
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
    .map(seconds)
}

/// Reads `2024-12-31` and `2024-12-31 13:05:00`, as most dates are written, fast.
fn fixed_width(text: &[u8]) -> Option<NaiveDateTime> {
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        let value = digits.iter().fold(0, |value, digit| {
            value * 10 + u32::from(digit.wrapping_sub(b'0'))
        });
        digits.iter().all(u8::is_ascii_digit).then_some(value)
    };
    if !matches!(text.len(), 10 | 19) || text[7] != text[4] {
        return None;
    }
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    if text.len() == 10 {
        return date.and_hms_opt(0, 0, 0);
    }
    let separated = matches!(text[10], b' ' | b'T') && text[13] == b':' && text[16] == b':';
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    separated.then(|| date.and_hms_opt(hour, minute, second))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_missing_values_are_missing() {
        for text in [
            "",
            "  ",
            "NA",
            " nan ",
            "NAN",
            "-NaN",
            "+nan",
            "?",
            "null",
            "#N/A",
            "#N/A N/A",
            "#NA",
            "-1.#IND",
            "-1.#QNAN",
            "1.#IND",
            "1.#QNAN",
            "<NA>",
            "N/A",
            "NULL",
            "None",
            "n/a",
            "\u{a0}NA\u{a0}",
        ] {
            assert_eq!(Cell::from_text(text), Cell::Missing, "{text:?}");
        }
        for text in ["1", "1.", "12.#IND", "-1", "x", "é", "Nope"] {
            assert_eq!(Cell::from_text(text), Cell::Text(text));
        }
        assert_eq!(Cell::from_text(" NAMES "), Cell::Text("NAMES"));
    }

    #[test]
    fn dates_of_columns_without_a_format_are_what_they_have_always_been() {
        // Models of versions 1 to 6 have no formats. Text that they could not read stays an error.
        for text in [
            "31.12.2024",
            "12/31/2024",
            "Dec 31, 2024",
            "2024-05",
            "2024-Q1",
            "2024-W05-3",
            "2024年1月31日",
            "2024:12:31 13:05:00",
            "20241231T130500",
            "2024-12-31 5 PM",
            "2024-12-31 13:05 CET",
            "2024-12-31 13:05:00 UTC",
            "2024-12-31 13:05:00+00",
            "2024-12-31-04.36.12",
        ] {
            assert_eq!(Cell::from_text(text).date(), None, "{text}");
        }
        let leap = Cell::from_text("2016-12-31 23:59:60").date();
        assert_eq!(leap, Cell::from_text("2016-12-31T23:59:60.0").date());
    }

    #[test]
    fn text_is_parsed_by_the_type_that_is_asked_for() {
        let cell = Cell::from_text;
        assert_eq!(cell(" 1.5e3 ").number(), Some(1500.0));
        assert_eq!(cell("1,5").number(), None);
        assert_eq!(cell("Yes").boolean(), Some(true));
        assert_eq!(cell("F").boolean(), Some(false));
        assert_eq!(cell("1970-01-02").date(), Some(86_400.0));
        assert_eq!(cell("1970/01/02").date(), Some(86_400.0));
        assert_eq!(cell("1970-01-01T01:00:00+01:00").date(), Some(0.0));
        assert_eq!(cell("1970-01-01 00:01").date(), Some(60.0));
        assert_eq!(cell("1970-01-02 00:01:01").date(), Some(86_461.0));
        assert_eq!(cell("1970/01/02T00:01:01").date(), Some(86_461.0));
        assert_eq!(cell("1970-01-01 00:00:00.5").date(), Some(0.5));
        assert_eq!(cell("1970-13-01").date(), None);
        for text in ["1970-01-02x00:01:01", "1970-01-02 00.01.01", "1970-1é-02"] {
            assert_eq!(cell(text).date(), None, "{text}");
        }
        assert_eq!(cell("12345678").date(), None);
        assert_eq!(cell("€€€€").date(), None);
        assert_eq!(Cell::Number(2.0).category().as_deref(), Some("2"));
        let id = Cell::Integer(9_007_199_254_740_993);
        assert_eq!(id.category().as_deref(), Some("9007199254740993"));
        assert_eq!(id.number(), Some(9_007_199_254_740_992.0));
        assert_eq!(Cell::Boolean(true).category().as_deref(), Some("True"));
    }
}
