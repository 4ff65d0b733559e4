//! The number of networks of an ensemble.

use serde::{Deserialize, Serialize, Serializer};
use toml::Value;

/// The number of networks whose outputs are averaged. In a config it is a number or `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Members {
    /// Depends on the number of rows, see [`of`](Self::of): eight networks for few rows, where the best
    /// epoch of a single network depends much on the choice of validation rows, and fewer for more rows.
    Auto,
    /// This number.
    Exactly(usize),
}

/// The smallest number of rows for an ensemble.
const MIN_ROWS: usize = 100;
/// The largest number of rows for a number of networks, and this number of networks.
const BY_ROWS: [(usize, usize); 3] = [(1_000, 8), (10_000, 4), (100_000, 2)];
const AUTO: &str = "auto";

impl Members {
    /// The number of networks for a number of rows.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Exactly(members) => members,
            Self::Auto if rows < MIN_ROWS => 1,
            Self::Auto => {
                let of_rows = BY_ROWS.iter().find(|(max_rows, _)| rows <= *max_rows);
                of_rows.map_or(1, |(_, members)| *members)
            }
        }
    }

    /// The number of networks if it is set, otherwise one.
    pub fn count(self) -> usize {
        self.of(0)
    }
}

impl TryFrom<Value> for Members {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let wrong = || format!("expected a whole number or {AUTO:?}, found {value}");
        match &value {
            Value::String(text) if text == AUTO => Ok(Self::Auto),
            Value::Integer(members) => match usize::try_from(*members) {
                Ok(members) => Ok(Self::Exactly(members)),
                Err(_) => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str(AUTO),
            Self::Exactly(members) => serializer.serialize_u64(*members as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rows_have_more_networks() {
        for (rows, members) in [
            (1, 1),
            (99, 1),
            (100, 8),
            (1_000, 8),
            (1_001, 4),
            (10_000, 4),
            (10_001, 2),
            (100_000, 2),
            (100_001, 1),
        ] {
            assert_eq!(Members::Auto.of(rows), members, "{rows}");
            assert_eq!(Members::Exactly(3).of(rows), 3);
        }
        assert_eq!(Members::Auto.count(), 1);
        assert_eq!(Members::Exactly(3).count(), 3);
    }

    #[test]
    fn a_config_has_a_number_or_auto() {
        let read = |value: Value| Members::try_from(value);
        let text = |text: &str| Value::String(text.to_string());
        assert_eq!(read(text("auto")), Ok(Members::Auto));
        assert_eq!(read(Value::Integer(5)), Ok(Members::Exactly(5)));
        for wrong in [text("many"), Value::Integer(-1), Value::Float(2.0)] {
            let error = read(wrong).unwrap_err();
            assert!(
                error.starts_with("expected a whole number or \"auto\""),
                "{error}"
            );
        }
        for members in [Members::Auto, Members::Exactly(5)] {
            let json = serde_json::to_string(&members).unwrap();
            assert_eq!(serde_json::from_str::<Members>(&json).unwrap(), members);
        }
    }
}
