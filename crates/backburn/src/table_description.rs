//! What a table holds, and what training makes of it, as values and as text.

use backburn_preprocessing::Task;
use backburn_table::ColumnKind;
use serde::Serialize;

use crate::text::{count, integer, number, shown};

/// What a table holds, and what training makes of it; made by [`describe`](crate::describe). As JSON, it keeps
/// its keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDescription {
    /// The table.
    pub table: String,
    /// The number of rows.
    pub rows: usize,
    /// Rows that are copies of earlier rows.
    pub copies: usize,
    /// Whether every row was compared with all earlier ones; if not, there may be more copies.
    pub copies_complete: bool,
    /// The number of rows that decided what each column holds: all, or the first that fit into memory.
    pub typed_by_rows: usize,
    /// The target, if one was named and training can use it.
    pub target: Option<TargetDescription>,
    /// The columns, in the order of the table.
    pub columns: Vec<ColumnDescription>,
    /// What to know before training, as sentences.
    pub notes: Vec<String>,
}

/// The column to predict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetDescription {
    /// Its name.
    pub column: String,
    /// Regression or classification.
    pub task: Task,
    /// For classification, classes with their numbers of rows, the commonest first, at most 100.
    pub classes: Vec<ValueCount>,
    /// For classification, the number of classes.
    pub number_of_classes: Option<usize>,
    /// For regression, the smallest value.
    pub min: Option<f64>,
    /// For regression, the largest value.
    pub max: Option<f64>,
    /// Rows without a target, which are left out.
    pub missing: usize,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// How its text is read, such as the format of dates; `None` if it is read as it is.
    pub format: Option<String>,
    /// Rows without a value.
    pub missing: usize,
    /// Rows whose number is infinite or too large for 32 bits; they count as missing.
    pub infinite: usize,
    /// The number of different values.
    pub distinct: usize,
    /// Whether all different values were counted; if not, there may be more.
    pub distinct_complete: bool,
    /// The smallest number or the first date.
    pub min: Option<Bound>,
    /// The largest number or the last date.
    pub max: Option<Bound>,
    /// Some of its values with their numbers of rows, the commonest first.
    pub values: Vec<ValueCount>,
    /// What training does with it.
    pub training: Training,
}

/// A bound of the values of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A date, with its time unless it is midnight.
    Date(String),
}

/// A value and the number of rows that have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueCount {
    /// The value as text.
    pub value: String,
    /// The number of rows.
    pub rows: usize,
}

/// What training does with a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Training {
    /// It is the column to predict.
    Target,
    /// Numbers are scaled.
    Scaled,
    /// False is 0 and true is 1.
    Boolean,
    /// Dates are split into parts, such as year and weekday.
    Date,
    /// Each category has an input of its own.
    OneHot {
        /// The number of categories.
        categories: usize,
    },
    /// Each category has a learned vector.
    Embedding {
        /// The number of categories.
        categories: usize,
        /// The length of the vectors.
        dimension: usize,
    },
    /// It is not used.
    Ignored {
        /// Why.
        reason: String,
    },
}

impl TableDescription {
    /// The columns as lines of a table in text, the header first. With names of at most 24 characters, a line
    /// has at most 120.
    pub fn lines(&self) -> Vec<String> {
        let header = [
            "column", "kind", "missing", "distinct", "values", "training",
        ];
        let header = header.map(str::to_string);
        let rows: Vec<[String; 6]> = self.columns.iter().map(ColumnDescription::cells).collect();
        let lines: Vec<&[String; 6]> = [&header].into_iter().chain(&rows).collect();
        let width = |cell: usize| {
            let widths = lines.iter().map(|line| line[cell].chars().count());
            widths.max().unwrap_or(0)
        };
        let [name, kind, missing, distinct, values] = [0, 1, 2, 3, 4].map(width);
        let line = |cells: &&[String; 6]| {
            let [a, b, c, d, e, f] = cells;
            format!("{a:name$}  {b:kind$}  {c:>missing$}  {d:>distinct$}  {e:values$}  {f}")
        };
        lines.iter().map(line).collect()
    }
}

impl TargetDescription {
    /// The target in one line.
    pub fn line(&self) -> String {
        const SHOWN: usize = 6;
        let name = shown(&self.column);
        let what = match (self.number_of_classes, self.min, self.max) {
            (Some(classes), ..) => {
                let first = self.classes.iter().take(SHOWN).map(ValueCount::text);
                let mut first: Vec<String> = first.collect();
                if classes > SHOWN {
                    first.push("…".to_string());
                }
                format!(": {} ({})", count(classes, "class"), first.join(", "))
            }
            (None, Some(min), Some(max)) => {
                format!(": {} to {}", value_text(min), value_text(max))
            }
            _ => String::new(),
        };
        format!("{name} ({}){what}", self.task)
    }
}

impl ValueCount {
    fn text(&self) -> String {
        format!("{} {}", shown(&self.value), integer(self.rows))
    }
}

/// Text of at most this many characters.
fn cut(text: &str, max_chars: usize) -> String {
    match text.chars().nth(max_chars) {
        None => text.to_string(),
        Some(_) => text.chars().take(max_chars - 1).chain(['…']).collect(),
    }
}

