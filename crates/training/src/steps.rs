//! The interface of a training step, which two engines implement: `autodiff.rs` and `fused.rs`.

use std::ops::Range;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::GradientsParams;
use rand_chacha::ChaCha8Rng;

use crate::anchor::Anchor;
use crate::optimizer_record::OptimizerRecord;
use crate::progress::TrainingProgress;
use crate::report::Validation;

/// Takes the steps of an epoch.
pub(crate) trait Steps<N> {
    /// Adds a penalty to the loss of every step. False if the engine has no penalties, or if the anchor is not of
    /// this network.
    fn set_anchor(&mut self, anchor: &Anchor) -> bool {
        let _ = anchor;
        false
    }

    /// Draws a new random order of the training rows, and resets the losses.
    fn start_epoch(&mut self, rng: &mut ChaCha8Rng);

    /// Forward pass, loss, backward pass and update for the rows at these positions of the order.
    fn step(
        &mut self,
        batch: Range<usize>,
        rate: ModuleLearningRate,
        hook: Option<&mut dyn StepHook<N>>,
    );

    /// Whether a loss of the epoch is known to be infinite or NaN.
    fn diverged(&mut self) -> bool;

    /// The mean loss over the rows of the epoch. The loss of each batch is taken before its update.
    fn mean_loss(&self) -> f64 {
        let (sum, rows) = self.losses();
        sum / rows as f64
    }

    /// The sum of the losses of the epoch's rows so far, and the number of these rows.
    fn losses(&self) -> (f64, usize);

    /// The state of the optimizer.
    fn optimizer_record(&self) -> OptimizerRecord;

    /// Restores the state within an epoch. [`start_epoch`](Self::start_epoch) must come before.
    ///
    /// # Errors
    ///
    /// A sentence, if the record is of another optimizer or network.
    fn load_record(
        &mut self,
        progress: &TrainingProgress,
        record: &OptimizerRecord,
    ) -> Result<(), String>;

    /// A copy of the current network, without autodiff.
    fn network(&self) -> N;

    /// The results on the validation rows, if there are any, of the network, or of another one of the same shape.
    fn validate(&mut self, other: Option<&N>) -> Option<Validation>;
}

/// Observes a step between the backward pass and the end of the update.
pub(crate) trait StepHook<N> {
    /// Called with the clipped gradients, before the optimizer updates the network.
    fn before_update(&mut self, network: &N, gradients: &GradientsParams);

    /// Called with the updated network.
    fn after_update(&mut self, network: &N);
}
