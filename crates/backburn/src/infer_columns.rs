//! What the columns of a table hold, and the task, as the options of a dataset say or the values show.

use std::collections::{BTreeMap, HashSet};

use backburn_preprocessing::Task;
use backburn_table::{
    Cell, ColumnKind, InferOptions, InferredTable, Table, TableError, infer_table,
};

use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::text::shown;

/// The table with its schema, and the task.
pub(crate) fn table_and_task(
    table: &Table,
    target: &str,
    options: &DatasetOptions,
) -> Result<(InferredTable, Task), Error> {
    let mut kinds = kinds(table, Some(target), options)?;
    let task = options.task.or_else(|| match kinds.get(target)? {
        ColumnKind::Numeric => Some(Task::Regression),
        ColumnKind::Categorical | ColumnKind::Boolean => Some(Task::Classification),
        _ => None,
    });
    match task {
        Some(Task::Regression) => kinds.insert(target.to_string(), ColumnKind::Numeric),
        Some(Task::Classification) => kinds.insert(target.to_string(), ColumnKind::Categorical),
        None => kinds.remove(target),
    };
    let format = options.format.clone();
    let inferred = infer_table(table, &InferOptions { kinds, format });
    let inferred = match task {
        Some(Task::Regression) => inferred.map_err(|error| not_numbers(error, target))?,
        _ => inferred?,
    };
    if task != Some(Task::Classification) {
        check_size(&inferred.table, target)?;
    }
    let task = match task {
        Some(task) => task,
        None => Task::infer(&inferred.table, &inferred.schema, target)?,
    };
    Ok((inferred, task))
}

/// Refuses a target with some numbers of which most are too large for 32 bits. Otherwise the few others would be the
/// target. The largest numbers of 32 and 64 bits often stand for a missing value.
fn check_size(table: &Table, target: &str) -> Result<(), TableError> {
    let (mut values, mut large) = (0, 0);
    for cell in table.column(target)?.cells() {
        values += usize::from(cell != Cell::Missing);
        let size = cell.number().map_or(0.0, f64::abs);
        large += usize::from(size > f64::from(f32::MAX) && size < f64::MAX);
    }
    if large * 2 <= values || large == values {
        return Ok(());
    }
    Err(table.unusable(format!(
        "target `{target}` has {large} numbers, out of {values}, that are too large for 32 bits (above 3.4e38): divide \
         them by a constant, or predict their logarithm"
    )))
}

/// The error of a target that holds other values than numbers, and is to be predicted as numbers.
fn not_numbers(error: TableError, target: &str) -> Error {
    match error {
        TableError::Cell { location, error } if error.column == target => Error::Failed(format!(
            "{location}: target `{}` has \"{}\" here, which is not a number: predict classes with --task \
             classification, or choose a target of numbers",
            shown(target),
            shown(&error.value)
        )),
        error => error.into(),
    }
}

/// What the columns of a table hold that has no target, or a target that cannot be predicted.
pub(crate) fn infer_columns(
    table: &Table,
    target: Option<&str>,
    options: &DatasetOptions,
) -> Result<InferredTable, Error> {
    let kinds = kinds(table, target, options)?;
    let format = options.format.clone();
    Ok(infer_table(table, &InferOptions { kinds, format })?)
}

/// The kinds that the options set. Where they name the features, all other columns are ignored.
fn kinds(
    table: &Table,
    target: Option<&str>,
    options: &DatasetOptions,
) -> Result<BTreeMap<String, ColumnKind>, Error> {
    let mut kinds = options.columns.clone();
    // Its dates are read whether or not it is a feature.
    if let Some(time) = &options.split.time
        && kinds.get(time) == Some(&ColumnKind::Ignored)
    {
        kinds.remove(time);
    }
    if options.features.is_empty() {
        return Ok(kinds);
    }
    for name in &options.features {
        table.column(name)?;
    }
    let used: HashSet<&str> = options.features.iter().map(String::as_str).collect();
    let roles = options.other_roles();
    let others = table
        .columns()
        .filter(|name| !used.contains(name) && Some(*name) != target && !roles.contains(name));
    kinds.extend(others.map(|name| (name.to_string(), ColumnKind::Ignored)));
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    fn task(values: &[&str], task: Option<Task>) -> Result<Task, Error> {
        let csv = format!("x,y\n1,{}\n", values.join("\n2,"));
        let table = Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default())?;
        let options = DatasetOptions {
            task,
            ..DatasetOptions::default()
        };
        table_and_task(&table, "y", &options).map(|(_, task)| task)
    }

    #[test]
    fn a_target_of_mostly_too_large_numbers_is_refused() {
        for asked in [None, Some(Task::Regression)] {
            for values in [
                &["1e39", "2e39", "7"][..],
                &["-1e39", "2e39", "1e40", "5.5"],
            ] {
                let error = task(values, asked).unwrap_err().to_string();
                let words = "too large for 32 bits (above 3.4e38): divide them";
                assert!(error.contains(words), "{error}");
            }
        }
        let classes = Some(Task::Classification);
        assert!(task(&["1e39", "2e39", "7"], classes).is_ok());
        // Words, infinities and the largest numbers stand for a missing value.
        for values in [
            &["1e39", "1", "0", "1"][..],
            &["inf", "inf", "inf", "1", "0"],
            &[
                "1.7976931348623157e308",
                "1.7976931348623157e308",
                "1",
                "0",
                "1",
            ],
            &[
                "3.4028234663852886e38",
                "3.4028234663852886e38",
                "1",
                "0",
                "1",
            ],
        ] {
            assert_eq!(
                task(values, None).unwrap(),
                Task::Classification,
                "{values:?}"
            );
        }
        let error = task(&["1e39", "2e39"], None).unwrap_err().to_string();
        assert!(error.contains("has only numbers"), "{error}");
    }
}
