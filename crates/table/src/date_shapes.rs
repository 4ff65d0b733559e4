//! Dates in notations that are also those of numbers and codes: `01.2023`, `2023.01` and `2023-005`.

use std::ops::RangeInclusive;

/// A notation of dates that is also that of numbers or codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateShape {
    /// `01.2023`
    MonthAndYear,
    /// `2023.01`
    YearAndMonth,
    /// `2023-005`
    DayOfYear,
}

impl DateShape {
    /// The notation of text, with months and days of two and three digits, and years from 1900 to 2100.
    pub fn of(text: &str) -> Option<Self> {
        const MONTHS: RangeInclusive<u32> = 1..=12;
        const DAYS: RangeInclusive<u32> = 1..=366;
        let bytes = text.as_bytes();
        let is_in = |digits: &[u8], range: RangeInclusive<u32>| {
            number(digits).is_some_and(|number| range.contains(&number))
        };
        let is_year = |digits: &[u8]| is_in(digits, 1900..=2100);
        match (bytes.len(), bytes.get(2), bytes.get(4)) {
            (7, Some(b'.'), _) if is_in(&bytes[..2], MONTHS) && is_year(&bytes[3..]) => {
                Some(Self::MonthAndYear)
            }
            (7, _, Some(b'.')) if is_year(&bytes[..4]) && is_in(&bytes[5..], MONTHS) => {
                Some(Self::YearAndMonth)
            }
            (8, _, Some(b'-')) if is_year(&bytes[..4]) && is_in(&bytes[5..], DAYS) => {
                Some(Self::DayOfYear)
            }
            _ => None,
        }
    }

    /// The format of `strftime`.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::MonthAndYear => "%m.%Y",
            Self::YearAndMonth => "%Y.%m",
            Self::DayOfYear => "%Y-%j",
        }
    }
}

/// Whether text is a month below 10 without a zero in front, and a year: `1.2023`.
pub(crate) fn is_short_month(text: &str) -> bool {
    match text.as_bytes() {
        [b'1'..=b'9', b'.', year @ ..] if year.len() == 4 => {
            number(year).is_some_and(|year| (1900..=2100).contains(&year))
        }
        _ => false,
    }
}

/// Whether text is a month and another number, of two digits each: `01/19`.
pub(crate) fn is_month_and_number(text: &str) -> bool {
    let parts = text.as_bytes().split_at_checked(2);
    parts.is_some_and(|(month, rest)| {
        let is_month = number(month).is_some_and(|month| (1..=12).contains(&month));
        is_month && matches!(rest, [b'/', b'0'..=b'9', b'0'..=b'9'])
    })
}

/// The number that consists of digits alone.
fn number(digits: &[u8]) -> Option<u32> {
    let digit = |number: u32, byte: &u8| match byte {
        b'0'..=b'9' => Some(number * 10 + u32::from(byte - b'0')),
        _ => None,
    };
    digits.iter().try_fold(0, digit)
}

/// How many values of a column have such a notation.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShapeCounts {
    pub months_first: usize,
    pub years_first: usize,
    pub days: usize,
    /// Whether a month in front has a zero in front, which numbers have not.
    pub has_zero: bool,
    /// The first day of a year.
    pub day: Option<String>,
}

impl ShapeCounts {
    /// Counts a value. Returns whether it has such a notation.
    pub fn add(&mut self, text: &str) -> bool {
        match DateShape::of(text) {
            Some(DateShape::MonthAndYear) => {
                self.months_first += 1;
                self.has_zero |= text.starts_with('0');
            }
            Some(DateShape::YearAndMonth) => self.years_first += 1,
            Some(DateShape::DayOfYear) => {
                self.days += 1;
                self.day.get_or_insert_with(|| text.to_string());
            }
            None => return false,
        }
        true
    }

    /// Values that are months of years, and cannot be numbers.
    pub fn months(&self) -> usize {
        match self.has_zero {
            true => self.months_first,
            false => 0,
        }
    }

    /// Whether at least four of five values are months of years, and cannot be numbers.
    pub fn are_mostly_months(&self, values: usize) -> bool {
        self.months() > 0 && self.months() * 5 >= values * 4
    }

    /// The notation that at least so many values have.
    pub fn most(&self, least: usize) -> Option<DateShape> {
        let counts = [
            (self.months_first, DateShape::MonthAndYear),
            (self.years_first, DateShape::YearAndMonth),
            (self.days, DateShape::DayOfYear),
        ];
        let found = counts.into_iter().find(|(count, _)| *count >= least.max(1));
        found.map(|(_, shape)| shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_may_be_numbers_or_codes_are_told() {
        use DateShape::*;
        for (text, shape) in [
            ("01.2023", Some(MonthAndYear)),
            ("12.1900", Some(MonthAndYear)),
            ("2023.01", Some(YearAndMonth)),
            ("2023-005", Some(DayOfYear)),
            ("2024-366", Some(DayOfYear)),
            ("13.2023", None),
            ("00.2023", None),
            ("01.1899", None),
            ("01.2101", None),
            ("1.2023", None),
            ("2023.13", None),
            ("2023-367", None),
            ("2023-000", None),
            ("2023-05", None),
            ("+1.2023", None),
            ("aé.2023", None),
        ] {
            assert_eq!(DateShape::of(text), shape, "{text}");
        }
        assert!(is_month_and_number("01/19") && is_month_and_number("12/99"));
        for text in ["13/19", "1/19", "01/1", "01-19", "01/199", "é/19", ""] {
            assert!(!is_month_and_number(text), "{text}");
        }
        assert!(is_short_month("1.2023") && is_short_month("9.1900"));
        for text in ["0.2023", "1.2101", "01.2023", "1.202", "1,2023", "1.20234"] {
            assert!(!is_short_month(text), "{text}");
        }
    }

    #[test]
    fn months_in_front_are_no_numbers_where_one_has_a_zero() {
        let counts = |texts: &[&str]| {
            let mut counts = ShapeCounts::default();
            texts.iter().for_each(|text| {
                counts.add(text);
            });
            (counts.months(), counts.most(texts.len()))
        };
        let months = Some(DateShape::MonthAndYear);
        assert_eq!(counts(&["01.2023", "11.2023"]), (2, months));
        assert_eq!(counts(&["10.2023", "11.2023"]), (0, months));
        assert_eq!(counts(&["01.2023", "1.5"]), (1, None));
        assert_eq!(counts(&[]), (0, None));
        let mut most = ShapeCounts::default();
        for text in ["01.2023", "11.2023", "12.2023", "13.2023", "10.2024"] {
            most.add(text);
        }
        assert!(most.are_mostly_months(5) && !most.are_mostly_months(6));
        assert!(!ShapeCounts::default().are_mostly_months(0));
    }
}
