//! The time of day beside a date as people write it.

use chrono::NaiveTime;

use crate::duration_format::meridiem;

/// A time of day. 24:00 is the start of the next day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Time {
    pub of_day: NaiveTime,
    pub next_day: bool,
}

/// Text that holds a date, taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dated<'a> {
    /// What may be a date.
    pub date: &'a str,
    pub time: Option<Time>,
    /// Minutes east of Greenwich.
    pub offset: i64,
    /// A year behind the time.
    pub year: Option<&'a str>,
}

impl<'a> Dated<'a> {
    /// Text without a time.
    pub fn without_time(date: &'a str) -> Self {
        Self {
            date,
            time: None,
            offset: 0,
            year: None,
        }
    }
}

/// Takes apart text with a time such as `13:05`, whose first colon is given. `None` if the time or what is
/// behind it cannot be read.
pub(crate) fn with_colons(text: &str, colon: usize) -> Option<Dated<'_>> {
    let before = &text[..colon];
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let end_from = |start: usize| {
        let end = text[start..].find(|c: char| !is_time(c));
        end.map_or(text.len(), |end| start + end)
    };
    let start = colon - digits;
    let colons = text[start..end_from(start)].matches(':').count();
    // Web servers and SAS write a colon between the date and the time: `01/Jan/2024:13:05:00`.
    let hour = match digits {
        4 => colon + 1,
        2 if colons == 3 => colon + 1,
        1 | 2 => start,
        _ => return None,
    };
    let end = end_from(hour);
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
    let rest = without_word(rest.trim());
    let (offset, rest) = match zone(rest) {
        Some(found) => found,
        None if hour == 0 => (0, rest),
        None => return None,
    };
    let (date, year) = match rest.trim() {
        "" => (date_before(&text[..hour]), None),
        year if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) => {
            (date_before(&text[..hour]), Some(year))
        }
        // The time stands in front of the date.
        date if hour == 0 => (date.trim_start_matches([',', ' ']), None),
        _ => return None,
    };
    Some(Dated {
        date,
        time: Some(time_of_day(clock, afternoon)?),
        offset,
        year,
    })
}

/// The date in front of a time.
fn date_before(text: &str) -> &str {
    let date = text.trim_end().trim_end_matches(':');
    let date = match date.strip_suffix(['T', 't']) {
        Some(date) if date.ends_with(|c: char| c.is_ascii_digit()) => date,
        _ => {
            let words = [" at", " um", " à", " om"];
            words
                .iter()
                .find_map(|word| date.strip_suffix(word))
                .unwrap_or(date)
        }
    };
    date.trim_end_matches([',', ' '])
}

/// Text behind a time without the word for the hour: `14:30 Uhr`, `14:30 h`.
fn without_word(rest: &str) -> &str {
    let word = rest.split(' ').next().unwrap_or_default();
    match word.eq_ignore_ascii_case("uhr") || word == "h" {
        true => rest[word.len()..].trim_start(),
        false => rest,
    }
}

/// Takes apart text with a time that has no colon: `31.12.2024 04.36`, `31/12/2024 14h30`,
/// `12/31/2024 5 PM`, `2024-12-31-04.36.12.000000` (DB2). `None` if there is none.
pub(crate) fn without_colons(text: &str) -> Option<Dated<'_>> {
    let (text, afternoon) = meridiem(text);
    let text = text.strip_suffix("Uhr").unwrap_or(text).trim_end();
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}');
    let (date, clock) = match text.rfind(is_space) {
        Some(at) => (&text[..at], text[at..].trim_start()),
        None if text.as_bytes().get(10) == Some(&b'-') => text.split_at_checked(10)?,
        None => return None,
    };
    let clock = clock.strip_prefix('-').unwrap_or(clock);
    Some(Dated {
        date: date_before(date),
        time: Some(bare_time(clock, afternoon)?),
        offset: 0,
        year: None,
    })
}

/// Takes apart `20241231T130500` and `20241231_1305Z`. `None` for other text.
pub(crate) fn digits_alone(text: &str) -> Option<Dated<'_>> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once(['T', '_', ' ', '-'])?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || !matches!(time.len(), 4 | 6) || !all_digits(date) || !all_digits(time) {
        return None;
    }
    let (hour, rest) = time.split_at(2);
    let (minute, second) = rest.split_at(2);
    let second = if second.is_empty() { "0" } else { second };
    Some(Dated {
        time: Some(time_of(hour, minute, second, None)?),
        ..Dated::without_time(date)
    })
}

