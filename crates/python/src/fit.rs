//! Fitting a model.

use std::time::Duration;

use backburn::{Error, Estimator, FitContext, StopToken};
use pyo3::exceptions::{PyBaseException, PyValueError};
use pyo3::prelude::*;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::exception;
use crate::interrupt::interruptible;
use crate::model::{Model, device};
use crate::observer::PythonObserver;
use crate::process::check_process;

/// Fits a model to a dataset with these settings.
///
/// `time_limit` is in seconds; a fit that reaches it ends with the best result so far. `observer` is called with the
/// JSON of each event, on another thread; an exception that it raises stops the fit. `diagnose` says whether layers
/// are recorded and the run is diagnosed.
///
/// Returns the model and, if a signal such as that of Ctrl-C stopped the fit, the exception to raise: the model is
/// then the best result so far. Without a result, the exception is raised here.
#[pyfunction]
#[pyo3(signature = (dataset, config, *, time_limit=None, observer=None, diagnose=true))]
pub fn fit(
    py: Python<'_>,
    dataset: &Dataset,
    config: &Config,
    time_limit: Option<f64>,
    observer: Option<Py<PyAny>>,
    diagnose: bool,
) -> PyResult<(Model, Option<Py<PyBaseException>>)> {
    check_process()?;
    let time_limit = time_limit.map(duration).transpose()?;
    let stop = StopToken::new();
    let observer = PythonObserver::new(observer, stop.clone());
    let (data, settings) = (&dataset.0, &config.0);
    let (fitted, interrupt) = interruptible(py, &stop, || {
        let context = FitContext {
            observer: &observer,
            stop: stop.clone(),
            time_limit,
            diagnose,
            ..FitContext::new(device())
        };
        Estimator::new(settings.clone()).fit(data, &context)
    })?;
    if let Some(raised) = observer.raised() {
        return Err(raised);
    }
    match (fitted, interrupt) {
        (Ok(model), interrupt) => {
            let interrupt = interrupt.map(|error| error.into_value(py));
            Ok((Model(model), interrupt))
        }
        (Err(Error::Interrupted), Some(interrupt)) => Err(interrupt),
        (Err(error), _) => Err(exception(error)),
    }
}

fn duration(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|error| PyValueError::new_err(format!("time_limit={seconds}: {error}")))
}
