//! The values that a setting may take in a search.

use serde::{Deserialize, Serialize};
use toml::Value;

/// The values that a setting may take. In a file of a search space it is a table with one key:
/// `{ uniform = [0.0, 0.5] }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingRange {
    /// Numbers between two bounds.
    Uniform([f64; 2]),
    /// Numbers between two bounds above 0, uniform in their logarithm.
    LogUniform([f64; 2]),
    /// Whole numbers between two bounds, which are included.
    Integer([i64; 2]),
    /// Whole numbers between two bounds of at least 1, uniform in their logarithm.
    LogInteger([i64; 2]),
    /// One of these values.
    Choices(Vec<Value>),
}

/// Where a value is in its range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Position {
    /// From 0 at the lower bound to 1 at the upper one.
    Number(f64),
    /// Which of the choices, from 0.
    Choice(usize),
}

impl SettingRange {
    /// The names of the kinds of ranges in a file.
    pub(crate) const KINDS: [&'static str; 5] = [
        "uniform",
        "log_uniform",
        "integer",
        "log_integer",
        "choices",
    ];

    /// Checks that the range has at least two values.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Choices(values) => {
                let repeated = |(index, value)| values[..index].contains(value);
                match values.len() < 2 || values.iter().enumerate().any(repeated) {
                    true => Err("choices: must be two or more different values"),
                    false => Ok(()),
                }
            }
            _ => {
                let [low, high] = self.bounds();
                let lowest = match self {
                    Self::LogUniform(_) => f64::MIN_POSITIVE,
                    Self::LogInteger(_) => 1.0,
                    _ => f64::MIN,
                };
                // NaN is not in order with anything.
                let ordered = lowest <= low && low < high && high < f64::INFINITY;
                match (ordered, self.is_logarithmic()) {
                    (true, _) => Ok(()),
                    (false, true) => {
                        Err("must be two numbers above 0, the lower one first: [0.001, 0.1]")
                    }
                    (false, false) => Err("must be two numbers, the lower one first: [0, 0.5]"),
                }
            }
        }
    }

    /// The number of choices; `None` for a range of numbers.
    pub(crate) fn choices(&self) -> Option<usize> {
        match self {
            Self::Choices(values) => Some(values.len()),
            _ => None,
        }
    }

    /// Whether numbers are spread by their logarithm.
    pub fn is_logarithmic(&self) -> bool {
        matches!(self, Self::LogUniform(_) | Self::LogInteger(_))
    }

    /// The values at both ends, or all choices.
    pub(crate) fn ends(&self) -> Vec<Value> {
        match self {
            Self::Choices(values) => values.clone(),
            Self::Uniform(ends) | Self::LogUniform(ends) => ends.map(Value::Float).to_vec(),
            Self::Integer(ends) | Self::LogInteger(ends) => ends.map(Value::Integer).to_vec(),
        }
    }

    /// The value at a position. Numbers have four significant digits.
    pub(crate) fn value(&self, position: Position) -> Value {
        match (self, position) {
            (Self::Choices(values), Position::Choice(index)) => values[index].clone(),
            (Self::Choices(values), Position::Number(_)) => values[0].clone(),
            (_, Position::Choice(_)) => self.number(0.0),
            (_, Position::Number(share)) => self.number(share),
        }
    }

    fn number(&self, share: f64) -> Value {
        let [low, high] = self.scale();
        let place = low + share.clamp(0.0, 1.0) * (high - low);
        let number = match self.is_logarithmic() {
            true => place.exp(),
            false => place,
        };
        match self {
            Self::Integer([low, high]) | Self::LogInteger([low, high]) => {
                Value::Integer((number.round() as i64).clamp(*low, *high))
            }
            _ => {
                let [low, high] = self.bounds();
                Value::Float(rounded(number).clamp(low, high))
            }
        }
    }

    /// Where a value is in the range; `None` if it is not in it.
    pub(crate) fn position(&self, value: &Value) -> Option<Position> {
        if let Self::Choices(values) = self {
            let index = values.iter().position(|choice| choice == value)?;
            return Some(Position::Choice(index));
        }
        let number = match value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            _ => return None,
        };
        let [first, last] = self.bounds();
        if !(first..=last).contains(&number) {
            return None;
        }
        let [low, high] = self.scale();
        let place = match self.is_logarithmic() {
            true => number.ln(),
            false => number,
        };
        Some(Position::Number((place - low) / (high - low)))
    }

    /// The bounds of a range of numbers.
    fn bounds(&self) -> [f64; 2] {
        match self {
            Self::Uniform(ends) | Self::LogUniform(ends) => *ends,
            Self::Integer(ends) | Self::LogInteger(ends) => ends.map(|end| end as f64),
            Self::Choices(_) => [0.0, 1.0],
        }
    }

    /// The numbers at the positions 0 and 1, or their logarithms. A whole number has half a unit on both sides, so
    /// that the ends are as probable as the others.
    fn scale(&self) -> [f64; 2] {
        let [low, high] = self.bounds();
        let [low, high] = match self {
            Self::Integer(_) | Self::LogInteger(_) => [low - 0.5, high + 0.5],
            _ => [low, high],
        };
        match self.is_logarithmic() {
            true => [low.ln(), high.ln()],
            false => [low, high],
        }
    }
}

