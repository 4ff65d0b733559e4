//! A trained model.

use std::path::PathBuf;

use backburn::text::count;
use backburn::{Device, Error, FittedModel, Predictions, Predictor, SavedModel, SelectedDevice};
use backburn_explain::{ExplainOptions, Explanation};
use backburn_report::{EvaluatedRows, Report};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use serde_json::{Value, json};

use crate::arrow_table::table_from;
use crate::error::{exception, table_exception};
use crate::numbers::to_bytearray;
use crate::process::check_process;
use crate::words::in_python;

/// A trained model. It makes predictions, computes scores, explains itself, and can be saved to a file.
///
/// Every `table` is an object with the method `__arrow_c_stream__`. Its columns may be in any order, and columns
/// that the model does not use are ignored.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct Model(pub FittedModel);

/// The device that networks compute on: the processor.
pub fn device() -> SelectedDevice {
    SelectedDevice::new("flex", Device::flex())
}

#[pymethods]
impl Model {
    /// Loads a model from its file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let model = py.detach(|| FittedModel::load(path, device()));
        Ok(Self(model.map_err(exception)?))
    }

    /// Loads a model from the bytes of its file; `name` is what error messages call it.
    #[staticmethod]
    #[pyo3(signature = (bytes, name="the model"))]
    fn from_bytes(py: Python<'_>, bytes: &[u8], name: &str) -> PyResult<Self> {
        let (bytes, device) = (bytes.to_vec(), Device::flex());
        let model = py.detach(|| SavedModel::from_bytes(name, bytes, &device));
        let model = model.map_err(|error| exception(error.into()))?;
        Ok(Self(Predictor::new(model, &device).into()))
    }

    /// Saves the model to a file, completely or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<PathBuf> {
        py.detach(|| self.0.save(path)).map_err(exception)
    }

    /// The bytes of the model's file; equal models have equal bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.model().to_bytes());
        let bytes = bytes.map_err(|error| exception(error.into()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The predictions for every row, as 64-bit floats: a value for each row, or a probability for each row and
    /// class, row by row.
    fn predict<'py>(&self, table: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyByteArray>> {
        match self.predictions(table)? {
            Predictions::Values(values) => to_bytearray(table.py(), &values),
            Predictions::Classes { probabilities, .. } => to_bytearray(table.py(), &probabilities),
        }
    }

    /// The predicted class of every row, as its position in `classes`, in 64-bit floats; empty for regression.
    fn predict_classes<'py>(&self, table: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyByteArray>> {
        let classes = self.predictions(table)?.class_indices();
        let classes = classes.unwrap_or_default().into_iter();
        let numbers: Vec<f64> = classes.map(|class| class as f64).collect();
        to_bytearray(table.py(), &numbers)
    }

    /// The quantiles of every row, as 64-bit floats: one for each of the levels `quantiles`, row by row.
    fn predict_quantiles<'py>(
        &self,
        table: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        check_process()?;
        let py = table.py();
        let table = table_from(table, "X")?;
        let quantiles = py.detach(|| self.0.predict_quantiles(&table));
        let Some(quantiles) = quantiles.map_err(exception)? else {
            let reason = "this model predicts no quantiles: fit it with the parameter quantiles";
            return Err(PyValueError::new_err(reason));
        };
        let numbers = &quantiles.values;
        if let Some(place) = numbers.iter().position(|number| !number.is_finite()) {
            let row = table.location(place / quantiles.levels.len().max(1));
            return Err(exception(Error::not_finite(&row)));
        }
        to_bytearray(py, numbers)
    }

    /// Prediction intervals, as 64-bit floats: the lower and the upper bound of each row, which hold the true value
    /// with the probability `coverage`.
    #[pyo3(signature = (table, coverage=0.9))]
    fn predict_interval<'py>(
        &self,
        table: &Bound<'py, PyAny>,
        coverage: f64,
    ) -> PyResult<Bound<'py, PyByteArray>> {
        check_process()?;
        let checked = self.0.model().target.check_coverage(coverage);
        checked
            .map_err(|reason| PyValueError::new_err(format!("coverage={coverage}: {reason}")))?;
        let py = table.py();
        let table = table_from(table, "X")?;
        let intervals = py.detach(|| self.0.predict_interval(&table, coverage));
        let intervals = intervals.map_err(exception)?.unwrap_or_default();
        to_bytearray(py, intervals.as_flattened())
    }

    /// The scores on a table that has the target, as a JSON object, with notes about the rows.
    fn evaluate(&self, table: &Bound<'_, PyAny>) -> PyResult<String> {
        check_process()?;
        let py = table.py();
        let table = table_from(table, "X")?;
        let evaluation = py.detach(|| self.0.predictor().evaluate(&table));
        let evaluation = evaluation.map_err(table_exception)?;
        let mut object = evaluation.json(&self.0.model().target);
        let notes = evaluation.notes();
        let notes: Vec<String> = notes.iter().map(|note| in_python(note)).collect();
        object.insert("notes".to_string(), json!(notes));
        let reliability = evaluation
            .reliability
            .map(|reliability| reliability.to_string());
        object.insert("reliability".to_string(), json!(reliability));
        Ok(Value::Object(object).to_string())
    }

    /// What the model learned, on the rows of a table, as a JSON object: the importance of columns, the dependence
    /// on them (if `columns`), and explanations of `rows`, counted from 0, or of three rows if it is empty.
    #[pyo3(signature = (table, *, rows=Vec::new(), columns=true, repeats=5, seed=0))]
    fn explain(
        &self,
        table: &Bound<'_, PyAny>,
        rows: Vec<usize>,
        columns: bool,
        repeats: usize,
        seed: u64,
    ) -> PyResult<String> {
        check_process()?;
        let py = table.py();
        let table = table_from(table, "X")?;
        if let Some(row) = rows.iter().find(|row| **row >= table.rows()) {
            let message = format!(
                "rows: there is no row {row}: X has {}",
                count(table.rows(), "row")
            );
            return Err(PyIndexError::new_err(message));
        }
        let options = ExplainOptions {
            rows,
            columns,
            repeats,
            seed,
        };
        let saved = self.0.model();
        let explanation = py.detach(|| {
            let read = saved.format.apply_to_table(&table)?;
            Explanation::new(saved, &read, &options, self.0.predictor().device())
        });
        let explanation = explanation.map_err(exception)?;
        let json = json!({
            "measure": explanation.measure,
            "importance": explanation.importance,
            "dependence": explanation.dependence,
            "rows": explanation.rows,
        });
        Ok(json.to_string())
    }

    /// A report on the model and the rows of a table, as the text of one HTML file. `history` and `findings` are
    /// those of its fit, as JSON.
    #[pyo3(signature = (table, *, history=None, findings=None))]
    fn report_html(
        &self,
        table: &Bound<'_, PyAny>,
        history: Option<&str>,
        findings: Option<&str>,
    ) -> PyResult<String> {
        check_process()?;
        let py = table.py();
        let table = table_from(table, "X")?;
        let report = py.detach(|| self.report(&table));
        let mut report = report.map_err(exception)?;
        let wrong = |error: serde_json::Error| PyValueError::new_err(error.to_string());
        report.history = history
            .map(serde_json::from_str)
            .transpose()
            .map_err(wrong)?;
        report.findings = findings
            .map(serde_json::from_str)
            .transpose()
            .map_err(wrong)?;
        Ok(py.detach(|| report.to_html()))
    }

    /// `"regression"` or `"classification"`.
    #[getter]
    fn task(&self) -> &'static str {
        self.0.task().name()
    }

    /// The column that is predicted.
    #[getter]
    fn target(&self) -> &str {
        self.0.target()
    }

    /// The names of the classes, in the order of the probabilities; `None` for regression.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        self.0.classes().map(<[String]>::to_vec)
    }

    /// The names of the columns that the model uses.
    #[getter]
    fn features(&self) -> Vec<String> {
        self.0.features().map(str::to_string).collect()
    }

    /// The levels of the quantiles that the model predicts; `None` if it predicts none.
    #[getter]
    fn quantiles(&self) -> Option<Vec<f64>> {
        let of_no_rows = self.0.model().target.quantiles(&[])?;
        Some(of_no_rows.levels)
    }

    /// The decision threshold of the positive class; `None` if there is none.
    #[getter]
    fn threshold(&self) -> Option<f64> {
        self.0.model().target.decision()?.threshold
    }

    /// Whether another class than the most probable one may be predicted: by a threshold, or by costs.
    #[getter]
    fn decides(&self) -> bool {
        let decision = self.0.model().target.decision();
        decision.is_some_and(|decision| decision.decides())
    }

    /// How the model was trained, as a JSON object.
    #[getter]
    fn summary(&self) -> PyResult<String> {
        let mut summary = self.0.model().summary.clone();
        // A list of hashes is of no use there.
        summary.row_sample = Default::default();
        let json = serde_json::to_string(&summary);
        json.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The history of the fit as a JSON object; `None` for a model that was loaded.
    #[getter]
    fn history(&self) -> Option<String> {
        self.0
            .record()
            .map(|record| json!(record.history).to_string())
    }

    /// The findings of the diagnosis as a JSON list; `None` for a model that was loaded.
    #[getter]
    fn findings(&self) -> Option<String> {
        self.0
            .record()
            .map(|record| json!(record.findings).to_string())
    }

    /// Why the fit ended, in a sentence; `None` for a model that was loaded.
    #[getter]
    fn ending(&self) -> Option<String> {
        self.0.ending()
    }
}

impl Model {
    /// The predictions for every row, all of them finite.
    fn predictions(&self, table: &Bound<'_, PyAny>) -> PyResult<Predictions> {
        check_process()?;
        let py = table.py();
        let table = table_from(table, "X")?;
        let predictions = py.detach(|| {
            let predictions = self.0.predict(&table)?;
            match predictions.first_not_finite() {
                Some(row) => Err(Error::not_finite(&table.location(row))),
                None => Ok(predictions),
            }
        });
        predictions.map_err(exception)
    }

    /// The report on the rows of a table, without the history of the fit.
    fn report(&self, table: &backburn::Table) -> Result<Report, Error> {
        let saved = self.0.model();
        let read = saved.format.apply_to_table(table)?;
        let options = ExplainOptions::default();
        let explanation = Explanation::new(saved, &read, &options, self.0.predictor().device())?;
        let known = match saved.training_rows_in(&read)? {
            Some(_) => ", many of which were trained on",
            None => "",
        };
        let rows = EvaluatedRows {
            table: &read,
            description: format!("{}{known}", count(read.rows(), "row")),
        };
        Report::of_model(saved, &explanation, &rows, "")
    }
}
