//! What a run needs besides its data and its settings.

use std::time::Duration;

use crate::checkpoints::Checkpoints;
use crate::device::SelectedDevice;
use crate::event::{Event, Observer};
use crate::stop_token::StopToken;
use crate::warning::Warning;

/// What a fit needs besides its data and its settings: the device, the observer, and when to stop.
///
/// ```
/// use std::time::Duration;
/// use backburn::FitContext;
///
/// let context = FitContext {
///     time_limit: Some(Duration::from_secs(60)),
///     ..FitContext::default()
/// };
/// ```
#[derive(Clone)]
pub struct FitContext<'a> {
    /// The device that networks compute on.
    pub device: SelectedDevice,
    /// Gets the events.
    pub observer: &'a dyn Observer,
    /// Stops the run early, with the best result so far.
    pub stop: StopToken,
    /// The time limit of a fit. It ends with the best result so far.
    pub time_limit: Option<Duration>,
    /// The checkpoints that the run can be resumed from.
    pub checkpoints: Option<&'a Checkpoints<'a>>,
    /// Whether layers are recorded and the run is diagnosed, which takes a few percent of the time.
    pub diagnose: bool,
}

impl Default for FitContext<'_> {
    fn default() -> Self {
        Self::new(SelectedDevice::default())
    }
}

impl<'a> FitContext<'a> {
    /// A run on a device, without observer, limits and checkpoints.
    pub fn new(device: impl Into<SelectedDevice>) -> Self {
        Self {
            device: device.into(),
            observer: &(),
            stop: StopToken::new(),
            time_limit: None,
            checkpoints: None,
            diagnose: true,
        }
    }

    /// A run on a device that an observer follows. It ends early if it is stopped or its time is up, with the best result
    /// so far.
    pub fn of_run(
        device: impl Into<SelectedDevice>,
        observer: &'a dyn Observer,
        stop: StopToken,
        time_limit: Option<Duration>,
    ) -> Self {
        Self {
            observer,
            stop,
            time_limit,
            ..Self::new(device)
        }
    }

    /// The same context without diagnosis, for trainings whose history is not shown.
    pub fn quiet(&self) -> Self {
        Self {
            diagnose: false,
            ..self.clone()
        }
    }

    pub(crate) fn warn(&self, warning: Warning) {
        self.observer.on_event(&Event::Warning(&warning));
    }
}