/// A number with four significant digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.3e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_at_its_position_again() {
        let ranges = [
            SettingRange::Uniform([0.0, 0.5]),
            SettingRange::LogUniform([1e-4, 1e-1]),
            SettingRange::Integer([-3, 4]),
            SettingRange::LogInteger([16, 256]),
        ];
        for range in ranges {
            for share in [0.0, 0.1, 0.5, 0.77, 1.0] {
                let value = range.value(Position::Number(share));
                let Some(Position::Number(found)) = range.position(&value) else {
                    panic!("{value} is not in {range:?}");
                };
                assert_eq!(range.value(Position::Number(found)), value, "{range:?}");
            }
        }
        let choices = SettingRange::Choices(vec![Value::Integer(0), "auto".into()]);
        assert_eq!(choices.position(&"auto".into()), Some(Position::Choice(1)));
        assert_eq!(choices.value(Position::Choice(0)), Value::Integer(0));
        assert_eq!(choices.position(&"all".into()), None);
    }

    #[test]
    fn numbers_are_short_and_within_the_bounds() {
        let range = SettingRange::LogUniform([1e-4, 1e-2]);
        assert_eq!(range.value(Position::Number(0.5)), Value::Float(0.001));
        assert_eq!(range.value(Position::Number(0.1)), Value::Float(1.585e-4));
        let [low, high] = [0.123_456, 0.123_457];
        let narrow = SettingRange::Uniform([low, high]);
        assert_eq!(narrow.value(Position::Number(0.5)), Value::Float(high));
        assert_eq!(range.position(&Value::Float(0.5)), None);
    }

    #[test]
    fn every_whole_number_has_the_same_share() {
        let range = SettingRange::Integer([1, 4]);
        let mut counts = [0; 4];
        for step in 0..400 {
            let share = (f64::from(step) + 0.5) / 400.0;
            let Value::Integer(number) = range.value(Position::Number(share)) else {
                panic!("no whole number");
            };
            counts[number as usize - 1] += 1;
        }
        assert_eq!(counts, [100; 4]);
    }

    #[test]
    fn ranges_that_have_no_two_values_are_refused() {
        let wrong = [
            SettingRange::Uniform([0.5, 0.5]),
            SettingRange::Uniform([f64::NAN, 1.0]),
            SettingRange::Uniform([0.0, f64::INFINITY]),
            SettingRange::LogUniform([0.0, 1.0]),
            SettingRange::Integer([3, 2]),
            SettingRange::LogInteger([0, 2]),
            SettingRange::Choices(vec![Value::Integer(1)]),
            SettingRange::Choices(vec![Value::Integer(1), Value::Integer(1)]),
        ];
        for range in wrong {
            assert!(range.check().is_err(), "{range:?}");
        }
        assert_eq!(SettingRange::LogInteger([1, 2]).check(), Ok(()));
    }
}
