//! The steps of an epoch, whoever takes them.

use std::ops::Range;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use rand_chacha::ChaCha8Rng;

use crate::Validation;
use crate::checkpoint::{Place, Remembered};
use crate::record::Recorder;

/// Takes the steps of an epoch: Burn on any network and device ([`Autodiff`](crate::autodiff)), or
/// the plain network in main memory ([`Fused`](crate::fused)).
pub(crate) trait Steps<N> {
    /// Puts the training rows in a new random order, and starts a new mean of losses.
    fn start_epoch(&mut self, rng: &mut ChaCha8Rng);

    /// Forward pass, loss, backward pass and update on the rows at these places of the order.
    fn step(
        &mut self,
        rows: Range<usize>,
        rate: ModuleLearningRate,
        recording: Option<Recording<'_>>,
    );

    /// Whether a loss of the epoch is known to be infinite or not a number.
    fn diverged(&mut self) -> bool;

    /// The mean loss of the epoch's batches, each taken before its update.
    fn mean_loss(&mut self) -> f64 {
        let (sum, rows) = self.losses();
        sum / rows as f64
    }

    /// The sum of the epoch's losses, each taken as often as its batch has rows, and these rows.
    fn losses(&self) -> (f64, usize);

    /// What the optimizer remembers.
    fn remembered(&self) -> Remembered;

    /// Goes on in an epoch whose order has been drawn.
    fn go_on(&mut self, place: &Place, remembered: &Remembered) -> Result<(), String>;

    /// The network as it is now, ready to predict.
    fn network(&self) -> N;

    /// The network as it is now on the validation rows, if there are any.
    fn validate(&mut self) -> Option<Validation>;
}

/// A recorder, and the step of the epoch that it is at.
pub(crate) struct Recording<'a> {
    pub recorder: &'a mut Recorder,
    pub step: usize,
}
