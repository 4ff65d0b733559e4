//! The parts of a date as people write it.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::duration_format::meridiem;

/// The order of the parts of a date that are numbers. A year of four digits in front is always read as
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "people call the orders so")]
pub(crate) enum Order {
    YearFirst,
    MonthFirst,
    DayFirst,
}

pub(crate) const ORDERS: [Order; 3] = [Order::MonthFirst, Order::DayFirst, Order::YearFirst];

/// A date as people write it, in its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateText<'a> {
    parts: Parts<'a>,
    time: Option<Time>,
    /// Minutes east of Greenwich.
    offset: i64,
    /// Whether the parts are separated by dots.
    pub dotted: bool,
}

#[derive(Debug, Clone, Copy)]
enum Parts<'a> {
    /// Three numbers in an order that the column decides.
    Three([&'a str; 3]),
    /// Year, month and day, where the text decides.
    Known(&'a str, u32, &'a str),
}

#[derive(Debug, Clone, Copy)]
struct Time {
    of_day: NaiveTime,
    next_day: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
}

/// The parts of a date with or without a time; `None` if the text is none in any order.
pub(crate) fn split(text: &str) -> Option<DateText<'_>> {
    if !(6..=64).contains(&text.len()) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let text = match text.ends_with(')') {
        true => text.split_once('(')?.0.trim_end(),
        false => text,
    };
    let (date, time, offset, year) = match text.find(':') {
        Some(colon) => split_time(text, colon)?,
        None => (text, None, 0, None),
    };
    let (mut tokens, separators) = tokens(date)?;
    if let Some(year) = year {
        tokens.push(Token::Number(year));
    }
    let parts = parts(&tokens, &separators)?;
    Some(DateText {
        parts,
        time,
        offset,
        dotted: separators.contains(&"."),
    })
}

impl DateText<'_> {
    /// The moment in UTC, if the parts are in this order.
    pub fn moment(&self, order: Order) -> Option<NaiveDateTime> {
        let (year, month, day) = match self.parts {
            Parts::Known(year, month, day) => (year, month, day.parse().ok()?),
            Parts::Three([a, b, c]) => {
                let (year, month, day) = match order {
                    _ if a.len() == 4 => (a, b, c),
                    Order::YearFirst if c.len() <= 2 => (a, b, c),
                    Order::YearFirst => return None,
                    Order::MonthFirst => (c, a, b),
                    Order::DayFirst => (c, b, a),
                };
                (year, month.parse().ok()?, day.parse().ok()?)
            }
        };
        let date = NaiveDate::from_ymd_opt(year_of(year)?, month, day)?;
        let Some(time) = self.time else {
            return Some(date.and_time(NaiveTime::MIN));
        };
        let date = match time.next_day {
            true => date.checked_add_days(Days::new(1))?,
            false => date,
        };
        let local = date.and_time(time.of_day);
        local.checked_sub_signed(TimeDelta::minutes(self.offset))
    }
}

/// A year of four digits, or of two by the rule of POSIX: 69 and more are in the last century.
fn year_of(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        4 if year > 0 => Some(year),
        2 if year >= 69 => Some(1900 + year),
        2 => Some(2000 + year),
        _ => None,
    }
}

type TimeParts<'a> = (&'a str, Option<Time>, i64, Option<&'a str>);

/// The text before the time of day, the time, its offset in minutes, and a year behind it.
fn split_time(text: &str, colon: usize) -> Option<TimeParts<'_>> {
    let before = &text[..colon];
    let hour = before.len() - before.bytes().rev().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&(colon - hour)) {
        return None;
    }
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let end = text[hour..].find(|c: char| !is_time(c));
    let end = end.map_or(text.len(), |end| hour + end);
    let clock = text[hour..end].trim_end_matches('.');
    // Some systems write a fraction after a comma.
    let (clock, rest) = match text[end..].strip_prefix(',') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) && clock.len() >= 7 => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (&text[hour..end + 1 + digits], &rest[digits..])
        }
        _ => (clock, &text[end..]),
    };
    let (rest, afternoon) = leading_meridiem(rest);
    let (offset, rest) = zone(rest.trim())?;
    let rest = rest.trim();
    let year = match rest {
        "" => None,
        year if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) => Some(year),
        _ => return None,
    };
    let date = text[..hour].trim_end();
    let date = match date.strip_suffix(['T', 't']) {
        Some(date) if date.ends_with(|c: char| c.is_ascii_digit()) => date,
        _ => date.strip_suffix(" at").unwrap_or(date),
    };
    let date = date.trim_end_matches([',', ' ']);
    Some((date, Some(time_of_day(clock, afternoon)?), offset, year))
}

/// Text behind a time without `AM` or `PM`, and whether it is in the afternoon.
fn leading_meridiem(rest: &str) -> (&str, Option<bool>) {
    let trimmed = rest.trim_start();
    for length in [4, 2] {
        if let Some(mark) = trimmed.get(..length)
            && let ("", Some(afternoon)) = meridiem(mark)
        {
            return (&trimmed[length..], Some(afternoon));
        }
    }
    (rest, None)
}

