//! The training loop.
//!
//! Why a loop of our own, beside Burn's `Learner`: the plain network in main memory is trained over
//! arrays, several times as fast (`benchmarks/step_time.py`); batches are slices of one shuffled
//! tensor instead of rows gathered one by one; and the best weights stay in memory instead of going
//! through checkpoint files. The textbook's four steps stand next to each other in `autodiff.rs`,
//! through Burn, and in `fused.rs`, over arrays. Whoever prefers the `Learner` finds what it needs in
//! the `learner` module.

use std::ops::ControlFlow;

use backburn_fused::FusedMlp;
use backburn_model::Mlp;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::autodiff::Autodiff;
use crate::checkpoint::{Checkpoint, Place, with_record};
use crate::examples::batches;
use crate::fused::Fused;
use crate::range_test::LOWEST_RATE;
use crate::record::Recorder;
use crate::steps::{Recording, Steps};
use crate::{
    ConfigError, Criterion, EpochReport, Examples, HiddenActivation, Observer, StartReport,
    StepReport, Targets, TrainingConfig, Validation, range_test,
};

/// A module that maps rows to outputs: what [`fit`] trains.
pub trait Network: Module {
    /// The forward pass, `[batch, inputs] -> [batch, outputs]`, logits for classes.
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2>;

    /// The networks in this one that learn by a loss of their own each, as in
    /// [`TabM`](backburn_model::TabM).
    fn heads(&self) -> usize {
        1
    }

    /// The forward pass that the loss is of, `[batch, inputs] -> [heads * batch, outputs]`: the whole
    /// batch for the first head, then for the next one.
    fn forward_heads(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.forward(inputs)
    }

    /// What the hidden layers give for these rows, if that is to be watched during training; see
    /// [`LayerReport`](crate::LayerReport).
    fn activations(&self, inputs: Tensor<2>) -> Vec<HiddenActivation> {
        let _ = inputs;
        Vec::new()
    }

    /// The same network in main memory, where it can be that: [`fit`] is then several times as
    /// fast.
    fn fused(&self) -> Option<FusedMlp> {
        None
    }

    /// This network with the parameters of its [`fused`](Self::fused) form.
    fn with_fused(self, fused: &FusedMlp) -> Self {
        let _ = fused;
        self
    }
}

impl Network for Mlp {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        Mlp::forward(self, inputs)
    }

    fn activations(&self, inputs: Tensor<2>) -> Vec<HiddenActivation> {
        let outputs = Mlp::activations(self, inputs).into_iter();
        let layers = self.hidden.iter().zip(outputs).enumerate();
        layers
            .map(|(index, (block, outputs))| HiddenActivation {
                layer: format!("hidden.{index}"),
                function: block.activation.function(),
                outputs,
            })
            .collect()
    }

    fn fused(&self) -> Option<FusedMlp> {
        FusedMlp::of(self)
    }

    fn with_fused(self, fused: &FusedMlp) -> Self {
        fused.write_to(self)
    }
}

/// What training came to.
#[derive(Debug, Clone)]
pub struct Fitted<N> {
    /// The network with the weights of the best epoch, ready to predict: off the autodiff device
    /// and with dropout off.
    pub network: N,
    /// The epoch whose weights these are, from 1; 0 if none was finished.
    pub best_epoch: usize,
    /// Epochs that were finished.
    pub epochs: usize,
    /// The mean loss of this network on the validation rows, or on the training rows if there are
    /// none.
    pub loss: f64,
    /// What this network gives for the validation rows, `[rows, outputs]`, if there are any.
    pub outputs: Option<Tensor<2>>,
    /// Why training ended.
    pub stop: StopReason,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// The validation loss had not improved for as long as the config allows.
    EarlyStopping,
    /// The observer asked for it.
    Interrupted,
    /// The loss became infinite or not a number.
    Diverged,
}

