//! The parts of a date as people write it.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

use crate::clock_text::{Dated, Time, digits_alone, with_colons, without_colons};
use crate::date_tokens::{Digits, Token, Tokens, leading_digits};
use crate::date_words::month_of;

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
pub(crate) struct DateText {
    parts: Parts,
    time: Option<Time>,
    /// Minutes east of Greenwich.
    offset: i64,
    /// Whether the parts are separated by dots.
    pub dotted: bool,
}

#[derive(Debug, Clone, Copy)]
enum Parts {
    /// Three numbers in an order that the column decides.
    Three([Digits; 3]),
    /// A date that the text decides.
    Known(NaiveDate),
    /// A month beside a number of two digits, which is a year or a day: `Jan-24`.
    MonthAnd(u32, Digits),
    /// A day and a month: `31-Jan`.
    DayAndMonth,
}

/// The parts of a date with or without a time; `None` if the text is none in any order.
pub(crate) fn split(text: &str) -> Option<DateText> {
    if !(4..=64).contains(&text.len()) {
        return None;
    }
    usual(text.as_bytes()).or_else(|| any_writing(text))
}

/// Three numbers with one separator, with or without a plain time: most dates, read fast.
fn usual(text: &[u8]) -> Option<DateText> {
    let (first, rest) = leading_digits(text)?;
    let (&separator, rest) = rest.split_first()?;
    let (second, rest) = leading_digits(rest)?;
    let (third, rest) = leading_digits(rest.strip_prefix(&[separator])?)?;
    let parts = [first, second, third];
    // Cameras write `2024:12:31`.
    let is_separator = match separator {
        b'-' | b'/' | b'.' => true,
        b':' => first.length == 4,
        _ => false,
    };
    if !is_separator || !have_lengths_of_dates(parts) {
        return None;
    }
    let time = match rest {
        [] => None,
        [b' ' | b'T', clock @ ..] => Some(usual_time(clock)?),
        _ => return None,
    };
    Some(DateText {
        parts: Parts::Three(parts),
        time,
        offset: 0,
        dotted: separator == b'.',
    })
}

/// `13:05`, `13:05:59` or `13:05:59.123`.
fn usual_time(clock: &[u8]) -> Option<Time> {
    let (hour, rest) = leading_digits(clock)?;
    let (minute, rest) = leading_digits(rest.strip_prefix(b":")?)?;
    let (second, rest) = match rest.strip_prefix(b":") {
        Some(rest) => leading_digits(rest)?,
        None if rest.is_empty() => (
            Digits {
                value: 0,
                length: 2,
            },
            rest,
        ),
        None => return None,
    };
    let fraction = match rest {
        [] => &[][..],
        [b'.', fraction @ ..] if !fraction.is_empty() => fraction,
        _ => return None,
    };
    let two_each = hour.is_short() && minute.length == 2 && second.length == 2;
    if !two_each || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |place: usize| {
        fraction
            .get(place)
            .map_or(0, |digit| u32::from(digit - b'0'))
    };
    let micros = (0..6).fold(0, |micros, place| micros * 10 + digit(place));
    let of_day = NaiveTime::from_hms_micro_opt(hour.value, minute.value, second.value, micros)?;
    Some(Time {
        of_day,
        next_day: false,
    })
}

/// A date in any of the writings, read with care.
fn any_writing(text: &str) -> Option<DateText> {
    let text = without_call(text);
    let text = without_zone(without_brackets(text)?);
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    match text.find(':') {
        Some(colon) => of_dated(with_colons(text, colon)?),
        None => without_colons(text)
            .and_then(of_dated)
            .or_else(|| of_dated(digits_alone(text)?))
            .or_else(|| of_dated(Dated::without_time(text))),
    }
}

/// Text without the name of a time zone in brackets behind it, and without brackets around it.
fn without_brackets(text: &str) -> Option<&str> {
    let text = match text.strip_prefix('[') {
        Some(text) => text.strip_suffix(']')?,
        None => text,
    };
    Some(match text.chars().next_back()? {
        ')' => text.split_once('(')?.0.trim_end(),
        ']' => text.split_once('[')?.0.trim_end(),
        _ => text,
    })
}

