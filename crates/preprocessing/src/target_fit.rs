//! Fits targets.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use backburn_table::{Cell, CellError, Table, TableError, numbers_in_one_spelling, within_range};

use crate::target::Target;
use crate::target_transform::{TargetTransform, has_long_tail, mean_and_deviation};
use crate::task::Task;

/// The largest number of classes; more are a mistake.
pub(crate) const MAX_CLASSES: usize = 10_000;

impl Target {
    /// The rows that have a value of the target, in order.
    ///
    /// # Errors
    ///
    /// The column does not exist or has no values.
    pub fn known_rows(table: &Table, column: &str, task: Task) -> Result<Vec<usize>, TableError> {
        let rows: Vec<usize> = table
            .column(column)?
            .cells()
            .enumerate()
            .filter(|(_, cell)| match task {
                Task::Classification => *cell != Cell::Missing,
                Task::Regression => {
                    cell.without_missing_words() != Cell::Missing
                        && cell.number().is_none_or(within_range)
                }
            })
            .map(|(row, _)| row)
            .collect();
        match rows.is_empty() {
            true => Err(table.no_values(column)),
            false => Ok(rows),
        }
    }

    /// Fits the target: the mean and the standard deviation of the training rows for regression, the
    /// names of the classes of all `rows` for classification.
    ///
    /// # Errors
    ///
    /// For regression, the column holds text, or its numbers are constant or too large. For
    /// classification, there is one class, or more than 10,000.
    pub fn fit(
        table: &Table,
        column: &str,
        task: Task,
        rows: &[usize],
        training: &[usize],
    ) -> Result<Self, TableError> {
        match task {
            Task::Regression => fit_regression(table, column, rows, training),
            Task::Classification => fit_classification(table, column, rows),
        }
    }

    /// The target with another transform of its numbers, fitted on the training rows. A target of
    /// classes is not changed.
    ///
    /// # Errors
    ///
    /// For logarithms, a number in one of `rows` is not above 0, or all logarithms are the same.
    pub fn with_transform(
        mut self,
        wanted: TargetTransform,
        table: &Table,
        rows: &[usize],
        training: &[usize],
    ) -> Result<Self, TableError> {
        let Self::Regression {
            column,
            scale,
            mean,
            std,
            ..
        } = &mut self
        else {
            return Ok(self);
        };
        let all = table.numbers(column)?;
        let wanted = match wanted {
            TargetTransform::Auto => transform_for(&all, rows, training),
            wanted => wanted,
        };
        match wanted {
            TargetTransform::Standard | TargetTransform::Auto => {}
            TargetTransform::None => (*scale, *mean, *std) = (wanted, 0.0, 1.0),
            TargetTransform::Log => {
                (*mean, *std) = log_scale(table, column, &all, rows, training)?;
                *scale = wanted;
            }
        }
        Ok(self)
    }

    /// The target with predictions limited to the range of the training rows. A target of classes stays
    /// unchanged.
    ///
    /// # Errors
    ///
    /// The column does not exist, or holds text.
    pub fn with_bounds(mut self, table: &Table, training: &[usize]) -> Result<Self, TableError> {
        if let Self::Regression {
            column,
            bounds,
            at_bounds,
            ..
        } = &mut self
        {
            let all = table.numbers(column)?;
            let values = || training.iter().map(|&row| all[row]);
            let start = [f64::INFINITY, f64::NEG_INFINITY];
            let [minimum, maximum] = values().fold(start, |[minimum, maximum], v| {
                [minimum.min(v), maximum.max(v)]
            });
            *bounds = (minimum <= maximum).then_some([minimum, maximum]);
            let share = |bound: f64| {
                let rows = values().filter(|value| *value == bound).count();
                rows as f64 / training.len() as f64
            };
            *at_bounds = bounds.map(|bounds| bounds.map(share));
        }
        Ok(self)
    }
}

/// The transform that suits the numbers: logarithms where all are above 0 and have a long tail.
fn transform_for(all: &[f64], rows: &[usize], training: &[usize]) -> TargetTransform {
    let above_zero = rows.iter().all(|&row| all[row] > 0.0);
    let values: Vec<f64> = training.iter().map(|&row| all[row]).collect();
    match above_zero && has_long_tail(&values) {
        true => TargetTransform::Log,
        false => TargetTransform::Standard,
    }
}

/// The mean and the standard deviation of the logarithms of the training rows.
fn log_scale(
    table: &Table,
    column: &str,
    all: &[f64],
    rows: &[usize],
    training: &[usize],
) -> Result<(f64, f64), TableError> {
    if let Some(&row) = rows.iter().find(|&&row| all[row] <= 0.0) {
        return Err(table.cell_error(CellError {
            column: column.to_string(),
            row,
            value: all[row].to_string(),
            expected: "numbers above 0, which data.target_transform=log needs",
        }));
    }
    let (mean, std) = mean_and_deviation(training.iter().map(|&row| all[row].ln()));
    if std <= 0.0 {
        let reason = format!("the logarithms of target `{column}` are all the same");
        return Err(table.unusable(reason));
    }
    Ok((mean, std))
}

