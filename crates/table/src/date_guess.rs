//! Finding out how the dates of a column are written.

use crate::counts::FirstTexts;
use crate::date_format::{DateFormat, DateNotation};
use crate::date_shapes::{DateShape, ShapeCounts, is_month_and_number};
use crate::date_text::{DateText, ORDERS, eight_digits, is_zero, split};
use crate::format_note::Examples;

/// What the values of a column say about how its dates are written.
#[derive(Debug, Default)]
pub(crate) struct DateEvidence {
    /// Values whose order the column decides, by the [`ORDERS`] in which they are dates.
    by_order: [usize; 3],
    /// Those that are dates in any order.
    ordered: usize,
    /// Those of them whose parts are separated by dots.
    dotted: usize,
    /// Values that say themselves which part is which.
    known: usize,
    /// Values that are a date with the month first, and none with the day first.
    month_first: FirstTexts,
    /// The other way round.
    day_first: FirstTexts,
    /// The different first and last numbers below 100, one bit each.
    ends: [u128; 2],
    /// Values such as `20240131`.
    eight_digits: usize,
    /// Values such as `Jan-24`.
    pub months: MonthEvidence,
    /// The first value with a day and a month alone, and how many there are.
    pub without_year: (Option<String>, usize),
    /// The first value such as `01/19`, and how many there are.
    pub month_and_number: (Option<String>, usize),
    /// Values such as `0000-00-00`.
    pub zeros: usize,
    /// Values in notations that are also those of numbers and codes.
    pub shapes: ShapeCounts,
}

/// What values with a month and a number of two digits say.
#[derive(Debug, Default)]
pub(crate) struct MonthEvidence {
    pub count: usize,
    pub example: Option<String>,
    /// The different months and numbers, one bit each.
    months: u128,
    numbers: u128,
}

/// How the dates of a column are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DateGuess {
    pub notation: DateNotation,
    /// What it is as well, where nothing in the column decides.
    pub otherwise: Option<DateNotation>,
    /// Whether the values decide between the day and the month.
    pub decided: bool,
    /// Dates that have the month first, and dates that have the day first, if there are both.
    pub contradiction: Option<[Examples; 2]>,
}

impl DateEvidence {
    pub fn add(&mut self, text: &str) {
        if self.shapes.add(text) {
            return;
        }
        if is_zero(text) {
            self.zeros += 1;
        } else if let Some(parts) = split(text) {
            self.add_parts(text, parts);
        } else if eight_digits(text).is_some() {
            self.eight_digits += 1;
        } else if is_month_and_number(text) {
            self.month_and_number
                .0
                .get_or_insert_with(|| text.to_string());
            self.month_and_number.1 += 1;
        }
    }

    fn add_parts(&mut self, text: &str, parts: DateText) {
        if let Some((month, number)) = parts.month_and_number() {
            self.months.add(text, month, number);
            return;
        }
        if parts.lacks_year() {
            self.without_year.0.get_or_insert_with(|| text.to_string());
            self.without_year.1 += 1;
            return;
        }
        let reads = ORDERS.map(|order| parts.moment(order).is_some());
        if !reads.contains(&true) {
            return;
        }
        let Some((first, last)) = parts.first_and_last() else {
            self.known += 1;
            return;
        };
        self.ordered += 1;
        self.dotted += usize::from(parts.dotted);
        for (count, reads) in self.by_order.iter_mut().zip(reads) {
            *count += usize::from(reads);
        }
        match reads {
            [true, false, _] => self.month_first.add(text),
            [false, true, _] => self.day_first.add(text),
            _ => {}
        }
        for (seen, number) in self.ends.iter_mut().zip([first, last]) {
            *seen |= bit(number);
        }
    }

    /// Values that are dates in some order.
    pub fn readable(&self) -> usize {
        let years = match self.months.are_years() {
            true => self.months.count,
            false => 0,
        };
        let dates = self.ordered + self.known + years + self.shapes.months();
        // Eight digits alone are numbers.
        match self.eight_digits <= dates {
            true => dates + self.eight_digits,
            false => dates,
        }
    }

