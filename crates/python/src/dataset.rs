//! A table with its target.

use std::collections::BTreeMap;

use backburn::{ColumnKind, DatasetOptions, Task};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::arrow_table::table_from;
use crate::error::exception;

/// A table with its schema, its target and the rows to learn from.
///
/// `table` is an object with the method `__arrow_c_stream__`, such as a table of pyarrow or a data frame of
/// polars. `task` is `"regression"` or `"classification"`, inferred unless set. `weight` names a column with the
/// weights of the rows. `columns` has the kinds of columns: `"numeric"`, `"boolean"`, `"categorical"`, `"date"` or
/// `"ignored"`, inferred unless set. `name` is what messages and the model call the table.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct Dataset(pub backburn::Dataset);

#[pymethods]
impl Dataset {
    #[new]
    #[pyo3(signature = (table, target, *, task=None, weight=None, columns=None, name="table"))]
    fn new(
        table: &Bound<'_, PyAny>,
        target: &str,
        task: Option<&str>,
        weight: Option<String>,
        columns: Option<BTreeMap<String, String>>,
        name: &str,
    ) -> PyResult<Self> {
        let kinds = columns.unwrap_or_default().into_iter();
        let kinds = kinds.map(|(column, kind)| column_kind(&kind).map(|kind| (column, kind)));
        let options = DatasetOptions {
            task: task.map(task_of).transpose()?,
            weight,
            columns: kinds.collect::<PyResult<_>>()?,
            ..DatasetOptions::default()
        };
        let py = table.py();
        let table = table_from(table, name)?;
        let data = py.detach(|| backburn::Dataset::new(table, target, &options));
        Ok(Self(data.map_err(exception)?))
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
        warnings.map(|warning| warning.to_string()).collect()
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
