//! Explanations as text.

use std::fmt;

use backburn::text::{count, mean_and_deviation, number, shown};
use backburn_table::ColumnKind;

use crate::dependence::Dependence;
use crate::explanation::Explanation;
use crate::importance::{Importance, Measure};
use crate::row_explanation::{Rest, RowExplanation};

impl fmt::Display for Measure {
    /// What an [`Importance`] by this measure means.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rmse => "how much the RMSE rises when a column is shuffled",
            Self::LogLoss => "how much the log loss rises when a column is shuffled",
            Self::Change => {
                "how much predictions change when a column is shuffled (no row has the target)"
            }
        })
    }
}

impl fmt::Display for Importance {
    /// The column, padded to 30 characters, and its importance with the standard deviation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = mean_and_deviation(self.mean, self.std);
        write!(f, "{:<30} {amount}", shown(&self.column))
    }
}

impl Explanation {
    /// The importance of the most important columns, a line each.
    pub fn importance_lines(&self) -> Vec<String> {
        /// The largest number of columns that are shown.
        const COLUMNS: usize = 15;
        if self.importance.is_empty() {
            return vec!["importance needs at least two rows".to_string()];
        }
        let shown = self.importance.iter().take(COLUMNS);
        let mut lines: Vec<String> = shown.map(Importance::to_string).collect();
        if self.importance.len() > COLUMNS {
            let more = count(self.importance.len() - COLUMNS, "column");
            lines.push(format!("and {more} more; --json prints all"));
        }
        lines
    }
}

/// The largest number of points of a dependence that are shown.
const POINTS: usize = 5;

impl fmt::Display for Dependence {
    /// The column, what is predicted, and about five values with their mean predictions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = &self.points;
        let step = points.len().div_ceil(POINTS).max(1);
        let last = points.len().saturating_sub(1);
        let shown_points = points.iter().enumerate().filter(|(index, point)| {
            index.is_multiple_of(step) || *index == last || point.value.is_empty()
        });
        let points: Vec<String> = shown_points
            .map(|(_, point)| {
                let value = match (point.value.as_str(), point.number) {
                    ("", _) => "missing".to_string(),
                    (_, Some(value)) if self.kind == ColumnKind::Numeric && value.abs() < 1e4 => {
                        value.to_string()
                    }
                    (text, _) => shown(text),
                };
                format!("{value} → {}", number(point.mean))
            })
            .collect();
        let of = match &self.class {
            None => "mean prediction".to_string(),
            Some(class) => format!("mean probability of {}", shown(class)),
        };
        write!(f, "{}, {of}: {}", shown(&self.column), points.join("; "))
    }
}

impl RowExplanation {
    /// The explanation as lines of text: the prediction and the baseline, then the leading contributions and
    /// the sums of the others.
    pub fn lines(&self) -> Vec<String> {
        let class = self.class.as_ref();
        let class = class.map_or(String::new(), |c| format!(" for {}", shown(c)));
        let mut lines = vec![format!(
            "data row {}: {}{class}, where an average row has {}",
            self.row + 1,
            number(self.prediction),
            number(self.baseline)
        )];
        let leading = self.leading(6..=12);
        for part in leading.shown {
            let value = part.value.as_deref().map_or("missing".to_string(), shown);
            let what = format!("for {} {value}", shown(&part.column));
            lines.push(line(part.amount, &what));
        }
        for (Rest { columns, amount }, how) in
            [(leading.raising, "raise"), (leading.lowering, "lower")]
        {
            if columns > 0 {
                let s = if columns == 1 { "s" } else { "" };
                let columns = count(columns, "other column");
                lines.push(line(amount, &format!("for {columns} that {how}{s} it")));
            }
        }
        if self.has_remainder() {
            let why =
                "for no column: the activation function has jumps, or the prediction is clipped";
            lines.push(line(self.remainder, why));
        }
        lines
    }
}

/// An amount with its sign, and what it is for.
fn line(amount: f64, what: &str) -> String {
    let sign = if amount < 0.0 { "-" } else { "+" };
    let size = number(amount.abs());
    format!("{:>12} {what}", format!("{sign}{size}"))
}
