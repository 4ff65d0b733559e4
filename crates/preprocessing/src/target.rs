//! What is to be predicted, and the way from outputs back to it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cell::within_range;
use crate::target_scale::{TargetScale, mean_and_deviation};
use crate::{Cell, CellError, ColumnKind, Predictions, Schema, Table, TableError};

/// Whether numbers or classes are predicted.
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
        f.write_str(match self {
            Self::Regression => "regression",
            Self::Classification => "classification",
        })
    }
}

/// The column to predict, and how a network's outputs become its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase", deny_unknown_fields)]
pub enum Target {
    /// Numbers, scaled for the network: `output = (value - mean) / std`, or of the logarithm of the
    /// value.
    Regression {
        /// The column.
        column: String,
        /// How it is scaled.
        #[serde(default)]
        scale: TargetScale,
        /// What is subtracted: the mean over the training rows, if it is standardized.
        mean: f64,
        /// What is divided by: the standard deviation over the training rows; above 0.
        std: f64,
        /// The least and the greatest prediction there may be, if they are bounded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<[f64; 2]>,
        /// How far outputs are from scaled values on rows not trained on: what 50, 51, … 99 per cent
        /// of them are within. Shorter where the rows were too few for a high coverage.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<f64>,
    },
    /// Classes by name, in the order of the outputs.
    Classification {
        /// The column.
        column: String,
        /// The names.
        classes: Vec<String>,
        /// What logits are divided by; above 0.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        temperature: f64,
    },
}

fn one() -> f64 {
    1.0
}

fn is_one(temperature: &f64) -> bool {
    *temperature == 1.0
}

/// More classes than this are a mistake.
const MOST_CLASSES: usize = 10_000;

impl Task {
    /// Finds out from a target column what there is to predict: text, truth values, one or two
    /// different whole numbers, and up to ten that count from 0 or 1 are classes; other numbers are
    /// numbers if they have a fraction or more than 20 different values.
    ///
    /// # Errors
    ///
    /// No such column, a column without values, one that could be either, or text that differs
    /// in most rows.
    pub fn infer(table: &Table, schema: &Schema, target: &str) -> Result<Self, TableError> {
        let mut values: Vec<f64> = Vec::new();
        for cell in table.column(target)?.cells() {
            match cell {
                Cell::Missing => {}
                Cell::Boolean(_) => return Ok(Self::Classification),
                _ => match cell.number() {
                    Some(number) if within_range(number) => values.push(number),
                    Some(_) => {}
                    None => match schema.column(target).map(|column| column.kind) {
                        Some(ColumnKind::Date) => {
                            return Err(unusable(
                                table,
                                format!(
                                    "target `{target}` holds dates, which cannot be predicted yet"
                                ),
                            ));
                        }
                        _ => return named_classes(table, target),
                    },
                },
            }
        }
        if values.is_empty() {
            return Err(unusable(table, format!("target `{target}` has no values")));
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
            distinct if distinct <= 20 => Err(unusable(
                table,
                format!(
                    "target `{target}` has {distinct} different whole numbers, which could be \
                     classes or amounts: say --task classification or --task regression"
                ),
            )),
            _ => Ok(Self::Regression),
        }
    }
}

/// Makes sure that text is classes, and not numbers written in another way, or names.
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
         decimal point and nothing between thousands, or say --task classification",
        different.len(),
        texts.len(),
        texts[0]
    );
    Err(unusable(table, reason))
}

impl Target {
    /// The column.
    pub fn column(&self) -> &str {
        match self {
            Self::Regression { column, .. } | Self::Classification { column, .. } => column,
        }
    }

    /// Whether numbers or classes.
    pub fn task(&self) -> Task {
        match self {
            Self::Regression { .. } => Task::Regression,
            Self::Classification { .. } => Task::Classification,
        }
    }

    /// Rows that have a value of the target, in order.
    ///
    /// # Errors
    ///
    /// No such column, or one without values.
    pub fn known_rows(table: &Table, column: &str, task: Task) -> Result<Vec<usize>, TableError> {
        let rows: Vec<usize> = table
            .column(column)?
            .cells()
            .enumerate()
            .filter(|(_, cell)| match task {
                Task::Classification => *cell != Cell::Missing,
                Task::Regression => {
                    *cell != Cell::Missing && cell.number().is_none_or(within_range)
                }
            })
            .map(|(row, _)| row)
            .collect();
        match rows.is_empty() {
            true => Err(unusable(table, format!("target `{column}` has no values"))),
            false => Ok(rows),
        }
    }

