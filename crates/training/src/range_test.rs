//! The learning rate range test.

use std::ops::ControlFlow;

use burn::optim::GradientsParams;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::evaluate::check;
use crate::learning_rate::LOWEST_RATE;
use crate::loss::scalar;
use crate::{Network, TensorDataset, TrainingConfig, TrainingError};

/// The losses at a rising series of learning rates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeTest {
    /// The learning rates. Each is the one before times a constant factor.
    pub rates: Vec<f64>,
    /// The loss of a batch at each rate, as an exponential moving average. The series ends early
    /// where the loss explodes.
    pub losses: Vec<f64>,
    /// A tenth of the rate at which the loss was lowest.
    pub suggestion: f64,
}

impl RangeTest {
    /// The base-10 logarithm of each rate, and the loss.
    pub fn points(&self) -> Vec<(f64, f64)> {
        let rates = self.rates.iter().map(|rate| rate.log10());
        rates.zip(self.losses.iter().copied()).collect()
    }

    /// The suggestion with two digits.
    pub fn rounded(&self) -> f64 {
        let rounded = format!("{:.1e}", self.suggestion).parse();
        rounded.unwrap_or(self.suggestion)
    }
}

const HIGHEST_RATE: f64 = 1.0;
const STEPS: usize = 150;
/// The decay of the moving average of the loss.
const SMOOTHING: f64 = 0.9;
/// The loss has exploded where it is this many times the lowest one.
const EXPLODED: f64 = 4.0;

/// Finds a learning rate: trains a copy of the network for at most 150 steps, each at a higher rate
/// than the one before, from 10⁻⁶ to 1 (Smith, "Cyclical Learning Rates for Training Neural
/// Networks", 2017). The learning rate of the config is not used.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{TensorDataset, TrainingConfig, range_test};
/// use burn::tensor::{Device, Distribution, Tensor};
///
/// let device = Device::default();
/// device.seed(0);
/// let x = Tensor::<2>::random([200, 2], Distribution::Default, &device);
/// let rows = TensorDataset::regression(x.clone(), x.sum_dim(1));
/// let mlp = MlpConfig::new(2, 1).with_hidden([16]).init(&device)?;
/// let found = range_test(&mlp, &rows, &TrainingConfig::default())?;
/// assert!(found.suggestion > 1e-6 && found.suggestion < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As for [`fit`](crate::fit), and [`TrainingError::NoRate`] where the loss rises from the start.
pub fn range_test<N: Network>(
    network: &N,
    training: &TensorDataset,
    config: &TrainingConfig,
) -> Result<RangeTest, TrainingError> {
    config.validate()?;
    if training.rows() == 0 {
        return Err(TrainingError::NoRows);
    }
    let criterion = config.criterion();
    let clipping = config.clipping();
    let device = training.inputs.device().without_autodiff();
    let training = training.for_training(&device)?;
    let mut network = network.clone().fork(&device).train();
    check(&network, &criterion, &training)?;
    let mut optimizer = config.optimizer.init();
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    device.seed(config.seed);
    let batch_size = config.batch_size_for(training.rows());

    let mut curve = LossCurve::default();
    'test: loop {
        for batch in training.shuffled(&mut rng).batches(batch_size) {
            let Some(rate) = curve.next_rate() else {
                break 'test;
            };
            let outputs = network.forward(batch.inputs.clone().autodiff());
            let loss = criterion.forward(outputs, &batch.targets, batch.weights.as_ref());
            if curve.push(rate, scalar(loss.clone())).is_break() {
                break 'test;
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            let gradients = clipping.clip(&network, gradients);
            network = optimizer.step(rate, network, gradients);
        }
    }
    curve.finish()
}

/// The rates that were tried so far, and the smoothed loss at each.
#[derive(Default)]
struct LossCurve {
    rates: Vec<f64>,
    losses: Vec<f64>,
    /// The moving average of the loss, which starts at zero.
    average: f64,
}

impl LossCurve {
    /// The learning rate of the next step; `None` after the last step.
    fn next_rate(&self) -> Option<f64> {
        let step = self.rates.len();
        let share = step as f64 / (STEPS - 1) as f64;
        (step < STEPS).then(|| LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE).powf(share))
    }

    /// Adds the loss of a batch. `Break` if the loss has exploded; the loss is not added then.
    fn push(&mut self, rate: f64, loss: f64) -> ControlFlow<()> {
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * loss;
        // The average starts at zero; this corrects its bias.
        let smoothed = self.average / (1.0 - SMOOTHING.powi(self.rates.len() as i32 + 1));
        let lowest = self.losses.iter().copied().fold(f64::INFINITY, f64::min);
        if !smoothed.is_finite() || smoothed > EXPLODED * lowest {
            return ControlFlow::Break(());
        }
        self.rates.push(rate);
        self.losses.push(smoothed);
        ControlFlow::Continue(())
    }

    fn finish(self) -> Result<RangeTest, TrainingError> {
        let Self { rates, losses, .. } = self;
        let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        match best {
            // The loss only rose.
            None | Some(0..=2) => Err(TrainingError::NoRate),
            Some(best) => Ok(RangeTest {
                suggestion: (rates[best] / 10.0).max(LOWEST_RATE),
                rates,
                losses,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use backburn_model::{Initializer, MlpConfig};
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    /// The rows `y = slope x`, with `x` from -1 to 1.
    fn line(slope: f64) -> TensorDataset {
        let x: Vec<f32> = (0..64).map(|row| row as f32 / 31.5 - 1.0).collect();
        let x = Tensor::<2>::from_data(TensorData::new(x, [64, 1]), &Device::default());
        TensorDataset::regression(x.clone(), x * slope)
    }

    fn zero_line() -> backburn_model::Mlp {
        MlpConfig::new(1, 1)
            .with_hidden([])
            .with_initializer(Initializer::Constant(0.0))
            .init(&Device::default())
            .unwrap()
    }

    #[test]
    fn the_suggestion_is_a_tenth_of_the_best_rate() {
        let found = range_test(&zero_line(), &line(1.0), &TrainingConfig::default()).unwrap();
        assert_eq!(found.rates.len(), found.losses.len());
        assert!(found.rates.is_sorted_by(|a, b| a < b));
        assert_eq!(found.rates[0], LOWEST_RATE);
        let lowest = found.losses.iter().copied().fold(f64::INFINITY, f64::min);
        let best = found
            .losses
            .iter()
            .position(|loss| *loss == lowest)
            .unwrap();
        assert_eq!(found.suggestion, found.rates[best] / 10.0);
    }

    #[test]
    fn a_loss_that_does_not_fall_has_no_rate() {
        let error = range_test(&zero_line(), &line(0.0), &TrainingConfig::default()).unwrap_err();
        assert_eq!(error, TrainingError::NoRate);
    }

    #[test]
    fn an_invalid_config_is_refused() {
        let config = TrainingConfig {
            epochs: 0,
            ..TrainingConfig::default()
        };
        let error = range_test(&zero_line(), &line(1.0), &config).unwrap_err();
        assert!(matches!(error, TrainingError::Config(_)), "{error}");
    }
}
