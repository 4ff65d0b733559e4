//! Progress of a fit in a terminal or a log.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backburn::{Event, Job, JobKind, NetworkDescription, Observer, Warning, next_shown_epoch};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::{Console, Verbosity, verbosity};
use crate::interrupt;

/// Shows a bar for each training, if standard error is a terminal, and prints lines: the selected settings,
/// the network, some of its epochs (fewer as training continues), and the networks of an ensemble.
pub struct Progress<'a> {
    console: Console,
    /// The unit, which is written before amounts.
    unit: &'a str,
    bars: MultiProgress,
    is_terminal: bool,
    jobs: Mutex<HashMap<String, JobBar>>,
    /// The bar of trials or of a phase that has no training of its own.
    phase: Mutex<Option<ProgressBar>>,
    warnings: Mutex<Vec<Warning>>,
}

/// A training that is running.
struct JobBar {
    bar: ProgressBar,
    next_line: usize,
    /// Batches of an epoch.
    steps: usize,
}

impl<'a> Progress<'a> {
    pub fn new(console: Console, unit: &'a str) -> Self {
        Self {
            console,
            unit,
            bars: MultiProgress::new(),
            is_terminal: io::stderr().is_terminal() && verbosity() > Verbosity::Quiet,
            jobs: Mutex::default(),
            phase: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    /// The warnings of the fit so far.
    pub fn warnings(&self) -> Vec<Warning> {
        let warnings = self.warnings.lock();
        warnings.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows the name of the current phase until the next phase, or until [`finish`](Self::finish).
    pub fn phase(&self, words: &str) {
        if !self.is_terminal {
            self.console.detail("now", words);
            return;
        }
        let bar = self.bar();
        bar.set_style(style("{prefix:10} {spinner} {msg}"));
        bar.set_prefix("now");
        bar.set_message(words.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.set_phase(Some(bar));
    }

    /// Removes all bars.
    pub fn finish(&self) {
        self.set_phase(None);
        for (_, job) in self.jobs().drain() {
            job.bar.finish_and_clear();
        }
        let _ = self.bars.clear();
    }

    /// Prints above the bars.
    pub fn print(&self, print: impl FnOnce(Console)) {
        self.bars.suspend(|| print(self.console));
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, JobBar>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_phase(&self, bar: Option<ProgressBar>) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *phase, bar) {
            before.finish_and_clear();
        }
    }

    fn bar(&self) -> ProgressBar {
        match self.is_terminal {
            true => self.bars.add(ProgressBar::new(0)),
            false => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
        }
    }

    fn add_job(&self, job: &Job) {
        let bar = self.bar();
        bar.set_style(style("{prefix:10} {wide_bar} {msg} {eta:>4}"));
        bar.set_prefix(job.kind.to_string());
        let job_bar = JobBar {
            bar,
            next_line: 1,
            steps: 0,
        };
        self.jobs().insert(job.name.clone(), job_bar);
    }

    fn describe(&self, network: &NetworkDescription) {
        self.print(|console| {
            for neighbors in network.neighbors() {
                console.paragraph("neighbors", neighbors);
            }
            console.paragraph("network", network);
        });
    }

    fn epoch_end(&self, event: &Event, job: &Job, epoch: usize) {
        let mut jobs = self.jobs();
        let Some(view) = jobs.get_mut(&job.name) else {
            return;
        };
        let every = verbosity() == Verbosity::Verbose;
        let lines = verbosity() > Verbosity::Quiet && job.diagnose;
        let line_due = lines && (every || epoch == view.next_line);
        if !line_due && view.bar.is_hidden() {
            return;
        }
        let text = event.epoch_words(self.unit).unwrap_or_default();
        if line_due {
            let line = format!("epoch {epoch:<4} {text}");
            self.bars.suspend(|| Console::Error.say(line));
            if epoch == view.next_line {
                view.next_line = next_shown_epoch(epoch);
            }
        }
        view.bar.set_message(text);
    }

    /// Prints the words of an event, if it has any. Those of a fold are a result.
    fn say(&self, event: &Event) {
        let Some((heading, text)) = event.words(self.unit) else {
            return;
        };
        self.print(|console| match event {
            Event::FoldEnd { .. } => console.entry(&heading, text),
            _ => console.detail(&heading, text),
        });
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress<'_> {
    /// Shows trials and what they chose.
    fn selection_event(&self, event: &Event) {
        match event {
            Event::SelectionStart {
                selection, trials, ..
            } => {
                let bar = self.bar();
                bar.set_length(*trials as u64);
                bar.set_style(style("{prefix:10} {wide_bar} {msg}"));
                bar.set_prefix("choosing");
                bar.set_message(selection.to_string());
                bar.enable_steady_tick(Duration::from_millis(200));
                self.set_phase(Some(bar));
                if !self.is_terminal {
                    self.say(event);
                }
            }
            Event::TrialEnd { .. } => {
                let phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
                phase.iter().for_each(|bar| bar.inc(1));
            }
            Event::Selected { .. } => {
                self.set_phase(None);
                self.say(event);
            }
            _ => {}
        }
    }

    /// Shows the training of a network.
    fn job_event(&self, event: &Event) {
        match event {
            Event::NetworkStart { job, network } => {
                if job.diagnose {
                    self.describe(network);
                }
                if !matches!(job.kind, JobKind::Trial { .. }) {
                    self.set_phase(None);
                    self.add_job(job);
                    interrupt::training();
                }
            }
            Event::FitStart { job, start } => {
                if let Some(view) = self.jobs().get_mut(&job.name) {
                    let epochs = job
                        .max_epochs
                        .map_or(start.epochs, |max_epochs| max_epochs.min(start.epochs));
                    view.steps = start.steps;
                    view.bar
                        .set_length(epochs.saturating_mul(start.steps) as u64);
                }
            }
            Event::Resumed { job, epoch, batch } => {
                if let Some(view) = self.jobs().get_mut(&job.name) {
                    while view.next_line < *epoch {
                        view.next_line = next_shown_epoch(view.next_line);
                    }
                    let done = epoch.saturating_sub(1).saturating_mul(view.steps);
                    view.bar.set_position(done.saturating_add(*batch) as u64);
                    view.bar.reset_eta();
                }
            }
            Event::BatchEnd { job, .. } => {
                if self.is_terminal
                    && let Some(view) = self.jobs().get(&job.name)
                {
                    view.bar.inc(1);
                }
            }
            Event::EpochEnd { job, report, .. } => self.epoch_end(event, job, report.epoch),
            Event::FitEnd { job, .. } => {
                if let Some(view) = self.jobs().remove(&job.name) {
                    view.bar.finish_and_clear();
                }
                self.say(event);
            }
            _ => {}
        }
    }

    /// Shows ensembles, folds and warnings.
    fn result_event(&self, event: &Event) {
        if let Event::Warning(warning) = event {
            let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.push((*warning).clone());
            drop(warnings);
            self.print(|console| console.paragraph("note", warning));
        }
        self.say(event);
    }
}

impl Observer for Progress<'_> {
    fn on_event(&self, event: &Event) {
        match event {
            Event::SelectionStart { .. } | Event::TrialEnd { .. } | Event::Selected { .. } => {
                self.selection_event(event);
            }
            Event::NetworkStart { .. }
            | Event::FitStart { .. }
            | Event::Resumed { .. }
            | Event::BatchEnd { .. }
            | Event::EpochEnd { .. }
            | Event::FitEnd { .. } => self.job_event(event),
            _ => self.result_event(event),
        }
    }
}