    /// How the dates are written; `None` if there is none. The order that reads most values is taken.
    /// Where the first number may be both, it is the month, or behind dots the day. Of the numbers that
    /// may be a year of two digits, it is the one that varies less.
    pub fn guess(&self) -> Option<DateGuess> {
        use DateNotation::{DayFirst, MonthFirst, YearFirst};
        let [month, day, year] = self.by_order;
        if self.shapes.months() > self.ordered + self.known + self.months.count {
            return Some(DateGuess::of_shape(DateShape::MonthAndYear));
        }
        if self.ordered == 0 || self.months.count > self.ordered + self.known {
            return self.guess_without_order();
        }
        let [first, last] = self.ends.map(u128::count_ones);
        let by_default = if self.dotted * 2 > self.ordered {
            DayFirst
        } else {
            MonthFirst
        };
        let (notation, otherwise) = match () {
            () if year > month.max(day) => (YearFirst, None),
            () if year == self.ordered && year == month.max(day) && first < last => {
                let other = if day >= month { DayFirst } else { MonthFirst };
                (YearFirst, Some(other))
            }
            () if day > month => (DayFirst, None),
            () if month > day => (MonthFirst, None),
            () if by_default == DayFirst => (DayFirst, Some(MonthFirst)),
            () => (MonthFirst, Some(DayFirst)),
        };
        let both = self.month_first.total > 0 && self.day_first.total > 0;
        let examples = || [self.month_first.examples(), self.day_first.examples()];
        Some(DateGuess {
            decided: otherwise.is_none() && notation != YearFirst,
            contradiction: (both && notation != YearFirst).then(examples),
            notation,
            otherwise,
        })
    }

    /// The guess where all dates say themselves which part is which, or are months.
    fn guess_without_order(&self) -> Option<DateGuess> {
        let months = DateGuess::of_months();
        if self.months.count > self.known + self.ordered && self.months.are_years() {
            return Some(months);
        }
        (self.known > 0).then_some(DateGuess {
            notation: DateNotation::YearFirst,
            ..months
        })
    }
}

impl DateGuess {
    /// Months with years of two digits, because the user says that they are dates.
    pub fn of_months() -> Self {
        Self::sure(DateNotation::MonthYear)
    }

    /// Dates in a notation that is also that of numbers or codes.
    pub fn of_shape(shape: DateShape) -> Self {
        Self::sure(DateNotation::Pattern(shape.pattern().to_string()))
    }

    fn sure(notation: DateNotation) -> Self {
        Self {
            notation,
            otherwise: None,
            decided: false,
            contradiction: None,
        }
    }
}

impl MonthEvidence {
    fn add(&mut self, text: &str, month: u32, number: u32) {
        self.count += 1;
        self.example.get_or_insert_with(|| text.to_string());
        self.months |= bit(month);
        self.numbers |= bit(number);
    }

    /// Whether the numbers are years: one is no day, or they differ little for so many months. A word that
    /// is always the same is no month.
    pub fn are_years(&self) -> bool {
        let days = (1..=31).fold(0, |days, day| days | bit(day));
        let months = self.months.count_ones();
        let few = self.numbers.count_ones() * 2 <= months;
        months > 1 && (self.numbers & !days != 0 || few)
    }
}

/// A bit of its own for each number below 100.
fn bit(number: u32) -> u128 {
    match number < 100 {
        true => 1 << number,
        false => 0,
    }
}

/// Numbers that stand for no date among dates such as `20240131`.
const NO_DATES: [f64; 2] = [0.0, 99_999_999.0];

