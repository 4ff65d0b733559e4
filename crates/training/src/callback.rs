//! Callbacks: code that runs at fixed points of a training run.

use std::ops::ControlFlow;

use crate::checkpoint::Checkpoint;
use crate::report::{BatchReport, EpochReport, StartReport, StopReason, Validation};

/// Watches a training run. Every method has a default that does nothing.
///
/// The calls come in this order: `on_fit_start`; `on_resume`, if the run continues from a
/// checkpoint; for each epoch `on_batch_end` after each update and `on_epoch_end`; `on_fit_end`.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use backburn_training::{Callback, EpochReport, TrainingState};
///
/// struct Print;
///
/// impl Callback for Print {
///     fn on_epoch_end(&mut self, _: &dyn TrainingState, report: &EpochReport) -> ControlFlow<()> {
///         println!("epoch {}: loss {}", report.epoch, report.training_loss);
///         ControlFlow::Continue(())
///     }
/// }
/// ```
pub trait Callback {
    /// Whether [`EpochReport::layers`] is wanted. If not, nothing is measured.
    fn records_layers(&self) -> bool {
        false
    }

    /// Called before the first step.
    fn on_fit_start(&mut self, start: &StartReport) {
        let _ = start;
    }

    /// Called after [`on_fit_start`](Self::on_fit_start) if the run continues from a checkpoint
    /// that was taken after the first step.
    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        let _ = checkpoint;
    }

    /// Called after each update. `Break` ends training with [`StopReason::Interrupted`].
    ///
    /// It is not called after a step whose loss is known to be infinite or NaN.
    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        let _ = session;
        ControlFlow::Continue(())
    }

    /// The error on the validation rows that selects the best epoch and stops training early, in place of the
    /// validation loss. Lower is better. It is called after each epoch whose results on the validation rows
    /// are known, before `on_epoch_end`. With `None`, the default, the validation loss counts.
    fn validation_error(&mut self, epoch: usize, validation: &Validation) -> Option<f64> {
        let _ = (epoch, validation);
        None
    }

    /// Called after each epoch. `Break` ends training with [`StopReason::Interrupted`].
    ///
    /// It is not called for an epoch that diverged; see [`on_fit_end`](Self::on_fit_end).
    fn on_epoch_end(
        &mut self,
        session: &dyn TrainingState,
        report: &EpochReport,
    ) -> ControlFlow<()> {
        let _ = (session, report);
        ControlFlow::Continue(())
    }

    /// Called after the last epoch. `diverged` is the report of the epoch that diverged, if one
    /// did.
    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        let _ = (session, stop, diverged);
    }
}

/// Watches nothing.
impl Callback for () {}

/// The state of a training run, as a [`Callback`] sees it.
pub trait TrainingState {
    /// The position of the run: epoch, step and learning rate.
    fn batch(&self) -> BatchReport;

    /// A checkpoint of the run, from which [`resume`](crate::resume) continues.
    ///
    /// During training this is `None` where the loss is infinite or NaN. In
    /// [`Callback::on_fit_end`] it is the checkpoint of the ended run, or `None` if there is no
    /// network to keep.
    ///
    /// Each call copies all weights and the state of the optimizer.
    fn checkpoint(&self) -> Option<Checkpoint>;
}

/// Several callbacks as one. All are called, in order; training ends if any of them returns
/// `Break`.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{CallbackList, History, TensorDataset, TrainingConfig, fit};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let rows = TensorDataset::regression(
///     Tensor::<2>::from_floats([[0.], [1.]], &device),
///     Tensor::<2>::from_floats([[1.], [0.]], &device),
/// );
/// let mlp = MlpConfig::new(1, 1).init(&device)?;
/// let config = TrainingConfig { epochs: 3, ..TrainingConfig::default() };
/// let (mut first, mut second) = (History::default(), History::default());
/// fit(mlp, &rows, None, &config, &mut CallbackList(vec![&mut first, &mut second]))?;
/// assert_eq!(first.epochs.len(), 3);
/// assert_eq!(second.epochs.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct CallbackList<'a>(pub Vec<&'a mut dyn Callback>);

impl CallbackList<'_> {
    /// Calls every callback, and breaks if any of them does.
    fn all(
        &mut self,
        mut call: impl FnMut(&mut dyn Callback) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        for callback in &mut self.0 {
            if call(&mut **callback).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        flow
    }
}

impl Callback for CallbackList<'_> {
    fn records_layers(&self) -> bool {
        self.0.iter().any(|callback| callback.records_layers())
    }

    /// The error of the first callback that has one.
    fn validation_error(&mut self, epoch: usize, validation: &Validation) -> Option<f64> {
        let mut callbacks = self.0.iter_mut();
        callbacks.find_map(|callback| callback.validation_error(epoch, validation))
    }

    fn on_fit_start(&mut self, start: &StartReport) {
        for callback in &mut self.0 {
            callback.on_fit_start(start);
        }
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        for callback in &mut self.0 {
            callback.on_resume(checkpoint);
        }
    }

    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        self.all(|callback| callback.on_batch_end(session))
    }

    fn on_epoch_end(
        &mut self,
        session: &dyn TrainingState,
        report: &EpochReport,
    ) -> ControlFlow<()> {
        self.all(|callback| callback.on_epoch_end(session, report))
    }

    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        for callback in &mut self.0 {
            callback.on_fit_end(session, stop, diverged);
        }
    }
}
