//! A training run whose steps the caller takes one by one.

use crate::fit::{learning_rate, prepare, start_report};
use crate::fit_data::FitData;
use crate::session::Session;
use crate::{
    BatchReport, EpochReport, Network, StartReport, StopReason, TensorDataset, TrainingConfig,
    TrainingError,
};

/// A training run whose steps the caller takes one by one, for programs that show what a step does.
///
/// Its steps are those of [`fit`](crate::fit), with the same rows, rates and weights to the bit. Two things
/// differ: it has no early stopping, and a batch may be divided into several steps of fewer rows.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{SteppedRun, TensorDataset, TrainingConfig};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[0.], [1.], [2.]], &device);
/// let rows = TensorDataset::regression(x.clone(), x);
/// let mlp = MlpConfig::new(1, 1).with_hidden([4]).init(&device)?;
/// let config = TrainingConfig { epochs: 2, ..TrainingConfig::default() };
/// let mut run = SteppedRun::new(mlp, &rows, None, &config, false)?;
/// let mut epochs = 0;
/// while let Some(step) = run.step(usize::MAX) {
///     assert!(step.loss.is_finite());
///     epochs += usize::from(step.epoch.is_some());
/// }
/// assert_eq!(epochs, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SteppedRun<N> {
    session: Session<'static, N>,
    start: StartReport,
    /// The training rows in the order of the current epoch.
    order: Vec<usize>,
    /// Whether the current epoch has begun.
    in_epoch: bool,
    /// Rows of the current batch that steps took already.
    taken: usize,
    stop: Option<StopReason>,
}

/// What a step did.
#[derive(Debug, Clone)]
pub struct Step {
    /// The position of the run, and the learning rate of the update.
    pub batch: BatchReport,
    /// The training rows that the gradient is of, by their position among the training rows.
    pub rows: Vec<usize>,
    /// The mean loss of these rows, before the update.
    pub loss: f64,
    /// The results of the epoch, if this was its last step.
    pub epoch: Option<EpochReport>,
}

