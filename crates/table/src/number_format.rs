//! How the numbers of a column are written.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::format_options::grouping_sign;
use crate::number_scale::{Factor, NumberScale, mark_key};
use crate::number_text::{NumberText, split};

/// How the numbers of a column are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    /// The decimal sign, a point or a comma.
    pub decimal: char,
    /// The sign between groups of digits: a comma, a point, a space or an apostrophe. A space stands
    /// for spaces of any width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// The currency, percent sign or unit before or behind the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// What other marks do to the numbers, such as `K` and `M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<NumberScale>,
    /// Whether the other decimal sign is read too: both `1.5` and `1,5`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub either_decimal: bool,
    /// Whether other text counts as missing. Otherwise it is an error.
    #[serde(default, skip_serializing_if = "is_false")]
    pub lenient: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The signs that a column of numbers may use: decimal sign and sign between groups of digits. The
/// first of several that read the same values is taken.
pub(crate) const CONVENTIONS: [(char, Option<char>); 8] = [
    ('.', None),
    ('.', Some(',')),
    ('.', Some(' ')),
    ('.', Some('\'')),
    (',', None),
    (',', Some('.')),
    (',', Some(' ')),
    (',', Some('\'')),
];

impl Default for NumberFormat {
    fn default() -> Self {
        Self::new('.', None)
    }
}

impl NumberFormat {
    /// Numbers with these signs, without a mark.
    pub fn new(decimal: char, thousands: Option<char>) -> Self {
        Self {
            decimal,
            thousands,
            mark: None,
            scale: None,
            either_decimal: false,
            lenient: false,
        }
    }

    /// The number that text stands for; `None` if it is none in this format. `12 %` is 12, and `<0.5`
    /// is 0.5.
    pub fn read(&self, text: &str) -> Option<f64> {
        self.read_near(text).map(|(number, _)| number)
    }

    /// The number that text stands for, and whether the value is only known to lie beyond or near it.
    pub(crate) fn read_near(&self, text: &str) -> Option<(f64, bool)> {
        if self.decimal == '.'
            && let Ok(number) = text.parse()
        {
            return Some((number, false));
        }
        let parts = split(text)?;
        let factor = self.factor(&parts)?;
        let mut digits = self.plain_digits(parts.digits)?;
        if factor.exponent > 0 {
            // With the exponent in the text, `1.2M` is the same number as 1200000.
            if digits.contains(['e', 'E']) {
                return None;
            }
            digits.push('e');
            digits.push_str(&factor.exponent.to_string());
        }
        let number: f64 = digits.parse().ok()?;
        let number = match parts.negative != factor.negative {
            true => -number,
            false => number,
        };
        Some((number, parts.censored))
    }

    fn plain_digits(&self, digits: &str) -> Option<String> {
        let other = if self.decimal == ',' { '.' } else { ',' };
        let plain = plain_digits(digits, self.decimal, self.thousands);
        plain.or_else(|| plain_digits(digits, other, None).filter(|_| self.either_decimal))
    }

    /// What the marks beside a number do to it; `None` if a mark is none of the column.
    fn factor(&self, parts: &NumberText) -> Option<Factor> {
        let of_magnitude = Factor {
            exponent: parts.magnitude.unwrap_or_default(),
            negative: false,
        };
        let Some(mark) = parts.mark else {
            return Some(of_magnitude);
        };
        let own = self.mark.as_deref();
        let is_own = own == Some(mark) || own.is_some_and(|own| mark_key(own) == mark_key(mark));
        match is_own {
            true => Some(of_magnitude),
            false => self.scale?.factor(mark),
        }
    }
}

/// Digits as Rust parses them: with a decimal point and without groups. `None` if they do not follow
/// the convention; groups are strict.
pub(crate) fn plain_digits(digits: &str, decimal: char, thousands: Option<char>) -> Option<String> {
    let (whole, fraction, exponent) = parts_of(digits, decimal, thousands)?;
    let mut plain = String::with_capacity(digits.len());
    plain.extend(whole.chars().filter(char::is_ascii_digit));
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    plain.push_str(exponent);
    Some(plain)
}

/// Whether digits follow a convention.
pub(crate) fn follows(digits: &str, decimal: char, thousands: Option<char>) -> bool {
    parts_of(digits, decimal, thousands).is_some()
}

type PartsOfDigits<'a> = (&'a str, Option<&'a str>, &'a str);

/// The digits before and behind the decimal sign, and the exponent, if they follow the convention.
fn parts_of(digits: &str, decimal: char, thousands: Option<char>) -> Option<PartsOfDigits<'_>> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let (whole, fraction) = match mantissa.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    if fraction.is_some_and(|fraction| fraction.is_empty() || !all_digits(fraction)) {
        return None;
    }
    let valid = match all_digits(whole) {
        true => !whole.is_empty() || fraction.is_some(),
        // No one groups the digits before an exponent: `8,400E+02` is 840.
        false => exponent.is_empty() && is_grouped(whole, thousands?),
    };
    valid.then_some((whole, fraction, exponent))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a whole number is grouped: the first group has one to three digits and does not start with 0,