/// Training that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrainingError {
    /// A setting that cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No row to learn from.
    #[error("there are no training rows")]
    NoRows,
    /// Rows, targets, weights, the network's outputs and the loss do not fit together.
    #[error("{0}")]
    Mismatch(String),
    /// No parameter of the network takes part in training, as after `Module::no_grad`.
    #[error("every parameter of the network is frozen")]
    Frozen,
    /// A range test found no learning rate that makes the loss fall.
    #[error(
        "no learning rate from {LOWEST_RATE:e} up makes the loss fall: is the target scaled, and do the \
         initial weights fit?"
    )]
    NoRate,
    /// A checkpoint is of another training.
    #[error("the checkpoint does not fit: {0}")]
    Checkpoint(String),
    /// The loss became infinite or not a number, and no network worth keeping came before.
    #[error(
        "the loss became infinite or NaN: try a smaller training.learning_rate, \
         training.clip_norm=1.0, or network.normalization=batch"
    )]
    Diverged,
}

/// Trains a network by mini-batch gradient descent.
///
/// Each epoch visits the training rows in a new random order. With validation rows, the weights
/// of the epoch with the lowest validation loss are the ones returned; without, those of the
/// last. One seed on one machine and backend gives one result to the bit, provided that nothing
/// else in the process draws from the device's random numbers meanwhile.
///
/// # Errors
///
/// An invalid config, no rows, a network, rows and a loss that do not fit together, or a loss that
/// is no number from the start.
pub fn fit<N: Network>(
    network: N,
    training: &Examples,
    validation: Option<&Examples>,
    config: &TrainingConfig,
    observer: &mut dyn Observer,
) -> Result<Fitted<N>, TrainingError> {
    train(network, training, validation, config, observer, None)
}

/// Goes on with a training from where it was written down
/// ([`Observer::on_checkpoint`]). Given the same network, rows and config, what comes out equals to
/// the bit what [`fit`] gives when nothing interrupts it.
///
/// Another config, such as one with more epochs, is taken as it is. With another number of rows, training
/// goes on from the same weights at the start of the epoch, and epochs before are not among those to
/// choose from; where only their cells are others, say so by [`Checkpoint::for_other_rows`].
///
/// # Errors
///
/// Those of [`fit`], or a checkpoint of another network or optimizer.
pub fn resume<N: Network>(
    checkpoint: Checkpoint,
    network: N,
    training: &Examples,
    validation: Option<&Examples>,
    config: &TrainingConfig,
    observer: &mut dyn Observer,
) -> Result<Fitted<N>, TrainingError> {
    train(
        network,
        training,
        validation,
        config,
        observer,
        Some(checkpoint),
    )
}

