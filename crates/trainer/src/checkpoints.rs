//! Training written down as it goes, to go on with after whatever ends the program.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backburn_training::{Checkpoint, History, StopReason};
use serde::{Deserialize, Serialize};

use crate::console::{Console, escaped};
use crate::error::Error;
use crate::interrupt;
use crate::run_folder::{ENDING, FolderError, RUN, RunFolder};
use crate::saving::shown_path;

/// A run that was not asked to write itself down does so after this long.
const UNASKED: Duration = Duration::from_secs(60);
/// Between two checkpoints of a training, unless asked for.
pub const EVERY: Duration = Duration::from_secs(30);
/// Writing takes no more than this share of the time.
const SHARE: u32 = 20;

/// The checkpoints of all trainings of a run: of its folds, members and so on. What a training gives
/// follows from the table and the settings, so that a run goes on by being done again with the
/// trainings as far as they came.
pub struct Checkpoints<'a> {
    /// Where to write, once it is worth it.
    beside: Option<PathBuf>,
    run: Described<'a>,
    every: Duration,
    started: Instant,
    console: Console,
    changed: Option<Changed>,
    state: Mutex<State>,
}

/// Says what a run is, as its folder has it.
type Described<'a> = Box<dyn Fn() -> Result<String, Error> + Sync + 'a>;

#[derive(Default)]
struct State {
    folder: Option<RunFolder>,
    /// Trainings that ended before there was a folder.
    waiting: Vec<(String, Vec<u8>)>,
    /// What could not be written, as it was said.
    told: Option<String>,
}

/// What is no longer as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The settings or the program: trainings that have ended are done again.
    Settings,
    /// The rows too: what was measured on the old ones does not count.
    Rows,
}

/// What is kept beside the training itself.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Since whatever the time limit counts from began.
    seconds: f64,
    history: Option<History>,
}

impl<'a> Checkpoints<'a> {
    /// For a run that `run` describes, written down so often.
    pub fn new(run: Described<'a>, every: Duration, console: Console) -> Self {
        Self {
            beside: None,
            run,
            every,
            started: Instant::now(),
            console,
            changed: None,
            state: Mutex::default(),
        }
    }

    /// For a run that is no longer what it was when it was written down.
    pub fn changed(self, changed: Option<Changed>) -> Self {
        Self { changed, ..self }
    }

    /// Writes the run down in a folder from the start.
    pub fn in_folder(self, folder: RunFolder) -> Result<Self, Error> {
        let run = (self.run)()?;
        let written = folder.write(RUN, run.as_bytes());
        written.map_err(|error| failed(folder.path(), &error.into()))?;
        self.state().folder = Some(folder);
        Ok(self)
    }

