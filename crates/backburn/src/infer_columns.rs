//! What the columns of a table hold, and the task, as the options of a dataset say or the values show.

use std::collections::{BTreeMap, HashSet};

use backburn_preprocessing::Task;
use backburn_table::{ColumnKind, InferOptions, InferredTable, Table, TableError, infer_table};

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
    let task = match task {
        Some(task) => task,
        None => Task::infer(&inferred.table, &inferred.schema, target)?,
    };
    Ok((inferred, task))
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
