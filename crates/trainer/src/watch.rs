//! Everything that watches a training run at once.

use std::ops::ControlFlow;
use std::time::Instant;

use backburn_training::{
    Checkpoint, EpochReport, History, Observer, StartReport, StepReport, StopReason,
};

use crate::checkpoints::Keeper;
use crate::score::Scorer;

/// Keeps the history, if it is wanted, and passes everything on to the view.
pub struct Watch<'a> {
    pub history: Option<History>,
    pub scorer: &'a Scorer<'a>,
    pub view: &'a mut dyn Observer,
    /// When training has to end.
    pub deadline: Option<Instant>,
    /// Writes training down, where it is to be.
    pub keeper: Option<Keeper<'a>>,
}

impl Observer for Watch<'_> {
    fn records_layers(&self) -> bool {
        self.history.is_some()
    }

    fn on_start(&mut self, start: &StartReport) {
        if let Some(history) = &mut self.history {
            history.on_start(start);
        }
        self.view.on_start(start);
    }

    fn on_step(&mut self, step: &StepReport) -> ControlFlow<()> {
        let asked = self.view.on_step(step);
        match self.deadline.is_some_and(|end| Instant::now() >= end) {
            true => ControlFlow::Break(()),
            false => asked,
        }
    }

    fn on_epoch(&mut self, epoch: &EpochReport) -> ControlFlow<()> {
        if let Some(history) = &mut self.history {
            // A history never ends training.
            let _ = history.on_epoch(epoch);
            if let Some(kept) = history.epochs.last_mut() {
                kept.score = self.scorer.score(epoch).map(|score| score.main());
            }
        }
        self.view.on_epoch(epoch)
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        if let (Some(history), Some(before)) = (&mut self.history, Keeper::history(checkpoint)) {
            // What the start was follows from the rows.
            let start = std::mem::take(&mut history.start);
            *history = History { start, ..before };
        }
        self.view.on_resume(checkpoint);
    }

    fn checkpoint_due(&mut self, ended: Option<StopReason>) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.due(ended))
    }

    fn on_checkpoint(&mut self, checkpoint: Checkpoint) {
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(checkpoint, self.history.as_ref());
        }
    }

    fn on_end(&mut self, stop: StopReason, diverged: Option<&EpochReport>) {
        if let Some(history) = &mut self.history {
            history.on_end(stop, diverged);
        }
        self.view.on_end(stop, diverged);
    }
}
