//! Times of day and durations, read as hours.

use serde::{Deserialize, Serialize};

/// How the times of day or durations of a column are read: as numbers of hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurationFormat {
    /// Whether two numbers are minutes and seconds: `58:12` beside `1:02:33`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub minutes_first: bool,
    /// Whether other text counts as missing. Otherwise it is an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lenient: bool,
}

impl DurationFormat {
    /// The hours that text stands for: a time of day (`14:30`, `2:30 PM`, `14:30:05.5`) or a duration
    /// (`36:10:00`, `2 days 03:00:00`, `PT15M`, `1h 30m`, `90 min`).
    pub fn read(&self, text: &str) -> Option<f64> {
        let (text, negative) = match text.strip_prefix(['-', '−']) {
            Some(rest) if !rest.contains("day") => (rest, true),
            _ => (text, false),
        };
        let seconds = self
            .clock(text)
            .or_else(|| clock_in_zone(text))
            .or_else(|| iso_duration(text))
            .or_else(|| days_and_clock(text))
            .or_else(|| in_units(text))?;
        let hours = seconds / 3600.0;
        Some(match negative {
            true => -hours,
            false => hours,
        })
    }

    fn clock(self, text: &str) -> Option<f64> {
        let seconds = clock(text)?;
        let is_pair = self.minutes_first && text.matches(':').count() == 1;
        // A fraction shows it already.
        Some(match is_pair && !text.contains(['.', ',']) {
            true => seconds / 60.0,
            false => seconds,
        })
    }
}

/// What the values of a column say about how its times and durations are written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DurationEvidence {
    /// Values that are times or durations.
    pub count: usize,
    /// Whether some have hours, minutes and seconds.
    triples: bool,
    /// Whether two numbers are more than a day would be as hours and minutes.
    beyond_day: bool,
}

impl DurationEvidence {
    pub fn add(&mut self, text: &str) {
        let Some(hours) = DurationFormat::default().read(text) else {
            return;
        };
        self.count += 1;
        let colons = text.matches(':').count();
        self.triples |= colons == 2;
        self.beyond_day |= colons == 1 && hours >= 24.0;
    }

    /// How they are read: pairs of numbers that are too large for a time of day are minutes and seconds,
    /// if others have hours as well.
    pub fn format(self) -> DurationFormat {
        DurationFormat {
            minutes_first: self.triples && self.beyond_day,
            ..DurationFormat::default()
        }
    }
}

fn digits(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Seconds with a fraction after a point or a comma.
fn fraction(text: &str) -> Option<f64> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    digits(whole)?;
    let all_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| format!("{whole}.{part}").parse().ok())?
}

