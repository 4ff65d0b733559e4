//! The types a column can have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a column holds, which decides how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Numbers.
    Numeric,
    /// True and false, yes and no, t and f, or y and n.
    Boolean,
    /// Names of categories.
    Categorical,
    /// Dates in the order year, month, day, with or without a time.
    Date,
    /// The column is not used.
    Ignored,
}

impl ColumnKind {
    /// What the values of such a column are, for error messages: "column `a` holds numbers".
    pub fn expected(self) -> &'static str {
        match self {
            Self::Numeric => "numbers",
            Self::Boolean => "booleans such as true and false",
            Self::Date => "dates such as 2024-12-31",
            Self::Categorical | Self::Ignored => "anything",
        }
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Numeric => "numeric",
            Self::Boolean => "boolean",
            Self::Categorical => "categorical",
            Self::Date => "date",
            Self::Ignored => "ignored",
        })
    }
}