    /// Writes the run down in this folder if it takes long.
    pub fn beside(self, folder: PathBuf) -> Self {
        Self {
            beside: Some(folder),
            ..self
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A training as far as it came.
    pub fn training(&self, name: &str) -> Option<Checkpoint> {
        match self.read(name) {
            Ok(checkpoint) => checkpoint.and_then(|checkpoint| match self.changed {
                None => Some(checkpoint),
                Some(_) if checkpoint.ended().is_some() => None,
                Some(Changed::Settings) => Some(checkpoint),
                Some(Changed::Rows) => Some(checkpoint.for_other_rows()),
            }),
            Err(reason) => {
                let words = format!("{name}.{ENDING}: {reason}; that training starts over");
                self.console.paragraph("note", escaped(&words));
                None
            }
        }
    }

    /// Whether a training was begun.
    pub fn has(&self, name: &str) -> bool {
        matches!(self.read(name), Ok(Some(_)))
    }

    fn read(&self, name: &str) -> Result<Option<Checkpoint>, String> {
        let state = self.state();
        let Some(folder) = &state.folder else {
            return Ok(None);
        };
        let bytes = folder.checkpoint(name).map_err(|error| error.to_string())?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|error| error.to_string())?;
        match note(&checkpoint) {
            Some(_) => Ok(Some(checkpoint)),
            None => Err("it is damaged: it has no history".to_string()),
        }
    }

    /// What a training, and those that are part of it, have taken of its time limit.
    pub fn spent(&self, name: &str) -> Duration {
        let names = self.state().folder.as_ref().map(RunFolder::names);
        let names = names.unwrap_or_default().into_iter();
        let seconds = names
            .filter(|part| matches!(part.strip_prefix(name), Some(rest) if rest.is_empty() || rest.starts_with('-')))
            .filter_map(|part| note(&self.read(&part).ok()??))
            .map(|note| note.seconds);
        Duration::try_from_secs_f64(seconds.fold(0.0, f64::max)).unwrap_or_default()
    }

    /// Whether there is anywhere to write to by now.
    fn active(&self) -> bool {
        self.state().folder.is_some() || self.started.elapsed() >= UNASKED
    }

    /// Writes a training down, or says once that it cannot be.
    fn write(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        state.waiting.retain(|(waiting, _)| waiting != name);
        state.waiting.push((name.to_string(), bytes));
        if state.folder.is_none() && self.started.elapsed() < UNASKED {
            return;
        }
        let written = self.write_waiting(&mut state);
        // Trainings that have ended are tried again; those under way will be written anew.
        let told = written.err().map(|error| error.to_string());
        if told.is_some() && told != state.told {
            let reason = told.as_deref().unwrap_or_default();
            let words = format!("no checkpoint: {reason}; training goes on");
            self.console.paragraph("note", words);
        }
        state.told = told;
    }

    fn write_waiting(&self, state: &mut State) -> Result<(), Error> {
        if let (None, Some(path)) = (&state.folder, &self.beside) {
            let folder = free(path).map_err(|error| failed(path, &error))?;
            let run = (self.run)()?;
            let written = folder.write(RUN, run.as_bytes());
            written.map_err(|error| failed(path, &error.into()))?;
            state.folder = Some(folder);
        }
        let Some(folder) = &state.folder else {
            return Ok(());
        };
        while let Some((name, bytes)) = state.waiting.last() {
            let written = folder.write_checkpoint(name, bytes);
            written.map_err(|error| failed(folder.path(), &error.into()))?;
            state.waiting.pop();
        }
        Ok(())
    }

    /// Forgets a finished run, or says how to go on with one that is not.
    pub fn end(self, finished: bool) {
        let state = self.state.into_inner();
        let Some(folder) = state.unwrap_or_else(PoisonError::into_inner).folder else {
            return;
        };
        let path = shown_path(folder.path());
        if !finished || interrupt::requested() {
            let words = format!("{} train --resume {path}", crate::console::program());
            self.console.entry("to go on", words);
        } else if let Err(error) = folder.remove() {
            let words = format!("{path}: the checkpoints are not removed: {error}");
            self.console.paragraph("note", words);
        }
    }
}

/// The first free folder of this name: what another run left stays.
fn free(path: &Path) -> Result<RunFolder, FolderError> {
    const MOST: usize = 100;
    let mut result = RunFolder::create(path);
    for number in 2..MOST {
        match result {
            Err(FolderError::Unfinished | FolderError::Taken(_) | FolderError::Foreign) => {
                let mut name = path.as_os_str().to_owned();
                name.push(format!(".{number}"));
                result = RunFolder::create(Path::new(&name));
            }
            _ => break,
        }
    }
    result
}

pub fn failed(path: &Path, error: &FolderError) -> Error {
    Error::Failed(format!("{}: {error}", path.display()))
}

fn note(checkpoint: &Checkpoint) -> Option<Note> {
    serde_json::from_str(&checkpoint.note).ok()
}

/// Keeps one training.
pub struct Keeper<'a> {
    checkpoints: &'a Checkpoints<'a>,
    name: String,
    started: Instant,
    /// What was taken of the time limit before.
    spent: Duration,
    written: Instant,
    /// What writing took.
    took: Duration,
}

impl<'a> Keeper<'a> {
    pub fn new(checkpoints: &'a Checkpoints<'a>, name: &str, spent: Duration) -> Self {
        Self {
            checkpoints,
            name: name.to_string(),
            started: Instant::now(),
            spent,
            written: Instant::now(),
            took: Duration::ZERO,
        }
    }

    /// See [`Observer::checkpoint_due`](backburn_training::Observer::checkpoint_due).
    pub fn due(&self, ended: Option<StopReason>) -> bool {
        let interrupted = interrupt::requested();
        if ended.is_some() {
            // Whoever interrupts a training may go on with it.
            return !interrupted;
        }
        let every = self.checkpoints.every.max(self.took * SHARE);
        (interrupted || self.written.elapsed() >= every) && self.checkpoints.active()
    }

    pub fn keep(&mut self, mut checkpoint: Checkpoint, history: Option<&History>) {
        let started = Instant::now();
        let note = Note {
            seconds: (self.spent + self.started.elapsed()).as_secs_f64(),
            history: history.cloned(),
        };
        checkpoint.note = serde_json::to_string(&note).unwrap_or_default();
        self.checkpoints.write(&self.name, checkpoint.to_bytes());
        self.written = Instant::now();
        self.took = started.elapsed();
    }

    /// The history of a training as far as it came.
    pub fn history(checkpoint: &Checkpoint) -> Option<History> {
        note(checkpoint)?.history
    }
}