/// `H:MM` and `H:MM:SS`, with a fraction of seconds and `AM` or `PM`; `H AM`; and `M:SS.F`, whose
/// fraction shows that it is minutes and seconds. `H.MM` with a word that says that it is a time.
fn clock(text: &str) -> Option<f64> {
    let (text, afternoon) = meridiem(text);
    let (text, is_time) = match without_word(text) {
        Some(text) => (text, true),
        None => (text, afternoon.is_some()),
    };
    // Beside such a word, a point stands for the colon.
    let sign = if is_time && !text.contains(':') {
        '.'
    } else {
        ':'
    };
    let mut parts = text.split(sign);
    let hours = parts.next()?;
    let minutes = match parts.next() {
        Some(minutes) => minutes,
        None if is_time => "00",
        None => return None,
    };
    let seconds = parts.next();
    let two = |text: &str| text.split(['.', ',']).next().is_some_and(|t| t.len() == 2);
    if seconds.is_none() && afternoon.is_none() && minutes.contains(['.', ',']) && two(minutes) {
        let seconds = fraction(minutes).filter(|seconds| *seconds < 60.0)?;
        return Some(digits(hours)? * 60.0 + seconds);
    }
    if parts.next().is_some() || minutes.len() != 2 || !seconds.is_none_or(two) {
        return None;
    }
    let hours = digits(hours)?;
    let minutes = digits(minutes).filter(|minutes| *minutes < 60.0)?;
    let seconds = seconds.map_or(Some(0.0), fraction).filter(|s| *s < 60.0)?;
    let hours = match afternoon {
        None => hours,
        Some(_) if !(1.0..=12.0).contains(&hours) => return None,
        Some(afternoon) => hours % 12.0 + if afternoon { 12.0 } else { 0.0 },
    };
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// A time of day in UTC, with its time zone behind it: `22:40Z`, `22:40 UTC`, `23:40+01:00`. A minus begins a time zone only
/// behind seconds: `09:00-10:00` is a range.
fn clock_in_zone(text: &str) -> Option<f64> {
    let utc = ["Z", "z", "UTC", "GMT"];
    let time = utc.iter().find_map(|zone| text.strip_suffix(zone));
    let (time, offset) = match time {
        Some(time) => (time.trim_end(), 0.0),
        None => {
            let minus = || {
                text.find('-')
                    .filter(|at| text[..*at].matches(':').count() == 2)
            };
            let at = text.find('+').or_else(minus)?;
            let (time, offset) = text.split_at(at);
            (time, seconds_of_offset(offset)?)
        }
    };
    let has_hour = time.as_bytes().get(2) == Some(&b':');
    let seconds = clock(time).filter(|seconds| has_hour && *seconds <= 86_400.0)?;
    Some((seconds - offset).rem_euclid(86_400.0))
}

/// The seconds of `+01:00`, `+0100` or `+01`.
fn seconds_of_offset(text: &str) -> Option<f64> {
    const MOST_HOURS: f64 = 14.0;
    let (sign, zone) = text.split_at_checked(1)?;
    let (hours, minutes) = match (zone.len(), zone.split_once(':')) {
        (5, Some(parts)) => parts,
        (4, None) => zone.split_at_checked(2)?,
        (2, None) => (zone, "00"),
        _ => return None,
    };
    let hours = digits(hours).filter(|hours| *hours <= MOST_HOURS)?;
    let minutes = digits(minutes).filter(|minutes| *minutes < 60.0)?;
    let seconds = hours * 3600.0 + minutes * 60.0;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// A time of day without the word for the hour: `14:30 Uhr`, `14.30 Uhr`, `14:30 h`; `None` if it has none.
fn without_word(text: &str) -> Option<&str> {
    let hour = || text.strip_suffix('h').filter(|time| time.contains(':'));
    text.strip_suffix("Uhr").or_else(hour).map(str::trim_end)
}

/// A time without `AM` or `PM`, and whether it is in the afternoon.
pub(crate) fn meridiem(text: &str) -> (&str, Option<bool>) {
    let text = text.trim();
    for (mark, afternoon) in [("am", false), ("pm", true), ("a.m.", false), ("p.m.", true)] {
        let start = text.len().saturating_sub(mark.len());
        if text
            .get(start..)
            .is_some_and(|end| end.eq_ignore_ascii_case(mark))
        {
            return (text[..start].trim_end(), Some(afternoon));
        }
    }
    (text, None)
}

/// A duration of ISO 8601 without years and months, whose length varies.
fn iso_duration(text: &str) -> Option<f64> {
    let rest = text.strip_prefix('P').filter(|rest| !rest.is_empty())?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    let date = iso_parts(date, &[('W', 7.0 * 86_400.0), ('D', 86_400.0)])?;
    let time = iso_parts(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Some(date + time)
}

fn iso_parts(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut seconds = 0.0;
    for (unit, length) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            seconds += fraction(number)? * length;
            text = rest;
        }
    }
    text.is_empty().then_some(seconds)
}

/// `2 days 03:00:00` and `-1 days +23:00:00`, as pandas writes them, and `1.02:03:04` of .NET.
fn days_and_clock(text: &str) -> Option<f64> {
    let (days, time) = match text.split_once("day") {
        Some((days, time)) => (days, time.strip_prefix('s').unwrap_or(time)),
        None => {
            let parts = text.split_once('.');
            parts.filter(|(_, time)| time.matches(':').count() == 2)?
        }
    };
    let time = time.trim_start_matches([',', ' ', '+']);
    let (days, sign) = match days.trim().strip_prefix('-') {
        Some(days) => (days, -1.0),
        None => (days.trim(), 1.0),
    };
    let days = digits(days)? * sign;
    let time = match time {
        "" => 0.0,
        time if time.contains(':') => clock(time)?,
        time => in_units(time)?,
    };
    Some(days * 86_400.0 + time)
}

/// `1h 30m`, `1h30`, `90 min`, `2 weeks`. A single letter alone may be any unit: `5 m` is not a duration.
fn in_units(text: &str) -> Option<f64> {
    if let Some((hours, minutes)) = text.split_once(['h', 'H'])
        && minutes.len() == 2
        && minutes.bytes().all(|byte| byte.is_ascii_digit())
    {
        let minutes = digits(minutes).filter(|minutes| *minutes < 60.0)?;
        return Some(digits(hours.trim_end())? * 3600.0 + minutes * 60.0);
    }
    let mut rest = text;
    let (mut seconds, mut parts, mut letters) = (0.0, 0, 0);
    let mut shortest = f64::INFINITY;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))?;
        let number = fraction(&rest[..end])?;
        rest = rest[end..].trim_start();
        let end = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let length = unit(&rest[..end])?;
        if length >= shortest {
            return None;
        }
        shortest = length;
        letters += usize::from(end == 1);
        parts += 1;
        seconds += number * length;
        rest = rest[end..].trim_start_matches([' ', ',', '.']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    (parts > 1 || (parts == 1 && letters == 0)).then_some(seconds)
}

