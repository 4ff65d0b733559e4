//! What the training rows have in a column.

use backburn_table::{Cell, ColumnKind, within_range};
use serde::{Deserialize, Serialize};

use crate::column_encoder::cell_value;

/// Statistics of a column in the training rows. Later, other rows are compared with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// The number of training rows.
    pub rows: usize,
    /// The rows without a usable value.
    pub missing: usize,
    /// The values of a column of numbers or dates, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueProfile>,
}

/// The values of a column: numbers, or dates in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueProfile {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// The median of the sizes (absolute values) of those that are not 0; 0 if all are. It shows the unit, and
    /// a few wrong values do not change it.
    pub size: f64,
}

impl ColumnProfile {
    /// The profile of the cells of a column in the training rows.
    pub(crate) fn fit<'a>(kind: ColumnKind, cells: impl Iterator<Item = Cell<'a>>) -> Self {
        let has_values = matches!(kind, ColumnKind::Numeric | ColumnKind::Date);
        let (mut rows, mut missing) = (0, 0);
        let mut values = Vec::new();
        for cell in cells {
            rows += 1;
            match has_values {
                false => missing += usize::from(cell == Cell::Missing),
                true => match cell_value(kind, &cell) {
                    Ok(Some(value)) => values.push(value),
                    _ => missing += 1,
                },
            }
        }
        Self {
            rows,
            missing,
            values: ValueProfile::of(values),
        }
    }

    /// The profile of these rows and of further ones.
    pub(crate) fn merged(&self, further: &Self) -> Self {
        let known = |profile: &Self| (profile.rows - profile.missing.min(profile.rows)) as f64;
        Self {
            rows: self.rows + further.rows,
            missing: self.missing + further.missing,
            values: match (self.values, further.values) {
                (Some(a), Some(b)) => Some(a.merged(&b, known(self), known(further))),
                (a, b) => a.or(b),
            },
        }
    }

    /// Whether the profile is consistent. Profiles from files may hold anything.
    pub(crate) fn is_usable(&self) -> bool {
        self.missing <= self.rows && self.values.is_none_or(|values| values.is_usable())
    }
}

impl ValueProfile {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        values.retain_mut(|value| {
            *value = value.abs();
            *value > 0.0
        });
        let middle = values.len() / 2;
        let size = match values.is_empty() {
            true => 0.0,
            false => *values.select_nth_unstable_by(middle, f64::total_cmp).1,
        };
        Some(Self {
            min,
            max,
            mean,
            size,
        })
    }

    /// The profile of `rows` values and of `further` others. The median size stays, unless there was none.
    fn merged(&self, others: &Self, rows: f64, further: f64) -> Self {
        let all = (rows + further).max(1.0);
        Self {
            min: self.min.min(others.min),
            max: self.max.max(others.max),
            mean: self.mean * (rows / all) + others.mean * (further / all),
            size: match self.size > 0.0 {
                true => self.size,
                false => others.size,
            },
        }
    }

    fn is_usable(&self) -> bool {
        let numbers = [self.min, self.max, self.mean, self.size];
        self.min <= self.max && self.size >= 0.0 && numbers.iter().all(|&n| within_range(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_range_and_a_size() {
        let cells = ["1", "-3", "0", "NA", "inf", "1e9", "2"].map(Cell::from_text);
        let profile = ColumnProfile::fit(ColumnKind::Numeric, cells.into_iter());
        assert_eq!((profile.rows, profile.missing), (7, 2));
        let values = profile.values.unwrap();
        assert_eq!((values.min, values.max, values.size), (-3.0, 1e9, 3.0));
        assert!(profile.is_usable());
    }

    #[test]
    fn categories_and_columns_without_values_have_no_range() {
        let cells = ["a", "", "b"].map(Cell::from_text);
        let profile = ColumnProfile::fit(ColumnKind::Categorical, cells.into_iter());
        assert_eq!((profile.rows, profile.missing), (3, 1));
        assert_eq!(profile.values, None);
        let cells = ["", ""].map(Cell::from_text);
        let profile = ColumnProfile::fit(ColumnKind::Numeric, cells.into_iter());
        assert_eq!((profile.missing, profile.values), (2, None));
    }

    #[test]
    fn a_profile_that_contradicts_itself_is_not_usable() {
        for json in [
            r#"{"rows": 1, "missing": 2}"#,
            r#"{"rows": 1, "missing": 0, "values": {"min": 2, "max": 1, "mean": 1, "size": 1}}"#,
            r#"{"rows": 1, "missing": 0, "values": {"min": 0, "max": 1, "mean": 1, "size": -1}}"#,
            r#"{"rows": 1, "missing": 0, "values": {"min": 0, "max": 1e300, "mean": 1, "size": 1}}"#,
        ] {
            let profile: ColumnProfile = serde_json::from_str(json).unwrap();
            assert!(!profile.is_usable(), "{json}");
        }
    }
}