fn time_of_day(clock: &str, afternoon: Option<bool>) -> Option<Time> {
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
    if minute.len() != 2 || second.len() > 2 || fraction.bytes().any(|b| !b.is_ascii_digit()) {
        return None;
    }
    let hour: u32 = hour.parse().ok()?;
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    let (minute, second): (u32, u32) = (minute.parse().ok()?, second.parse().ok()?);
    let micros: u32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let next_day = hour == 24 && minute == 0 && second == 0 && micros == 0;
    let hour = if next_day { 0 } else { hour };
    let of_day = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    Some(Time { of_day, next_day })
}

/// The offset of a time zone in minutes east of Greenwich, and the text behind it.
fn zone(text: &str) -> Option<(i64, &str)> {
    let (named, rest) = match ["UTC", "GMT", "Z", "z"]
        .iter()
        .find_map(|n| text.strip_prefix(n))
    {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let Some(signed) = rest.strip_prefix(['+', '-', '−']) else {
        return (named || !rest.starts_with(|c: char| c.is_alphabetic())).then_some((0, rest));
    };
    let sign = if rest.starts_with('+') { 1 } else { -1 };
    let end = signed.find(|c: char| !c.is_ascii_digit() && c != ':');
    let (offset, rest) = signed.split_at(end.unwrap_or(signed.len()));
    let (hours, minutes) = match offset.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if offset.len() == 4 => offset.split_at(2),
        None => (offset, "00"),
    };
    let valid = (1..=2).contains(&hours.len()) && minutes.len() == 2;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let valid = valid && hours <= 18 && minutes < 60;
    valid.then_some((sign * (hours * 60 + minutes), rest))
}

/// Numbers and words, without names of weekdays and endings of ordinals, and the separators between
/// them.
fn tokens(text: &str) -> Option<(Vec<Token<'_>>, Vec<&str>)> {
    let (mut tokens, mut separators) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.starts_with(|c: char| c.is_ascii_digit());
        let inside = |c: char| match number {
            true => c.is_ascii_digit(),
            false => c.is_alphabetic(),
        };
        let end = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        let length = behind
            .find(|c: char| c.is_alphanumeric())
            .unwrap_or(behind.len());
        let (separator, next) = behind.split_at(length);
        let separator = separator.trim();
        let known = matches!(
            separator,
            "" | "-" | "/" | "." | "," | ".," | "'" | "./" | ".-"
        );
        if token.is_empty() || !known || tokens.len() > 4 {
            return None;
        }
        rest = next;
        let after_number = matches!(tokens.last(), Some(Token::Number(_)));
        let ordinal = ["st", "nd", "rd", "th"]
            .iter()
            .any(|e| token.eq_ignore_ascii_case(e));
        match number {
            true => tokens.push(Token::Number(token)),
            false if is_weekday(token) || (ordinal && after_number) => continue,
            false => tokens.push(Token::Word(token)),
        }
        separators.push(separator);
    }
    Some((tokens, separators))
}

fn parts<'a>(tokens: &[Token<'a>], separators: &[&str]) -> Option<Parts<'a>> {
    use Token::{Number, Word};
    let short = |text: &str| (1..=2).contains(&text.len());
    Some(match *tokens {
        [Number(a), Number(b), Number(c)] => {
            let same = separators[0] == separators[1] && !separators[0].is_empty();
            let spaced = separators[0].is_empty() && separators[1].is_empty();
            let year = |text: &str| matches!(text.len(), 2 | 4);
            let lengths = short(b) && ((a.len() == 4 && short(c)) || (short(a) && year(c)));
            // One separator in both places; numbers next to each other need a space.
            if !lengths || !(same || spaced) || matches!(separators[0], "," | "'") {
                return None;
            }
            Parts::Three([a, b, c])
        }
        [Word(quarter), Number(number), Number(year)]
        | [Number(year), Word(quarter), Number(number)]
            if year.len() == 4 && quarter.eq_ignore_ascii_case("q") =>
        {
            let number: u32 = number.parse().ok().filter(|n| (1..=4).contains(n))?;
            Parts::Known(year, number * 3 - 2, "1")
        }
        [Number(day), Word(month), Number(year)] if short(day) => {
            Parts::Known(year, month_of(month)?, day)
        }
        [Number(year), Word(month), Number(day)] if short(day) => {
            Parts::Known(year, month_of(month)?, day)
        }
        [Word(month), Number(day), Number(year)] if short(day) => {
            Parts::Known(year, month_of(month)?, day)
        }
        [Word(month), Number(year)] | [Number(year), Word(month)] if year.len() == 4 => {
            Parts::Known(year, month_of(month)?, "1")
        }
        [Number(year), Number(month)] if year.len() == 4 && month.len() == 2 => {
            Parts::Known(dated(year, separators)?, month.parse().ok()?, "1")
        }
        [Number(month), Number(year)] if year.len() == 4 && short(month) => {
            Parts::Known(dated(year, separators)?, month.parse().ok()?, "1")
        }
        _ => return None,
    })
}

