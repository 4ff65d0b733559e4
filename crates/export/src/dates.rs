//! The parts of dates, from seconds since 1970.

use backburn_preprocessing::DatePart;

use crate::graph::{Graph, Kind, Value};

const DAY: f64 = 86_400.0;
/// The seconds of the first and the last moment that have a calendar date. Beyond them, every part is the
/// number of days.
const CALENDAR: [f64; 2] = [-8_334_601_228_800.0, 8_210_266_876_799.0];

/// The parts of dates `[rows, columns]`, given as seconds since 1970.
pub(crate) struct DateParts<'g> {
    days: Value<'g>,
    /// Whole days since 1970.
    date: Value<'g>,
    /// Whole seconds since midnight.
    second: Value<'g>,
    in_calendar: Value<'g>,
}

impl<'g> DateParts<'g> {
    /// Prepares the parts.
    pub fn new(seconds: Value<'g>) -> Self {
        let whole = seconds.same("Floor");
        let date = (whole / DAY).same("Floor");
        let after = seconds.compare_to("GreaterOrEqual", CALENDAR[0]);
        let before = whole.compare_to("LessOrEqual", CALENDAR[1]);
        Self {
            days: seconds / DAY,
            date,
            second: whole - date * DAY,
            in_calendar: seconds.graph.op("And", &[after, before], Kind::Bool),
        }
    }

    /// A part of each date, `[rows, columns]`.
    pub fn part(&self, part: DatePart) -> Value<'g> {
        let value = match part {
            DatePart::Days => return self.days,
            DatePart::Month => self.month_and_day().0,
            DatePart::Day => self.month_and_day().1,
            DatePart::Weekday => {
                // The first day of 1970 was a Thursday.
                let monday = self.date + 3.0;
                monday - (monday / 7.0).same("Floor") * 7.0 + 1.0
            }
            DatePart::Hour => self.second / 3600.0,
        };
        self.in_calendar.choose(value, self.days)
    }

    /// The month and the day of the month, after Hinnant, "chrono-Compatible Low-Level Date Algorithms"
    /// (2013): years begin in March, and eras have 400 years.
    fn month_and_day(&self) -> (Value<'g>, Value<'g>) {
        let floor = |value: Value<'g>| value.same("Floor");
        let days = self.date + 719_468.0;
        let day_of_era = days - floor(days / 146_097.0) * 146_097.0;
        let leap_days = floor(day_of_era / 1460.0) - floor(day_of_era / 36_524.0)
            + floor(day_of_era / 146_096.0);
        let year = floor((day_of_era - leap_days) / 365.0);
        let day_of_year = day_of_era - (year * 365.0 + floor(year / 4.0) - floor(year / 100.0));
        let from_march = floor((day_of_year * 5.0 + 2.0) / 153.0);
        let day = day_of_year - floor((from_march * 153.0 + 2.0) / 5.0) + 1.0;
        let this_year = from_march.compare_to("Less", 10.0);
        let month = this_year.choose(from_march + 3.0, from_march - 9.0);
        (month, day)
    }
}

/// Dates in which those on a day that stands for no date are NaN. `days` has the days of each column, as
/// `YYYY-MM-DD`.
pub(crate) fn without_sentinels<'g>(
    graph: &'g Graph,
    seconds: Value<'g>,
    days: &[&[String]],
) -> Value<'g> {
    let most = days.iter().map(|days| days.len()).max().unwrap_or(0);
    let nan = graph.scalar(Kind::Double, f64::NAN);
    let mut seconds = seconds;
    for index in 0..most {
        let of_column = |days: &&[String]| days.get(index).and_then(|day| days_since_1970(day));
        let starts: Vec<Option<f64>> = days.iter().map(of_column).collect();
        // The start of 1970 counts only at midnight: other times of that day are dates.
        let is_whole = |day: &Option<f64>| day.is_some_and(|day| day != 0.0);
        let whole: Vec<bool> = starts.iter().map(is_whole).collect();
        let starts: Vec<f64> = starts.iter().map(|day| day.unwrap_or(f64::NAN)).collect();
        let date = (seconds / DAY).same("Floor");
        let compared = graph.bools(&whole).choose(date, seconds / DAY);
        let sentinel = compared.compare("Equal", graph.doubles(&[starts.len()], &starts));
        seconds = sentinel.choose(nan, seconds);
    }
    seconds
}

/// The days from 1970 to a date, written as `YYYY-MM-DD`; the inverse of the algorithm above.
fn days_since_1970(date: &str) -> Option<f64> {
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (date, days) in [
            ("1970-01-01", 0.0),
            ("1969-12-31", -1.0),
            ("2000-03-01", 11_017.0),
            ("9999-12-31", 2_932_896.0),
            ("0001-01-01", -719_162.0),
        ] {
            assert_eq!(days_since_1970(date), Some(days), "{date}");
        }
        assert_eq!(days_since_1970("soon"), None);
    }
}
