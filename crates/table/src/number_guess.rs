//! Finding out how the numbers of a column are written.

use std::collections::BTreeMap;

use crate::format_options::FormatOptions;
use crate::number_format::{CONVENTIONS, NumberFormat, plain_digits};
use crate::number_text::{is_currency, is_hexadecimal, may_be_absent, split};

/// More different marks are text, not units.
const MAX_MARKS: usize = 8;

/// What the values of a column say about how its numbers are written.
#[derive(Debug, Clone)]
pub(crate) struct NumberEvidence {
    /// Values by the conventions that read them, one bit each.
    by_conventions: Vec<usize>,
    /// Values with each mark.
    marks: BTreeMap<String, usize>,
    /// Numbers without a mark.
    bare: usize,
    /// The first hexadecimal number.
    pub hexadecimal: Option<String>,
    /// Hexadecimal numbers.
    pub hexadecimals: usize,
}

/// How the numbers of a column are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NumberGuess {
    pub format: NumberFormat,
    /// What the format is as well, where nothing in the column decides.
    pub otherwise: Option<NumberFormat>,
    /// The sign that the values show to be the decimal sign.
    pub decides: Option<char>,
}

impl Default for NumberEvidence {
    fn default() -> Self {
        Self {
            by_conventions: vec![0; 256],
            marks: BTreeMap::new(),
            bare: 0,
            hexadecimal: None,
            hexadecimals: 0,
        }
    }
}

impl NumberEvidence {
    pub fn add(&mut self, text: &str) {
        let Some(parts) = split(text) else {
            if is_hexadecimal(text) {
                self.hexadecimals += 1;
                self.hexadecimal.get_or_insert_with(|| text.to_string());
            }
            return;
        };
        self.by_conventions[usize::from(conventions_of(parts.digits))] += 1;
        let Some(mark) = parts.mark else {
            self.bare += 1;
            return;
        };
        if let Some(count) = self.marks.get_mut(mark) {
            *count += 1;
        } else if self.marks.len() <= MAX_MARKS {
            self.marks.insert(mark.to_string(), 1);
        }
    }

    /// Values that are numbers in some notation.
    pub fn readable(&self) -> usize {
        self.by_conventions.iter().skip(1).sum()
    }

    /// The marks, and how many values have each.
    pub fn marks(&self) -> Vec<(String, usize)> {
        let marks = self.marks.iter();
        marks.map(|(mark, count)| (mark.clone(), *count)).collect()
    }

    /// Whether marks do not go together: several currencies, or several units.
    pub fn clash(&self) -> bool {
        self.marks.len() > 1
    }

    /// Whether the marks are all currencies.
    pub fn in_currencies(&self) -> bool {
        self.marks.keys().all(|mark| is_currency(mark))
    }

    /// How the numbers are written; `None` if no convention reads any, or if their marks differ.
    pub fn guess(&self, options: &FormatOptions) -> Option<NumberGuess> {
        let mark = self.mark()?;
        let point = self.best('.', options);
        let comma = self.best(',', options);
        let with_mark = |(convention, _): (usize, usize)| {
            let (decimal, thousands) = CONVENTIONS[convention];
            NumberFormat {
                mark: mark.map(str::to_string),
                ..NumberFormat::new(decimal, thousands)
            }
        };
        let (point_count, comma_count) = (point.map_or(0, |p| p.1), comma.map_or(0, |c| c.1));
        let (best, other) = match comma_count > point_count {
            true => (comma, point),
            false => (point, comma),
        };
        let format = with_mark(best?);
        let other = other.map(with_mark);
        let equal = point_count == comma_count;
        let grouped_by = |format: &NumberFormat, sign| format.thousands == Some(sign);
        // The two read the same values, but as other numbers.
        let differ = other.as_ref().is_some_and(|other| {
            grouped_by(&format, ',') || grouped_by(other, '.') || grouped_by(other, ',')
        });
        let otherwise = other.filter(|_| equal && differ);
        let in_currency = mark.is_some_and(is_currency);
        let decides = (!equal).then_some(format.decimal);
        // Three digits after the only sign of an amount of money are thousands.
        let (format, otherwise) = match otherwise {
            Some(other) if in_currency && grouped_by(&other, '.') => (other, Some(format)),
            otherwise => (format, otherwise),
        };
        Some(NumberGuess {
            format,
            otherwise,
            decides,
        })
    }

