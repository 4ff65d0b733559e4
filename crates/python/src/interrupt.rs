//! Work that a signal such as that of Ctrl-C stops.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use backburn::StopToken;
use pyo3::prelude::*;

use crate::error::BackburnError;

/// How often Python is asked for signals.
const INTERVAL: Duration = Duration::from_millis(50);

/// Runs work on another thread, without Python's lock, while this thread handles signals. An exception of a signal
/// handler, such as `KeyboardInterrupt`, stops the work through `stop`, and is returned with the result.
///
/// Python calls signal handlers on its main thread alone: on other threads, nothing stops the work.
///
/// # Errors
///
/// The work panicked.
pub fn interruptible<T: Send>(
    py: Python<'_>,
    stop: &StopToken,
    work: impl FnOnce() -> T + Send,
) -> PyResult<(T, Option<PyErr>)> {
    let (result, raised) = py.detach(|| {
        thread::scope(|scope| {
            let (done, wait) = mpsc::channel::<()>();
            let worker = scope.spawn(move || {
                // Dropped at the end, also by a panic, which ends the waiting.
                let _done = done;
                work()
            });
            let mut raised = None;
            while wait.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = Python::attach(|py| py.check_signals()) {
                    stop.stop();
                    raised.get_or_insert(error);
                }
            }
            (worker.join(), raised)
        })
    });
    match result {
        Ok(result) => Ok((result, raised)),
        Err(_) => Err(BackburnError::new_err(
            "training failed for a reason that is a bug of Backburn: please report it",
        )),
    }
}
