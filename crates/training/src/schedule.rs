//! Schedules: the learning rate at each step.

use std::f64::consts::{PI, TAU};

use burn::lr_scheduler::{
    LrSchedulerConfig,
    cosine::CosineAnnealingLrSchedulerConfig,
    exponential::ExponentialLrSchedulerConfig,
    linear::LinearLrSchedulerConfig,
    module_lr_scheduler::{ModuleLearningRate, ModuleLrScheduler},
    sequential::SequentialLrSchedulerConfig,
    step::StepLrSchedulerConfig,
};
use serde::{Deserialize, Serialize};

/// How the learning rate goes from its start to its end, after an optional warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Which schedule.
    pub name: ScheduleName,
    /// The share of all steps, in `[0, 1)`, over which the rate first rises from near zero.
    pub warmup: f64,
    /// Linear, cosine and exponential: the share of the rate that is left at the end, in
    /// `(0, 1]`.
    pub end: f64,
    /// Step: epochs between two cuts.
    pub step_epochs: usize,
    /// Step: what the rate is multiplied by at each cut.
    pub gamma: f64,
}

/// The course of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScheduleName {
    /// Always the same.
    Constant,
    /// Down along a line.
    Linear,
    /// Down along half a cosine wave (Loshchilov and Hutter, 2016).
    Cosine,
    /// Down by a factor every few epochs.
    Step,
    /// Down by the same small factor at every step.
    Exponential,
    /// The same for half of the steps, then down to zero along half a cosine wave.
    FlatCosine,
    /// Up and down four times, each twice as long as the one before: `½ (1 - cos 2π log₂(1 + 15 t))`, where
    /// `t` goes from 0 to 1 (Holzmüller and others, "Better by Default", 2024).
    CosineLog4,
}

impl ScheduleName {
    /// For those that Burn does not have: the share of the rate where a share of the steps is done.
    fn shape(self) -> Option<fn(f64) -> f64> {
        match self {
            Self::FlatCosine => Some(|t| (1.0 + (PI * (2.0 * t - 1.0).max(0.0)).cos()) / 2.0),
            Self::CosineLog4 => Some(|t| (1.0 - (TAU * (1.0 + 15.0 * t).log2()).cos()) / 2.0),
            _ => None,
        }
    }
}

/// The learning rate, step by step.
#[derive(Clone)]
pub struct Schedule(Course);

#[derive(Clone)]
enum Course {
    Burn(ModuleLrScheduler),
    Shape {
        shape: fn(f64) -> f64,
        rate: f64,
        warmup: usize,
        total: usize,
        steps: usize,
    },
}

impl Schedule {
    /// The rate of the next step.
    pub fn step(&mut self) -> ModuleLearningRate {
        match &mut self.0 {
            Course::Burn(schedule) => schedule.step(),
            Course::Shape {
                shape,
                rate,
                warmup,
                total,
                steps,
            } => {
                // In the middle of the step: some shapes start at zero.
                let done = (*steps as f64 + 0.5) / *total as f64;
                *steps += 1;
                let risen = (*steps as f64 / (*warmup).max(1) as f64).min(1.0);
                (*rate * risen * shape(done.min(1.0))).into()
            }
        }
    }
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            name: ScheduleName::Cosine,
            warmup: 0.0,
            end: 0.01,
            step_epochs: 30,
            gamma: 0.1,
        }
    }
}

impl ScheduleConfig {
    /// The same rate throughout.
    pub fn constant() -> Self {
        Self {
            name: ScheduleName::Constant,
            ..Self::default()
        }
    }