    /// The mark of the column's numbers, if they have one; `None` if their marks do not go together. A
    /// unit stands beside every number, unless most have none.
    fn mark(&self) -> Option<Option<&str>> {
        let marks = self.marks.iter();
        let (free, units): (Vec<_>, Vec<_>) = marks.partition(|(mark, _)| may_be_absent(mark));
        let total = |marks: &[(&String, &usize)]| marks.iter().map(|(_, n)| **n).sum::<usize>();
        match (free.as_slice(), units.as_slice()) {
            ([], []) => Some(None),
            ([(mark, count)], _) if **count + self.bare >= total(&units) => {
                Some(Some((*mark).as_str()))
            }
            ([], [(mark, _)]) if self.bare == 0 => Some(Some((*mark).as_str())),
            ([], _) if self.bare >= total(&units) => Some(None),
            _ => None,
        }
    }

    /// The convention with this decimal sign that reads most values, and how many it reads.
    fn best(&self, decimal: char, options: &FormatOptions) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for (index, (sign, thousands)) in CONVENTIONS.iter().enumerate() {
            if *sign != decimal || !options.allows(*sign, *thousands) {
                continue;
            }
            let read = |mask: usize| mask & (1 << index) != 0;
            let counts = self.by_conventions.iter().enumerate();
            let count = counts.filter(|(mask, _)| read(*mask)).map(|(_, n)| n).sum();
            if count > 0 && best.is_none_or(|(_, most)| count > most) {
                best = Some((index, count));
            }
        }
        best
    }
}

/// The conventions that read digits, one bit each.
fn conventions_of(digits: &str) -> u8 {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return u8::MAX;
    }
    let mut mask = 0;
    for (index, (decimal, thousands)) in CONVENTIONS.iter().enumerate() {
        if plain_digits(digits, *decimal, *thousands).is_some() {
            mask |= 1 << index;
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(values: &[&str]) -> Option<NumberGuess> {
        let mut evidence = NumberEvidence::default();
        for value in values {
            evidence.add(value);
        }
        evidence.guess(&FormatOptions::default())
    }

    fn signs(values: &[&str]) -> (char, Option<char>, bool) {
        let guess = guess(values).unwrap();
        (
            guess.format.decimal,
            guess.format.thousands,
            guess.otherwise.is_some(),
        )
    }

    #[test]
    fn the_signs_are_decided_by_all_values() {
        for (values, expected) in [
            (&["0,35", "1,234"][..], (',', None, false)),
            (&["1,234", "5"], ('.', Some(','), true)),
            (&["1,234", "5.5"], ('.', Some(','), false)),
            (&["1,234,567", "1,234"], ('.', Some(','), false)),
            (&["1.234,5", "7"], (',', Some('.'), false)),
            (&["1.234.567", "1.234"], (',', Some('.'), false)),
            (&["1 234", "5"], ('.', Some(' '), false)),
            (&["1 234,5", "5"], (',', Some(' '), false)),
            (&["1'234.5"], ('.', Some('\''), false)),
            (&["12,34,567", "1,234"], ('.', Some(','), false)),
            (&["$5", "$6"], ('.', None, false)),
            (&["5 kg", "1.5 kg"], ('.', None, false)),
            (&["1.234 kg", "2.345 kg"], ('.', None, true)),
            (&["€1.234", "€2.345"], (',', Some('.'), true)),
        ] {
            assert_eq!(signs(values), expected, "{values:?}");
        }
    }

    #[test]
    fn marks_that_differ_are_not_numbers() {
        assert_eq!(guess(&["$5", "€5"]), None);
        assert_eq!(guess(&["5 kg", "5 g"]), None);
        assert_eq!(guess(&["5 kg", "6 kg", "5"]), None);
        assert_eq!(guess(&["5 kg", "6", "5"]).unwrap().format.mark, None);
        assert_eq!(
            guess(&["$5", "$6", "7 or so"])
                .unwrap()
                .format
                .mark
                .unwrap(),
            "$"
        );
        assert!(guess(&["5 %", "5"]).is_some());
        assert_eq!(guess(&["x"]), None);
    }

    #[test]
    fn options_decide() {
        let options = FormatOptions {
            decimal: Some(','),
            ..FormatOptions::default()
        };
        let mut evidence = NumberEvidence::default();
        evidence.add("1,234");
        let guess = evidence.guess(&options).unwrap();
        assert_eq!((guess.format.decimal, guess.otherwise), (',', None));
    }
}
