//! Saving the model of an ensemble as its networks finish.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backburn::{Event, ModelFile, Observer, SavedModel};

use crate::ui::console::Console;

/// The shortest time between two writes of the file.
const INTERVAL: Duration = Duration::from_secs(10);

/// Rewrites the model file as each network of an ensemble finishes, so that little is lost if the program
/// is killed. Forwards all events.
pub struct KeepModel<'a> {
    path: &'a Path,
    console: Console,
    next: &'a dyn Observer,
    written: Mutex<Option<Instant>>,
}

impl<'a> KeepModel<'a> {
    pub fn new(path: &'a Path, console: Console, next: &'a dyn Observer) -> Self {
        Self {
            path,
            console,
            next,
            written: Mutex::new(None),
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
            let text = format!("not saved yet: {error}");
            self.console.paragraph("note", text);
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