    /// Builds the schedule for a run of `epochs`, each of `steps_per_epoch`.
    ///
    /// # Errors
    ///
    /// Burn's own words where a rate is out of what its schedule takes.
    pub fn init(
        &self,
        learning_rate: f64,
        epochs: usize,
        steps_per_epoch: usize,
    ) -> Result<Schedule, String> {
        let total = epochs.saturating_mul(steps_per_epoch).max(1);
        let warmup = ((total as f64 * self.warmup) as usize).min(total - 1);
        let steps = total - warmup;
        if let Some(shape) = self.name.shape() {
            return Ok(Schedule(Course::Shape {
                shape,
                rate: learning_rate,
                warmup,
                total,
                steps: 0,
            }));
        }
        let end = learning_rate * self.end;
        let main: LrSchedulerConfig = match self.name {
            ScheduleName::Constant => LrSchedulerConfig::Constant(learning_rate),
            ScheduleName::Linear => LinearLrSchedulerConfig::new(learning_rate, end, steps).into(),
            ScheduleName::Cosine => CosineAnnealingLrSchedulerConfig::new(learning_rate, steps)
                .with_min_lr(end)
                .into(),
            ScheduleName::Step => StepLrSchedulerConfig::new(
                learning_rate,
                self.step_epochs.saturating_mul(steps_per_epoch).max(1),
            )
            .with_gamma(self.gamma)
            .into(),
            ScheduleName::Exponential => {
                let factor = self.end.powf(1.0 / steps as f64);
                ExponentialLrSchedulerConfig::new(learning_rate, factor).into()
            }
            ScheduleName::FlatCosine | ScheduleName::CosineLog4 => {
                LrSchedulerConfig::Constant(learning_rate)
            }
        };
        let schedule = match warmup {
            0 => SequentialLrSchedulerConfig::new(vec![main], Vec::new()),
            _ => {
                let rise = learning_rate / warmup as f64;
                let warm = LinearLrSchedulerConfig::new(rise, learning_rate, warmup).into();
                SequentialLrSchedulerConfig::new(vec![warm, main], vec![warmup])
            }
        };
        Ok(Schedule(Course::Burn(schedule.init()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(name: ScheduleName, warmup: f64) -> Vec<f64> {
        let config = ScheduleConfig {
            name,
            warmup,
            end: 0.1,
            step_epochs: 5,
            gamma: 0.5,
        };
        let mut schedule = config.init(0.1, 10, 10).unwrap();
        (0..100).map(|_| schedule.step().base()).collect()
    }

    #[test]
    fn schedules_start_at_the_rate_and_end_near_its_share() {
        for name in [
            ScheduleName::Linear,
            ScheduleName::Cosine,
            ScheduleName::Exponential,
        ] {
            let rates = rates(name, 0.0);
            assert!((rates[0] - 0.1).abs() < 0.003, "{name:?}: {}", rates[0]);
            assert!((rates[99] - 0.01).abs() < 0.002, "{name:?}: {}", rates[99]);
            assert!(rates.is_sorted_by(|a, b| a >= b), "{name:?}");
        }
        assert_eq!(rates(ScheduleName::Constant, 0.0), [0.1; 100]);
        let stepped = rates(ScheduleName::Step, 0.0);
        assert_eq!((stepped[49], stepped[50]), (0.1, 0.05));
    }

    #[test]
    fn shapes_of_our_own_go_up_and_down() {
        let flat = rates(ScheduleName::FlatCosine, 0.0);
        assert_eq!(flat[..50], [0.1; 50]);
        assert!(flat[50..].is_sorted_by(|a, b| a > b) && flat[99] < 1e-4);
        let waves = rates(ScheduleName::CosineLog4, 0.0);
        let peaks = waves.windows(3).filter(|w| w[0] < w[1] && w[1] >= w[2]);
        let peaks: Vec<f64> = peaks.map(|w| w[1]).collect();
        assert_eq!(peaks.len(), 4);
        assert!(
            peaks.iter().all(|&peak| peak > 0.09 && peak <= 0.1),
            "{peaks:?}"
        );
        let warmed = rates(ScheduleName::FlatCosine, 0.2);
        assert!(warmed[..20].is_sorted() && (warmed[0] - 0.005).abs() < 1e-12);
    }

    #[test]
    fn warm_up_rises_to_the_rate() {
        let rates = rates(ScheduleName::Constant, 0.2);
        assert!(rates[0] < 0.01);
        assert!(rates[..20].is_sorted());
        assert_eq!(rates[20], 0.1);
    }
}