/// and the others have three. Commas may also group as in India: `12,34,567`.
fn is_grouped(whole: &str, thousands: char) -> bool {
    let mut groups = whole.split(|c: char| grouping_sign(c) == Some(thousands));
    let first = groups.next().unwrap_or_default();
    let mut western = (1..=3).contains(&first.len());
    let mut indian = thousands == ',' && (1..=2).contains(&first.len());
    if first.starts_with('0') || !all_digits(first) {
        return false;
    }
    // The last group has three digits in both.
    let mut last = None;
    for group in groups {
        if !all_digits(group) {
            return false;
        }
        western &= matches!(last, None | Some(3));
        indian &= matches!(last, None | Some(2));
        last = Some(group.len());
    }
    (western || indian) && last == Some(3)
}

impl fmt::Display for NumberFormat {
    /// The format in words, such as: decimal comma, thousands by point, with `€`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match (self.either_decimal, self.decimal) {
            (true, _) => parts.push("a decimal point or a decimal comma".to_string()),
            (false, ',') => parts.push("a decimal comma".to_string()),
            _ => {}
        }
        if let Some(sign) = self.thousands {
            let sign = match sign {
                ',' => "a comma",
                '.' => "a point",
                ' ' => "a space",
                _ => "an apostrophe",
            };
            parts.push(format!("{sign} between thousands"));
        }
        if let Some(mark) = &self.mark {
            parts.push(format!("the mark `{mark}`"));
        }
        if let Some(scale) = self.scale {
            parts.push(scale.words().to_string());
        }
        if parts.is_empty() {
            parts.push("a decimal point".to_string());
        }
        f.write_str(&parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_strict() {
        let read =
            |text: &str, decimal, thousands| NumberFormat::new(decimal, thousands).read(text);
        assert_eq!(read("1,234,567.5", '.', Some(',')), Some(1_234_567.5));
        assert_eq!(read("12,34,567", '.', Some(',')), Some(1_234_567.0));
        assert_eq!(read("1.234,5", ',', Some('.')), Some(1234.5));
        assert_eq!(read("1 234,5", ',', Some(' ')), Some(1234.5));
        assert_eq!(read("1\u{a0}234", '.', Some(' ')), Some(1234.0));
        assert_eq!(read("1’234.5", '.', Some('\'')), Some(1234.5));
        assert_eq!(read("0,346", ',', None), Some(0.346));
        for bad in [
            "0,346", "1,23", "1234,567", "1,2345", ",123", "1,,234", "1,234,56",
        ] {
            assert_eq!(read(bad, '.', Some(',')), None, "{bad}");
        }
        for bad in ["1,23.5", "1,5,5", "1."] {
            assert_eq!(read(bad, ',', None), None, "{bad}");
        }
    }

    #[test]
    fn only_the_mark_of_the_column_is_read() {
        let format = NumberFormat {
            mark: Some("€".to_string()),
            ..NumberFormat::new(',', Some('.'))
        };
        assert_eq!(format.read("1.234,50 €"), Some(1234.5));
        assert_eq!(format.read("(12 €)"), Some(-12.0));
        assert_eq!(format.read("12"), Some(12.0));
        assert_eq!(format.read("12 $"), None);
        assert_eq!(
            format.to_string(),
            "a decimal comma and a point between thousands and the mark `€`"
        );
    }

    #[test]
    fn marks_of_a_scale_change_the_number() {
        let format = NumberFormat {
            scale: Some(NumberScale::Magnitude),
            ..NumberFormat::new('.', Some(','))
        };
        assert_eq!(format.read("340.9K"), Some(340_900.0));
        assert_eq!(format.read("1.2 million"), Some(1_200_000.0));
        assert_eq!(format.read("-1,200k"), Some(-1_200_000.0));
        assert_eq!(format.read("7"), Some(7.0));
        assert_eq!(format.read("7 kg"), None);
        assert_eq!(format.read("1e3K"), None);
        let compass = NumberFormat {
            scale: Some(NumberScale::Compass),
            ..NumberFormat::default()
        };
        assert_eq!(compass.read("57.05S"), Some(-57.05));
        let money = NumberFormat {
            mark: Some("€".to_string()),
            ..NumberFormat::default()
        };
        assert_eq!(money.read("€110.5M"), Some(110_500_000.0));
        assert_eq!(money.read("€565k"), Some(565_000.0));
        assert_eq!(money.read("$1.2M"), None);
    }

    #[test]
    fn either_decimal_sign_is_read_where_both_occur() {
        let format = NumberFormat {
            either_decimal: true,
            ..NumberFormat::new(',', None)
        };
        assert_eq!(format.read("1,5"), Some(1.5));
        assert_eq!(format.read("1.25"), Some(1.25));
        assert_eq!(format.read("1.234,5"), None);
        let stored = serde_json::to_string(&format).unwrap();
        assert_eq!(
            serde_json::from_str::<NumberFormat>(&stored).unwrap(),
            format
        );
    }

    #[test]
    fn digits_before_an_exponent_are_not_grouped() {
        let read = |decimal, thousands| NumberFormat::new(decimal, thousands).read("8,400E+02");
        assert_eq!(read(',', Some('.')), Some(840.0));
        assert_eq!(read('.', Some(',')), None);
    }

    #[test]
    fn plain_numbers_are_read_as_rust_reads_them() {
        let plain = NumberFormat::default();
        for text in ["1.5", "-0", "1e-7", ".5", "5.", "inf", "-Infinity", "+3"] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(plain.read(text).unwrap().to_bits(), expected.to_bits());
        }
        assert_eq!(plain.read("−5"), Some(-5.0));
        assert_eq!(plain.read("0x1F"), None);
    }
}