impl ColumnDescription {
    fn cells(&self) -> [String; 6] {
        /// The largest number of characters of the cells that may be long.
        const NAME: usize = 24;
        const VALUES: usize = 40;
        let more = if self.distinct_complete { "" } else { "+" };
        [
            cut(&shown(&self.name), NAME),
            self.kind.to_string(),
            integer(self.missing),
            format!("{}{more}", integer(self.distinct)),
            cut(&self.range(), VALUES),
            self.training.text(),
        ]
    }

    /// The range of numbers and dates, or the commonest values.
    fn range(&self) -> String {
        const SHOWN: usize = 4;
        match (&self.min, &self.max) {
            (Some(min), Some(max)) if min == max => min.text(),
            (Some(min), Some(max)) => format!("{} to {}", min.text(), max.text()),
            _ => {
                let once = self.values.iter().all(|value| value.rows == 1);
                let text = |value: &ValueCount| match once {
                    true => shown(&value.value),
                    false => value.text(),
                };
                let mut values: Vec<String> = self.values.iter().take(SHOWN).map(text).collect();
                if self.distinct > values.len() {
                    values.push("…".to_string());
                }
                values.join(", ")
            }
        }
    }
}

impl Bound {
    fn text(&self) -> String {
        match self {
            Self::Number(value) => value_text(*value),
            Self::Date(date) => date.clone(),
        }
    }
}

/// A value of a table with about four significant digits, and all digits of a whole number. Below 10,000 it
/// has no separator, so that a year is written as one.
fn value_text(value: f64) -> String {
    const GROUPED: f64 = 10_000.0;
    let size = value.abs();
    match () {
        () if (1000.0..GROUPED).contains(&size) => format!("{value:.0}"),
        () if value.fract() == 0.0 && size < 1e15 => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", integer(size as usize))
        }
        () => number(value),
    }
}

impl Training {
    /// A few words.
    pub fn text(&self) -> String {
        match self {
            Self::Target => "the target".to_string(),
            Self::Scaled => "scaled".to_string(),
            Self::Boolean => "0 or 1".to_string(),
            Self::Date => "parts of dates".to_string(),
            Self::OneHot { categories } => format!("one-hot, {}", integer(*categories)),
            Self::Embedding { dimension, .. } => format!("embedding, {dimension}"),
            Self::Ignored { .. } => "ignored".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[(&str, usize)]) -> ColumnDescription {
        let value = |(value, rows): &(&str, usize)| ValueCount {
            value: (*value).to_string(),
            rows: *rows,
        };
        ColumnDescription {
            name: name.to_string(),
            kind: ColumnKind::Categorical,
            format: None,
            missing: 1234,
            infinite: 0,
            distinct: values.len(),
            distinct_complete: true,
            min: None,
            max: None,
            values: values.iter().map(value).collect(),
            training: Training::OneHot { categories: 2 },
        }
    }

    #[test]
    fn lines_are_aligned_and_not_too_long() {
        let long = "x".repeat(300);
        let mut number = column("size", &[]);
        number.kind = ColumnKind::Numeric;
        number.distinct_complete = false;
        (number.min, number.max) = (Some(Bound::Number(-0.5)), Some(Bound::Number(1e6)));
        let description = TableDescription {
            table: "t".to_string(),
            rows: 5000,
            copies: 0,
            copies_complete: true,
            typed_by_rows: 5000,
            target: None,
            columns: vec![column(&long, &[(&long, 3), ("b\u{1b}", 2)]), number],
            notes: Vec::new(),
        };
        let lines = description.lines();
        assert_eq!(lines.len(), 3);
        let at = lines[0].find("missing").unwrap() + "missing".len();
        for line in &lines {
            assert!(line.chars().count() <= 120, "{line}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
        }
        let upto = |line: &str| line.chars().take(at).collect::<String>();
        assert!(upto(&lines[1]).ends_with("  1,234"), "{}", lines[1]);
        assert!(lines[2].contains("-0.5000 to 1,000,000"), "{}", lines[2]);
        assert!(lines[2].contains(" 0+ "), "{}", lines[2]);
    }

    #[test]
    fn years_have_no_separator() {
        for (value, text) in [
            (2022.0, "2022"),
            (-1500.0, "-1500"),
            (1234.5, "1234"),
            (9999.0, "9999"),
            (10_000.0, "10,000"),
            (-12_345.0, "-12,345"),
            (12_345.6, "12,346"),
            (999.0, "999"),
            (0.0, "0"),
            (0.5, "0.5000"),
        ] {
            assert_eq!(value_text(value), text);
        }
        let target = TargetDescription {
            column: "year".to_string(),
            task: Task::Regression,
            classes: Vec::new(),
            number_of_classes: None,
            min: Some(1998.0),
            max: Some(2022.0),
            missing: 0,
        };
        assert_eq!(target.line(), "year (regression): 1998 to 2022");
    }

    #[test]
    fn keys_of_json_are_stable() {
        let json = serde_json::to_value(column("a", &[("x", 1)])).unwrap();
        assert_eq!(
            json["training"],
            serde_json::json!({ "as": "one_hot", "categories": 2 })
        );
        assert_eq!(
            json["values"][0],
            serde_json::json!({ "value": "x", "rows": 1 })
        );
        assert_eq!(json["kind"], "categorical");
    }
}