    /// Learns the numbers' scale from the training rows, or the classes' names from all `rows`
    /// that have one.
    ///
    /// # Errors
    ///
    /// Text where numbers should be, numbers that never vary or are too large, a single class,
    /// or more classes than there could be.
    pub fn fit(
        table: &Table,
        column: &str,
        task: Task,
        rows: &[usize],
        training: &[usize],
    ) -> Result<Self, TableError> {
        match task {
            Task::Regression => {
                let all = numbers(table, column)?;
                let Some(&first) = training.first() else {
                    let reason = "there is no row to train on".to_string();
                    return Err(unusable(table, reason));
                };
                let values = || training.iter().map(|&row| all[row]);
                let (mean, std) = mean_and_deviation(values());
                let too_large = |&row: &usize| !(((all[row] - mean) / std) as f32).is_finite();
                let constant = values().all(|value| value == all[first]);
                if !constant && rows.iter().any(too_large) {
                    let reason = format!(
                        "target `{column}` has numbers too far from those in the rows to train on"
                    );
                    return Err(unusable(table, reason));
                }
                if constant {
                    let reason = format!(
                        "target `{column}` is {} in every row to train on: there is nothing to learn",
                        all[first]
                    );
                    return Err(unusable(table, reason));
                }
                Ok(Self::Regression {
                    column: column.to_string(),
                    scale: TargetScale::Standard,
                    mean,
                    std,
                    bounds: None,
                    errors: Vec::new(),
                })
            }
            Task::Classification => {
                let names: Vec<Option<Cow<str>>> = table
                    .column(column)?
                    .cells()
                    .map(|cell| cell.category())
                    .collect();
                let different: HashSet<&Cow<str>> =
                    rows.iter().filter_map(|&row| names[row].as_ref()).collect();
                let mut classes: Vec<String> =
                    different.into_iter().map(|name| name.to_string()).collect();
                classes.sort_by(|a, b| by_number_then_text(a, b));
                if classes.len() < 2 {
                    let only = classes.first().map_or("", String::as_str);
                    let reason = format!(
                        "target `{column}` has one class only, {only:?}: there is nothing to tell apart"
                    );
                    return Err(unusable(table, reason));
                }
                if classes.len() > MOST_CLASSES {
                    let reason = format!(
                        "target `{column}` has {} classes, more than the {MOST_CLASSES} allowed: is it a number (--task regression) or an identifier?",
                        classes.len()
                    );
                    return Err(unusable(table, reason));
                }
                Ok(Self::Classification {
                    column: column.to_string(),
                    classes,
                    temperature: 1.0,
                })
            }
        }
    }

    /// The target's numbers, row by row; NaN where there is none.
    ///
    /// # Errors
    ///
    /// No such column, or text in it.
    pub fn values(&self, table: &Table) -> Result<Vec<f64>, TableError> {
        numbers(table, self.column())
    }

    /// The target's classes, row by row; `None` where it is missing or not one of them.
    ///
    /// # Errors
    ///
    /// No such column.
    pub fn classes(&self, table: &Table) -> Result<Vec<Option<usize>>, TableError> {
        let Self::Classification {
            column, classes, ..
        } = self
        else {
            return Ok(vec![None; table.rows()]);
        };
        let index: HashMap<&str, usize> = classes
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        Ok(table
            .column(column)?
            .cells()
            .map(|cell| {
                let name = cell.category()?;
                let same = index.get(name.as_ref()).copied();
                // Typed files spell truth values in one way, text in several.
                let truth = ["true", "false"].contains(&name.to_ascii_lowercase().as_str());
                let alike = |class: &String| truth && class.eq_ignore_ascii_case(&name);
                same.or_else(|| classes.iter().position(alike))
            })
            .collect())
    }

    /// A value as the network learns it.
    pub fn scale(&self, value: f64) -> f64 {
        match self {
            Self::Regression {
                scale: TargetScale::Log,
                mean,
                std,
                ..
            } => (value.ln() - mean) / std,
            Self::Regression { mean, std, .. } => (value - mean) / std,
            Self::Classification { .. } => value,
        }
    }

    /// A network's outputs, row by row, as predictions in the target's own terms.
    ///
    /// `width` is the number of outputs of a row: 1 for numbers, one for each class, or 1 for
    /// two classes.
    pub fn predictions(&self, outputs: &[f32], width: usize) -> Predictions {
        match self {
            Self::Regression {
                scale,
                mean,
                std,
                bounds,
                ..
            } => {
                let [least, greatest] = bounds.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                let values = outputs.iter().map(|output| {
                    let value = f64::from(*output) * std + mean;
                    let value = match scale {
                        TargetScale::Log => value.exp(),
                        _ => value,
                    };
                    value.clamp(least, greatest)
                });
                Predictions::Values(values.collect())
            }
            Self::Classification {
                classes,
                temperature,
                ..
            } => {
                let mut probabilities = Vec::with_capacity(outputs.len());
                for logits in outputs.chunks(width.max(1)) {
                    match logits {
                        [logit] => {
                            let logit = f64::from(*logit) / temperature;
                            let second = 1.0 / (1.0 + (-logit).exp());
                            probabilities.extend([1.0 - second, second]);
                        }
                        logits => softmax(logits, *temperature, &mut probabilities),
                    }
                }
                Predictions::Classes {
                    classes: classes.clone(),
                    probabilities,
                }
            }
        }
    }

