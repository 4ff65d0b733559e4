//! The settings of a training run.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Clipping, Criterion, LearningRate, Loss, OptimizerConfig, ScheduleConfig, ScheduleName,
};

/// The settings of [`fit`](crate::fit).
///
/// In a config file, a missing field has its default value, and an unknown field is an error.
///
/// ```
/// use backburn_training::TrainingConfig;
///
/// let config = TrainingConfig { epochs: 20, batch_size: Some(64), ..TrainingConfig::default() };
/// assert!(config.validate().is_ok());
/// let invalid = TrainingConfig { epochs: 0, ..config };
/// assert_eq!(invalid.validate().unwrap_err().to_string(), "training.epochs: must be at least 1");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// The largest number of epochs: passes over the training rows.
    pub epochs: usize,
    /// Rows in a batch; see [`batch_size_for`](Self::batch_size_for) for the default.
    pub batch_size: Option<usize>,
    /// The learning rate before the schedule.
    pub learning_rate: LearningRate,
    /// The loss that training minimizes.
    pub loss: Loss,
    /// For [`Loss::Huber`]: the error at which the loss turns from squared to absolute; above 0.
    pub huber_delta: f64,
    /// For [`Loss::Quantile`]: the levels of the quantiles, in ascending order, each above 0 and below 1.
    pub quantiles: Vec<f64>,
    /// Label smoothing for classes: the probability that is spread evenly over all classes, in
    /// `[0, 1)`.
    pub label_smoothing: f64,
    /// The optimizer and its settings.
    pub optimizer: OptimizerConfig,
    /// The learning rate schedule.
    pub schedule: ScheduleConfig,
    /// The largest norm of the whole gradient; see [`Clipping::norm`].
    pub clip_norm: Option<f64>,
    /// The largest absolute value of an element of the gradient; see [`Clipping::value`].
    pub clip_value: Option<f64>,
    /// Early stopping: training ends after this many epochs without a lower validation loss. 0
    /// turns it off; the weights of the best epoch are returned in any case.
    pub patience: usize,
    /// Weight averaging: the network of an epoch has the mean of the weights at the ends of this many last epochs, and is
    /// validated with it. `None`, the default, and 1 are the weights of the epoch alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_averaging: Option<usize>,
    /// The seed of the row order and of dropout.
    pub seed: u64,
    /// Whether a plain network in main memory is trained over arrays and not through Burn's
    /// autodiff. The equations are the same, and training is several times as fast.
    pub fused: bool,
}

/// An invalid setting of a training run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("training.{field}: {reason}")]
pub struct ConfigError {
    /// The field of [`TrainingConfig`].
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: None,
            learning_rate: LearningRate::Fixed(3e-3),
            loss: Loss::Auto,
            huber_delta: 1.0,
            quantiles: vec![0.1, 0.5, 0.9],
            label_smoothing: 0.0,
            optimizer: OptimizerConfig::default(),
            schedule: ScheduleConfig::default(),
            clip_norm: None,
            clip_value: None,
            patience: 20,
            weight_averaging: None,
            seed: 0,
            fused: true,
        }
    }
}

impl TrainingConfig {
    /// The batch size for a number of training rows: as set, or else a hundredth of the rows, at
    /// least 16 and at most 256.
    pub fn batch_size_for(&self, rows: usize) -> usize {
        self.batch_size.unwrap_or((rows / 100).clamp(16, 256))
    }

    /// The loss and its settings.
    pub fn criterion(&self) -> Criterion {
        Criterion {
            loss: self.loss,
            huber_delta: self.huber_delta,
            label_smoothing: self.label_smoothing,
            quantiles: self.quantiles.clone(),
        }
    }

    /// How many last networks have their weights averaged, if there is more than one.
    pub fn averaged_networks(&self) -> Option<usize> {
        self.weight_averaging.filter(|networks| *networks > 1)
    }

