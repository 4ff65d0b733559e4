//! The learning rate as a setting.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The learning rate before the schedule.
///
/// A config file has a number or `"auto"`.
///
/// ```
/// use backburn_training::LearningRate;
///
/// assert_eq!(LearningRate::from(0.01), LearningRate::Fixed(0.01));
/// assert_eq!(LearningRate::Auto.to_string(), "auto");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LearningRate {
    /// This number.
    Fixed(f64),
    /// The suggestion of a [range test](crate::range_test) on the training rows.
    Auto,
}

impl LearningRate {
    /// The number, or `None` for [`Auto`](Self::Auto).
    pub fn fixed(self) -> Option<f64> {
        match self {
            Self::Fixed(rate) => Some(rate),
            Self::Auto => None,
        }
    }
}

const AUTO: &str = "auto";

/// The lowest rate that a range test tries.
pub(crate) const LOWEST_RATE: f64 = 1e-6;

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        Self::Fixed(rate)
    }
}

impl fmt::Display for LearningRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(rate) => write!(f, "{rate}"),
            Self::Auto => f.write_str(AUTO),
        }
    }
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(rate) => serializer.serialize_f64(*rate),
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
                write!(f, "a number or {AUTO:?}")
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
                    AUTO => Ok(LearningRate::Auto),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrAuto)
    }
}
