//! Saving the model of an ensemble as its networks finish.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use web_time::Instant;

use crate::event::{Event, Observer};
use crate::model_file::{ModelFile, SavedModel};
use crate::warning::Warning;

/// The shortest time between two writes of the file.
const INTERVAL: Duration = Duration::from_secs(10);

/// Rewrites the model file as each network of an ensemble finishes, so that little is lost if the program
/// is killed. The file is written at most every ten seconds. Forwards all events. If the file cannot be
/// written, the next observer gets a [`Warning::ModelNotSaved`], and the fit continues.
pub struct KeepModel<'a> {
    path: &'a Path,
    next: &'a dyn Observer,
    written: Mutex<Option<Instant>>,
}

impl<'a> KeepModel<'a> {
    /// An observer that writes to the path, and forwards all events to `next`.
    pub fn new(path: &'a Path, next: &'a dyn Observer) -> Self {
        Self {
            path,
            next,
            written: Mutex::new(None),
        }
    }

    /// For a run that may be resumed: it first loads the networks that are finished, one after the other, and the file
    /// may have all of them already. So it is not written at once.
    pub fn resumed_if(self, is_resumed: bool) -> Self {
        Self {
            written: Mutex::new(is_resumed.then(Instant::now)),
            ..self
        }
    }

    fn keep(&self, model: &SavedModel) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = written.is_some_and(|at| at.elapsed() < INTERVAL);
        if lately || model.summary.best_epoch == 0 {
            return;
        }
        *written = Some(Instant::now());
        let result = ModelFile::create(self.path).and_then(|file| file.write(model));
        if let Err(error) = result {
            let reason = error.to_string();
            let warning = Warning::ModelNotSaved { reason };
            self.next.on_event(&Event::Warning(&warning));
        }
    }
}

impl Observer for KeepModel<'_> {
    fn on_event(&self, event: &Event) {
        self.next.on_event(event);
        if let Event::MemberEnd {
            run: "network",
            model,
            ..
        } = event
        {
            self.keep(model);
        }
    }
}
