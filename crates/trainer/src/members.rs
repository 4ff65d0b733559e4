//! How many networks make a model.

use serde::{Deserialize, Serialize, Serializer};
use toml::Value;

/// Networks whose outputs are averaged.
///
/// Written in configs as a number or as `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Members {
    /// Eight where rows are so few that one network depends on which of them choose its best epoch, fewer
    /// where there are more, and one where that takes long: see [`of`](Self::of).
    Auto,
    /// So many.
    Exactly(usize),
}

/// Fewer rows leave none to spare for folds.
const FEWEST_ROWS: usize = 100;
/// Networks, for up to so many rows.
const BY_ROWS: [(usize, usize); 3] = [(1_000, 8), (10_000, 4), (100_000, 2)];
const AUTO: &str = "auto";

impl Members {
    /// Networks for so many rows.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Exactly(members) => members,
            Self::Auto if rows < FEWEST_ROWS => 1,
            Self::Auto => {
                let of_rows = BY_ROWS.iter().find(|(most, _)| rows <= *most);
                of_rows.map_or(1, |(_, members)| *members)
            }
        }
    }

    /// Networks where it was not found out by the rows: one unless set.
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
