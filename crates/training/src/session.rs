//! The state of a training run: a cursor over epochs and batches.

use std::ops::Range;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::anchor::Anchor;
use crate::autodiff::Autodiff;
use crate::averaging::LastNetworks;
use crate::callback::{Callback, TrainingState};
use crate::fit_data::FitData;
use crate::fused::Fused;
use crate::network_record::{network_record, with_record};
use crate::optimizer_record::OptimizerRecord;
use crate::progress::TrainingProgress;
use crate::recorder::Recorder;
use crate::schedule::Schedule;
use crate::steps::{StepHook, Steps};
use crate::tensor_dataset::batch;
use crate::{
    BatchReport, Checkpoint, ConfigError, EpochReport, Network, StopReason, TrainingConfig,
    TrainingError,
};

/// A training run. It owns the network and all that changes during training.
pub(crate) struct Session<'a, N> {
    steps: Box<dyn Steps<N> + 'a>,
    schedule: Schedule,
    rng: ChaCha8Rng,
    recorder: Option<Recorder>,
    progress: TrainingProgress,
    /// The networks that may be returned in the end, with their epochs, in order.
    kept: Vec<(usize, N)>,
    /// The networks of the last epochs, if their weights are averaged.
    last: Option<LastNetworks<N>>,
    epochs: usize,
    batch_size: usize,
    /// The learning rate of a batch of which some rows are still to come.
    rate: Option<ModuleLearningRate>,
    /// The learning rate of the last update.
    last_rate: f64,
    /// Whether the row order of the current epoch is drawn and the epoch has not ended.
    in_epoch: bool,
    diverged: bool,
}

