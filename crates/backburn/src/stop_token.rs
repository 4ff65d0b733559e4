//! Stopping a run from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks a run to stop after the current step, with the best result so far. While trials still select
/// settings, and in a cross-validation, there is no result: the run is then
/// [`Error::Interrupted`](crate::Error::Interrupted). Clones share one state. A
/// signal handler, another thread or an observer can have a clone.
///
/// ```
/// use backburn::StopToken;
///
/// let stop = StopToken::new();
/// let handler = stop.clone();
/// handler.stop();
/// assert!(stop.is_stopped());
/// ```
#[derive(Debug, Clone, Default)]
pub struct StopToken(Arc<AtomicBool>);

impl StopToken {
    /// A token that does not stop the run yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
