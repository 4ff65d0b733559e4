//! Learning rate schedules.

use std::f64::consts::{PI, TAU};
use std::str::FromStr;
use std::sync::Arc;

use backburn_model::{ParseNameError, parse_name};
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

use crate::plateau::{Plateau, PlateauState};

/// A learning rate schedule with an optional warm-up.
///
/// ```
/// use backburn_training::{ScheduleConfig, ScheduleName};
///
/// let config = ScheduleConfig { warmup: 0.1, ..ScheduleConfig::default() };
/// assert_eq!(config.name, ScheduleName::Cosine);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// The schedule.
    pub name: ScheduleName,
    /// The share of all steps, in `[0, 1)`, over which the rate first rises from near zero. One cycle: the share of its
    /// rise, or three tenths where this is 0.
    pub warmup: f64,
    /// Linear, cosine and exponential: the rate at the end, as a share of the rate at the start, in
    /// `(0, 1]`. Cosine restarts: the same for each cycle. Plateau: the lowest rate.
    pub end: f64,
    /// Step: epochs between two reductions. Cosine restarts: epochs of the first cycle.
    pub step_epochs: usize,
    /// Step and plateau: the factor of each reduction.
    pub gamma: f64,
    /// Cosine restarts: how many times as long as the one before each cycle is; `None` is 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_factor: Option<usize>,
    /// Plateau: epochs without a lower loss that are accepted before a reduction; `None` is 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
}

/// The shape of a learning rate schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[non_exhaustive]
pub enum ScheduleName {
    /// The same rate at every step.
    Constant,
    /// Falls linearly.
    Linear,
    /// Falls along half a cosine wave (Loshchilov and Hutter, 2016).
    Cosine,
    /// Falls by a factor every few epochs.
    Step,
    /// Falls by the same factor at every step.
    Exponential,
    /// Constant for half of the steps, then falls to zero along half a cosine wave.
    FlatCosine,
    /// Rises and falls four times, each time twice as long as before:
    /// `½ (1 - cos 2π log₂(1 + 15 t))`, where `t` goes from 0 to 1 (Holzmüller and others, "Better
    /// by Default", 2024).
    CosineLog4,
    /// Falls along half a cosine wave and begins again at the full rate (warm restarts, SGDR; Loshchilov
    /// and Hutter, 2016).
    CosineRestarts,
    /// Rises from a twenty-fifth of the rate along half a cosine wave, and falls to almost zero (the
    /// 1cycle policy; Smith, 2018).
    OneCycle,
    /// Falls by a factor whenever the validation loss (without validation rows, the training loss) has not fallen for
    /// some epochs.
    Plateau,
}

impl FromStr for ScheduleName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let values = [
            ("constant", Self::Constant),
            ("linear", Self::Linear),
            ("cosine", Self::Cosine),
            ("step", Self::Step),
            ("exponential", Self::Exponential),
            ("flat_cosine", Self::FlatCosine),
            ("cosine_log4", Self::CosineLog4),
            ("cosine_restarts", Self::CosineRestarts),
            ("one_cycle", Self::OneCycle),
            ("plateau", Self::Plateau),
        ];
        let synonyms = [
            ("1cycle", "one_cycle"),
            ("coslog4", "cosine_log4"),
            ("cosine_annealing", "cosine"),
            ("cosine_annealing_warm_restarts", "cosine_restarts"),
            ("cosine_decay", "cosine"),
            ("exponential_decay", "exponential"),
            ("fixed", "constant"),
            ("flat_cos", "flat_cosine"),
            ("linear_decay", "linear"),
            ("multistep", "step"),
            ("none", "constant"),
            ("one_cycle_lr", "one_cycle"),
            ("onecycle", "one_cycle"),
            ("piecewise_constant", "step"),
            ("reduce_lr_on_plateau", "plateau"),
            ("reduce_on_plateau", "plateau"),
            ("sgdr", "cosine_restarts"),
            ("step_lr", "step"),
            ("warm_restarts", "cosine_restarts"),
        ];
        parse_name("schedule", text, &values, &synonyms)
    }
}