/// How the numbers of a column that is declared a date are to be read: by how large they are.
pub(crate) fn notation_of_numbers(numbers: impl Iterator<Item = f64> + Clone) -> DateNotation {
    let is_date = |number: &f64| !NO_DATES.contains(number);
    let all_in = |notation| {
        let format = DateFormat::new(notation);
        let mut dates = numbers.clone().filter(is_date).peekable();
        dates.peek().is_some() && dates.all(|number| format.read_number(number).is_some())
    };
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut whole = true;
    for number in numbers.clone() {
        low = low.min(number);
        high = high.max(number);
        whole &= number.fract() == 0.0;
    }
    let size = low.abs().max(high.abs());
    let months = || low >= 180_000.0 && high < 220_000.0 && all_in(DateNotation::CompactMonth);
    match () {
        () if all_in(DateNotation::Compact) => DateNotation::Compact,
        () if months() => DateNotation::CompactMonth,
        () if whole && low >= 1000.0 && high <= 2999.0 => DateNotation::Year,
        () if low >= 10_000.0 && high <= 80_000.0 => DateNotation::SpreadsheetDays,
        () if size < 1e11 => DateNotation::EpochSeconds,
        () if size < 1e14 => DateNotation::EpochMilliseconds,
        () if size < 1e17 => DateNotation::EpochMicroseconds,
        () => DateNotation::EpochNanoseconds,
    }
}

