//! The callbacks of a training: history, events, checkpoints, and the time limit.

use std::ops::ControlFlow;

use backburn_training::{
    Callback, Checkpoint, EpochReport, History, StartReport, StopReason, TrainingState, Validation,
};
use web_time::Instant;

use crate::checkpoints::Checkpointer;
use crate::context::FitContext;
use crate::event::Event;
use crate::held_out::HeldOut;
use crate::job::Job;
use crate::scorer::Scorer;

/// The callbacks of a job.
pub(crate) struct JobCallbacks<'a> {
    pub job: &'a Job,
    pub context: &'a FitContext<'a>,
    pub scorer: &'a Scorer<'a>,
    /// The history, if the run is diagnosed.
    pub history: Option<History>,
    /// The outputs that score the network, if there are validation rows and it is no trial.
    pub held_out: Option<HeldOut>,
    /// The time at which training has to end.
    pub deadline: Option<Instant>,
    /// Writes checkpoints, if there is a folder for them.
    pub checkpointer: Option<Checkpointer<'a>>,
}

impl JobCallbacks<'_> {
    fn send(&self, event: Event) {
        self.context.observer.on_event(&event);
    }

    /// Whether the run was stopped or its time is up.
    fn is_over(&self) -> bool {
        let late = self.deadline.is_some_and(|end| Instant::now() >= end);
        late || self.context.stop.is_stopped()
    }

    fn write_checkpoint(&mut self, session: &dyn TrainingState, ended: Option<StopReason>) {
        if let Some(checkpointer) = &mut self.checkpointer
            && checkpointer.is_due(ended)
            && let Some(checkpoint) = session.checkpoint()
        {
            let held_out = self.held_out.as_ref().map(HeldOut::to_bytes);
            checkpointer.write(
                checkpoint,
                self.history.as_ref(),
                held_out.unwrap_or_default(),
            );
        }
    }
}

fn break_if(over: bool) -> ControlFlow<()> {
    match over {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

impl Callback for JobCallbacks<'_> {
    fn records_layers(&self) -> bool {
        self.history.is_some()
    }

    fn on_fit_start(&mut self, start: &StartReport) {
        if let Some(history) = &mut self.history {
            history.on_fit_start(start);
        }
        let job = self.job;
        self.send(Event::FitStart { job, start });
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        if let (Some(history), Some(before)) =
            (&mut self.history, Checkpointer::history(checkpoint))
        {
            // The report at the start is computed again from the rows.
            let start = std::mem::take(&mut history.start);
            *history = History { start, ..before };
        }
        if let Some(held_out) = &mut self.held_out {
            held_out.restore(&checkpoint.attachment);
        }
        let (epoch, batch) = checkpoint.epoch_and_step();
        let job = self.job;
        self.send(Event::Resumed { job, epoch, batch });
    }

    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        let job = self.job;
        let batch = &session.batch();
        self.send(Event::BatchEnd { job, batch });
        let over = self.is_over();
        self.write_checkpoint(session, None);
        break_if(over)
    }

    /// The error by the metric that the settings ask for, if it is defined on these rows.
    fn validation_error(&mut self, epoch: usize, validation: &Validation) -> Option<f64> {
        self.job.config.scoring.metric()?;
        let (_, error) = self.scorer.of_epoch(epoch, validation)?.error();
        (!error.is_nan()).then_some(error)
    }

    fn on_epoch_end(
        &mut self,
        session: &dyn TrainingState,
        report: &EpochReport,
    ) -> ControlFlow<()> {
        if let Some(history) = &mut self.history {
            // A history never breaks.
            let _ = history.on_epoch_end(session, report);
            if let Some(record) = history.epochs.last_mut() {
                record.score = self.scorer.score(report).map(|score| score.main());
            }
        }
        if let Some(held_out) = &mut self.held_out {
            let scorer = self.scorer;
            held_out.add(report, |positions, outputs| {
                scorer.error_at(positions, outputs)
            });
        }
        let (job, scorer) = (self.job, self.scorer);
        self.send(Event::EpochEnd {
            job,
            report,
            scorer,
        });
        break_if(
            job.max_epochs
                .is_some_and(|max_epochs| report.epoch >= max_epochs),
        )
    }

    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        if let Some(history) = &mut self.history {
            history.on_fit_end(session, stop, diverged);
        }
        self.write_checkpoint(session, Some(stop));
    }
}