impl<N: Network + 'static> SteppedRun<N> {
    /// A run before its first step. With `records_layers`, [`EpochReport::layers`] is measured.
    ///
    /// # Errors
    ///
    /// Those of [`fit`](crate::fit) before its first step.
    pub fn new(
        network: N,
        training: &TensorDataset,
        validation: Option<&TensorDataset>,
        config: &TrainingConfig,
        records_layers: bool,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        let data = FitData::new(training, validation)?;
        let network = prepare(network, &data, config, None)?;
        let rate = learning_rate(&network, &data, config, None)?;
        let start = start_report(&network, &data, config, rate, records_layers);
        Ok(Self {
            session: Session::new(network, &data, config, rate, records_layers)?,
            start,
            order: Vec::new(),
            in_epoch: false,
            taken: 0,
            stop: None,
        })
    }

    /// What is known before the first step.
    pub fn start(&self) -> &StartReport {
        &self.start
    }

    /// Why the run ended; `None` while it runs.
    pub fn stop(&self) -> Option<StopReason> {
        self.stop
    }

    /// A copy of the current network, without autodiff.
    pub fn network(&self) -> N {
        self.session.network()
    }

    /// Forward pass, loss, backward pass and update for the next rows of the current batch: at most this many,
    /// and at least one. `usize::MAX` is the whole batch. `None` if the run has ended: after the last epoch,
    /// or since the loss was infinite or NaN.
    pub fn step(&mut self, most: usize) -> Option<Step> {
        if self.stop.is_some() || !self.begin_epoch() {
            return None;
        }
        let batch = self.session.next_batch()?;
        let first = batch.start + self.taken;
        let end = first.saturating_add(most.max(1)).min(batch.end);
        let is_end = end == batch.end;
        let (sum_before, _) = self.session.losses();
        self.session.step_rows(first..end, is_end);
        let (sum, _) = self.session.losses();
        self.taken = match is_end {
            true => 0,
            false => end - batch.start,
        };
        let loss = (sum - sum_before) / (end - first) as f64;
        let failed = self.session.diverged() || !loss.is_finite();
        let ends_epoch = failed || self.session.next_batch().is_none();
        Some(Step {
            batch: self.session.position(),
            rows: self.order[first..end].to_vec(),
            loss,
            epoch: ends_epoch.then(|| self.end_epoch(failed)),
        })
    }

    /// Forward pass, loss, backward pass and update for one row of the caller's choice, by its position among the
    /// training rows, at the learning rate of the current batch. The batches of the epoch go on after it as if it had
    /// not been. `None` if the run has ended, or if there is no such row.
    pub fn step_row(&mut self, row: usize) -> Option<Step> {
        if self.stop.is_some() || !self.begin_epoch() {
            return None;
        }
        let position = self.order.iter().position(|&other| other == row)?;
        let (sum_before, _) = self.session.losses();
        self.session.step_rows(position..position + 1, false);
        let (sum, _) = self.session.losses();
        let loss = sum - sum_before;
        let failed = self.session.diverged() || !loss.is_finite();
        Some(Step {
            batch: self.session.position(),
            rows: vec![row],
            loss,
            epoch: failed.then(|| self.end_epoch(true)),
        })
    }

    /// Moves to the next epoch, unless the current one goes on. False after the last epoch.
    fn begin_epoch(&mut self) -> bool {
        if self.in_epoch {
            return true;
        }
        if self.session.next_epoch().is_none() {
            self.stop = Some(StopReason::Finished);
            return false;
        }
        self.order = self.session.row_order();
        self.in_epoch = true;
        true
    }

    /// The report of the epoch, which ends here. `failed` says that a loss is not finite.
    fn end_epoch(&mut self, failed: bool) -> EpochReport {
        self.in_epoch = false;
        self.taken = 0;
        let report = self.session.end_epoch(&mut ());
        if failed || self.session.diverged() {
            self.stop = Some(StopReason::Diverged);
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use backburn_model::{Mlp, MlpConfig, Normalization};
    use burn::module::Module;
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;
    use crate::{Callback, OptimizerConfig, TrainingState, fit};

    /// Twenty-three rows, which are three batches, of eight, eight and seven rows.
    fn rows(device: &Device) -> TensorDataset {
        let inputs: Vec<f32> = (0..46).map(|i| (i as f32 * 0.7).sin()).collect();
        let values: Vec<f32> = (0..23).map(|i| (i as f32 * 0.3).cos()).collect();
        let inputs = Tensor::from_data(TensorData::new(inputs, [23, 2]), device);
        let values = Tensor::from_data(TensorData::new(values, [23, 1]), device);
        TensorDataset::regression(inputs, values)
    }

    fn config() -> TrainingConfig {
        TrainingConfig {
            epochs: 3,
            batch_size: Some(8),
            patience: 0,
            seed: 5,
            ..TrainingConfig::default()
        }
    }

    fn network(normalization: Normalization, device: &Device) -> Mlp {
        device.seed(1);
        let config = MlpConfig::new(2, 1).with_hidden([4, 3]);
        // Dropout through Burn takes its numbers from the device, which other tests use as well.
        let dropout = match normalization {
            Normalization::None => 0.1,
            _ => 0.0,
        };
        let config = config
            .with_normalization(normalization)
            .with_dropout(dropout);
        config.init(device).unwrap()
    }

    fn weights(network: &Mlp) -> Vec<f32> {
        let of = |tensor: Tensor<2>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        [
            of(network.hidden[0].linear.weight.val()),
            of(network.hidden[1].linear.weight.val()),
            of(network.output.weight.val()),
        ]
        .concat()
    }

    /// Stops a fit after a number of steps.
    struct After(usize);

    impl Callback for After {
        fn on_batch_end(&mut self, _: &dyn TrainingState) -> ControlFlow<()> {
            self.0 -= 1;
            match self.0 {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }

    #[test]
    fn steps_are_those_of_fit() {
        let device = Device::default();
        for normalization in [Normalization::None, Normalization::Layer] {
            let (rows, config) = (rows(&device), config());
            let network = network(normalization, &device);
            let mut run = SteppedRun::new(network.clone(), &rows, None, &config, false).unwrap();
            // In the first epoch, a fit that is stopped returns the current network.
            for steps in 1..=2 {
                run.step(usize::MAX).unwrap();
                let fitted = fit(network.clone(), &rows, None, &config, &mut After(steps)).unwrap();
                assert_eq!(weights(&run.network()), weights(&fitted.network));
            }
            while run.step(usize::MAX).is_some() {}
            let fitted = fit(network, &rows, None, &config, &mut ()).unwrap();
            assert_eq!(weights(&run.network()), weights(&fitted.network));
            assert_eq!(run.stop(), Some(StopReason::Finished));
        }
    }

    #[test]
    fn every_row_is_visited_once_an_epoch_however_many_a_step_takes() {
        let device = Device::default();
        let rows = rows(&device);
        let network = network(Normalization::None, &device);
        let mut run = SteppedRun::new(network, &rows, Some(&rows), &config(), true).unwrap();
        let mut seen = Vec::new();
        let report = (0..)
            .find_map(|index| {
                let step = run.step([1, usize::MAX, 3][index % 3]).unwrap();
                seen.extend(step.rows);
                step.epoch
            })
            .unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..23).collect::<Vec<_>>());
        assert_eq!(report.epoch, 1);
        assert_eq!(report.layers.len(), 3);
        assert!(report.validation.unwrap().loss.is_finite());
        assert_eq!(run.step(1).unwrap().batch.epoch, 2);
    }

    #[test]
    fn a_chosen_row_lies_outside_the_order_of_the_epoch() {
        let device = Device::default();
        let rows = rows(&device);
        let network = network(Normalization::None, &device);
        let mut run = SteppedRun::new(network, &rows, None, &config(), false).unwrap();
        let mut seen = Vec::new();
        let report = (0..)
            .find_map(|index| {
                let before = weights(&run.network());
                let chosen = run.step_row(index % 23).unwrap();
                assert_eq!(chosen.rows, [index % 23]);
                assert!(chosen.epoch.is_none() && chosen.loss.is_finite());
                assert_ne!(weights(&run.network()), before);
                let step = run.step(5).unwrap();
                seen.extend(step.rows);
                step.epoch
            })
            .unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..23).collect::<Vec<_>>());
        assert_eq!(report.epoch, 1);
        assert!(run.step_row(23).is_none());
        assert_eq!(run.stop(), None);
    }

    #[test]
    fn a_step_of_gradient_descent_goes_against_the_gradient_of_its_rows() {
        let device = Device::default();
        let rows = rows(&device);
        device.seed(1);
        let network = MlpConfig::new(2, 1).with_hidden([4]).init(&device).unwrap();
        let config = TrainingConfig {
            optimizer: OptimizerConfig::sgd(),
            schedule: crate::ScheduleConfig::constant(),
            learning_rate: 0.5.into(),
            ..config()
        };
        let mut run = SteppedRun::new(network.clone(), &rows, None, &config, false).unwrap();
        let step = run.step(1).unwrap();
        assert_eq!(step.rows.len(), 1);
        let row = rows.select(&step.rows);
        let before = network.fork(&device).train();
        let outputs = before.forward(row.inputs.autodiff());
        let loss = config.criterion().forward(outputs, &row.targets, None);
        let gradient = before.output.weight.val().grad(&loss.backward()).unwrap();
        let expected = before.output.weight.val().without_autodiff() - gradient * 0.5;
        let expected: Vec<f32> = expected.into_data().iter().collect();
        let after: Vec<f32> = run
            .network()
            .output
            .weight
            .val()
            .into_data()
            .iter()
            .collect();
        for (a, b) in after.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} {b}");
        }
    }

    #[test]
    fn a_loss_that_is_not_finite_ends_the_run() {
        let device = Device::default();
        let rows = rows(&device);
        let values = Tensor::<2>::full([23, 1], 1e25, &device);
        let huge = TensorDataset::regression(rows.inputs, values);
        let network = network(Normalization::None, &device);
        let mut run = SteppedRun::new(network, &huge, None, &config(), false).unwrap();
        let mut last = None;
        while let Some(step) = run.step(usize::MAX) {
            last = step.epoch.or(last);
        }
        assert_eq!(run.stop(), Some(StopReason::Diverged));
        assert!(run.step(usize::MAX).is_none());
        assert!(last.is_some());
    }
}
