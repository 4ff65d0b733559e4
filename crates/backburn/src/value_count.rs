//! A value and how many rows have it.

use serde::Serialize;

use crate::text::{integer, shown};

/// A value and the number of rows that have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueCount {
    /// The value as text.
    pub value: String,
    /// The number of rows.
    pub rows: usize,
}

impl ValueCount {
    /// A value with its number of rows.
    pub(crate) fn new((value, rows): (impl Into<String>, usize)) -> Self {
        Self {
            value: value.into(),
            rows,
        }
    }

    /// The value between backticks, and the number of rows: `` `a` 12 ``.
    pub(crate) fn quoted(&self) -> String {
        format!("`{}` {}", shown(&self.value), integer(self.rows))
    }
}
