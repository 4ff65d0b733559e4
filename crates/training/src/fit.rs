//! The training loop.
//!
//! This crate has a loop of its own beside Burn's `Learner`, for three reasons:
//!
//! - A plain network in main memory is trained over arrays, several times as fast
//!   (`benchmarks/step_time.py`).
//! - A batch is a slice of one shuffled tensor. Its rows are not gathered one by one.
//! - The best weights stay in memory and are not written to files.
//!
//! A step has four parts: forward pass, loss, backward pass, update. They are in `autodiff.rs`, through
//! Burn, and in `fused.rs`, over arrays. The `learner` module has what Burn's `Learner` needs.

use burn::tensor::Tensor;

use crate::anchor::Anchor;
use crate::averaging::has_batch_normalization;
use crate::evaluate::{check, evaluate};
use crate::fit_data::FitData;
use crate::network_record::with_record;
use crate::session::Session;
use crate::{
    Callback, Checkpoint, EpochReport, Network, StartReport, StopReason, Targets, TensorDataset,
    TrainingConfig, TrainingError, range_test,
};

/// The result of a training run.
#[derive(Debug, Clone)]
pub struct Fitted<N> {
    /// The network with the weights of the best epoch, ready to predict: without autodiff and without
    /// dropout.
    pub network: N,
    /// The epoch of these weights, counted from 1; 0 if no epoch was finished.
    pub best_epoch: usize,
    /// Finished epochs.
    pub epochs: usize,
    /// The mean loss of this network on the validation rows, or on the training rows if there are
    /// none.
    pub loss: f64,
    /// The outputs of this network for the validation rows, `[rows, outputs]`, if there are any.
    pub outputs: Option<Tensor<2>>,
    /// Why training ended.
    pub stop: StopReason,
}

/// Trains a network by mini-batch gradient descent.
///
/// Each epoch visits the training rows in a new random order. The returned network has the weights of the
/// epoch with the lowest validation loss (or [`Callback::validation_error`], if it returns one), or those of
/// the last epoch if there are no validation rows.
/// The same seed on the same machine and backend gives the same result to the bit,
/// provided that nothing else in the process draws from the random numbers of the device.
///
/// The crate's front page has an example.
///
/// # Errors
///
/// An invalid config, no rows, rows that do not fit the network or the loss, or a loss that is
/// infinite or NaN from the start.
pub fn fit<N: Network>(
    network: N,
    training: &TensorDataset,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
    callback: &mut dyn Callback,
) -> Result<Fitted<N>, TrainingError> {
    train(
        network,
        training,
        validation,
        config,
        callback,
        (None, None),
    )
}

/// Trains a network like [`fit`], with the penalty of an [`Anchor`] on the distance of its parameters from old values.
/// The losses in the reports are without the penalty.
///
/// # Errors
///
/// Those of [`fit`], and [`TrainingError::Mismatch`] for a network that cannot be trained over arrays
/// ([`TrainingConfig::fuses`]), or an anchor of another number of parameters.
pub fn fit_anchored<N: Network>(
    network: N,
    training: &TensorDataset,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
    callback: &mut dyn Callback,
    anchor: &Anchor,
) -> Result<Fitted<N>, TrainingError> {
    let from = (None, Some(anchor));
    train(network, training, validation, config, callback, from)
}

/// Continues a training run from a checkpoint
/// ([`TrainingState::checkpoint`](crate::TrainingState::checkpoint)). With the same network, rows
/// and config, the result equals that of an uninterrupted [`fit`] to the bit.
///
/// A different config, such as one with more epochs, applies from this point on. With another number of
/// rows, the current epoch starts again with the same weights, and the weights of earlier epochs cannot be
/// returned any more. If only the values of the rows differ, call [`Checkpoint::for_other_rows`] first.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use backburn_model::MlpConfig;
/// use backburn_training::{
///     Callback, Checkpoint, TensorDataset, TrainingConfig, TrainingState, fit, resume,
/// };
/// use burn::tensor::{Device, Tensor};
///
/// /// Stops after five steps, with a checkpoint.
/// struct Stop(usize, Option<Checkpoint>);
///
/// impl Callback for Stop {
///     fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
///         self.0 += 1;
///         if self.0 < 5 {
///             return ControlFlow::Continue(());
///         }
///         self.1 = session.checkpoint();
///         ControlFlow::Break(())
///     }
/// }
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[0.], [1.], [2.]], &device);
/// let rows = TensorDataset::regression(x.clone(), x);
/// let mlp = MlpConfig::new(1, 1).with_hidden([4]).init(&device)?;
/// let config = TrainingConfig { epochs: 20, ..TrainingConfig::default() };
/// let mut stop = Stop(0, None);
/// fit(mlp.clone(), &rows, None, &config, &mut stop)?;
/// let resumed = resume(stop.1.unwrap(), mlp.clone(), &rows, None, &config, &mut ())?;
/// let uninterrupted = fit(mlp, &rows, None, &config, &mut ())?;
/// assert_eq!(resumed.loss, uninterrupted.loss);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`fit`], or a checkpoint of another network or optimizer.
pub fn resume<N: Network>(
    checkpoint: Checkpoint,
    network: N,
    training: &TensorDataset,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
    callback: &mut dyn Callback,
) -> Result<Fitted<N>, TrainingError> {
    let from = (Some(checkpoint), None);
    train(network, training, validation, config, callback, from)
}