fn train<N: Network>(
    network: N,
    training: &Examples,
    validation: Option<&Examples>,
    config: &TrainingConfig,
    observer: &mut dyn Observer,
    checkpoint: Option<Checkpoint>,
) -> Result<Fitted<N>, TrainingError> {
    config.validate()?;
    if training.rows() == 0 {
        return Err(TrainingError::NoRows);
    }
    let criterion = config.criterion();
    let device = training.inputs.device().without_autodiff();
    let training = training.for_training(&device)?;
    let validation = validation
        .filter(|rows| rows.rows() > 0)
        .map(|rows| rows.for_training(&device))
        .transpose()?;
    let network = match &checkpoint {
        Some(checkpoint) if checkpoint.ended().is_none() => {
            with_record(network, &checkpoint.network)?
        }
        _ => network,
    };
    let network = network.fork(&device).train();
    check(&network, &criterion, &training)?;
    if let Some(rows) = &validation {
        check(&network, &criterion, rows)?;
    }

    let batch_size = config.batch_size_for(training.rows());
    let steps = training.batch_count(batch_size);
    let known = checkpoint.as_ref().map(|known| known.place.learning_rate);
    let learning_rate = match config.learning_rate.fixed().or(known) {
        Some(rate) => rate,
        None => range_test(&network.valid(), &training, config)?.suggestion,
    };
    let mut schedule = config
        .schedule
        .init(learning_rate, config.epochs, steps)
        .map_err(|reason| ConfigError {
            field: "learning_rate",
            reason,
        })?;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut recorder = observer
        .records_layers()
        .then(|| Recorder::new(&network, &training.inputs, steps));
    let mut start = StartReport {
        rows: training.rows(),
        validation_rows: validation.as_ref().map_or(0, Examples::rows),
        parameters: network.num_params(),
        batch_size,
        steps,
        epochs: config.epochs,
        learning_rate,
        constant_loss: f64::NAN,
        target: None,
    };
    if recorder.is_some() {
        start.constant_loss = criterion.constant(&training.targets, training.weights.as_ref());
        start.target = mean_and_deviation(&training.targets);
    }
    observer.on_start(&start);
    let mut trainer: Box<dyn Steps<N> + '_> =
        match Fused::new(&network, &training, validation.as_ref(), config) {
            Some(fused) => Box::new(fused),
            None => {
                device.seed(config.seed);
                let validation = validation.as_ref();
                Box::new(Autodiff::new(network, &training, validation, config))
            }
        };

    // The networks to choose from in the end, the last one first.
    let mut kept: Vec<(usize, N)> = Vec::new();
    let mut place = Place::start(training.rows(), steps, learning_rate);
    if let Some(checkpoint) = &checkpoint {
        place = checkpoint
            .place
            .clone()
            .on(training.rows(), steps, config.epochs);
        for (&epoch, network) in place.kept.iter().zip(&checkpoint.kept) {
            kept.push((epoch, with_record(trainer.network(), network)?));
        }
        if place.steps_done() > 0 {
            observer.on_resume(checkpoint);
        }
    }
    rng.set_word_pos(place.order);
    let mut last_rate = 0.0;
    for _ in 0..place.steps_done() {
        last_rate = schedule.step().base();
    }
    let mut stop = place.stop.unwrap_or(StopReason::Finished);
    let mut diverged = None;
    let mut to_resume = checkpoint.filter(|checkpoint| checkpoint.ended().is_none());
    let last = match place.stop {
        Some(_) => 0,
        None => config.epochs,
    };

    'training: for epoch in place.epoch..=last {
        place.order = rng.get_word_pos();
        trainer.start_epoch(&mut rng);
        match to_resume.take() {
            Some(checkpoint) => {
                trainer
                    .go_on(&place, &checkpoint.optimizer)
                    .map_err(TrainingError::Checkpoint)?;
                if let Some(recorder) = recorder.as_mut().filter(|_| place.step > 0) {
                    recorder.go_on(&checkpoint.sums);
                }
            }
            None => (place.epoch, place.step) = (epoch, 0),
        }
        let batches = batches(training.rows(), batch_size).enumerate();
        for (step, rows) in batches.skip(place.step) {
            let rate = schedule.step();
            last_rate = rate.base();
            let recording = recorder.as_mut();
            let recording = recording.map(|recorder| Recording { recorder, step });
            trainer.step(rows, rate, recording);
            if trainer.diverged() {
                stop = StopReason::Diverged;
                break;
            }
            place.step = step + 1;
            let report = StepReport {
                epoch,
                step: step + 1,
                steps,
                learning_rate: last_rate,
            };
            let asked = observer.on_step(&report);
            if observer.checkpoint_due(None) {
                (place.loss, place.loss_rows) = trainer.losses();
                // Otherwise training is about to end.
                if place.loss.is_finite() {
                    let sums = recorder.as_ref().map(Recorder::sums);
                    observer.on_checkpoint(Checkpoint::running(&place, &kept, &*trainer, sums));
                }
            }
            if asked.is_break() {
                stop = StopReason::Interrupted;
                break 'training;
            }
        }

        let training_loss = trainer.mean_loss();
        let validation = match stop {
            StopReason::Diverged => None,
            _ => trainer.validate(),
        };
        let loss = validation.as_ref().map_or(training_loss, |v| v.loss);
        let best = stop != StopReason::Diverged && loss < place.lowest.unwrap_or(f64::INFINITY);
        let unmeasured = validation.is_none();
        let snapshot = (best || unmeasured || recorder.is_some()).then(|| trainer.network());
        let report = EpochReport {
            epoch,
            training_loss,
            validation,
            best,
            learning_rate: last_rate,
            layers: match (&mut recorder, &snapshot) {
                (Some(recorder), Some(network)) => recorder.report(network),
                _ => Vec::new(),
            },
        };
        if stop == StopReason::Diverged || !training_loss.is_finite() || !loss.is_finite() {
            stop = StopReason::Diverged;
            diverged = Some(report);
            break;
        }
        place.epochs = epoch;
        if best {
            place.lowest = Some(loss);
        }
        if let Some(network) = snapshot.filter(|_| best || unmeasured) {
            // Without validation rows nothing has measured the last update yet, and so the network
            // before it stays too.
            let others = usize::from(unmeasured);
            kept.drain(..kept.len().saturating_sub(others));
            kept.push((epoch, network));
        }
        if observer.on_epoch(&report) == ControlFlow::Break(()) {
            stop = StopReason::Interrupted;
            break;
        }
        let best_epoch = kept.last().map_or(0, |(epoch, _)| *epoch);
        if config.patience > 0 && epoch.saturating_sub(best_epoch) >= config.patience {
            stop = StopReason::EarlyStopping;
            break;
        }
    }

    observer.on_end(stop, diverged.as_ref());
    if kept.is_empty() && stop != StopReason::Diverged {
        kept.push((0, trainer.network()));
    }
    if !kept.is_empty() && observer.checkpoint_due(Some(stop)) {
        place.stop = Some(stop);
        observer.on_checkpoint(Checkpoint::at_end(&place, &kept));
    }
    let rows = validation.as_ref().unwrap_or(&training);
    let mut measured = kept.into_iter().rev().map(|(epoch, network)| {
        let measured = validate(&network, rows, &criterion);
        (epoch, network, measured)
    });
    let Some((best_epoch, network, measured)) = measured.find(|(_, _, m)| m.loss.is_finite())
    else {
        return Err(TrainingError::Diverged);
    };
    Ok(Fitted {
        network,
        best_epoch,
        epochs: place.epochs,
        loss: measured.loss,
        outputs: validation.is_some().then_some(measured.outputs),
        stop,
    })
}