fn fit_regression(
    table: &Table,
    column: &str,
    rows: &[usize],
    training: &[usize],
) -> Result<Target, TableError> {
    let all = table.numbers(column)?;
    let Some(&first) = training.first() else {
        return Err(table.unusable("there is no row to train on"));
    };
    let values = || training.iter().map(|&row| all[row]);
    let (mean, std) = mean_and_deviation(values());
    let too_large = |&row: &usize| !(((all[row] - mean) / std) as f32).is_finite();
    let constant = values().all(|value| value == all[first]);
    if !constant && rows.iter().any(too_large) {
        let reason =
            format!("target `{column}` has numbers too far from those in the training rows");
        return Err(table.unusable(reason));
    }
    if constant {
        let reason = format!(
            "target `{column}` is {} in every training row: there is nothing to learn",
            all[first]
        );
        return Err(table.unusable(reason));
    }
    Ok(Target::Regression {
        column: column.to_string(),
        scale: TargetTransform::Standard,
        mean,
        std,
        bounds: None,
        at_bounds: None,
        errors: Vec::new(),
        error_scale: None,
        distribution: None,
    })
}

fn fit_classification(table: &Table, column: &str, rows: &[usize]) -> Result<Target, TableError> {
    let names: Vec<Option<Cow<str>>> = table
        .column(column)?
        .cells()
        .map(|cell| cell.category())
        .collect();
    let different: HashSet<&Cow<str>> =
        rows.iter().filter_map(|&row| names[row].as_ref()).collect();
    let mut classes: Vec<String> = different.into_iter().map(|name| name.to_string()).collect();
    classes = numbers_in_one_spelling(classes);
    classes.sort_by(|a, b| by_number_then_text(a, b));
    if classes.len() < 2 {
        let only = classes.first().map_or("", String::as_str);
        let reason = format!(
            "target `{column}` has one class only, {only:?}: a classifier needs at least two"
        );
        return Err(table.unusable(reason));
    }
    if classes.len() > MAX_CLASSES {
        let reason = format!(
            "target `{column}` has {} classes, more than the {MAX_CLASSES} allowed: is it a \
             number (--task regression) or an identifier?",
            classes.len()
        );
        return Err(table.unusable(reason));
    }
    Ok(Target::Classification {
        column: column.to_string(),
        classes,
        temperature: 1.0,
        decision: None,
    })
}

/// Numbers in ascending order, then text in the order of its characters. Different texts of the same number
/// are in the order of their characters too.
fn by_number_then_text(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (a.parse::<i128>(), b.parse::<i128>())
        && a != b
    {
        return a.cmp(&b);
    }
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;
    use crate::predictions::Predictions;

    fn table(values: &[&str]) -> Table {
        let bytes = std::io::Cursor::new(format!("y,x\n{}\n", values.join(",0\n") + ",0"));
        Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
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
            decision: None,
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

    fn table_of_numbers(values: &[f64]) -> Table {
        let values: Vec<String> = values.iter().map(f64::to_string).collect();
        let csv = std::io::Cursor::new(format!("y\n{}\n", values.join("\n")));
        Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap()
    }

    fn scale(values: impl Iterator<Item = f64>) -> TargetTransform {
        let values: Vec<f64> = values.collect();
        let rows: Vec<usize> = (0..values.len()).collect();
        let table = table_of_numbers(&values);
        let target = Target::fit(&table, "y", Task::Regression, &rows, &rows).unwrap();
        let target = target.with_transform(TargetTransform::Auto, &table, &rows, &rows);
        match target.unwrap() {
            Target::Regression { scale, .. } => scale,
            Target::Classification { .. } => panic!("numbers"),
        }
    }

    #[test]
    fn amounts_with_a_long_tail_get_logarithms() {
        let even = || (0..100).map(|n| (f64::from(n) - 49.5) / 20.0);
        assert_eq!(scale(even().map(f64::exp)), TargetTransform::Log);
        assert_eq!(
            scale(even().map(|x| x.exp() - 1.0)),
            TargetTransform::Standard
        );
        assert_eq!(scale(even().map(|x| x + 10.0)), TargetTransform::Standard);
    }

    #[test]
    fn bounds_are_the_range_of_the_training_rows() {
        let table = table_of_numbers(&[5.0, 1.0, 9.0, 70.0]);
        let training = [0, 1, 2];
        let target = Target::fit(&table, "y", Task::Regression, &[0, 1, 2, 3], &training).unwrap();
        let target = target.with_bounds(&table, &training).unwrap();
        let predicted = target.predictions(&[-50.0, 0.0, 50.0], 1);
        assert_eq!(predicted, Predictions::Values(vec![1.0, 5.0, 9.0]));
    }
}