/// The format of numbers that are declared dates, and are a day, a month and a year in digits alone, as in
/// `17082023` and `030923`; `None` if they are not, or if they are dates in another notation.
pub(crate) fn digits_with_year_last<'a>(
    notation: &DateNotation,
    texts: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'static str> {
    use DateNotation::{EpochSeconds, Pattern, SpreadsheetDays};
    const FORMATS: [(usize, &str); 5] = [
        (8, "%d%m%Y"),
        (8, "%m%d%Y"),
        (6, "%d%m%y"),
        (6, "%m%d%y"),
        (6, "%y%m%d"),
    ];
    if !matches!(notation, EpochSeconds | SpreadsheetDays) || texts.clone().next().is_none() {
        return None;
    }
    let reads_all = |length: usize, pattern: &str| {
        let format = DateFormat::new(Pattern(pattern.to_string()));
        let is_date = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.len() == length && digits && format.read(text).is_some()
        };
        texts.clone().all(is_date)
    };
    let found = FORMATS
        .iter()
        .find(|(length, pattern)| reads_all(*length, pattern));
    found.map(|(_, pattern)| *pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> (DateNotation, bool) {
        let guess = evidence(values).guess().unwrap();
        (guess.notation, guess.otherwise.is_some())
    }

    fn evidence(values: &[&str]) -> DateEvidence {
        let mut evidence = DateEvidence::default();
        for value in values {
            evidence.add(value);
        }
        evidence
    }

    #[test]
    fn the_order_is_decided_by_all_values() {
        use DateNotation::*;
        for (values, expected) in [
            (&["01/02/2024", "12/31/2024"][..], (MonthFirst, false)),
            (&["01/02/2024", "31/12/2024"], (DayFirst, false)),
            (&["01/02/2024", "02/03/2024"], (MonthFirst, true)),
            (&["01.02.2024", "02.03.2024"], (DayFirst, true)),
            (&["01.02.2024", "12.31.2024"], (MonthFirst, false)),
            (&["99-12-31", "98-01-02"], (YearFirst, false)),
            (&["2024.01.02"], (YearFirst, false)),
            (&["2024-01-02T10:00:00+0000"], (YearFirst, false)),
            (&["31-Dec-2024", "1-Jan-2024"], (YearFirst, false)),
            (&["2024-05", "2024-06"], (YearFirst, false)),
            (&["24-12-31", "23-01-15", "24-02-03"], (YearFirst, true)),
            (&["31-12-24", "15-01-23", "03-02-24"], (DayFirst, false)),
            (&["10/11/12", "09/08/07"], (MonthFirst, true)),
            (&["Jan-24", "Feb-24", "Jan-95"], (MonthYear, false)),
            (&["2024-W05", "2024-W06"], (YearFirst, false)),
            (&["2024-12-31", "12/31/2024"], (MonthFirst, false)),
        ] {
            assert_eq!(guess(values), expected, "{values:?}");
        }
    }

    #[test]
    fn dates_that_contradict_each_other_are_shown() {
        let found = evidence(&["31/12/2024", "12/31/2024", "31/12/2024", "1/2/2024"]);
        let guess = found.guess().unwrap();
        assert_eq!(
            (&guess.notation, guess.decided),
            (&DateNotation::DayFirst, true)
        );
        let [month_first, day_first] = guess.contradiction.unwrap();
        assert_eq!(month_first.texts, [("12/31/2024".to_string(), 1)]);
        assert_eq!(day_first.texts, [("31/12/2024".to_string(), 2)]);
        let agree = evidence(&["31/12/2024", "1/2/2024"]).guess().unwrap();
        assert_eq!(agree.contradiction, None);
    }

    #[test]
    fn months_beside_days_are_no_dates() {
        let days = evidence(&["Jan-24", "Jan-25", "Feb-01"]);
        assert!(!days.months.are_years() && days.guess().is_none());
        assert_eq!((days.readable(), days.months.count), (0, 3));
        assert_eq!(evidence(&["31-Jan", "5 Feb"]).without_year.1, 2);
        let slashes = evidence(&["01/19", "12/20", "13/20"]);
        assert_eq!(slashes.month_and_number, (Some("01/19".to_string()), 2));
        assert_eq!(slashes.readable(), 0);
        assert!(!evidence(&["Set 45", "Set 12"]).months.are_years());
        // Twelve months of two years.
        let names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
        let series: Vec<String> = names.split(' ').map(|name| format!("{name}-24")).collect();
        let series: Vec<&str> = series.iter().map(String::as_str).collect();
        assert_eq!(guess(&series), (DateNotation::MonthYear, false));
    }

    #[test]
    fn months_of_years_that_look_like_numbers_are_dates_where_one_has_a_zero() {
        let pattern = DateNotation::Pattern("%m.%Y".to_string());
        assert_eq!(guess(&["01.2023", "11.2023"]), (pattern, false));
        let numbers = evidence(&["10.2023", "11.2023"]);
        assert_eq!((numbers.readable(), numbers.guess()), (0, None));
    }

    #[test]
    fn eight_digits_are_dates_beside_dates() {
        assert_eq!(evidence(&["20240131", "2024-01-31"]).readable(), 2);
        assert_eq!(evidence(&["20240131", "20240201"]).readable(), 0);
        assert_eq!(evidence(&["99990131", "2024-01-31"]).readable(), 1);
    }

    #[test]
    fn digits_with_the_year_last_are_no_time_since_1970() {
        use DateNotation::{EpochSeconds, SpreadsheetDays, Year};
        let of = |notation, texts: &[&str]| digits_with_year_last(&notation, texts.iter().copied());
        assert_eq!(of(EpochSeconds, &["17082023", "01022024"]), Some("%d%m%Y"));
        assert_eq!(of(EpochSeconds, &["08172023", "01022024"]), Some("%m%d%Y"));
        assert_eq!(of(SpreadsheetDays, &["030923", "010224"]), Some("%d%m%y"));
        assert_eq!(of(EpochSeconds, &["311223", "010224"]), Some("%d%m%y"));
        for texts in [&["45292", "45293"][..], &["17082023", "99999999"], &[]] {
            assert_eq!(of(SpreadsheetDays, texts), None, "{texts:?}");
        }
        assert_eq!(of(Year, &["311223"]), None);
    }

    #[test]
    fn numbers_are_dates_by_their_size() {
        use DateNotation::*;
        let of = |numbers: &[f64]| notation_of_numbers(numbers.iter().copied());
        assert_eq!(of(&[20_240_131.0, 19_991_231.0]), Compact);
        assert_eq!(of(&[20_240_131.0, 20_241_331.0]), EpochSeconds);
        assert_eq!(of(&[0.0, 20_240_131.0, 99_999_999.0]), Compact);
        assert_eq!(of(&[0.0, 0.0]), EpochSeconds);
        assert_eq!(of(&[1990.0, 2024.0]), Year);
        assert_eq!(of(&[45_292.0, 45_293.5]), SpreadsheetDays);
        assert_eq!(of(&[1.7e9]), EpochSeconds);
        assert_eq!(of(&[1.7e12, -5.0]), EpochMilliseconds);
        assert_eq!(of(&[1.7e15]), EpochMicroseconds);
        assert_eq!(of(&[1.7e18]), EpochNanoseconds);
    }
}
