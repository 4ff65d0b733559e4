//! An observer that calls Python.

use std::sync::{Mutex, PoisonError};

use backburn::{Event, Observer, StopToken};
use pyo3::prelude::*;

use crate::event_json::event_json;

/// Calls a Python callable with the JSON of each event. If the call raises an exception, the fit is stopped, and the
/// exception is kept.
pub struct PythonObserver {
    callable: Option<Py<PyAny>>,
    stop: StopToken,
    raised: Mutex<Option<PyErr>>,
}

impl PythonObserver {
    /// An observer that calls `callable`, if there is one, and stops a fit through `stop`.
    pub fn new(callable: Option<Py<PyAny>>, stop: StopToken) -> Self {
        Self {
            callable,
            stop,
            raised: Mutex::new(None),
        }
    }

    /// The exception that the callable raised, if it did.
    pub fn raised(self) -> Option<PyErr> {
        let raised = self.raised.into_inner();
        raised.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for PythonObserver {
    fn on_event(&self, event: &Event) {
        let Some(callable) = &self.callable else {
            return;
        };
        let Some(json) = event_json(event) else {
            return;
        };
        let called = Python::attach(|py| callable.call1(py, (json.to_string(),)).map(drop));
        if let Err(error) = called {
            self.stop.stop();
            let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
            raised.get_or_insert(error);
        }
    }
}