/// Of the numbers to predict, if they are that.
fn mean_and_deviation(targets: &Targets) -> Option<(f64, f64)> {
    let Targets::Values(values) = targets else {
        return None;
    };
    let values: Vec<f64> = values.to_data().iter().collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    Some((mean, variance.sqrt()))
}

/// Whether the network can be trained on these rows.
pub(crate) fn check<N: Network>(
    network: &N,
    criterion: &Criterion,
    rows: &Examples,
) -> Result<(), TrainingError> {
    struct Trainable(bool);
    impl ModuleVisitor for Trainable {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 |= param.is_require_grad();
        }
    }
    let mut trainable = Trainable(false);
    network.visit(&mut trainable);
    if !trainable.0 {
        return Err(TrainingError::Frozen);
    }
    let outputs = network.valid().forward(rows.slice(0, 1).inputs).dims()[1];
    criterion
        .check(outputs, &rows.targets)
        .map_err(TrainingError::Mismatch)
}

/// Rows in each forward pass outside training.
const FORWARD_BATCH: usize = 4096;

/// The outputs for many rows, `[rows, inputs] -> [rows, outputs]`, some thousands at a time so
/// that memory stays bounded.
pub fn forward_in_batches<N: Network>(network: &N, inputs: &Tensor<2>) -> Tensor<2> {
    let rows = inputs.dims()[0];
    if rows <= FORWARD_BATCH {
        return network.forward(inputs.clone());
    }
    let outputs = (0..rows)
        .step_by(FORWARD_BATCH)
        .map(|start| {
            let end = (start + FORWARD_BATCH).min(rows);
            network.forward(inputs.clone().slice_dim(0, start..end))
        })
        .collect();
    Tensor::cat(outputs, 0)
}

pub(crate) fn validate<N: Network>(
    network: &N,
    rows: &Examples,
    criterion: &Criterion,
) -> Validation {
    let outputs = forward_in_batches(network, &rows.inputs);
    let loss = criterion.forward(outputs.clone(), &rows.targets, rows.weights.as_ref());
    Validation {
        loss: scalar(loss),
        outputs,
    }
}

pub(crate) fn scalar(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}
