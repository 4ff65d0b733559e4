//! Dates that stand for no date.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Deserializer};

/// Days that programs write where there is no date: year, month, day.
const DAYS: [(i32, u32, u32); 15] = [
    (1, 1, 1),
    (1753, 1, 1),
    (1800, 1, 1),
    (1899, 12, 30),
    (1899, 12, 31),
    (1900, 1, 1),
    (1970, 1, 1),
    // The last day of `smalldatetime` in SQL Server.
    (2079, 6, 6),
    (2099, 12, 31),
    (2100, 1, 1),
    // The last day of pandas.
    (2262, 4, 11),
    (2999, 12, 31),
    (3000, 1, 1),
    (9999, 1, 1),
    (9999, 12, 31),
];

/// The index of the start of 1970, which counts at midnight alone.
const EPOCH: usize = 6;
/// The last year that is read as a date and not as the end of all time.
const LAST_YEAR: i32 = 9998;
const SECONDS_OF_DAY: f64 = 86_400.0;
/// Other dates this close to a candidate make it one of them.
const NEAR: f64 = 5.0 * 365.25 * SECONDS_OF_DAY;

/// Counts the candidates for a date that stands for no date, and the range of all other dates.
#[derive(Debug, Clone)]
pub(crate) struct Sentinels {
    counts: [usize; DAYS.len()],
    others: usize,
    first: f64,
    last: f64,
}

impl Default for Sentinels {
    fn default() -> Self {
        Self {
            counts: [0; DAYS.len()],
            others: 0,
            first: f64::INFINITY,
            last: f64::NEG_INFINITY,
        }
    }
}

/// The start of a candidate, in seconds since 1970.
fn start_of(day: usize) -> f64 {
    static STARTS: LazyLock<[f64; DAYS.len()]> = LazyLock::new(|| {
        DAYS.map(|(year, month, day)| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            date.and_time(NaiveTime::MIN).and_utc().timestamp() as f64
        })
    });
    STARTS[day]
}

fn text_of(day: usize) -> String {
    let (year, month, day) = DAYS[day];
    format!("{year:04}-{month:02}-{day:02}")
}

impl Sentinels {
    /// Adds a date, in seconds since 1970.
    pub fn add(&mut self, seconds: f64) {
        // Most dates are far from all candidates but two.
        let day = (seconds / SECONDS_OF_DAY).floor() * SECONDS_OF_DAY;
        let between = day > start_of(EPOCH - 1) && day < start_of(EPOCH + 1);
        let candidate = match between {
            true => (seconds == 0.0).then_some(EPOCH),
            false => (0..DAYS.len()).find(|index| *index != EPOCH && start_of(*index) == day),
        };
        match candidate {
            Some(index) => self.counts[index] += 1,
            None => {
                self.others += 1;
                self.first = self.first.min(seconds);
                self.last = self.last.max(seconds);
            }
        }
    }

    /// The candidates that stand alone, far outside the other dates, and the rows of each.
    pub fn found(&self) -> Vec<(String, usize)> {
        if self.others == 0 {
            return Vec::new();
        }
        let alone = |index: usize| {
            let day = start_of(index);
            let distance = (self.first - day).max(day - self.last);
            DAYS[index].0 > LAST_YEAR || distance > NEAR.max(self.last - self.first)
        };
        (0..DAYS.len())
            .filter(|&index| self.counts[index] > 0 && alone(index))
            .map(|index| (text_of(index), self.counts[index]))
            .collect()
    }
}

/// Whether a moment is on one of these days, written as `9999-12-31`. The start of 1970 counts only at
/// midnight: other times of that day are dates.
pub(crate) fn is_sentinel(moment: NaiveDateTime, days: &[NaiveDate]) -> bool {
    let date = moment.date();
    days.contains(&date) && (date != NaiveDate::default() || moment.time() == NaiveTime::MIN)
}

/// Days from their texts.
pub(crate) fn days(texts: &[String]) -> Vec<NaiveDate> {
    let parse = |text: &String| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    texts.iter().filter_map(parse).collect()
}

/// The texts of days that are stored, without those that are no candidates, so that there are few.
pub(crate) fn stored_days<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<String>, D::Error> {
    let stored: HashSet<String> = HashSet::deserialize(stored)?;
    let days = (0..DAYS.len()).map(text_of);
    Ok(days.filter(|day| stored.contains(day)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dates: &[&str]) -> Vec<String> {
        let mut sentinels = Sentinels::default();
        for date in dates {
            let date: NaiveDate = date.parse().unwrap();
            sentinels.add(date.and_time(NaiveTime::MIN).and_utc().timestamp() as f64);
        }
        sentinels.found().into_iter().map(|(day, _)| day).collect()
    }

    #[test]
    fn every_candidate_far_from_the_others_is_found() {
        for (year, month, day) in DAYS {
            let day = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(found(&["2020-03-01", "2024-01-05", &day]), [day.as_str()]);
            assert!(found(&[&day, &day]).is_empty());
        }
    }

    #[test]
    fn dates_near_a_candidate_make_it_a_date() {
        assert!(found(&["1968-05-01", "1970-01-01", "1999-01-01"]).is_empty());
        assert!(found(&["1910-05-01", "1900-01-01", "1999-01-01"]).is_empty());
        assert!(found(&["2090-05-01", "2099-12-31", "2150-01-01"]).is_empty());
        assert_eq!(
            found(&["0050-01-01", "2000-01-01", "9999-12-31"]),
            ["9999-12-31"]
        );
    }

    #[test]
    fn stored_days_are_candidates_once_each() {
        let mut stored = vec![r#""9999-12-31""#, r#""2024-01-01""#, r#""1900-01-01""#];
        stored.extend([r#""9999-12-31""#; 1000]);
        let stored = format!("[{}]", stored.join(","));
        let mut text = serde_json::Deserializer::from_str(&stored);
        assert_eq!(
            stored_days(&mut text).unwrap(),
            ["1900-01-01", "9999-12-31"]
        );
    }

    #[test]
    fn the_start_of_1970_counts_at_midnight_alone() {
        let days = days(&["1970-01-01".to_string(), "9999-12-31".to_string()]);
        let at = |day: &str, hour| {
            let day: NaiveDate = day.parse().unwrap();
            is_sentinel(day.and_hms_opt(hour, 0, 0).unwrap(), &days)
        };
        assert!(at("1970-01-01", 0) && !at("1970-01-01", 1));
        assert!(at("9999-12-31", 23) && !at("2024-12-31", 0));
    }
}