/// Text without the call that Python shows around a date: `Timestamp('2024-12-31 00:00:00')`.
fn without_call(text: &str) -> &str {
    const CALLS: [&str; 3] = ["Timestamp('", "np.datetime64('", "numpy.datetime64('"];
    let inner = CALLS.iter().find_map(|call| text.strip_prefix(call));
    inner
        .and_then(|text| text.strip_suffix("')"))
        .unwrap_or(text)
}

/// A date alone without the time zone that XML has behind it: `2024-12-31Z`, `2024-12-31+01:00`.
fn without_zone(text: &str) -> &str {
    let is_like = |text: &str, like: &str| {
        let same = |(byte, like): (u8, u8)| byte == like || (like == b'0' && byte.is_ascii_digit());
        text.len() == like.len() && text.bytes().zip(like.bytes()).all(same)
    };
    let date = match text.split_once('+') {
        Some((date, zone)) if is_like(zone, "00:00") => date,
        Some(_) => return text,
        None => text.strip_suffix('Z').unwrap_or(text),
    };
    match is_like(date, "0000-00-00") {
        true => date,
        false => text,
    }
}

fn of_dated(dated: Dated) -> Option<DateText> {
    // Eight digits are a date where a time follows.
    if let (Some(date), Some(_)) = (eight_digits(dated.date), dated.time) {
        return Some(DateText {
            parts: Parts::Known(date),
            time: dated.time,
            offset: dated.offset,
            dotted: false,
        });
    }
    let mut found = Tokens::of(dated.date)?;
    if let Some(year) = dated.year {
        found.push(Token::Number(Digits::of(year.as_bytes())?), "");
    }
    Some(DateText {
        parts: parts(&found)?,
        time: dated.time,
        offset: dated.offset,
        dotted: found.separators().contains(&"."),
    })
}

/// `20241231`, from 1900 to 2099: other numbers of eight digits are none.
pub(crate) fn eight_digits(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    (1900..2100).contains(&year).then_some(date)
}

impl DateText {
    /// The moment in UTC, if the parts are in this order.
    pub fn moment(&self, order: Order) -> Option<NaiveDateTime> {
        let date = match self.parts {
            Parts::Known(date) => date,
            Parts::MonthAnd(..) | Parts::DayAndMonth => return None,
            Parts::Three([a, b, c]) => {
                let (year, month, day) = match order {
                    _ if a.is_whole_year() => (a, b, c),
                    Order::YearFirst if c.is_short() => (a, b, c),
                    Order::YearFirst => return None,
                    Order::MonthFirst => (c, a, b),
                    Order::DayFirst => (c, b, a),
                };
                NaiveDate::from_ymd_opt(year.year()?, month.value, day.value)?
            }
        };
        self.at_time(date)
    }

    /// The start of the month in a year of two digits, if the text has these two: `Jan-24`.
    pub fn month_of_year(&self) -> Option<NaiveDateTime> {
        let Parts::MonthAnd(month, year) = self.parts else {
            return None;
        };
        self.at_time(NaiveDate::from_ymd_opt(year.year()?, month, 1)?)
    }

