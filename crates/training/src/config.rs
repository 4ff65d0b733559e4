//! The settings of a training run.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Clipping, Criterion, LearningRate, Loss, OptimizerConfig, ScheduleConfig};

/// What [`fit`](crate::fit) does.
///
/// Read from a config file, every field that is left out takes its default, and a field that
/// does not exist is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training rows, at most.
    pub epochs: usize,
    /// Rows in each step; see [`batch_size_for`](Self::batch_size_for) where it is not set.
    pub batch_size: Option<usize>,
    /// The size of a step, before the schedule.
    pub learning_rate: LearningRate,
    /// What is minimized.
    pub loss: Loss,
    /// For [`Loss::Huber`]: where it turns from squared to absolute.
    pub huber_delta: f64,
    /// For classes: the share of certainty spread evenly over all classes, in `[0, 1)`.
    pub label_smoothing: f64,
    /// How a gradient becomes an update.
    pub optimizer: OptimizerConfig,
    /// The course of the learning rate.
    pub schedule: ScheduleConfig,
    /// Bound on the norm of the whole gradient.
    pub clip_norm: Option<f64>,
    /// Bound on each element of the gradient.
    pub clip_value: Option<f64>,
    /// Stop after this many epochs without a better validation loss; 0 never stops early. With
    /// validation rows, the weights of the best epoch are kept either way.
    pub patience: usize,
    /// Sets the order of rows and what dropout drops.
    pub seed: u64,
    /// Whether a plain network in main memory is trained there over arrays, instead of operation by
    /// operation through Burn: the same equations, several times as fast.
    pub fused: bool,
}

/// A setting of a training run that cannot be.
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
            label_smoothing: 0.0,
            optimizer: OptimizerConfig::default(),
            schedule: ScheduleConfig::default(),
            clip_norm: None,
            clip_value: None,
            patience: 20,
            seed: 0,
            fused: true,
        }
    }
}

impl TrainingConfig {
    /// Rows in each step when training on so many: as set, or else a hundredth of them, at least
    /// 16 and at most 256.
    pub fn batch_size_for(&self, rows: usize) -> usize {
        self.batch_size.unwrap_or((rows / 100).clamp(16, 256))
    }

    /// The loss with its settings.
    pub fn criterion(&self) -> Criterion {
        Criterion {
            loss: self.loss,
            huber_delta: self.huber_delta,
            label_smoothing: self.label_smoothing,
        }
    }

    /// The bounds on the gradient.
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
    /// The first field that cannot be, and why.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let optimizer = &self.optimizer;
        let schedule = &self.schedule;
        // The arithmetic is of 32-bit numbers, and so are the checks.
        let share = |x: f64| (0.0..1.0).contains(&(x as f32));
        let positive = |x: f64| (x as f32).is_finite() && x as f32 > 0.0;
        let bound = |x: Option<f64>| x.is_none_or(positive);
        let checks = [
            ("epochs", self.epochs > 0, "must be at least 1"),
            (
                "batch_size",
                self.batch_size != Some(0),
                "must be at least 1",
            ),
            (
                "learning_rate",
                self.learning_rate.fixed().is_none_or(positive),
                "must be above 0",
            ),
            ("huber_delta", positive(self.huber_delta), "must be above 0"),
            ("label_smoothing", share(self.label_smoothing), SHARE),
            ("clip_norm", bound(self.clip_norm), "must be above 0"),
            ("clip_value", bound(self.clip_value), "must be above 0"),
            ("optimizer.momentum", share(optimizer.momentum), SHARE),
            (
                "optimizer.weight_decay",
                optimizer
                    .weight_decay
                    .is_none_or(|x| x == 0.0 || positive(x)),
                "must be at least 0",
            ),
            (
                "optimizer.beta_1",
                optimizer.beta_1.is_none_or(share),
                SHARE,
            ),
            (
                "optimizer.beta_2",
                optimizer.beta_2.is_none_or(share),
                SHARE,
            ),
            (
                "optimizer.epsilon",
                positive(optimizer.epsilon),
                "must be above 0",
            ),
            ("schedule.warmup", share(schedule.warmup), SHARE),
            (
                "schedule.end",
                schedule.end > 0.0 && schedule.end <= 1.0,
                "must be above 0 and at most 1",
            ),
            (
                "schedule.step_epochs",
                schedule.step_epochs > 0,
                "must be at least 1",
            ),
            (
                "schedule.gamma",
                positive(schedule.gamma),
                "must be above 0",
            ),
        ];
        for (field, holds, reason) in checks {
            if !holds {
                let reason = reason.to_string();
                return Err(ConfigError { field, reason });
            }
        }
        // Whatever else a schedule cannot take, Burn says when it is built.
        let rate = self.learning_rate.fixed().unwrap_or(1.0);
        self.schedule
            .init(rate, self.epochs, 1)
            .map(|_| ())
            .map_err(|reason| ConfigError {
                field: "learning_rate",
                reason,
            })
    }
}

const SHARE: &str = "must be at least 0 and below 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_cannot_be_names_the_field() {
        type Break = fn(&mut TrainingConfig);
        let breaks: [(&str, Break); 11] = [
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
            ("label_smoothing", |c| c.label_smoothing = 1.0),
        ];
        for (field, break_it) in breaks {
            let mut config = TrainingConfig::default();
            break_it(&mut config);
            assert_eq!(config.validate().unwrap_err().field, field);
        }
        assert_eq!(TrainingConfig::default().validate(), Ok(()));
    }
}
