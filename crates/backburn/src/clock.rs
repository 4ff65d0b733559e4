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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_the_time_before_an_interruption() {
        let seconds = Duration::from_secs;
        let clock = Clock::new(Some(seconds(10)), seconds(4));
        assert!(clock.spent() >= seconds(4));
        assert!(clock.left().unwrap() <= seconds(6));
        assert_eq!(clock.whole(), Some(seconds(6)));
    }

    #[test]
    fn no_time_is_left_where_more_than_the_limit_was_spent() {
        let clock = Clock::new(Some(Duration::from_secs(1)), Duration::from_secs(2));
        assert_eq!(clock.left(), Some(Duration::ZERO));
        assert_eq!(clock.whole(), Some(Duration::ZERO));
    }

    #[test]
    fn without_a_limit_there_is_no_end() {
        let clock = Clock::new(None, Duration::from_secs(5));
        assert_eq!((clock.left(), clock.whole()), (None, None));
    }
}