    fn at_time(&self, date: NaiveDate) -> Option<NaiveDateTime> {
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

    /// Whether the text is a day and a month alone.
    pub fn lacks_year(&self) -> bool {
        matches!(self.parts, Parts::DayAndMonth)
    }

    /// The first and the last of three numbers whose order the column decides.
    pub fn first_and_last(&self) -> Option<(u32, u32)> {
        match self.parts {
            Parts::Three([a, _, c]) if !a.is_whole_year() => Some((a.value, c.value)),
            _ => None,
        }
    }

    /// The month and the number beside it, which is a year or a day.
    pub fn month_and_number(&self) -> Option<(u32, u32)> {
        match self.parts {
            Parts::MonthAnd(month, number) => Some((month, number.value)),
            _ => None,
        }
    }
}

fn have_lengths_of_dates([a, b, c]: [Digits; 3]) -> bool {
    let is_year = |number: Digits| matches!(number.length, 2 | 4);
    b.is_short() && ((a.is_whole_year() && c.is_short()) || (a.is_short() && is_year(c)))
}

fn parts(found: &Tokens) -> Option<Parts> {
    use Token::{Number, Word};
    let separators = found.separators();
    let tokens = found.tokens();
    if let Some(date) = part_of_year(tokens) {
        return Some(Parts::Known(date));
    }
    let known = |year: Digits, month: u32, day: u32| {
        NaiveDate::from_ymd_opt(year.year()?, month, day).map(Parts::Known)
    };
    match *tokens {
        [Number(a), Number(b), Number(c)] => {
            let same = separators[0] == separators[1] && !separators[0].is_empty();
            let spaced = separators[0].is_empty() && separators[1].is_empty();
            // One separator in both places; numbers next to each other need a space.
            let joined = (same || spaced) && !matches!(separators[0], "," | "'");
            (joined && have_lengths_of_dates([a, b, c])).then_some(Parts::Three([a, b, c]))
        }
        [Number(day), Word(month), Number(year)] if day.is_short() => {
            known(year, month_of(month)?, day.value)
        }
        [Number(year), Word(month), Number(day)] if day.is_short() => {
            known(year, month_of(month)?, day.value)
        }
        [Word(month), Number(day), Number(year)] if day.is_short() => {
            known(year, month_of(month)?, day.value)
        }
        [Word(month), Number(year)] | [Number(year), Word(month)] if is_likely_year(year) => {
            known(year, month_of(month)?, 1)
        }
        [Word(month), Number(number)] if number.length == 2 => {
            Some(Parts::MonthAnd(month_of(month)?, number))
        }
        [Word(month), Number(day)] | [Number(day), Word(month)] if day.is_short() => {
            month_of(month).map(|_| Parts::DayAndMonth)
        }
        [Number(year), Number(month)] if year.is_whole_year() && month.length == 2 => {
            known(dated(year, separators)?, month.value, 1)
        }
        [Number(month), Number(year)] if year.is_whole_year() && month.is_short() => {
            known(dated(year, separators)?, month.value, 1)
        }
        _ => None,
    }
}

/// Whether a number beside a word alone is a year: other numbers of four digits name something.
fn is_likely_year(number: Digits) -> bool {
    number.is_whole_year() && (1600..2300).contains(&number.value)
}

/// The year beside a month alone, if a dash or a slash joins the two: a point makes a number.
fn dated(year: Digits, separators: &[&str]) -> Option<Digits> {
    matches!(separators.first(), Some(&("-" | "/"))).then_some(year)
}

/// The first day of a quarter (`2024-Q1`, `1Q24`), a half (`2024H1`), a month (`2024M01`) or a week of
/// ISO 8601 (`2024-W05`, `KW 5 2024`), or a day of such a week (`2024-W05-3`).
fn part_of_year(tokens: &[Token]) -> Option<NaiveDate> {
    use Token::{Number, Word};
    let (letter, number, year, day) = match *tokens {
        [Number(year), Word(letter), Number(number)] if year.length > 1 => {
            (letter, number, year, None)
        }
        [Word(letter), Number(number), Number(year)] => (letter, number, year, None),
        [Number(number), Word(letter), Number(year)] => (letter, number, year, None),
        [Number(year), Word(letter), Number(number), Number(day)] if day.length == 1 => {
            (letter, number, year, Some(day.value))
        }
        _ => return None,
    };
    let is_whole = is_likely_year(year);
    let of_month = |month: u32| NaiveDate::from_ymd_opt(year.year()?, month, 1);
    let single = number.length == 1 && day.is_none();
    match letter.to_ascii_lowercase().as_str() {
        "q" | "qtr" | "quarter"
            if single && (is_whole || year.is_short()) && (1..=4).contains(&number.value) =>
        {
            of_month(number.value * 3 - 2)
        }
        "h" if single && is_whole && (1..=2).contains(&number.value) => {
            of_month(number.value * 6 - 5)
        }
        "m" if is_whole && day.is_none() && matches!(tokens[0], Number(_)) => {
            of_month(number.value)
        }
        "w" | "wk" | "week" | "kw" if is_whole => {
            let (week, day) = match (number.length, day) {
                // `2024W053`
                (3, None) => (number.value / 10, number.value % 10),
                (1 | 2, day) => (number.value, day.unwrap_or(1)),
                _ => return None,
            };
            let day = u8::try_from(day.checked_sub(1)?).ok()?;
            NaiveDate::from_isoywd_opt(year.year()?, week, Weekday::try_from(day).ok()?)
        }
        _ => None,
    }
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
            ("Q4-24", DayFirst, "2024-10-01 00:00:00"),
            ("2Q2024", DayFirst, "2024-04-01 00:00:00"),
            ("2024 Quarter 2", DayFirst, "2024-04-01 00:00:00"),
            ("2024_12_31", DayFirst, "2024-12-31 00:00:00"),
            ("2024_12_31 13:05", DayFirst, "2024-12-31 13:05:00"),
            (
                "Timestamp('2024-12-31 13:05:00')",
                DayFirst,
                "2024-12-31 13:05:00",
            ),
            (
                "np.datetime64('2024-12-31')",
                DayFirst,
                "2024-12-31 00:00:00",
            ),
            ("2024H2", DayFirst, "2024-07-01 00:00:00"),
            ("2024M05", DayFirst, "2024-05-01 00:00:00"),
            ("2024-W05", DayFirst, "2024-01-29 00:00:00"),
            ("2024-W05-3", DayFirst, "2024-01-31 00:00:00"),
            ("2024W053", DayFirst, "2024-01-31 00:00:00"),
            ("KW 5/2024", DayFirst, "2024-01-29 00:00:00"),
            ("1. März 2024", MonthFirst, "2024-03-01 00:00:00"),
            ("1er août 2024", MonthFirst, "2024-08-01 00:00:00"),
            ("1 de enero de 2024", MonthFirst, "2024-01-01 00:00:00"),
            ("31-DIC-24", MonthFirst, "2024-12-31 00:00:00"),
            (
                "dinsdag 31 december 2024",
                MonthFirst,
                "2024-12-31 00:00:00",
            ),
            ("1st of January 2024", MonthFirst, "2024-01-01 00:00:00"),
            ("2024年1月31日", MonthFirst, "2024-01-31 00:00:00"),
            ("2024년 1월 31일", MonthFirst, "2024-01-31 00:00:00"),
            ("2024:12:31 13:05:00", MonthFirst, "2024-12-31 13:05:00"),
            ("20241231T130500", DayFirst, "2024-12-31 13:05:00"),
            ("20241231_1305", DayFirst, "2024-12-31 13:05:00"),
            ("20241231 13:05:00", DayFirst, "2024-12-31 13:05:00"),
            ("31.12.2024 04.36", DayFirst, "2024-12-31 04:36:00"),
            (
                "31-DEC-24 04.36.12.123456 PM",
                DayFirst,
                "2024-12-31 16:36:12.123456",
            ),
            (
                "2024-12-31-04.36.12.000000",
                DayFirst,
                "2024-12-31 04:36:12",
            ),
            (
                "[31/Dec/2024:13:05:00 +0100]",
                DayFirst,
                "2024-12-31 12:05:00",
            ),
            (
                "2024-12-31T13:05:00+01:00[Europe/Berlin]",
                DayFirst,
                "2024-12-31 12:05:00",
            ),
            ("2024-12-31 13:05:00 PST", DayFirst, "2024-12-31 21:05:00"),
            ("2024-12-31T13:05:00+0000", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31 13:05:00+00", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31 13:05:00 UTC", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31T13:05Z", DayFirst, "2024-12-31 13:05:00"),
            ("2024-12-31Z", DayFirst, "2024-12-31 00:00:00"),
            ("2024-12-31+01:00", DayFirst, "2024-12-31 00:00:00"),
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
            "2024-12-31+1",
            "2024-13-31Z",
            "2024-12Z",
            "01.2023",
            "2023-005",
            "31/12-2024",
            "2024_12-31",
            "2024_5",
            "Timestamp(2024)",
            "Timestamp('x')",
            "31122024",
            "A-1-2024",
            "MI-01-2024",
            "20241331T130500",
            "20241231",
            "2024-W60",
            "2024-W05-8",
            "2024Q5",
            "2024M13",
            "Jan-24",
            "31-Jan",
            "1 234 567",
            "1.234 56.78",
            "Set 1001",
            "1001Q1",
        ] {
            for order in ORDERS {
                assert_eq!(read(text, order), None, "{text}");
            }
        }
        let month = |text: &str| Some(split(text)?.month_of_year()?.to_string());
        assert_eq!(month("Jan-24").as_deref(), Some("2024-01-01 00:00:00"));
        assert_eq!(month("Dez. 98").as_deref(), Some("1998-12-01 00:00:00"));
        assert_eq!(month("Jan-2024"), None);
        assert!(is_zero("0000-00-00") && is_zero("00/00/0000") && is_zero("0000-00-00 00:00:00"));
        assert!(!is_zero("2000-00-00") && !is_zero("000000") && !is_zero(""));
    }
}