impl<'a, N: Network + 'a> Session<'a, N> {
    /// A run before its first step. `network` is on an autodiff device.
    ///
    /// # Errors
    ///
    /// A learning rate that the schedule does not accept.
    pub fn new(
        network: N,
        data: &FitData,
        config: &TrainingConfig,
        learning_rate: f64,
        records_layers: bool,
    ) -> Result<Self, TrainingError> {
        let training = &data.training;
        let batch_size = config.batch_size_for(training.rows());
        let steps = training.batch_count(batch_size);
        let schedule = config
            .schedule
            .init(learning_rate, config.epochs, steps)
            .map_err(|reason| ConfigError {
                field: "learning_rate",
                reason,
            })?;
        Ok(Self {
            schedule,
            rng: ChaCha8Rng::seed_from_u64(config.seed),
            recorder: records_layers.then(|| Recorder::new(&network, &training.inputs, steps)),
            progress: TrainingProgress::start(training.rows(), steps, learning_rate),
            kept: Vec::new(),
            last: config.averaged_networks().map(LastNetworks::new),
            epochs: config.epochs,
            batch_size,
            rate: None,
            last_rate: 0.0,
            in_epoch: false,
            diverged: false,
            steps: new_steps(network, data, config),
        })
    }

    /// Adds a penalty to the loss of every step. False if the network is not trained over arrays, or if the anchor is
    /// not of this network.
    pub fn set_anchor(&mut self, anchor: &Anchor) -> bool {
        self.steps.set_anchor(anchor)
    }

    /// Moves the cursor to where a checkpoint was taken.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Checkpoint`] where the checkpoint is of another network or optimizer.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainingError> {
        let TrainingProgress { rows, steps, .. } = self.progress;
        let progress = checkpoint.progress.clone();
        self.progress = progress.adapted_to(rows, steps, self.epochs);
        for (&epoch, record) in self.progress.kept_epochs.iter().zip(&checkpoint.kept) {
            let network = with_record(self.steps.network(), record)?;
            self.kept.push((epoch, network));
        }
        if let Some(last) = self
            .last
            .as_mut()
            .filter(|_| self.progress.finished_epochs > 0)
        {
            for record in &checkpoint.averaged {
                last.push(with_record(self.steps.network(), record)?);
            }
        }
        self.rng.set_word_pos(self.progress.rng_position);
        self.schedule.restore(self.progress.plateau);
        for _ in 0..self.progress.steps_done() {
            self.last_rate = self.schedule.step().base();
        }
        if checkpoint.ended().is_none() && self.progress.epoch <= self.epochs {
            self.start_epoch();
            self.steps
                .load_record(&self.progress, &checkpoint.optimizer)
                .map_err(TrainingError::Checkpoint)?;
            if let Some(recorder) = self.recorder.as_mut().filter(|_| self.progress.step > 0) {
                recorder.load_sums(&checkpoint.sums);
            }
        }
        Ok(())
    }

    /// Whether a step was taken, in this run or before the checkpoint that it continues from.
    pub fn has_steps(&self) -> bool {
        self.progress.steps_done() > 0
    }

    /// Why the run ended, if it has.
    pub fn ended(&self) -> Option<StopReason> {
        self.progress.stop
    }

    /// The last finished epoch; 0 if there is none.
    pub fn finished_epochs(&self) -> usize {
        self.progress.finished_epochs
    }

    /// Finished epochs since the one with the lowest loss. Without validation rows always 0.
    pub fn epochs_since_best(&self) -> usize {
        let best_epoch = self.kept.last().map_or(0, |(epoch, _)| *epoch);
        self.progress.finished_epochs.saturating_sub(best_epoch)
    }

    /// Moves to the next epoch, or stays in an epoch that a checkpoint was taken in. `None` after
    /// the last epoch.
    pub fn next_epoch(&mut self) -> Option<usize> {
        if !self.in_epoch {
            let next = self.progress.next_epoch();
            if next > self.epochs {
                return None;
            }
            (self.progress.epoch, self.progress.step) = (next, 0);
            self.start_epoch();
        }
        Some(self.progress.epoch)
    }

    fn start_epoch(&mut self) {
        self.in_epoch = true;
        self.progress.rng_position = self.rng.get_word_pos();
        self.steps.start_epoch(&mut self.rng);
    }

    /// The next batch of the epoch, as positions in the row order. `None` after the last batch.
    pub fn next_batch(&self) -> Option<Range<usize>> {
        batch(self.progress.rows, self.batch_size, self.progress.step)
    }

    /// Forward pass, loss, backward pass and update for a batch.
    pub fn step(&mut self, batch: Range<usize>) {
        self.step_rows(batch, true);
    }

    /// The same for some rows of the current batch, at the learning rate of the batch. `is_end` says whether
    /// they are its last ones.
    pub fn step_rows(&mut self, rows: Range<usize>, is_end: bool) {
        let rate = match self.rate.take() {
            Some(rate) => rate,
            None => self.schedule.step(),
        };
        self.last_rate = rate.base();
        self.rate = (!is_end).then(|| rate.clone());
        let step = self.progress.step;
        let hook: Option<&mut dyn StepHook<N>> = match &mut self.recorder {
            Some(recorder) if recorder.measures(step) => Some(recorder),
            _ => None,
        };
        self.steps.step(rows, rate, hook);
        self.diverged = self.steps.diverged();
        if !self.diverged && is_end {
            self.progress.step += 1;
        }
    }

    /// The position of the run.
    pub fn position(&self) -> BatchReport {
        BatchReport {
            epoch: self.progress.epoch,
            step: self.progress.step,
            steps: self.progress.steps,
            learning_rate: self.last_rate,
        }
    }

    /// The training rows in the order of the current epoch.
    pub fn row_order(&self) -> Vec<usize> {
        let mut rng = self.rng.clone();
        rng.set_word_pos(self.progress.rng_position);
        let mut order: Vec<usize> = (0..self.progress.rows).collect();
        order.shuffle(&mut rng);
        order
    }

    /// The sum of the losses of the epoch's rows so far, and the number of these rows.
    pub fn losses(&self) -> (f64, usize) {
        self.steps.losses()
    }

    /// A copy of the current network, without autodiff.
    pub fn network(&self) -> N {
        self.steps.network()
    }

    /// Whether the loss is infinite or NaN.
    pub fn diverged(&self) -> bool {
        self.diverged
    }

    /// Ends an epoch: computes the validation loss, and keeps the network if it is the best one so
    /// far, by that loss or by the callback's error.
    pub fn end_epoch(&mut self, callback: &mut dyn Callback) -> EpochReport {
        self.in_epoch = false;
        let training_loss = self.steps.mean_loss();
        let mut averaged = None;
        if let Some(last) = self.last.as_mut().filter(|_| !self.diverged) {
            last.push(self.steps.network());
            averaged = last.mean();
        }
        let validation = match self.diverged {
            true => None,
            false => self.steps.validate(averaged.as_ref()),
        };
        let loss = validation.as_ref().map_or(training_loss, |v| v.loss);
        let lowest = self.progress.lowest_loss.unwrap_or(f64::INFINITY);
        let error = validation.as_ref().filter(|_| loss.is_finite());
        let error = error.and_then(|v| callback.validation_error(self.progress.epoch, v));
        let error = error.unwrap_or(loss);
        // There is a best network even where no error is a finite number.
        let first = self.kept.is_empty() && loss.is_finite();
        let best = !self.diverged && (error < lowest || first);
        let unmeasured = validation.is_none();
        let keep = best || unmeasured;
        let network = (keep || self.recorder.is_some()).then(|| self.steps.network());
        let layers = match (&mut self.recorder, &network) {
            (Some(recorder), Some(network)) => recorder.report(network),
            _ => Vec::new(),
        };
        self.diverged |= !training_loss.is_finite() || !loss.is_finite();
        if !self.diverged {
            self.progress.finished_epochs = self.progress.epoch;
            self.progress.plateau = self.schedule.end_epoch(loss);
            if best {
                self.progress.lowest_loss = Some(error);
            }
            if let Some(network) = averaged.or(network).filter(|_| keep) {
                self.keep(network, unmeasured);
            }
        }
        EpochReport {
            epoch: self.progress.epoch,
            training_loss,
            validation,
            best,
            learning_rate: self.last_rate,
            layers,
        }
    }

    /// Keeps the network of the epoch that just ended. Without validation rows, the loss after its last
    /// update is not known yet, and may be infinite. The network of the epoch before is then kept too.
    fn keep(&mut self, network: N, unmeasured: bool) {
        let others = usize::from(unmeasured);
        self.kept.drain(..self.kept.len().saturating_sub(others));
        self.kept.push((self.progress.epoch, network));
    }

    /// Ends the run. A run that was interrupted in its first epoch keeps the current network.
    pub fn end(&mut self, stop: StopReason) {
        if self.kept.is_empty() && stop != StopReason::Diverged {
            self.kept.push((0, self.steps.network()));
        }
        self.progress.stop = Some(stop);
    }

    /// The networks that may be returned, with their epochs, the first choice first.
    pub fn into_candidates(self) -> impl Iterator<Item = (usize, N)> {
        self.kept.into_iter().rev()
    }

    /// The checkpoint of a run that has ended, without what only further steps need.
    fn checkpoint_of_result(&self) -> Checkpoint {
        let kept = self.kept.iter();
        Checkpoint {
            note: String::new(),
            attachment: Vec::new(),
            progress: TrainingProgress {
                kept_epochs: kept.clone().map(|(epoch, _)| *epoch).collect(),
                loss_sum: 0.0,
                loss_rows: 0,
                ..self.progress.clone()
            },
            network: Vec::new(),
            kept: kept.map(|(_, network)| network_record(network)).collect(),
            averaged: Vec::new(),
            optimizer: OptimizerRecord::Burn(Vec::new()),
            sums: Vec::new(),
        }
    }
}