fn train<N: Network>(
    network: N,
    training: &TensorDataset,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
    callback: &mut dyn Callback,
    (checkpoint, anchor): (Option<Checkpoint>, Option<&Anchor>),
) -> Result<Fitted<N>, TrainingError> {
    config.validate()?;
    let data = FitData::new(training, validation)?;
    let network = prepare(network, &data, config, checkpoint.as_ref())?;
    let rate = learning_rate(&network, &data, config, checkpoint.as_ref())?;
    let records_layers = callback.records_layers();
    let start = start_report(&network, &data, config, rate, records_layers);
    let mut session = Session::new(network, &data, config, rate, records_layers)?;
    if anchor.is_some_and(|anchor| !session.set_anchor(anchor)) {
        let reason = "a penalty needs a plain network that is trained over arrays, and an anchor of its parameters";
        return Err(TrainingError::Mismatch(reason.to_string()));
    }
    if let Some(checkpoint) = &checkpoint {
        session.restore(checkpoint)?;
    }
    callback.on_fit_start(&start);
    if let Some(checkpoint) = checkpoint.filter(|_| session.has_steps()) {
        callback.on_resume(&checkpoint);
    }
    let (stop, diverged) = match session.ended() {
        Some(stop) => (stop, None),
        None => run(&mut session, config.patience, callback),
    };
    session.end(stop);
    callback.on_fit_end(&session, stop, diverged.as_ref());
    select(session, &data, config, stop)
}

/// The training loop. Returns why it ended, and the report of the epoch that diverged, if one did.
fn run<'a, N: Network + 'a>(
    session: &mut Session<'a, N>,
    patience: usize,
    callback: &mut dyn Callback,
) -> (StopReason, Option<EpochReport>) {
    loop {
        if patience > 0 && session.epochs_since_best() >= patience {
            return (StopReason::EarlyStopping, None);
        }
        if session.next_epoch().is_none() {
            return (StopReason::Finished, None);
        }
        while let Some(batch) = session.next_batch() {
            // Forward pass, loss, backward pass and update.
            session.step(batch);
            if session.diverged() {
                break;
            }
            if callback.on_batch_end(&*session).is_break() {
                return (StopReason::Interrupted, None);
            }
        }
        // The validation loss or another error; the best network is kept.
        let report = session.end_epoch(callback);
        if session.diverged() {
            return (StopReason::Diverged, Some(report));
        }
        if callback.on_epoch_end(&*session, &report).is_break() {
            return (StopReason::Interrupted, None);
        }
    }
}

/// The network on an autodiff device, with the weights of the checkpoint if the run continues from
/// one, checked against the rows and the loss.
pub(crate) fn prepare<N: Network>(
    network: N,
    data: &FitData,
    config: &TrainingConfig,
    checkpoint: Option<&Checkpoint>,
) -> Result<N, TrainingError> {
    if config.averaged_networks().is_some() && has_batch_normalization(&network) {
        let reason = "training.weight_averaging: the running means of batch normalization are not those of averaged \
                      weights: use layer normalization";
        return Err(TrainingError::Mismatch(reason.to_string()));
    }
    let network = match checkpoint {
        Some(checkpoint) if checkpoint.ended().is_none() => {
            with_record(network, &checkpoint.network)?
        }
        _ => network,
    };
    let network = network.fork(&data.device).train();
    let criterion = config.criterion();
    check(&network, &criterion, &data.training)?;
    if let Some(rows) = &data.validation {
        check(&network, &criterion, rows)?;
    }
    Ok(network)
}

/// The learning rate before the schedule: as set, or that of the checkpoint, or that of a range
/// test.
pub(crate) fn learning_rate<N: Network>(
    network: &N,
    data: &FitData,
    config: &TrainingConfig,
    checkpoint: Option<&Checkpoint>,
) -> Result<f64, TrainingError> {
    let before = checkpoint.map(|checkpoint| checkpoint.progress.learning_rate);
    match config.learning_rate.fixed().or(before) {
        Some(rate) => Ok(rate),
        None => Ok(range_test(&network.valid(), &data.training, config)?.suggestion),
    }
}

pub(crate) fn start_report<N: Network>(
    network: &N,
    data: &FitData,
    config: &TrainingConfig,
    learning_rate: f64,
    records_layers: bool,
) -> StartReport {
    let training = &data.training;
    let batch_size = config.batch_size_for(training.rows());
    let (constant_loss, target) = match records_layers {
        true => (
            config
                .criterion()
                .constant(&training.targets, training.weights.as_ref()),
            // With a log link, targets are no standard scores.
            match config.loss.has_log_link() {
                true => None,
                false => mean_and_deviation(&training.targets),
            },
        ),
        false => (f64::NAN, None),
    };
    StartReport {
        rows: training.rows(),
        validation_rows: data.validation.as_ref().map_or(0, TensorDataset::rows),
        parameters: network.num_params(),
        batch_size,
        steps: training.batch_count(batch_size),
        epochs: config.epochs,
        learning_rate,
        constant_loss,
        target,
    }
}

/// Mean and standard deviation of the target values; `None` for classes.
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

/// The result of a run that has ended: the first candidate with a finite loss.
fn select<'a, N: Network + 'a>(
    session: Session<'a, N>,
    data: &FitData,
    config: &TrainingConfig,
    stop: StopReason,
) -> Result<Fitted<N>, TrainingError> {
    let epochs = session.finished_epochs();
    let criterion = config.criterion();
    session
        .into_candidates()
        .map(|(best_epoch, network)| {
            let results = evaluate(&network, data.selection_rows(), &criterion);
            (best_epoch, network, results)
        })
        .find(|(_, _, results)| results.loss.is_finite())
        .map(|(best_epoch, network, results)| Fitted {
            network,
            best_epoch,
            epochs,
            loss: results.loss,
            outputs: data.validation.is_some().then_some(results.outputs),
            stop,
        })
        .ok_or(TrainingError::Diverged)
}

#[cfg(test)]
mod tests;
