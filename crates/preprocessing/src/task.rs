//! Regression or classification, and how the task is inferred.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use backburn_table::{Cell, ColumnKind, Schema, Table, TableError, within_range};
use serde::{Deserialize, Serialize};

/// What is predicted: numbers or classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Numbers.
    Regression,
    /// Classes.
    Classification,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Task {
    /// Both tasks.
    pub const ALL: [Self; 2] = [Self::Regression, Self::Classification];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Classification => "classification",
        }
    }

    /// What is predicted.
    pub fn about(self) -> &'static str {
        match self {
            Self::Regression => "Numbers",
            Self::Classification => "Classes",
        }
    }

    /// Infers the task from the target column. These are classes: text, booleans, one or two different whole
    /// numbers, and up to ten consecutive whole numbers from 0 or 1 on. Numbers with a fraction, or with more
    /// than 20 different values, are for regression.
    ///
    /// # Errors
    ///
    /// The column does not exist, has no values or holds dates; it could be either; or its text
    /// differs in most rows.
    pub fn infer(table: &Table, schema: &Schema, target: &str) -> Result<Self, TableError> {
        let kind = schema.column(target).map(|column| column.kind);
        // Such text may be digits: codes with leading zeros.
        if kind == Some(ColumnKind::Categorical) {
            return named_classes(table, target);
        }
        let mut values: Vec<f64> = Vec::new();
        for cell in table.column(target)?.cells() {
            match cell {
                Cell::Missing => {}
                Cell::Boolean(_) => return Ok(Self::Classification),
                _ => match cell.number() {
                    Some(number) if within_range(number) => values.push(number),
                    Some(_) => {}
                    None => match kind {
                        Some(ColumnKind::Date) => {
                            return Err(table.unusable(format!(
                                "target `{target}` holds dates, which cannot be predicted: choose another \
                                 target, such as a column with the days until the date, or predict \
                                 each date as a class with --task classification"
                            )));
                        }
                        _ => return named_classes(table, target),
                    },
                },
            }
        }
        if values.is_empty() {
            return Err(table.no_values(target));
        }
        if values.iter().any(|value| value.fract() != 0.0) {
            return Ok(Self::Regression);
        }
        values.sort_by(f64::total_cmp);
        values.dedup();
        let (low, high) = (values[0], values[values.len() - 1]);
        let counts = (low == 0.0 || low == 1.0) && high - low == (values.len() - 1) as f64;
        match values.len() {
            1 | 2 => Ok(Self::Classification),
            3..=10 if counts => Ok(Self::Classification),
            distinct if distinct <= 20 => Err(table.unusable(format!(
                "target `{target}` has {distinct} different whole numbers, which could be classes \
                 or amounts: choose --task classification or --task regression"
            ))),
            _ => Ok(Self::Regression),
        }
    }
}

/// Checks that text is classes, and not names or numbers in an unknown notation.
fn named_classes(table: &Table, target: &str) -> Result<Task, TableError> {
    let texts: Vec<Cow<str>> = table
        .column(target)?
        .cells()
        .filter_map(|cell| cell.category())
        .collect();
    let different: HashSet<&Cow<str>> = texts.iter().collect();
    if texts.len() < 20 || different.len() * 2 <= texts.len() {
        return Ok(Task::Classification);
    }
    let reason = format!(
        "target `{target}` has {} different texts in {} rows, such as {:?}: write numbers with a \
         decimal point and without thousands separators, or choose --task classification",
        different.len(),
        texts.len(),
        texts[0]
    );
    Err(table.unusable(reason))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::ReadOptions;

    use super::*;

    fn table(values: &[&str]) -> Table {
        let bytes = std::io::Cursor::new(format!("y,x\n{}\n", values.join(",0\n") + ",0"));
        Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
    }

    fn task(values: &[&str]) -> Result<Task, TableError> {
        let table = table(values);
        let schema = Schema::infer(&table, &BTreeMap::new()).unwrap();
        Task::infer(&table, &schema, "y")
    }

    #[test]
    fn the_task_is_inferred() {
        use Task::*;
        assert_eq!(task(&["a", "b", "a"]).unwrap(), Classification);
        assert_eq!(task(&["true", "False"]).unwrap(), Classification);
        assert_eq!(task(&["1", "2", "3", "NA"]).unwrap(), Classification);
        assert_eq!(task(&["0", "1", "inf", "Nan"]).unwrap(), Classification);
        assert_eq!(task(&["0.5", "1", "2"]).unwrap(), Regression);
        let numbers: Vec<String> = (0..30).map(|n| format!("{n}:5:x")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let error = task(&numbers).unwrap_err().to_string();
        assert!(error.contains("decimal point"), "{error}");
        let error = task(&["10", "20", "30"]).unwrap_err().to_string();
        assert!(error.contains("--task regression"), "{error}");
    }
}
