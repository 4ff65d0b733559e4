//! Running the jobs of a plan.

use backburn::{EncodedRows, FitContext, Job, StopToken};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::dataset::Dataset;
use crate::error::exception;
use crate::interrupt::interruptible;
use crate::model::device;
use crate::process::check_process;

/// Runs jobs of plans for a dataset. It keeps the encoded rows of an ensemble for the next of its networks.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct JobRunner {
    dataset: Py<Dataset>,
    rows: EncodedRows,
}

#[pymethods]
impl JobRunner {
    #[new]
    fn new(dataset: Py<Dataset>) -> Self {
        Self {
            dataset,
            rows: EncodedRows::default(),
        }
    }

    /// Runs a job, and returns its result as bytes. The result depends on the job and the dataset alone.
    fn run<'py>(&self, py: Python<'py>, job: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        check_process()?;
        let job: Job = serde_json::from_slice(job)
            .map_err(|error| PyValueError::new_err(format!("these bytes are no job: {error}")))?;
        let stop = StopToken::new();
        let (data, rows) = (&self.dataset.get().0, &self.rows);
        let (result, interrupt) = interruptible(py, &stop, || {
            let context = FitContext {
                stop: stop.clone(),
                ..FitContext::new(device())
            };
            let runner = backburn::JobRunner::new(data, &context).with_rows(rows);
            runner.run(&job)?.to_bytes()
        })?;
        // A network that was stopped is no result: another run of the job would give another one.
        match interrupt {
            Some(interrupt) => Err(interrupt),
            None => Ok(PyBytes::new(py, &result.map_err(exception)?)),
        }
    }
}
