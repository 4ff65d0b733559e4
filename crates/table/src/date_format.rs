//! How the dates of a column are written.

use std::fmt;

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::date_text::{Order, eight_digits, is_zero, split};
use crate::sentinel::{days, is_sentinel, stored_days};

/// How the dates of a column are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateFormat {
    /// The notation.
    pub notation: DateNotation,
    /// Days that stand for no date, such as `9999-12-31`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "stored_days"
    )]
    pub sentinels: Vec<String>,
    /// Whether other text counts as missing. Otherwise it is an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lenient: bool,
}

/// A notation of dates. Names of months, times of day, offsets and years of four digits in front are
/// read in the first three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateNotation {
    /// Year, month, day.
    YearFirst,
    /// Month, day, year.
    MonthFirst,
    /// Day, month, year.
    DayFirst,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMilliseconds,
    /// Microseconds since 1970.
    EpochMicroseconds,
    /// Nanoseconds since 1970.
    EpochNanoseconds,
    /// Digits without separators: `20240131` or `20240131130500`.
    Compact,
    /// Year and month without separators: `202401`.
    CompactMonth,
    /// Months and years of two digits: `Jan-24`.
    MonthYear,
    /// Years alone: `2024`.
    Year,
    /// Days since 1899-12-30, as spreadsheets count them.
    SpreadsheetDays,
    /// A format of `strftime`.
    Pattern(String),
}

impl DateFormat {
    /// Dates in this notation, where every day is a date and other text is an error.
    pub fn new(notation: DateNotation) -> Self {
        Self {
            notation,
            sentinels: Vec::new(),
            lenient: false,
        }
    }

    /// The moment that text stands for, in UTC; `None` if it is none in this notation.
    pub fn read(&self, text: &str) -> Option<NaiveDateTime> {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        let in_order = |order| match split(text) {
            Some(parts) => parts.moment(order),
            None => eight_digits(text).map(midnight),
        };
        match &self.notation {
            DateNotation::YearFirst => in_order(Order::YearFirst).or_else(|| plain(text)),
            DateNotation::MonthFirst => in_order(Order::MonthFirst),
            DateNotation::DayFirst => in_order(Order::DayFirst),
            DateNotation::MonthYear => {
                let month = split(text).and_then(|parts| parts.month_of_year());
                month.or_else(|| in_order(Order::YearFirst))
            }
            DateNotation::Pattern(pattern) => by_pattern(text, pattern),
            DateNotation::Compact => compact(text),
            _ => self.read_number(text.parse().ok()?),
        }
    }

    /// The moment that a number stands for.
    pub fn read_number(&self, number: f64) -> Option<NaiveDateTime> {
        let micros = |per_number: f64| {
            let micros = number * per_number;
            let moment = DateTime::from_timestamp_micros(micros.round() as i64)?;
            (micros.abs() < 1e18).then(|| moment.naive_utc())
        };
        match self.notation {
            DateNotation::EpochSeconds => micros(1e6),
            DateNotation::EpochMilliseconds => micros(1e3),
            DateNotation::EpochMicroseconds => micros(1.0),
            DateNotation::EpochNanoseconds => micros(1e-3),
            DateNotation::SpreadsheetDays => spreadsheet_day(number),
            DateNotation::Year if number.fract() == 0.0 && (1.0..=9999.0).contains(&number) => {
                let date = NaiveDate::from_ymd_opt(number as i32, 1, 1)?;
                Some(date.and_time(NaiveTime::MIN))
            }
            DateNotation::Compact if number.fract() == 0.0 => compact(&number.to_string()),
            DateNotation::CompactMonth if (100_001.0..=999_912.0).contains(&number) => {
                let (year, month) = (number / 100.0, number % 100.0);
                let date = NaiveDate::from_ymd_opt(year as i32, month as u32, 1)?;
                (number.fract() == 0.0).then(|| date.and_time(NaiveTime::MIN))
            }
            _ => None,
        }
    }

    /// Whether numbers stand for dates in this notation.
    pub(crate) fn reads_numbers(&self) -> bool {
        use DateNotation::{DayFirst, MonthFirst, MonthYear, Pattern, YearFirst};
        !matches!(
            self.notation,
            YearFirst | MonthFirst | DayFirst | MonthYear | Pattern(_)
        )
    }

    /// The days that stand for no date.
    pub(crate) fn days(&self) -> Vec<NaiveDate> {
        days(&self.sentinels)
    }

    /// Whether text stands for no date: zeros alone.
    pub(crate) fn is_missing(text: &str) -> bool {
        is_zero(text)
    }

    /// Whether a moment stands for no date; `days` come from [`days`](Self::days).
    pub(crate) fn is_sentinel(moment: NaiveDateTime, days: &[NaiveDate]) -> bool {
        !days.is_empty() && is_sentinel(moment, days)
    }

