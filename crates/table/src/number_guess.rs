//! Finding out how the numbers of a column are written.

use crate::format_options::FormatOptions;
use crate::number_format::{CONVENTIONS, NumberFormat, follows};
use crate::number_marks::MarkEvidence;
use crate::number_text::{is_currency, is_hexadecimal, split};

/// What the values of a column say about how its numbers are written.
#[derive(Debug, Clone)]
pub(crate) struct NumberEvidence {
    /// Values by the conventions that read them, one bit each.
    by_conventions: Vec<usize>,
    pub marks: MarkEvidence,
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
            marks: MarkEvidence::default(),
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
        self.marks.add(parts.mark);
    }

    /// Values that are numbers in some notation.
    pub fn readable(&self) -> usize {
        self.by_conventions.iter().skip(1).sum()
    }

    /// How the numbers are written; `None` if no convention reads any, or if their marks differ.
    pub fn guess(&self, options: &FormatOptions) -> Option<NumberGuess> {
        let (mark, scale) = self.marks.guess()?;
        if let Some(decimal) = self.either_decimal(options) {
            return Some(NumberGuess {
                format: NumberFormat {
                    mark,
                    scale,
                    either_decimal: true,
                    ..NumberFormat::new(decimal, None)
                },
                otherwise: None,
                decides: None,
            });
        }
        let point = self.best('.', options);
        let comma = self.best(',', options);
        let with_mark = |(convention, _): (usize, usize)| {
            let (decimal, thousands) = CONVENTIONS[convention];
            NumberFormat {
                mark: mark.clone(),
                scale,
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
        let in_currency = mark.as_deref().is_some_and(is_currency);
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

    /// The decimal sign of most values, if others plainly have the other one: `1.5` and `1,5`, with
    /// nothing that looks like groups of digits.
    fn either_decimal(&self, options: &FormatOptions) -> Option<char> {
        let count = |text: &str| self.by_conventions[usize::from(conventions_of(text))];
        let [points, open_points] = [count("1.5"), count("1.234")];
        let [commas, open_commas] = [count("1,5"), count("1,234")];
        let whole = self.by_conventions[usize::from(u8::MAX)];
        let others = self.readable() - points - open_points - commas - open_commas - whole;
        let both = match options.decimal {
            Some(',') => points > 0 && commas + open_commas > 0,
            _ => points > 0 && commas > 0,
        };
        if !both || others > 0 || options.thousands.is_some() {
            return None;
        }
        match options.decimal {
            Some(sign) => Some(sign),
            None if commas > points && open_points <= points => Some(','),
            None if commas <= points && open_commas <= commas => Some('.'),
            None => None,
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
        if follows(digits, *decimal, *thousands) {
            mask |= 1 << index;
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number_scale::NumberScale;

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
        let sizes = guess(&["19M", "8.7k", "2.5M"]).unwrap().format;
        assert_eq!(sizes.scale, Some(NumberScale::Magnitude));
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
    fn both_decimal_signs_are_read_where_nothing_is_grouped() {
        let either = |values: &[&str]| {
            let format = guess(values).unwrap().format;
            format.either_decimal.then_some(format.decimal)
        };
        assert_eq!(either(&["1.5", "2.25", "1,5"]), Some('.'));
        assert_eq!(either(&["1,5", "2,25", "7", "1.5"]), Some(','));
        assert_eq!(either(&["1,5", "2,25", "1,234", "1.5"]), Some(','));
        // Most commas stand between thousands.
        assert_eq!(either(&["1,234", "2,345", "1,5", "5.5", "6.5"]), None);
        assert_eq!(either(&["1,234.5", "1,5", "5.5"]), None);
        assert_eq!(either(&["1.5", "2"]), None);
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
