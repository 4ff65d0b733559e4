//! Finding out how the dates of a column are written.

use crate::date_format::{DateFormat, DateNotation};
use crate::date_text::{ORDERS, is_zero, split};

/// What the values of a column say about how its dates are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct DateEvidence {
    /// Values that are dates in each of [`ORDERS`].
    by_order: [usize; 3],
    /// Values that are dates in any order.
    any: usize,
    /// Values whose parts are separated by dots.
    dotted: usize,
    /// Values such as `0000-00-00`.
    pub zeros: usize,
}

/// How the dates of a column are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DateGuess {
    pub notation: DateNotation,
    /// Whether nothing in the column decides between the day and the month.
    pub open: bool,
    /// Whether the values decide.
    pub decided: bool,
}

impl DateEvidence {
    pub fn add(&mut self, text: &str) {
        if is_zero(text) {
            self.zeros += 1;
            return;
        }
        let Some(parts) = split(text) else { return };
        let mut any = false;
        for (count, order) in self.by_order.iter_mut().zip(ORDERS) {
            let reads = parts.moment(order).is_some();
            *count += usize::from(reads);
            any |= reads;
        }
        self.any += usize::from(any);
        self.dotted += usize::from(any && parts.dotted);
    }

    /// Values that are dates in some order.
    pub fn readable(&self) -> usize {
        self.any
    }

    /// How the dates are written; `None` if there is none. The order that reads most values is taken.
    /// Where the first number may be both, it is the month, or behind dots the day.
    pub fn guess(&self) -> Option<DateGuess> {
        let [month, day, year] = self.by_order;
        if self.any == 0 {
            return None;
        }
        let notation = match () {
            () if year > month.max(day) => DateNotation::YearFirst,
            () if year == self.any && month == year && day == year => DateNotation::YearFirst,
            () if day > month => DateNotation::DayFirst,
            () if month > day => DateNotation::MonthFirst,
            () if self.dotted * 2 > self.any => DateNotation::DayFirst,
            () => DateNotation::MonthFirst,
        };
        Some(DateGuess {
            open: month == day && notation != DateNotation::YearFirst,
            decided: month != day && notation != DateNotation::YearFirst,
            notation,
        })
    }
}

/// How the numbers of a column that is declared a date are to be read: by how large they are.
pub(crate) fn notation_of_numbers(numbers: impl Iterator<Item = f64> + Clone) -> DateNotation {
    let compact = DateFormat::new(DateNotation::Compact);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let months = DateFormat::new(DateNotation::CompactMonth);
    let (mut all_compact, mut all_months) = (true, true);
    let mut whole = true;
    for number in numbers {
        low = low.min(number);
        high = high.max(number);
        whole &= number.fract() == 0.0;
        all_compact &= compact.read_number(number).is_some();
        all_months &= months.read_number(number).is_some();
    }
    let size = low.abs().max(high.abs());
    match () {
        () if all_compact => DateNotation::Compact,
        () if all_months && low >= 180_000.0 && high < 220_000.0 => DateNotation::CompactMonth,
        () if whole && low >= 1000.0 && high <= 2999.0 => DateNotation::Year,
        () if low >= 10_000.0 && high <= 80_000.0 => DateNotation::SpreadsheetDays,
        () if size < 1e11 => DateNotation::EpochSeconds,
        () if size < 1e14 => DateNotation::EpochMilliseconds,
        () if size < 1e17 => DateNotation::EpochMicroseconds,
        () => DateNotation::EpochNanoseconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> (DateNotation, bool) {
        let mut evidence = DateEvidence::default();
        for value in values {
            evidence.add(value);
        }
        let guess = evidence.guess().unwrap();
        (guess.notation, guess.open)
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
        ] {
            assert_eq!(guess(values), expected, "{values:?}");
        }
    }

    #[test]
    fn numbers_are_dates_by_their_size() {
        use DateNotation::*;
        let of = |numbers: &[f64]| notation_of_numbers(numbers.iter().copied());
        assert_eq!(of(&[20_240_131.0, 19_991_231.0]), Compact);
        assert_eq!(of(&[20_240_131.0, 20_241_331.0]), EpochSeconds);
        assert_eq!(of(&[1990.0, 2024.0]), Year);
        assert_eq!(of(&[45_292.0, 45_293.5]), SpreadsheetDays);
        assert_eq!(of(&[1.7e9]), EpochSeconds);
        assert_eq!(of(&[1.7e12, -5.0]), EpochMilliseconds);
        assert_eq!(of(&[1.7e15]), EpochMicroseconds);
        assert_eq!(of(&[1.7e18]), EpochNanoseconds);
    }
}