    /// The bounds for gradient clipping.
    pub fn clipping(&self) -> Clipping {
        Clipping {
            value: self.clip_value,
            norm: self.clip_norm,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first invalid field, and what is wrong with it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let checks = [
            self.own_checks(),
            optimizer_checks(&self.optimizer),
            schedule_checks(&self.schedule),
        ];
        if let Some((field, _, reason)) = checks.concat().into_iter().find(|(_, valid, _)| !valid) {
            let reason = reason.to_string();
            return Err(ConfigError { field, reason });
        }
        // Burn has more conditions on a schedule, which it checks when it builds one.
        let rate = self.learning_rate.fixed().unwrap_or(1.0);
        self.schedule
            .init(rate, self.epochs, 1)
            .map(|_| ())
            .map_err(|reason| ConfigError {
                field: "learning_rate",
                reason,
            })
    }

    /// The checks of the fields that are not those of the optimizer or the schedule.
    fn own_checks(&self) -> Vec<Check> {
        let rate = self.learning_rate.fixed();
        vec![
            ("epochs", self.epochs > 0, AT_LEAST_ONE),
            ("batch_size", self.batch_size != Some(0), AT_LEAST_ONE),
            ("learning_rate", rate.is_none_or(is_positive), POSITIVE),
            ("huber_delta", is_positive(self.huber_delta), POSITIVE),
            ("quantiles", are_levels(&self.quantiles), LEVELS),
            ("label_smoothing", is_share(self.label_smoothing), SHARE),
            (
                "weight_averaging",
                self.weight_averaging != Some(0),
                AT_LEAST_ONE,
            ),
            (
                "clip_norm",
                self.clip_norm.is_none_or(is_positive),
                POSITIVE,
            ),
            (
                "clip_value",
                self.clip_value.is_none_or(is_positive),
                POSITIVE,
            ),
        ]
    }
}

/// A field, whether its value is valid, and the condition for that.
type Check = (&'static str, bool, &'static str);

const AT_LEAST_ONE: &str = "must be at least 1";
const POSITIVE: &str = "must be above 0";
/// The largest number of quantiles: each is an output of the network.
const MAX_QUANTILES: usize = 99;
const LEVELS: &str = "must be from 1 to 99 numbers in ascending order, each above 0 and below 1, such as \
                      [0.1, 0.5, 0.9]";
const SHARE: &str = "must be at least 0 and below 1";

fn optimizer_checks(optimizer: &OptimizerConfig) -> Vec<Check> {
    let is_decay = |x: f64| x == 0.0 || is_positive(x);
    vec![
        ("optimizer.momentum", is_share(optimizer.momentum), SHARE),
        (
            "optimizer.weight_decay",
            optimizer.weight_decay.is_none_or(is_decay),
            "must be at least 0",
        ),
        (
            "optimizer.beta_1",
            optimizer.beta_1.is_none_or(is_share),
            SHARE,
        ),
        (
            "optimizer.beta_2",
            optimizer.beta_2.is_none_or(is_share),
            SHARE,
        ),
        (
            "optimizer.epsilon",
            is_positive(optimizer.epsilon),
            POSITIVE,
        ),
    ]
}

fn schedule_checks(schedule: &ScheduleConfig) -> Vec<Check> {
    vec![
        ("schedule.warmup", is_share(schedule.warmup), SHARE),
        (
            "schedule.end",
            schedule.end > 0.0 && schedule.end <= 1.0,
            "must be above 0 and at most 1",
        ),
        (
            "schedule.step_epochs",
            schedule.step_epochs > 0,
            AT_LEAST_ONE,
        ),
        ("schedule.gamma", is_positive(schedule.gamma), POSITIVE),
        (
            "schedule.restart_factor",
            schedule.restart_factor != Some(0),
            AT_LEAST_ONE,
        ),
        (
            "schedule.gamma",
            schedule.name != ScheduleName::Plateau || is_share(schedule.gamma),
            "must be below 1 for the schedule plateau",
        ),
    ]
}

/// Whether a number is at least 0 and below 1. Training computes in 32 bits, and so do the checks.
fn is_share(x: f64) -> bool {
    (0.0..1.0).contains(&(x as f32))
}

/// Whether numbers are levels of quantiles, in 32 bits.
fn are_levels(levels: &[f64]) -> bool {
    let inside = |level: &f64| is_positive(*level) && is_share(*level);
    let rises = |pair: &[f64]| (pair[0] as f32) < pair[1] as f32;
    (1..=MAX_QUANTILES).contains(&levels.len())
        && levels.iter().all(inside)
        && levels.windows(2).all(rises)
}

/// Whether a number is above 0 and finite, in 32 bits.
fn is_positive(x: f64) -> bool {
    (x as f32).is_finite() && x as f32 > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_setting_names_the_field() {
        type Break = fn(&mut TrainingConfig);
        let breaks: [(&str, Break); 17] = [
            ("quantiles", |c| c.quantiles = Vec::new()),
            ("quantiles", |c| c.quantiles = vec![0.5, 0.5]),
            ("quantiles", |c| c.quantiles = vec![0.5, 1.0]),
            ("epochs", |c| c.epochs = 0),
            ("batch_size", |c| c.batch_size = Some(0)),
            ("learning_rate", |c| c.learning_rate = f64::NAN.into()),
            ("learning_rate", |c| c.learning_rate = 2.0.into()),
            ("clip_norm", |c| c.clip_norm = Some(0.0)),
            ("optimizer.beta_1", |c| c.optimizer.beta_1 = Some(1.0)),
            ("optimizer.beta_2", |c| {
                c.optimizer.beta_2 = Some(0.999_999_99);
            }),
            ("optimizer.epsilon", |c| c.optimizer.epsilon = 1e-46),
            ("optimizer.weight_decay", |c| {
                c.optimizer.weight_decay = Some(1e39);
            }),
            ("schedule.end", |c| c.schedule.end = 0.0),
            ("schedule.restart_factor", |c| {
                c.schedule.restart_factor = Some(0);
            }),
            ("schedule.gamma", |c| {
                (c.schedule.name, c.schedule.gamma) = (ScheduleName::Plateau, 1.0);
            }),
            ("label_smoothing", |c| c.label_smoothing = 1.0),
            ("weight_averaging", |c| c.weight_averaging = Some(0)),
        ];
        for (field, break_it) in breaks {
            let mut config = TrainingConfig::default();
            break_it(&mut config);
            assert_eq!(config.validate().unwrap_err().field, field);
        }
        assert_eq!(TrainingConfig::default().validate(), Ok(()));
    }
}
