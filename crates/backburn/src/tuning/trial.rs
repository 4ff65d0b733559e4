//! The trials of a search.

use std::fmt;

use serde::Serialize;

use super::space::Values;
use crate::text::{count, number};

/// Settings that were tried, and their errors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// The values of the settings of the search. A setting that is not here has the value that the search began with.
    pub settings: Values,
    /// The error on each fold that the trial was scored on: the RMSE or the log loss, or the error of the metric that
    /// was asked for. Infinite where no network could be trained. It is on the first folds, and on all of them if no other trials were better on these.
    pub errors: Vec<f64>,
    /// The time until its results, from the results before them, in seconds. Over all trials, these are the time of
    /// the search.
    pub seconds: f64,
}

impl Trial {
    /// A trial that has no scores yet.
    pub(crate) fn new(settings: Values) -> Self {
        Self {
            settings,
            errors: Vec::new(),
            seconds: 0.0,
        }
    }

    /// The mean error on the first folds; infinite if it is not known.
    pub fn error_on(&self, folds: usize) -> f64 {
        match self.errors.get(..folds) {
            Some(errors) if folds > 0 => {
                let mean = errors.iter().sum::<f64>() / folds as f64;
                // The mean of infinite and huge numbers may be NaN, which has no order.
                if mean.is_finite() {
                    mean
                } else {
                    f64::INFINITY
                }
            }
            _ => f64::INFINITY,
        }
    }

    /// The mean error on all folds that the trial was scored on.
    pub fn error(&self) -> f64 {
        self.error_on(self.errors.len())
    }

    /// The settings as assignments: `network.dropout=0.2`.
    pub fn assignments(&self) -> Vec<String> {
        let settings = self.settings.iter();
        settings
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }
}

/// A trial that was scored on one or more folds, for [`Event::TuningTrialEnd`](crate::Event::TuningTrialEnd).
#[derive(Debug, Clone, PartialEq)]
pub struct TrialReport {
    /// Its number, from 0.
    pub number: usize,
    /// The number of trials that were planned.
    pub planned: usize,
    /// The trial.
    pub trial: Trial,
    /// The number of folds.
    pub folds: usize,
    /// What the error is: `RMSE`, `log loss`, or that of the metric that was asked for.
    pub measure: &'static str,
    /// Whether no trial so far was scored on as many folds and has a lower error.
    pub is_best: bool,
}

impl fmt::Display for TrialReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trial, folds, .. } = self;
        let done = trial.errors.len();
        let best = if self.is_best {
            ", the best so far"
        } else {
            ""
        };
        write!(
            f,
            "{} of {}: {} {} on {done} of {}{best}",
            self.number + 1,
            self.planned,
            self.measure,
            number(trial.error()),
            count(*folds, "fold"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_mean_over_folds() {
        let trial = Trial {
            errors: vec![1.0, 3.0, f64::INFINITY],
            ..Trial::new(Values::from([("a.b".to_string(), 3.into())]))
        };
        assert_eq!(trial.error_on(1), 1.0);
        assert_eq!(trial.error_on(2), 2.0);
        for folds in [0, 3, 4] {
            assert_eq!(trial.error_on(folds), f64::INFINITY);
        }
        assert_eq!(trial.assignments(), ["a.b=3"]);
    }

    #[test]
    fn a_report_is_one_line() {
        let report = TrialReport {
            number: 6,
            planned: 30,
            trial: Trial {
                errors: vec![0.25],
                seconds: 1.5,
                ..Trial::new(Values::new())
            },
            folds: 5,
            measure: "log loss",
            is_best: true,
        };
        assert_eq!(
            report.to_string(),
            "7 of 30: log loss 0.2500 on 1 of 5 folds, the best so far"
        );
    }
}
