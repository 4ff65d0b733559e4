//! The time that a run takes, including the time before it was resumed.

use std::time::Duration;

use web_time::Instant;

/// Measures a run against its time limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    before: Duration,
    limit: Option<Duration>,
}

impl Clock {
    /// Starts now. `before` is the time that the run took before it was resumed.
    pub fn new(limit: Option<Duration>, before: Duration) -> Self {
        Self {
            started: Instant::now(),
            before,
            limit,
        }
    }

    /// The time that the run has taken.
    pub fn spent(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    /// The remaining time, if there is a limit.
    pub fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.spent()))
    }

    /// The time that the run may take from its start or from where it was resumed.
    pub fn whole(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.before))
    }
}
