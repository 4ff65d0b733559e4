//! Errors of the library as Python exceptions.

use std::io;

use backburn::{Error, ModelFileError};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};

use crate::words::in_python;

create_exception!(
    backburn._backburn,
    BackburnError,
    PyRuntimeError,
    "An operation that failed, and not because of an argument: training diverged, or memory is too small."
);

/// The exception of an error: `ValueError` for a table or a setting, a kind of `OSError` for a file, and
/// [`BackburnError`] for anything else.
pub fn exception(error: Error) -> PyErr {
    let message = in_python(&error.to_string());
    match error {
        Error::Config(_) | Error::Table(_) => PyValueError::new_err(message),
        Error::Model(ModelFileError::Io { error, .. }) => {
            io::Error::new(error.kind(), message).into()
        }
        Error::Model(_) => PyValueError::new_err(message),
        Error::Diverged { findings, .. } => {
            let remedies = findings.iter().map(|finding| {
                format!(
                    "\n{}: {}. Remedy: {}",
                    finding.name, finding.evidence, finding.remedy
                )
            });
            BackburnError::new_err(format!("{message}{}", remedies.collect::<String>()))
        }
        _ => BackburnError::new_err(message),
    }
}

/// The exception of an error about a table, which is an argument: `ValueError` also where the library names no kind
/// of error.
pub fn table_exception(error: Error) -> PyErr {
    match error {
        Error::Failed(message) => PyValueError::new_err(in_python(&message)),
        error => exception(error),
    }
}
