//! A fit as jobs that can be run in other processes.

use backburn::{Assembled, Device, Estimator, FitContext, JobResult, StopToken};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::exception;
use crate::model::{Model, device};
use crate::observer::PythonObserver;
use crate::process::check_process;

/// The jobs of a fit that can be run now, in any order and in any process: trials that choose a setting, or the
/// networks of the model.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct Plan(backburn::Plan);

#[pymethods]
impl Plan {
    #[new]
    fn new(py: Python<'_>, dataset: &Dataset, config: &Config) -> PyResult<Self> {
        check_process()?;
        let (data, settings) = (&dataset.0, &config.0);
        let plan = py.detach(|| Estimator::new(settings.clone()).plan(data));
        Ok(Self(plan.map_err(exception)?))
    }

    /// The jobs, each with its name, as the bytes that a `JobRunner` takes.
    fn jobs<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
        let mut jobs = Vec::new();
        for job in self.0.jobs() {
            let json = serde_json::to_vec(job);
            let json = json.map_err(|error| PyValueError::new_err(error.to_string()))?;
            jobs.push((job.name.clone(), PyBytes::new(py, &json)));
        }
        Ok(jobs)
    }

    /// The model, or the next plan, from the results of all jobs in any order. `dataset` is the one that was planned
    /// for, and `observer` is called with the JSON of each event. The plan can be used again.
    #[pyo3(signature = (dataset, results, *, observer=None))]
    fn assemble(
        &self,
        py: Python<'_>,
        dataset: &Dataset,
        results: Vec<Vec<u8>>,
        observer: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        check_process()?;
        let observer = PythonObserver::new(observer, StopToken::new());
        let (plan, data) = (self.0.clone(), &dataset.0);
        let assembled = py.detach(|| {
            let context = FitContext {
                observer: &observer,
                ..FitContext::new(device())
            };
            let on = Device::flex();
            let results = results
                .iter()
                .map(|bytes| JobResult::from_bytes(bytes, &on));
            let results = results.collect::<Result<Vec<JobResult>, backburn::Error>>()?;
            plan.assemble(data, results, &context)
        });
        if let Some(raised) = observer.raised() {
            return Err(raised);
        }
        Ok(match assembled.map_err(exception)? {
            Assembled::Next(next) => Py::new(py, Self(next))?.into_any(),
            Assembled::Model(model) => Py::new(py, Model(model))?.into_any(),
        })
    }
}