/// The year beside a month alone, if a dash or a slash joins the two: a point makes a number.
fn dated<'a>(year: &'a str, separators: &[&str]) -> Option<&'a str> {
    matches!(separators.first(), Some(&("-" | "/"))).then_some(year)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month_of(word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let is = |month: &&str| **month == word || (word.len() == 3 && month.starts_with(&word));
    let month = MONTHS.iter().position(is);
    let month = month.or((word == "sept").then_some(8))?;
    u32::try_from(month + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let word = word.to_ascii_lowercase();
    word.len() >= 3
        && DAYS
            .iter()
            .any(|day| *day == word || (word.len() <= 5 && day.starts_with(&word)))
}

/// Whether text is a date whose day is 0 in every part, such as `0000-00-00`.
pub(crate) fn is_zero(text: &str) -> bool {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let zeros = date.bytes().filter(|byte| *byte == b'0').count();
    let separators = date.bytes().filter(|byte| b"-/.".contains(byte)).count();
    separators == 2
        && (6..=8).contains(&zeros)
        && zeros + 2 == date.len()
        && text.bytes().all(|byte| b"0-/.: TZ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: Order) -> Option<String> {
        Some(split(text)?.moment(order)?.to_string())
    }

    #[test]
    fn dates_are_read_in_the_order_of_their_column() {
        use Order::*;
        for (text, order, expected) in [
            ("12/31/2024", MonthFirst, "2024-12-31 00:00:00"),
            ("31/12/2024", DayFirst, "2024-12-31 00:00:00"),
            ("31.12.2024", DayFirst, "2024-12-31 00:00:00"),
            ("1-2-24", DayFirst, "2024-02-01 00:00:00"),
            ("1/2/69", MonthFirst, "1969-01-02 00:00:00"),
            ("24/12/31", YearFirst, "2024-12-31 00:00:00"),
            ("2024.12.31", MonthFirst, "2024-12-31 00:00:00"),
            ("31 12 2024", DayFirst, "2024-12-31 00:00:00"),
            ("31-Dec-2024", MonthFirst, "2024-12-31 00:00:00"),
            ("Dec 31, 2024", DayFirst, "2024-12-31 00:00:00"),
            ("Dec. 31st, 2024", DayFirst, "2024-12-31 00:00:00"),
            ("Tuesday, 31 December 2024", DayFirst, "2024-12-31 00:00:00"),
            ("2024-Dec-31", DayFirst, "2024-12-31 00:00:00"),
            ("2024-05", DayFirst, "2024-05-01 00:00:00"),
            ("05/2024", DayFirst, "2024-05-01 00:00:00"),
            ("May 2024", DayFirst, "2024-05-01 00:00:00"),
            ("2024-Q2", DayFirst, "2024-04-01 00:00:00"),
            ("2024Q1", DayFirst, "2024-01-01 00:00:00"),
            ("Q4 2024", DayFirst, "2024-10-01 00:00:00"),
            ("2024-12-31T13:05:00+0000", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31 13:05:00+00", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31 13:05:00 UTC", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31T13:05Z", DayFirst, "2024-12-31 13:05:00"),
            (
                "2024-12-31 13:05:00.25-01:30",
                DayFirst,
                "2024-12-31 14:35:00.250",
            ),
            (
                "2024-12-31 13:05:00,25",
                DayFirst,
                "2024-12-31 13:05:00.250",
            ),
            ("12/31/2024 1:05 PM", MonthFirst, "2024-12-31 13:05:00"),
            ("12/31/2024, 1:05:30 pm", MonthFirst, "2024-12-31 13:05:30"),
            ("31.12.24 24:00", DayFirst, "2025-01-01 00:00:00"),
            (
                "Tue, 31 Dec 2024 13:05:00 GMT",
                DayFirst,
                "2024-12-31 13:05:00",
            ),
            (
                "Tue Dec 31 13:05:00 UTC 2024",
                DayFirst,
                "2024-12-31 13:05:00",
            ),
            (
                "Tue Dec 31 2024 13:05:00 GMT+0100 (CET)",
                DayFirst,
                "2024-12-31 12:05:00",
            ),
        ] {
            assert_eq!(read(text, order).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_date() {
        for text in [
            "",
            "12345678",
            "1.2.3",
            "192.168.1.1",
            "123-45-6789",
            "555-123-4567",
            "13/13/2024",
            "2024",
            "5.2024",
            "10-20",
            "May",
            "may 5",
            "Elm Street 5, 1234",
            "12:30",
            "1,2,2024",
            "2024-13-01",
            "1.234.567",
            "€€€€€€€",
            "2024-12-31 25:00",
            "2024-12-31 13:05 foo",
            "31/12-2024",
            "31122024",
            "A-1-2024",
        ] {
            for order in ORDERS {
                assert_eq!(read(text, order), None, "{text}");
            }
        }
        assert!(is_zero("0000-00-00") && is_zero("00/00/0000") && is_zero("0000-00-00 00:00:00"));
        assert!(!is_zero("2000-00-00") && !is_zero("000000") && !is_zero(""));
    }
}
