//! The dashboard: training in the whole terminal.

use std::sync::{Mutex, PoisonError};

use backburn::{Event, Observer, StopToken};
use backburn_dashboard::{Screen, lines};

use super::progress::Progress;
use crate::interrupt;

/// Shows the training of the network that is diagnosed in the whole terminal, and all other events as
/// [`Progress`] does. `q` stops the run.
pub struct Dashboard<'a> {
    progress: &'a Progress<'a>,
    unit: &'a str,
    stop: StopToken,
    screen: Mutex<Option<Screen>>,
}

impl<'a> Dashboard<'a> {
    /// A dashboard that forwards other events to `progress`, and stops the run by the token.
    pub fn new(progress: &'a Progress<'a>, unit: &'a str, stop: StopToken) -> Self {
        Self {
            progress,
            unit,
            stop,
            screen: Mutex::new(None),
        }
    }

    /// Restores the terminal, and prints the loss curve.
    fn close(&self, screen: Screen) {
        let losses = screen.losses().to_vec();
        drop(screen);
        if losses.len() > 1 {
            self.progress.print(|console| {
                for line in lines(&losses, "training loss", "epoch") {
                    console.say(line);
                }
            });
        }
    }
}

impl Observer for Dashboard<'_> {
    fn on_event(&self, event: &Event) {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        match (event, screen.as_mut()) {
            (Event::NetworkStart { job, network }, None) if job.diagnose => {
                self.progress.on_event(event);
                *screen = Screen::open(&network.target, self.unit);
            }
            (Event::FitStart { .. }, Some(screen)) => {
                screen.update(event);
                screen.draw();
            }
            (Event::BatchEnd { .. }, Some(screen)) => {
                screen.update(event);
                if screen.stops(interrupt::request) {
                    self.stop.stop();
                }
            }
            (Event::Resumed { .. } | Event::EpochEnd { .. }, Some(screen)) => {
                screen.update(event);
            }
            (Event::FitEnd { .. }, Some(_)) => {
                if let Some(mut screen) = screen.take() {
                    screen.draw();
                    self.close(screen);
                }
                self.progress.on_event(event);
            }
            _ => self.progress.on_event(event),
        }
    }
}
