//! Dates at an axis. A date is a year with a fraction, as [`Point::number`](backburn_explain::Point::number) has it.

const DAYS_IN_A_YEAR: f64 = 365.2425;

/// The dates to mark in a range, at most about `most`, each with its text: years, months or days.
pub fn date_ticks(start: f64, end: f64, most: usize) -> Vec<(f64, String)> {
    let (start, end) = (start.clamp(-1e6, 1e6), end.clamp(-1e6, 1e6));
    let years = end - start;
    let most = most.max(1) as f64;
    if years >= 3.0 {
        return year_ticks(start, end, most);
    }
    let months = years * 12.0;
    if months >= 3.0 {
        let step = [1i64, 2, 3, 6, 12]
            .into_iter()
            .find(|step| months / *step as f64 <= most);
        return month_ticks(start, end, step.unwrap_or(12));
    }
    let (first, last) = (
        (days(start) - 1e-3).ceil() as i64,
        (days(end) + 1e-3).floor() as i64,
    );
    let step = (((last - first) as f64 / most).ceil() as usize).max(1);
    (first..=last)
        .step_by(step)
        .map(|day| {
            let (year, month, day_of_month) = civil(day);
            (number(day), format!("{year}-{month:02}-{day_of_month:02}"))
        })
        .collect()
}

/// The date of a number, such as `2022-03-15`.
pub fn date_text(number: f64) -> String {
    // A number from a day's own midnight may lie just below it.
    let (year, month, day) = civil((days(number) + 1e-3).floor() as i64);
    format!("{year}-{month:02}-{day:02}")
}

fn year_ticks(start: f64, end: f64, most: f64) -> Vec<(f64, String)> {
    let mut step = 1i64;
    for factor in [2, 5, 10].iter().cycle() {
        if (end - start) / step as f64 <= most || step > 1_000_000 {
            break;
        }
        // 1, 2, 5, 10, 20, 50, …
        step = match factor {
            5 => step / 2 * 5,
            _ => step * 2,
        };
    }
    let first = (start / step as f64).ceil() as i64;
    let last = (end / step as f64).floor() as i64;
    (first..=last)
        .map(|index| {
            let year = index * step;
            (number(day_number(year, 1)), year.to_string())
        })
        .collect()
}

fn month_ticks(start: f64, end: f64, step: i64) -> Vec<(f64, String)> {
    let (first, last) = (start.floor() as i64 * 12, end.ceil() as i64 * 12 + 12);
    (first..=last)
        .filter(|month| month.rem_euclid(step) == 0)
        .map(|month| (month.div_euclid(12), month.rem_euclid(12) + 1))
        .map(|(year, month)| {
            (
                number(day_number(year, month)),
                format!("{year}-{month:02}"),
            )
        })
        .filter(|(number, _)| (start..=end).contains(number))
        .collect()
}

/// Days since 1970-01-01 of a year with a fraction.
fn days(number: f64) -> f64 {
    (number - 1970.0) * DAYS_IN_A_YEAR
}

/// The year with a fraction of a day.
fn number(day: i64) -> f64 {
    1970.0 + day as f64 / DAYS_IN_A_YEAR
}

/// Days from 1970-01-01 to the first day of a month in the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
fn day_number(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.clamp(-400_000_000, 400_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(start: f64, end: f64) -> Vec<String> {
        let ticks = date_ticks(start, end, 4);
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(day_number(1970, 1), 0);
        assert_eq!(day_number(2000, 3), 11_017);
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(date_text(number(day_number(2022, 3))), "2022-03-01");
    }

    #[test]
    fn ticks_differ() {
        assert_eq!(texts(2001.3, 2012.8), ["2005", "2010"]);
        assert_eq!(
            texts(2022.0, 2023.0),
            ["2022-01", "2022-04", "2022-07", "2022-10"]
        );
        assert_eq!(
            texts(number(11_016), number(11_020)),
            [
                "2000-02-29",
                "2000-03-01",
                "2000-03-02",
                "2000-03-03",
                "2000-03-04"
            ]
        );
    }
}