    /// Whether text is a format of `strftime` with at least one part of a date.
    pub fn is_pattern(pattern: &str) -> bool {
        let mut parts = 0;
        for item in StrftimeItems::new(pattern) {
            match item {
                Item::Error => return false,
                Item::Numeric(..) | Item::Fixed(_) => parts += 1,
                _ => {}
            }
        }
        parts > 0
    }
}

/// A date as it is read in a column without a format.
fn plain(text: &str) -> Option<NaiveDateTime> {
    let seconds = Cell::Text(text).date()?;
    let moment = DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)?;
    Some(moment.naive_utc())
}

/// Reads text by a pattern of `strftime`. What the pattern leaves out is the first month or day, or
/// midnight.
fn by_pattern(text: &str, pattern: &str) -> Option<NaiveDateTime> {
    if let Ok(moment) = DateTime::parse_from_str(text, pattern) {
        return Some(moment.naive_utc());
    }
    if let Ok(moment) = NaiveDateTime::parse_from_str(text, pattern) {
        return Some(moment);
    }
    let at_midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let date = |more: &str, more_pattern: &str| {
        let (text, pattern) = (format!("{text}{more}"), format!("{pattern}{more_pattern}"));
        NaiveDate::parse_from_str(&text, &pattern).ok()
    };
    let date = date("", "")
        .or_else(|| date(" 1", " %d"))
        .or_else(|| date(" 1 1", " %m %d"));
    date.map(at_midnight)
}

fn compact(text: &str) -> Option<NaiveDateTime> {
    let digits: String = text.chars().filter(|c| !matches!(c, 'T' | '_')).collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(number(0, 4)?).ok()?;
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (number(8, 10)?, number(10, 12)?, 0),
        14 => (number(8, 10)?, number(10, 12)?, number(12, 14)?),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    date.and_hms_opt(hour, minute, second)
}

fn spreadsheet_day(number: f64) -> Option<NaiveDateTime> {
    if !(0.0..3e6).contains(&number) {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let date = first.checked_add_days(Days::new(number.floor() as u64))?;
    let micros = (number.fract() * 86_400e6).round() as i64;
    let time = chrono::TimeDelta::microseconds(micros);
    date.and_time(NaiveTime::MIN).checked_add_signed(time)
}

impl fmt::Display for DateNotation {
    /// The notation in words, such as: month, day, year.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::YearFirst => "year, month, day",
            Self::MonthFirst => "month, day, year",
            Self::DayFirst => "day, month, year",
            Self::EpochSeconds => "seconds since 1970",
            Self::EpochMilliseconds => "milliseconds since 1970",
            Self::EpochMicroseconds => "microseconds since 1970",
            Self::EpochNanoseconds => "nanoseconds since 1970",
            Self::Compact => "year, month, day without separators",
            Self::CompactMonth => "year, month without separators",
            Self::MonthYear => "month, year",
            Self::Year => "years",
            Self::SpreadsheetDays => "days since 1899-12-30, as spreadsheets count them",
            Self::Pattern(pattern) => pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(notation: DateNotation, text: &str) -> Option<String> {
        let moment = DateFormat::new(notation).read(text)?;
        Some(moment.to_string())
    }

    #[test]
    fn declared_notations_are_read() {
        use DateNotation::*;
        let pattern = |pattern: &str| Pattern(pattern.to_string());
        for (notation, text, expected) in [
            (EpochSeconds, "86400", "1970-01-02 00:00:00"),
            (EpochSeconds, "0.5", "1970-01-01 00:00:00.500"),
            (EpochMilliseconds, "1704067200000", "2024-01-01 00:00:00"),
            (EpochMicroseconds, "1704067200000000", "2024-01-01 00:00:00"),
            (
                EpochNanoseconds,
                "1704067200000000000",
                "2024-01-01 00:00:00",
            ),
            (Compact, "20240131", "2024-01-31 00:00:00"),
            (Compact, "20240131T130500", "2024-01-31 13:05:00"),
            (Year, "2024", "2024-01-01 00:00:00"),
            (SpreadsheetDays, "45292.5", "2024-01-01 12:00:00"),
            (pattern("%d|%m|%Y"), "31|12|2024", "2024-12-31 00:00:00"),
            (
                pattern("%d%b%Y %H:%M"),
                "31Dec2024 13:05",
                "2024-12-31 13:05:00",
            ),
            (pattern("%m/%Y"), "05/2024", "2024-05-01 00:00:00"),
            (pattern("%Y"), "2024", "2024-01-01 00:00:00"),
        ] {
            assert_eq!(read(notation, text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read(Compact, "20241331"), None);
        assert_eq!(read(EpochSeconds, "1e300"), None);
        assert_eq!(read(EpochSeconds, "NaN"), None);
        assert_eq!(read(Compact, "2024013é"), None);
    }

    #[test]
    fn patterns_are_checked() {
        assert!(DateFormat::is_pattern("%d/%m/%Y"));
        for bad in ["%Q", "", "d/m/Y"] {
            assert!(!DateFormat::is_pattern(bad), "{bad}");
        }
    }
}
