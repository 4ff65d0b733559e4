//! Checkpoints of the trainings of a run in a folder. A run that was killed can be resumed from them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backburn_training::{Checkpoint, History, StopReason};
use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::error::Error;
use crate::event::{Event, Observer};
use crate::job::Job;
use crate::memory::share_of_free;
use crate::run_folder::{ENDING, FolderError, RUN, RunFolder};
use crate::selected::Selected;
use crate::stop_token::StopToken;
use crate::text::path_name;
use crate::warning::Warning;

/// A run for which no folder was set writes checkpoints after this time.
const WITHOUT_FOLDER: Duration = Duration::from_secs(60);
/// The default time between two checkpoints of a training.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
/// Writing takes at most one part in this many of the time.
const SHARE: u32 = 20;
/// The file with the settings that trials selected.
const SELECTED: &str = "selected.json";
/// The largest such file that is read, in bytes.
const LARGEST_SELECTED: u64 = 16 << 20;

/// The checkpoints of all trainings of a run, by the names of their jobs. The result of a job follows
/// from the table and the settings. So resuming replays the run, and loads each saved training.
pub struct Checkpoints<'a> {
    /// The folder for a run that takes long and for which no folder was set.
    fallback: Option<PathBuf>,
    description: Description<'a>,
    interval: Duration,
    started: Instant,
    observer: &'a dyn Observer,
    changed: Option<Changed>,
    state: Mutex<State>,
}

/// The content of the folder's `run.json`.
type Description<'a> = Box<dyn Fn() -> Result<String, Error> + Sync + 'a>;

#[derive(Default)]
struct State {
    folder: Option<RunFolder>,
    /// Files that are not written yet, by their names.
    waiting: Vec<(String, Vec<u8>)>,
    /// The settings that trials selected, by the fingerprint of the trials.
    selected: Vec<(String, Selected)>,
    /// The error of the last checkpoint, if it could not be written.
    failure: Option<String>,
}

/// What has changed since the checkpoints of a run were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The settings or the program: finished trainings are repeated.
    Settings,
    /// The rows too: losses on the old rows are dropped.
    Rows,
}

/// What a checkpoint file has besides the training state.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The time that the run had taken.
    seconds: f64,
    history: Option<History>,
    /// The fingerprint of the job. Checkpoints of earlier versions have none.
    #[serde(default)]
    job: Option<String>,
    /// The fingerprint of what its epochs are compared by. Checkpoints of earlier versions have none.
    #[serde(default)]
    compared_by: Option<String>,
}