impl<'a, N: Network + 'a> TrainingState for Session<'a, N> {
    fn batch(&self) -> BatchReport {
        self.position()
    }

    fn checkpoint(&self) -> Option<Checkpoint> {
        if self.progress.stop.is_some() {
            return (!self.kept.is_empty()).then(|| self.checkpoint_of_result());
        }
        let (loss_sum, loss_rows) = self.steps.losses();
        if !loss_sum.is_finite() {
            return None;
        }
        let mut checkpoint = self.checkpoint_of_result();
        checkpoint.network = network_record(&self.steps.network());
        let last = self.last.iter().flat_map(LastNetworks::networks);
        checkpoint.averaged = last.map(network_record).collect();
        checkpoint.optimizer = self.steps.optimizer_record();
        let progress = &mut checkpoint.progress;
        if self.in_epoch {
            (progress.loss_sum, progress.loss_rows) = (loss_sum, loss_rows);
            let sums = self.recorder.as_ref().map(Recorder::sums);
            checkpoint.sums = sums.unwrap_or_default();
        } else {
            // Between two epochs: at the start of the next one, whose row order is not drawn yet.
            (progress.epoch, progress.step) = (progress.next_epoch(), 0);
            progress.rng_position = self.rng.get_word_pos();
        }
        Some(checkpoint)
    }
}

/// The engine that trains the network: over arrays if possible, or else through Burn's autodiff.
fn new_steps<'a, N: Network + 'a>(
    network: N,
    data: &FitData,
    config: &TrainingConfig,
) -> Box<dyn Steps<N> + 'a> {
    let (training, validation) = (&data.training, data.validation.as_ref());
    match Fused::new(&network, training, validation, config) {
        Some(fused) => Box::new(fused),
        None => {
            data.device.seed(config.seed);
            Box::new(Autodiff::new(network, training, validation, config))
        }
    }
}