/// A time of day with a point or an `h` behind the hour, or an hour of the twelve-hour clock.
fn bare_time(clock: &str, afternoon: Option<bool>) -> Option<Time> {
    let is_hour = |text: &str| {
        (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if afternoon.is_some() && is_hour(clock) {
        return time_of(clock, "00", "0", afternoon);
    }
    if let Some((hour, minute)) = clock.split_once(['h', 'H']) {
        let minute = if minute.is_empty() { "00" } else { minute };
        return is_hour(hour).then(|| time_of(hour, minute, "0", afternoon))?;
    }
    let (hour, rest) = clock.split_once('.')?;
    let (minute, second) = rest.split_once('.').unwrap_or((rest, "0"));
    is_hour(hour).then(|| time_of(hour, minute, second, afternoon))?
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
    time_of(hour, minute, parts.next().unwrap_or("0"), afternoon)
}

/// A time from its parts. Seconds may have a fraction after a point or a comma.
fn time_of(hour: &str, minute: &str, seconds: &str, afternoon: Option<bool>) -> Option<Time> {
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

/// Abbreviations of time zones that stand for one offset, in minutes east of Greenwich. Those with
/// several meanings, such as `IST`, are not among them.
const ZONES: [(&str, i64); 23] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("MEZ", 60),
    ("CEST", 120),
    ("MESZ", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("KST", 540),
    ("AEST", 600),
    ("AEDT", 660),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

/// The offset of a time zone in minutes east of Greenwich, and the text behind it. The time of a region
/// such as `Europe/Berlin` stays as it is written.
fn zone(text: &str) -> Option<(i64, &str)> {
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(letters);
    let known = ZONES.iter().find(|(name, _)| *name == word);
    let (named, rest) = match known {
        Some((_, 0)) => (true, rest),
        Some((_, offset)) => return Some((*offset, rest)),
        None if matches!(word, "Z" | "z") => (true, rest),
        None if is_region(text) => return Some((0, "")),
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

/// Whether text is the name of a region with a time zone: `America/Argentina/Salta`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('/');
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    text.contains('/') && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<(&str, String, i64)> {
        let dated = match text.find(':') {
            Some(colon) => with_colons(text, colon)?,
            None => without_colons(text)?,
        };
        Some((dated.date, dated.time?.of_day.to_string(), dated.offset))
    }

    #[test]
    fn times_are_told_from_dates() {
        for (text, date, time, offset) in [
            ("2024-12-31T13:05:00.5Z", "2024-12-31", "13:05:00.500", 0),
            ("31.12.2024 04.36", "31.12.2024", "04:36:00", 0),
            ("31.12.2024, 04.36.12 Uhr", "31.12.2024", "04:36:12", 0),
            (
                "31-DEC-24 04.36.12.123456 PM",
                "31-DEC-24",
                "16:36:12.123456",
                0,
            ),
            ("2024-12-31-04.36.12.000000", "2024-12-31", "04:36:12", 0),
            ("01/Jan/2024:13:05:00 +0100", "01/Jan/2024", "13:05:00", 60),
            ("01JAN24:13:05:00", "01JAN24", "13:05:00", 0),
            ("12/31/2024 5 PM", "12/31/2024", "17:00:00", 0),
            ("12/31/24 12AM", "12/31/24", "00:00:00", 0),
            ("31/12/2024 à 14h30", "31/12/2024", "14:30:00", 0),
            ("31/12/2024 14h", "31/12/2024", "14:00:00", 0),
            ("31.12.2024 um 14:30 Uhr", "31.12.2024", "14:30:00", 0),
            ("13:05 31.12.2024", "31.12.2024", "13:05:00", 0),
            ("1:05 PM, 12/31/2024", "12/31/2024", "13:05:00", 0),
            ("13:05:00 Dec 31, 2024", "Dec 31, 2024", "13:05:00", 0),
            ("2024-12-31 13:05:00 EST", "2024-12-31", "13:05:00", -300),
            ("2024-12-31 13:05:00 CEST", "2024-12-31", "13:05:00", 120),
            (
                "2024-12-31 13:05 Europe/Berlin",
                "2024-12-31",
                "13:05:00",
                0,
            ),
        ] {
            assert_eq!(
                split(text),
                Some((date, time.to_string(), offset)),
                "{text}"
            );
        }
    }

    #[test]
    fn other_text_has_no_time() {
        for text in [
            "31.12.2024",
            "Dec 31 2024",
            "2024-12-31 13:05 foo",
            "2024-12-31 13:05 IST",
            "2024-12-31 25:00",
            "31.12.2024 4.3",
            "31.12.2024 14.60",
            "12/31/2024 13 PM",
            "a 1h2h",
            "10.0.0.1",
            "€€€€€€€€€€€€",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
