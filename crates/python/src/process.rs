//! Processes that were forked.

use std::process;
use std::sync::OnceLock;

use pyo3::PyResult;

use crate::error::BackburnError;

/// The process that computed first.
static FIRST: OnceLock<u32> = OnceLock::new();

/// Checks that this process is not a fork of one that has computed. The threads that compute do not exist in
/// such a fork, which would wait for them without end.
pub fn check_process() -> PyResult<()> {
    let own = process::id();
    match *FIRST.get_or_init(|| own) == own {
        true => Ok(()),
        false => Err(BackburnError::new_err(
            "this process was forked from one that has used Backburn, whose threads it does not have: start \
             processes with \"spawn\" or \"forkserver\" (multiprocessing.set_start_method), or with joblib's \
             backend \"loky\"",
        )),
    }
}