    /// Why this target cannot be, if it can't: a file may hold anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Regression {
                mean,
                std,
                bounds,
                scale,
                errors,
                ..
            } => {
                let fits = mean.is_finite() && std.is_finite() && *std > 0.0;
                let bounded = bounds.is_none_or(|[least, greatest]| {
                    least.is_finite() && greatest.is_finite() && least <= greatest
                });
                if !fits || *scale == TargetScale::Auto {
                    return Some("the target's scale is no number");
                }
                if !errors.iter().all(|off| off.is_finite() && *off >= 0.0) {
                    return Some("the errors are no numbers");
                }
                (!bounded).then_some("the target's bounds are none")
            }
            Self::Classification {
                classes,
                temperature,
                ..
            } => {
                if !(temperature.is_finite() && *temperature > 0.0) {
                    return Some("the temperature is not above 0");
                }
                let mut sorted = classes.clone();
                sorted.sort_unstable();
                sorted.dedup();
                let fits = sorted.len() == classes.len() && classes.len() >= 2;
                (!fits).then_some("the classes are not different")
            }
        }
    }
}

fn softmax(logits: &[f32], temperature: f64, probabilities: &mut Vec<f64>) {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits
        .iter()
        .map(|logit| (f64::from(logit - highest) / temperature).exp());
    let sum: f64 = exponentials.clone().sum();
    probabilities.extend(exponentials.map(|e| e / sum));
}

pub(crate) fn numbers(table: &Table, column: &str) -> Result<Vec<f64>, TableError> {
    table
        .column(column)?
        .cells()
        .enumerate()
        .map(|(row, cell)| match cell.number() {
            Some(number) if within_range(number) => Ok(number),
            Some(_) => Ok(f64::NAN),
            None if cell == Cell::Missing => Ok(f64::NAN),
            None => Err(table.cell_error(CellError {
                column: column.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: ColumnKind::Numeric.expected(),
            })),
        })
        .collect()
}

/// Numbers by size, then everything else by its letters.
fn by_number_then_text(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

pub(crate) fn unusable(table: &Table, reason: String) -> TableError {
    TableError::Unusable {
        name: table.name().to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadOptions;
    use std::collections::BTreeMap;

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
    fn the_task_is_found_out() {
        use Task::*;
        assert_eq!(task(&["a", "b", "a"]).unwrap(), Classification);
        assert_eq!(task(&["true", "False"]).unwrap(), Classification);
        assert_eq!(task(&["1", "2", "3", "NA"]).unwrap(), Classification);
        assert_eq!(task(&["0", "1", "inf", "Nan"]).unwrap(), Classification);
        assert_eq!(task(&["0.5", "1", "2"]).unwrap(), Regression);
        let numbers: Vec<String> = (0..30).map(|n| format!("\"{n},5\"")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let error = task(&numbers).unwrap_err().to_string();
        assert!(error.contains("decimal point"), "{error}");
        let error = task(&["10", "20", "30"]).unwrap_err().to_string();
        assert!(error.contains("--task regression"), "{error}");
    }

    #[test]
    fn classes_keep_their_names() {
        let classes = |values: &[&str]| {
            let table = table(values);
            let rows: Vec<usize> = (0..values.len()).collect();
            let target = Target::fit(&table, "y", Task::Classification, &rows, &rows).unwrap();
            let of_row = target.classes(&table).unwrap();
            let Target::Classification { classes, .. } = target else {
                panic!("classes")
            };
            let of_row: Vec<usize> = of_row.into_iter().map(Option::unwrap).collect();
            (classes, of_row)
        };
        let (names, of_row) = classes(&["10", "2", "2.0", "10.0"]);
        assert_eq!(names, ["2", "10"]);
        assert_eq!(of_row, [1, 0, 0, 1]);
        assert_eq!(classes(&["0.00", "1", "0", "1."]).1, [0, 1, 0, 1]);
        assert_eq!(classes(&["007", "7", "1E2", "100"]).0.len(), 4);
    }

    #[test]
    fn truth_values_are_known_in_any_spelling() {
        let target = Target::Classification {
            column: "y".to_string(),
            classes: vec!["False".to_string(), "True".to_string()],
            temperature: 1.0,
        };
        let of_row = target.classes(&table(&["true", "FALSE", "yes"])).unwrap();
        assert_eq!(of_row, [Some(1), Some(0), None]);
    }

    #[test]
    fn a_target_too_far_from_the_others_is_refused() {
        let table = table(&["1", "1.000000001", "1e37"]);
        let error = Target::fit(&table, "y", Task::Regression, &[0, 1, 2], &[0, 1]);
        assert!(error.unwrap_err().to_string().contains("too far"));
    }

    #[test]
    fn a_target_that_never_varies_is_refused_though_its_mean_is_rounded() {
        let values = ["0.1"; 10];
        let rows: Vec<usize> = (0..10).collect();
        let error = Target::fit(&table(&values), "y", Task::Regression, &rows, &rows);
        assert!(error.unwrap_err().to_string().contains("nothing to learn"));
    }
}
