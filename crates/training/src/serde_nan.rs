//! Serialization of numbers that may be NaN or infinite. JSON has neither: `serde_json` writes both
//! as null, and null is read as NaN. Use it by `#[serde(with = "serde_nan")]`.

use serde::{Deserialize, Deserializer, Serializer};

pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*number)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