fn unit(name: &str) -> Option<f64> {
    Some(match name.to_ascii_lowercase().as_str() {
        "w" | "week" | "weeks" | "wk" | "wks" => 604_800.0,
        "d" | "day" | "days" => 86_400.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations_are_hours() {
        let read = |text| DurationFormat::default().read(text);
        for (text, hours) in [
            ("14:30", 14.5),
            ("2:30 PM", 14.5),
            ("12:00am", 0.0),
            ("12:00 p.m.", 12.0),
            ("14:30:36", 14.51),
            ("00:00:04.5", 0.00125),
            ("36:30:00", 36.5),
            ("2 days 03:00:00", 51.0),
            ("-1 days +23:00:00", -1.0),
            ("1 day, 6:00:00", 30.0),
            ("P1DT2H", 26.0),
            ("PT15M", 0.25),
            ("PT0.5H", 0.5),
            ("1h 30m", 1.5),
            ("1h30", 1.5),
            ("14h05", 14.0 + 5.0 / 60.0),
            ("3 AM", 3.0),
            ("12 pm", 12.0),
            ("1:12.6", 0.02 + 0.6 / 3600.0),
            ("90 min", 1.5),
            ("2 hours and 15 minutes", 2.25),
            ("2 weeks", 336.0),
            ("3 days", 72.0),
            ("-1:30", -1.5),
            ("10.45 p.m.", 22.75),
            ("10.45am", 10.75),
            ("14.30 Uhr", 14.5),
            ("14:30 Uhr", 14.5),
            ("14 Uhr", 14.0),
            ("14:30 h", 14.5),
            ("9h3m", 9.05),
            ("1.02:30:00", 26.5),
            ("-1.02:30:00", -26.5),
            ("22:30Z", 22.5),
            ("22:30:00.0Z", 22.5),
            ("22:30 UTC", 22.5),
            ("14:30+01:00", 13.5),
            ("00:30:00+0100", 23.5),
            ("14:30:00-05:30", 20.0),
        ] {
            let found = read(text).unwrap();
            assert!((found - hours).abs() < 1e-12, "{text}: {found}");
        }
    }

    #[test]
    fn pairs_beside_triples_are_minutes_and_seconds() {
        let format = |texts: &[&str]| {
            let mut evidence = DurationEvidence::default();
            for text in texts {
                evidence.add(text);
            }
            evidence.format()
        };
        let race = format(&["58:12", "1:02:33", "59:01"]);
        let seconds = |format: DurationFormat, text| (format.read(text).unwrap() * 3600.0).round();
        assert_eq!(seconds(race, "58:12"), 3492.0);
        assert_eq!(seconds(race, "1:02:36"), 3756.0);
        assert_eq!(seconds(format(&["14:30", "14:30:05"]), "14:30"), 52_200.0);
        assert_eq!(seconds(format(&["36:10"]), "36:10"), 130_200.0);
    }

    #[test]
    fn other_text_is_no_duration() {
        for text in [
            "",
            "5 m",
            "5 kg",
            "14",
            "1:2",
            "25:61",
            "13:00 PM",
            "P",
            "PT",
            "P1Y",
            "day",
            "1:30:5",
            "Monday",
            "1h60",
            "13 AM",
            "AM",
            "1:72.5",
            "5 days off",
            "1m 2h",
            "3.5 pm",
            "10.75 pm",
            "14.30 h",
            "Uhr",
            "1.02:30",
            "09:00-10:00",
            "14:30+15:00",
            "14:30+1",
            "25:30Z",
            "1:23.4Z",
            "Z",
            "é+01:00",
        ] {
            assert_eq!(DurationFormat::default().read(text), None, "{text:?}");
        }
    }
}