/// Tells the settings and rows of a job from those of others.
fn fingerprint(job: &Job) -> String {
    let mut hasher = DefaultHasher::new();
    job.config.to_toml().hash(&mut hasher);
    (&job.split.training, &job.split.validation, job.max_epochs).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Tells by what the epochs of a job are compared: the rows, the target and the error.
fn compared_by(job: &Job) -> String {
    let (config, training) = (&job.config, &job.config.training);
    let error = (
        (&config.scoring, &config.class_weights),
        (
            training.loss,
            training.huber_delta,
            training.label_smoothing,
        ),
        &training.quantiles,
    );
    let mut hasher = DefaultHasher::new();
    let text = serde_json::to_string(&(config.data, error));
    text.unwrap_or_default().hash(&mut hasher);
    (&job.split.training, &job.split.validation).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Tells trials from others.
fn fingerprint_of_all(trials: &[Job]) -> String {
    let mut hasher = DefaultHasher::new();
    for job in trials {
        (&job.name, fingerprint(job)).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

impl<'a> Checkpoints<'a> {
    /// Checkpoints of a run. `description` is the content of the folder's `run.json`, `interval` the
    /// time between two checkpoints of a training.
    pub fn new(
        description: impl Fn() -> Result<String, Error> + Sync + 'a,
        interval: Duration,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            fallback: None,
            description: Box::new(description),
            interval,
            started: Instant::now(),
            observer,
            changed: None,
            state: Mutex::default(),
        }
    }

    /// For a run that has changed since its checkpoints were written.
    pub fn changed(self, changed: Option<Changed>) -> Self {
        Self { changed, ..self }
    }

    /// Writes to this folder from the start.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn in_folder(self, mut folder: RunFolder) -> Result<Self, Error> {
        let run = (self.description)()?;
        let begun = folder.begin();
        let written = begun.and_then(|()| folder.write(RUN, run.as_bytes()));
        written.map_err(|error| folder_error(folder.path(), &error.into()))?;
        // Without this file, which may be missing or damaged, the trials are repeated.
        let selected = folder.read(SELECTED, LARGEST_SELECTED).ok().flatten();
        let selected = selected.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut state = self.state();
        state.selected = selected.unwrap_or_default();
        state.folder = Some(folder);
        drop(state);
        Ok(self)
    }

    /// Writes to this folder if the run takes more than a minute.
    pub fn or_in(self, folder: PathBuf) -> Self {
        Self {
            fallback: Some(folder),
            ..self
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The saved state of a job.
    pub(crate) fn training(&self, job: &Job) -> Option<Checkpoint> {
        let name = &job.name;
        // A checkpoint of another fit, with the same name, does not count.
        let is_same = |checkpoint: &Checkpoint| {
            let known = note(checkpoint).and_then(|note| note.job);
            known.is_none_or(|known| known == fingerprint(job))
        };
        let is_compared_alike = |checkpoint: &Checkpoint| {
            let known = note(checkpoint).and_then(|note| note.compared_by);
            known.is_none_or(|known| known == compared_by(job))
        };
        match self.read(name) {
            Ok(checkpoint) => checkpoint.and_then(|checkpoint| match self.changed {
                None => Some(checkpoint).filter(is_same),
                Some(_) if checkpoint.ended().is_some() => None,
                Some(Changed::Settings) if is_compared_alike(&checkpoint) => Some(checkpoint),
                // What was best so far is not known for other rows or by another error.
                Some(_) => Some(checkpoint.for_other_rows()),
            }),
            Err(reason) => {
                self.warn(Warning::CheckpointNotRead {
                    file: format!("{name}.{ENDING}"),
                    reason,
                });
                None
            }
        }
    }

    /// The setting that these trials selected before the run was resumed. To repeat them could select another one,
    /// where less of the time limit is left, and the networks that are finished would not fit it.
    pub(crate) fn selected(&self, trials: &[Job]) -> Option<Selected> {
        let fingerprint = fingerprint_of_all(trials);
        let state = self.state();
        let mut selected = state.selected.iter().filter(|_| self.changed.is_none());
        let (_, selected) = selected.find(|(of, _)| *of == fingerprint)?;
        Some(*selected)
    }

    /// Keeps the setting that trials selected.
    pub(crate) fn keep_selected(&self, trials: &[Job], selected: Selected) {
        let fingerprint = fingerprint_of_all(trials);
        let mut state = self.state();
        state.selected.retain(|(of, _)| *of != fingerprint);
        state.selected.push((fingerprint, selected));
        let bytes = serde_json::to_vec(&state.selected).unwrap_or_default();
        drop(state);
        self.write(SELECTED, bytes);
    }

    /// Whether a job was started.
    pub(crate) fn has(&self, name: &str) -> bool {
        matches!(self.read(name), Ok(Some(_)))
    }

    fn read(&self, name: &str) -> Result<Option<Checkpoint>, String> {
        let state = self.state();
        let Some(folder) = &state.folder else {
            return Ok(None);
        };
        let bytes = folder.checkpoint(name, share_of_free(1));
        let bytes = bytes.map_err(|error| error.to_string())?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|error| error.to_string())?;
        match note(&checkpoint) {
            Some(_) => Ok(Some(checkpoint)),
            None => Err("it is damaged: it has no history".to_string()),
        }
    }

    /// The time that a run has taken, from the checkpoints whose names begin with its name.
    pub(crate) fn spent(&self, name: &str) -> Duration {
        let names = self.state().folder.as_ref().map(RunFolder::names);
        let names = names.unwrap_or_default().into_iter();
        let seconds = names
            .filter(|part| matches!(part.strip_prefix(name), Some(rest) if rest.is_empty() || rest.starts_with('-')))
            .filter_map(|part| note(&self.read(&part).ok()??))
            .map(|note| note.seconds);
        Duration::try_from_secs_f64(seconds.fold(0.0, f64::max)).unwrap_or_default()
    }

    /// Whether there is a folder, or the run has taken long enough to create one.
    fn active(&self) -> bool {
        self.state().folder.is_some() || self.started.elapsed() >= WITHOUT_FOLDER
    }

    fn warn(&self, warning: Warning) {
        self.observer.on_event(&Event::Warning(&warning));
    }

    /// Writes a file of the folder, or warns once that it cannot be written.
    fn write(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.state();
        state.waiting.retain(|(waiting, _)| waiting != name);
        state.waiting.push((name.to_string(), bytes));
        if state.folder.is_none() && self.started.elapsed() < WITHOUT_FOLDER {
            return;
        }
        let written = self.write_waiting(&mut state);
        // The checkpoints of finished trainings are written with the next one.
        let failure = written.err().map(|error| error.to_string());
        let is_new = failure.is_some() && failure != state.failure;
        state.failure.clone_from(&failure);
        drop(state);
        if let (true, Some(reason)) = (is_new, failure) {
            self.warn(Warning::CheckpointNotWritten { reason });
        }
    }

    fn write_waiting(&self, state: &mut State) -> Result<(), Error> {
        if let (None, Some(path)) = (&state.folder, &self.fallback) {
            let mut folder = free(path).map_err(|error| folder_error(path, &error))?;
            let run = (self.description)()?;
            let written = folder.write(RUN, run.as_bytes());
            written.map_err(|error| folder_error(path, &error.into()))?;
            state.folder = Some(folder);
        }
        let Some(folder) = &mut state.folder else {
            return Ok(());
        };
        while let Some((name, bytes)) = state.waiting.last() {
            let written = folder.write(name, bytes);
            written.map_err(|error| folder_error(folder.path(), &error.into()))?;
            state.waiting.pop();
        }
        Ok(())
    }

    /// Ends the run. The folder of a finished run is removed. The folder of an unfinished run stays, and
    /// its path is returned.
    ///
    /// # Errors
    ///
    /// The folder cannot be removed.
    pub fn end(self, finished: bool) -> Result<Option<PathBuf>, Error> {
        let state = self.state.into_inner();
        let Some(folder) = state.unwrap_or_else(PoisonError::into_inner).folder else {
            return Ok(None);
        };
        let path = folder.path().to_path_buf();
        if !finished {
            return Ok(Some(path));
        }
        match folder.remove() {
            Ok(()) => Ok(None),
            Err(error) => Err(folder_error(&path, &error.into())),
        }
    }
}

/// The first free folder of this name. Folders of other runs stay.
fn free(path: &Path) -> Result<RunFolder, FolderError> {
    const MAX_FOLDERS: usize = 100;
    let mut result = RunFolder::create(path);
    for number in 2..MAX_FOLDERS {
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

/// An error of a run folder, with its path.
pub fn folder_error(path: &Path, error: &FolderError) -> Error {
    Error::Failed(format!("{}: {error}", path_name(path)))
}

fn note(checkpoint: &Checkpoint) -> Option<Note> {
    serde_json::from_str(&checkpoint.note).ok()
}

/// Writes the checkpoints of one job.
pub(crate) struct Checkpointer<'a> {
    checkpoints: &'a Checkpoints<'a>,
    stop: StopToken,
    name: String,
    fingerprint: String,
    compared_by: String,
    started: Instant,
    /// The time that the run took before it was resumed.
    spent: Duration,
    written: Instant,
    /// The time that writing took.
    took: Duration,
}

impl<'a> Checkpointer<'a> {
    pub fn new(
        checkpoints: &'a Checkpoints<'a>,
        stop: StopToken,
        job: &Job,
        spent: Duration,
    ) -> Self {
        Self {
            checkpoints,
            stop,
            name: job.name.clone(),
            fingerprint: fingerprint(job),
            compared_by: compared_by(job),
            started: Instant::now(),
            spent,
            written: Instant::now(),
            took: Duration::ZERO,
        }
    }

    /// Whether to write a checkpoint now. An interrupted training has one already.
    pub fn is_due(&self, ended: Option<StopReason>) -> bool {
        let stopped = self.stop.is_stopped();
        if ended.is_some() {
            return !stopped;
        }
        let interval = self.checkpoints.interval.max(self.took * SHARE);
        (stopped || self.written.elapsed() >= interval) && self.checkpoints.active()
    }

    /// Writes a checkpoint. `held_out` is the state of the outputs that score the network.
    pub fn write(
        &mut self,
        mut checkpoint: Checkpoint,
        history: Option<&History>,
        held_out: Vec<u8>,
    ) {
        let started = Instant::now();
        let note = Note {
            seconds: (self.spent + self.started.elapsed()).as_secs_f64(),
            history: history.cloned(),
            job: Some(self.fingerprint.clone()),
            compared_by: Some(self.compared_by.clone()),
        };
        checkpoint.note = serde_json::to_string(&note).unwrap_or_default();
        checkpoint.attachment = held_out;
        let name = format!("{}.{ENDING}", self.name);
        self.checkpoints.write(&name, checkpoint.to_bytes());
        self.written = Instant::now();
        self.took = started.elapsed();
    }

    /// The history of a training so far.
    pub fn history(checkpoint: &Checkpoint) -> Option<History> {
        note(checkpoint)?.history
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::Split;

    use super::*;
    use crate::config::Config;
    use crate::job::JobKind;

    fn job(change: impl Fn(&mut Job)) -> Job {
        let mut job = Job {
            name: "run".to_string(),
            kind: JobKind::Network,
            config: Config::default(),
            split: Split {
                training: vec![0, 1, 2],
                validation: vec![3],
            },
            encoder_rows: Vec::new(),
            max_epochs: None,
            diagnose: false,
        };
        change(&mut job);
        job
    }

    #[test]
    fn epochs_are_compared_by_the_rows_and_the_error() {
        let known = compared_by(&job(|_| {}));
        let alike = job(|job| job.config.training.epochs += 1);
        assert_eq!(compared_by(&alike), known);
        let metric = job(|job| job.config.scoring.metric = Some("mae".parse().unwrap()));
        let rows = job(|job| job.split.validation = vec![2]);
        let loss = job(|job| job.config.training.loss = backburn_training::Loss::Huber);
        for other in [metric, rows, loss] {
            assert_ne!(compared_by(&other), known);
        }
    }
}
