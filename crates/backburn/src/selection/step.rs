//! Whether a setting needs trials.

use crate::job::Job;
use crate::selected::Selected;

/// The smallest number of rows for trials.
pub(super) const MIN_ROWS: usize = 100;

/// The first step of selecting a setting.
pub(crate) enum Step {
    /// The value is known without trials.
    Known(Selected),
    /// Trials are needed.
    Trials(Vec<Job>),
}