impl TryFrom<String> for ScheduleName {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The learning rates of a run, step by step.
#[derive(Clone)]
pub struct Schedule {
    kind: Kind,
    /// The reductions of the schedule that depends on losses.
    plateau: Option<Plateau>,
}

#[derive(Clone)]
enum Kind {
    Burn(ModuleLrScheduler),
    Formula {
        factor: Factor,
        rate: f64,
        warmup: usize,
        steps: usize,
    },
}

/// The factor of the rate at a step, counted from 0.
type Factor = Arc<dyn Fn(usize) -> f64 + Send + Sync>;

impl Schedule {
    /// The learning rate of the next step.
    pub fn step(&mut self) -> ModuleLearningRate {
        let reduced = self.plateau.as_ref().map_or(1.0, Plateau::factor);
        match &mut self.kind {
            Kind::Burn(schedule) => schedule.step(),
            Kind::Formula {
                factor,
                rate,
                warmup,
                steps,
            } => {
                let factor = factor(*steps);
                *steps += 1;
                let risen = (*steps as f64 / (*warmup).max(1) as f64).min(1.0);
                (*rate * risen * factor * reduced).into()
            }
        }
    }

    /// Takes the loss of the epoch that just ended. Returns the state that depends on losses, if there is one.
    pub(crate) fn end_epoch(&mut self, loss: f64) -> Option<PlateauState> {
        let plateau = self.plateau.as_mut()?;
        plateau.observe(loss);
        Some(plateau.state)
    }

    /// Restores the state that depends on losses.
    pub(crate) fn restore(&mut self, state: Option<PlateauState>) {
        if let (Some(plateau), Some(state)) = (&mut self.plateau, state) {
            plateau.state = state;
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
            restart_factor: None,
            patience: None,
        }
    }
}

impl ScheduleConfig {
    /// A constant learning rate.
    pub fn constant() -> Self {
        Self {
            name: ScheduleName::Constant,
            ..Self::default()
        }
    }

    /// Builds the schedule for a run of `epochs` epochs with `steps_per_epoch` steps each.
    ///
    /// # Errors
    ///
    /// Burn's message where its schedule does not take the rate.
    pub fn init(
        &self,
        learning_rate: f64,
        epochs: usize,
        steps_per_epoch: usize,
    ) -> Result<Schedule, String> {
        let total = epochs.saturating_mul(steps_per_epoch).max(1);
        let warmup = match self.name {
            // Its formula has the rise.
            ScheduleName::OneCycle => 0,
            _ => ((total as f64 * self.warmup) as usize).min(total - 1),
        };
        let steps = total - warmup;
        if let Some(factor) = self.formula(total, steps_per_epoch) {
            let kind = Kind::Formula {
                factor,
                rate: learning_rate,
                warmup,
                steps: 0,
            };
            let plateau = self.plateau();
            return Ok(Schedule { kind, plateau });
        }
        let end = learning_rate * self.end;
        let main: LrSchedulerConfig = match self.name {
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
            // Constant: the schedules with a formula have returned above.
            _ => LrSchedulerConfig::Constant(learning_rate),
        };
        let schedule = match warmup {
            0 => SequentialLrSchedulerConfig::new(vec![main], Vec::new()),
            _ => {
                let rise = learning_rate / warmup as f64;
                let warm = LinearLrSchedulerConfig::new(rise, learning_rate, warmup).into();
                SequentialLrSchedulerConfig::new(vec![warm, main], vec![warmup])
            }
        };
        Ok(Schedule {
            kind: Kind::Burn(schedule.init()?),
            plateau: None,
        })
    }

    /// The reductions of [`ScheduleName::Plateau`].
    fn plateau(&self) -> Option<Plateau> {
        (self.name == ScheduleName::Plateau).then(|| Plateau {
            gamma: self.gamma,
            end: self.end,
            patience: self.patience.unwrap_or(10),
            state: PlateauState::default(),
        })
    }

