//! A table with its target.

use std::collections::BTreeMap;

use backburn::{ColumnKind, DatasetOptions, Gap, SplitColumns, Task};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::arrow_table::table_from;
use crate::error::table_exception;
use crate::words::in_python;

/// A table with its schema, its target and the rows to learn from.
///
/// `table` is an object with the method `__arrow_c_stream__`, such as a table of pyarrow or a data frame of
/// polars. `task` is `"regression"` or `"classification"`, inferred unless set. `roles` names columns that are no
/// features: `"weight"` and `"offset"` with the weights and the exposures of the rows, `"group"`, `"time"` and
/// `"fold"`, which decide how rows are split; with a time, `"gap"` is the least time between training rows and the
/// rows that they predict, such as `"7d"`. `columns` has the kinds of columns: `"numeric"`, `"boolean"`,
/// `"categorical"`, `"date"` or `"ignored"`, inferred unless set. The last `validation` rows are the validation rows
/// of every fit; with 0, fits draw them. `name` is what messages and the model call the table.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct Dataset(pub backburn::Dataset);

#[pymethods]
impl Dataset {
    #[new]
    #[pyo3(signature = (table, target, *, task=None, roles=None, columns=None, validation=0, name="table"))]
    fn new(
        table: &Bound<'_, PyAny>,
        target: &str,
        task: Option<&str>,
        roles: Option<BTreeMap<String, String>>,
        columns: Option<BTreeMap<String, String>>,
        validation: usize,
        name: &str,
    ) -> PyResult<Self> {
        let kinds = columns.unwrap_or_default().into_iter();
        let kinds = kinds.map(|(column, kind)| column_kind(&kind).map(|kind| (column, kind)));
        let options = DatasetOptions {
            task: task.map(task_of).transpose()?,
            columns: kinds.collect::<PyResult<_>>()?,
            ..with_roles(roles.unwrap_or_default())?
        };
        let py = table.py();
        let table = table_from(table, name)?;
        let rows = table.rows();
        let held_out: Vec<usize> = (rows.saturating_sub(validation)..rows).collect();
        let data = py.detach(|| {
            let data = backburn::Dataset::new(table, target, &options)?;
            match held_out.is_empty() {
                true => Ok(data),
                false => data.with_validation_rows(&held_out),
            }
        });
        Ok(Self(data.map_err(table_exception)?))
    }

    /// `"regression"` or `"classification"`.
    #[getter]
    fn task(&self) -> &'static str {
        self.0.task().name()
    }

    /// The column to predict.
    #[getter]
    fn target(&self) -> &str {
        self.0.target()
    }

    /// The names of the columns to learn from.
    #[getter]
    fn features(&self) -> Vec<String> {
        self.0.features().map(str::to_string).collect()
    }

    /// The number of rows to learn from.
    #[getter]
    fn rows(&self) -> usize {
        self.0.rows().len()
    }

    /// Sentences about columns and rows that are not used as they are.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        let warnings = self.0.warnings().iter();
        warnings
            .map(|warning| in_python(&warning.to_string()))
            .collect()
    }
}

/// Options with the columns of these roles.
fn with_roles(mut roles: BTreeMap<String, String>) -> PyResult<DatasetOptions> {
    let gap = roles.remove("gap").map(|gap| {
        let parsed: Result<Gap, String> = gap.parse();
        parsed.map_err(|reason| PyValueError::new_err(format!("gap={gap}: {reason}")))
    });
    let options = DatasetOptions {
        weight: roles.remove("weight"),
        offset: roles.remove("offset"),
        split: SplitColumns {
            group: roles.remove("group"),
            time: roles.remove("time"),
            gap: gap.transpose()?,
            fold: roles.remove("fold"),
        },
        ..DatasetOptions::default()
    };
    match roles.keys().next() {
        None => Ok(options),
        Some(role) => Err(PyValueError::new_err(format!(
            "roles: there is no role {role:?}: use weight, offset, group, time, gap or fold"
        ))),
    }
}

fn task_of(name: &str) -> PyResult<Task> {
    let found = Task::ALL.into_iter().find(|task| task.name() == name);
    found.ok_or_else(|| {
        let message = format!("task={name:?}: use \"regression\" or \"classification\"");
        PyValueError::new_err(message)
    })
}

fn column_kind(name: &str) -> PyResult<ColumnKind> {
    let kind = serde_json::from_value(Value::String(name.to_string()));
    kind.map_err(|error| PyValueError::new_err(format!("columns: {error}")))
}
