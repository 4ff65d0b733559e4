//! The learning rate: a number, or one to be found.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The size of a step.
///
/// Written in configs as a number, as `"by_rows"` or as `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LearningRate {
    /// This one.
    Fixed(f64),
    /// 0.0005, or 0.001 for fewer than 1000 training rows: so few are few steps, each of which has to be
    /// longer.
    ByRows,
    /// The one that a [range test](crate::range_test) on the training rows suggests.
    Auto,
}

impl LearningRate {
    /// The rate for so many training rows, if it need not be searched for.
    pub fn of(self, rows: usize) -> Option<f64> {
        match self {
            Self::Fixed(rate) => Some(rate),
            Self::ByRows if rows < FEW_ROWS => Some(1e-3),
            Self::ByRows => Some(5e-4),
            Self::Auto => None,
        }
    }
}

const AUTO: &str = "auto";
const BY_ROWS: &str = "by_rows";
const FEW_ROWS: usize = 1000;

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        Self::Fixed(rate)
    }
}

impl fmt::Display for LearningRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(rate) => write!(f, "{rate}"),
            Self::ByRows => f.write_str(BY_ROWS),
            Self::Auto => f.write_str(AUTO),
        }
    }
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(rate) => serializer.serialize_f64(*rate),
            Self::ByRows => serializer.serialize_str(BY_ROWS),
            Self::Auto => serializer.serialize_str(AUTO),
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrAuto;
        impl Visitor<'_> for NumberOrAuto {
            type Value = LearningRate;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "a number, {BY_ROWS:?} or {AUTO:?}")
            }

            fn visit_f64<E: Error>(self, rate: f64) -> Result<LearningRate, E> {
                Ok(LearningRate::Fixed(rate))
            }

            fn visit_i64<E: Error>(self, rate: i64) -> Result<LearningRate, E> {
                Ok(LearningRate::Fixed(rate as f64))
            }

            fn visit_u64<E: Error>(self, rate: u64) -> Result<LearningRate, E> {
                Ok(LearningRate::Fixed(rate as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<LearningRate, E> {
                match text {
                    BY_ROWS => Ok(LearningRate::ByRows),
                    AUTO => Ok(LearningRate::Auto),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrAuto)
    }
}