    /// For the schedules that Burn does not have: the factor of the rate at each of `total` steps.
    fn formula(&self, total: usize, steps_per_epoch: usize) -> Option<Factor> {
        // At the middle of the step, since some shapes start at zero.
        let of_share = move |shape: fn(f64) -> f64| -> Factor {
            Arc::new(move |step: usize| shape(((step as f64 + 0.5) / total as f64).min(1.0)))
        };
        match self.name {
            ScheduleName::FlatCosine => Some(of_share(|t| {
                (1.0 + (PI * (2.0 * t - 1.0).max(0.0)).cos()) / 2.0
            })),
            ScheduleName::CosineLog4 => Some(of_share(|t| {
                (1.0 - (TAU * (1.0 + 15.0 * t).log2()).cos()) / 2.0
            })),
            ScheduleName::CosineRestarts => {
                let first = self.step_epochs.saturating_mul(steps_per_epoch).max(1);
                let (growth, end) = (self.restart_factor.unwrap_or(2), self.end);
                Some(Arc::new(move |step: usize| {
                    let done = share_of_cycle(step, first, growth);
                    end + (1.0 - end) * (1.0 + (PI * done).cos()) / 2.0
                }))
            }
            ScheduleName::OneCycle => {
                let rise = match self.warmup > 0.0 {
                    true => self.warmup,
                    false => 0.3,
                };
                let peak = (rise * total as f64 - 1.0).max(0.0);
                let last = (total - 1) as f64;
                Some(Arc::new(move |step: usize| {
                    one_cycle(step as f64, peak, last)
                }))
            }
            ScheduleName::Plateau => Some(Arc::new(|_: usize| 1.0)),
            _ => None,
        }
    }
}

/// The factor of the rate at a step of a cycle that is highest at `peak` and ends at `last`. The shares are those of PyTorch.
fn one_cycle(step: f64, peak: f64, last: f64) -> f64 {
    const START: f64 = 1.0 / 25.0;
    const END: f64 = START / 1e4;
    let between =
        |from: f64, to: f64, share: f64| to + (from - to) * (1.0 + (PI * share).cos()) / 2.0;
    match step < peak {
        true => between(START, 1.0, step / peak),
        false => {
            let rest = (last - peak).max(f64::MIN_POSITIVE);
            between(1.0, END, ((step - peak) / rest).min(1.0))
        }
    }
}

/// The share of a cycle that is done before a step. The first cycle has `first` steps, and each one `growth` times as many
/// as the one before.
fn share_of_cycle(step: usize, first: usize, growth: usize) -> f64 {
    if growth <= 1 {
        return (step % first) as f64 / first as f64;
    }
    let (mut start, mut length) = (0, first);
    while step - start >= length {
        start += length;
        length = length.saturating_mul(growth);
    }
    (step - start) as f64 / length as f64
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
            ..ScheduleConfig::default()
        };
        let mut schedule = config.init(0.1, 10, 10).unwrap();
        (0..100).map(|_| schedule.step().base()).collect()
    }

    #[test]
    fn schedules_start_at_the_rate_and_end_near_the_set_share() {
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
    fn shapes_that_burn_lacks_rise_and_fall() {
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

    /// The rates of `CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2, eta_min=0.01)` of PyTorch at a rate of 0.1,
    /// with `scheduler.step(epoch + step / 4)` before each of the four steps of an epoch:
    /// `eta_min + (rate - eta_min) (1 + cos(π T_cur / T_i)) / 2`.
    #[test]
    fn restarts_are_those_of_pytorch() {
        let config = ScheduleConfig {
            name: ScheduleName::CosineRestarts,
            end: 0.1,
            step_epochs: 2,
            ..ScheduleConfig::default()
        };
        let rates = |config: &ScheduleConfig| -> Vec<f64> {
            let mut schedule = config.init(0.1, 7, 4).unwrap();
            (0..28).map(|_| schedule.step().base()).collect()
        };
        let found = rates(&config);
        // Cycles of 2, 4 and 8 epochs, which are 8, 16 and 32 steps.
        let expected = [
            (0, 0.1),
            (1, 0.096_574_578_963_007_9),
            (4, 0.055),
            (7, 0.013_425_421_036_992_097),
            (8, 0.1),
            (12, 0.086_819_805_153_394_64),
            (16, 0.055),
            (23, 0.010_864_662_381_854_63),
            (24, 0.1),
            (25, 0.099_783_312_700_248_87),
        ];
        for (step, rate) in expected {
            assert!((found[step] - rate).abs() < 1e-12, "{step}: {found:?}");
        }
        let equal = rates(&ScheduleConfig {
            restart_factor: Some(1),
            ..config
        });
        assert_eq!(equal[..8], found[..8]);
        assert_eq!(equal[8..16], equal[..8]);
        assert_eq!(equal[16..24], equal[..8]);
    }

    /// The rates of `OneCycleLR(optimizer, max_lr=0.1, total_steps=100, pct_start=0.3)` of PyTorch, whose phases end at
    /// the steps `pct_start · total_steps - 1` and `total_steps - 1`, and which moves between `start` and `end` by
    /// `end + (start - end) (1 + cos π p) / 2`.
    #[test]
    fn one_cycle_is_that_of_pytorch() {
        let rise_of_three_tenths = [
            (0, 0.004),
            (1, 0.004_281_378_056_590_748),
            (10, 0.029_516_394_846_410_082),
            (28, 0.099_718_621_943_409_26),
            (29, 0.1),
            (30, 0.099_949_653_528_452_43),
            (64, 0.050_000_2),
            (98, 5.074_647_154_757_88e-5),
            (99, 4e-7),
        ];
        let rise_of_a_fifth = [
            (0, 0.004),
            (9, 0.048_036_191_417_328_046),
            (19, 0.1),
            (20, 0.099_961_451_966_228_91),
            (60, 0.048_037_217_064_009_735),
            (99, 4e-7),
        ];
        let found = rates(ScheduleName::OneCycle, 0.0);
        for (step, rate) in rise_of_three_tenths {
            assert!((found[step] - rate).abs() < 1e-12, "{step}: {found:?}");
        }
        let found = rates(ScheduleName::OneCycle, 0.2);
        for (step, rate) in rise_of_a_fifth {
            assert!((found[step] - rate).abs() < 1e-12, "{step}: {found:?}");
        }
        let config = ScheduleConfig {
            name: ScheduleName::OneCycle,
            ..ScheduleConfig::default()
        };
        for steps in 1..5 {
            let mut schedule = config.init(0.1, 1, steps).unwrap();
            for _ in 0..=steps {
                let rate = schedule.step().base();
                assert!(rate > 0.0 && rate < 0.1 + 1e-12, "{steps}: {rate}");
            }
        }
    }

    #[test]
    fn names_survive_json_and_a_wrong_one_suggests_what_was_meant() {
        for value in [
            ScheduleName::Constant,
            ScheduleName::Linear,
            ScheduleName::Cosine,
            ScheduleName::Step,
            ScheduleName::Exponential,
            ScheduleName::FlatCosine,
            ScheduleName::CosineLog4,
            ScheduleName::CosineRestarts,
            ScheduleName::OneCycle,
            ScheduleName::Plateau,
        ] {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<ScheduleName>(&json).unwrap(), value);
        }
        for (text, meant) in [
            ("cosine_annealing", "cosine"),
            ("lineer", "linear"),
            ("step_lr", "step"),
            ("sgdr", "cosine_restarts"),
            ("1cycle", "one_cycle"),
        ] {
            let error = text.parse::<ScheduleName>().unwrap_err().to_string();
            let expected = format!("`{text}` is no schedule (did you mean `{meant}`?);");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn warm_up_rises_to_the_rate() {
        let rates = rates(ScheduleName::Constant, 0.2);
        assert!(rates[0] < 0.01);
        assert!(rates[..20].is_sorted());
        assert_eq!(rates[20], 0.1);
    }
}
