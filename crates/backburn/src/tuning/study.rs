//! A search and its trials.

use serde_json::{Value, json};

use super::halving::best;
use super::importance::{SettingImportance, importance};
use super::space::{SearchSpace, with_values};
use super::trial::Trial;
use crate::config::Config;
use crate::error::Error;
use crate::standard_error::mean_difference;
use crate::text::number;

/// A search for the best settings, and its trials so far.
#[derive(Debug, Clone)]
pub struct Study {
    /// The settings that the search may change.
    pub space: SearchSpace,
    /// The settings of the first trial, with those that were `auto` and that trials of the fit chose.
    pub start: Config,
    /// The trials. The first one has the settings that the search began with.
    pub trials: Vec<Trial>,
    /// The number of trials that were planned.
    pub planned: usize,
    /// The number of folds.
    pub folds: usize,
    /// What the error is: `RMSE`, `log loss`, or that of the metric that was asked for.
    pub measure: &'static str,
    /// Whether the search came to its end, and was not stopped or out of time.
    pub is_finished: bool,
}

impl Study {
    /// The index of the best trial: of those that were scored on the most folds, the one with the lowest error. `None`
    /// if no network could be trained.
    pub fn best(&self) -> Option<usize> {
        best(&self.trials)
    }

    /// The best settings: those of the best trial, and those that the search did not change.
    ///
    /// # Errors
    ///
    /// No network could be trained.
    pub fn best_config(&self) -> Result<Config, Error> {
        match self.best() {
            Some(index) => with_values(&self.start, &self.trials[index].settings),
            None => Err(Error::Failed(
                "no trial could be trained: train with the settings of the first trial to see why"
                    .to_string(),
            )),
        }
    }

    /// How much each setting mattered, the most important first. Empty with few trials.
    pub fn importance(&self) -> Vec<SettingImportance> {
        importance(&self.space, &self.trials)
    }

    /// The number of networks that were trained.
    pub fn networks(&self) -> usize {
        self.trials.iter().map(|trial| trial.errors.len()).sum()
    }

    /// The time of all trials, in seconds.
    pub fn seconds(&self) -> f64 {
        self.trials.iter().map(|trial| trial.seconds).sum()
    }

    /// The best trial beside the first one, in words.
    pub fn best_in_words(&self) -> String {
        let Some(index) = self.best() else {
            return "no trial could be trained".to_string();
        };
        let (trial, measure) = (&self.trials[index], self.measure);
        let (error, folds) = (trial.error(), trial.errors.len());
        let text = format!(
            "trial {}: {measure} {} on {folds} of {} folds",
            index + 1,
            number(error),
            self.folds
        );
        let start = self.trials[0].error_on(folds);
        match index {
            0 => format!("{text}; no trial was better than the starting settings"),
            _ if start.is_finite() => {
                let lower = 100.0 * (1.0 - error / start);
                let start = number(start);
                let text =
                    format!("{text}, {lower:.1} % below the {start} of the starting settings");
                match self.may_be_chance(index) {
                    true => format!("{text}, which may be chance"),
                    false => text,
                }
            }
            _ => text,
        }
    }

    /// Whether the error of a trial is below that of the first one by less than the standard error over the folds.
    fn may_be_chance(&self, index: usize) -> bool {
        let pairs = self.trials[0].errors.iter().zip(&self.trials[index].errors);
        let gains: Vec<f64> = pairs.map(|(start, error)| start - error).collect();
        let (mean, error) = mean_difference(&gains);
        mean <= error
    }

    /// The search as JSON. An infinite error is null.
    pub fn json(&self) -> Value {
        let best = self.best();
        json!({
            "measure": self.measure,
            "folds": self.folds,
            "finished": self.is_finished,
            "networks": self.networks(),
            "seconds": self.seconds(),
            "trials": self.trials,
            "best": best.map(|index| json!({
                "trial": index,
                "error": self.trials[index].error(),
                "settings": self.trials[index].settings,
            })),
            "importance": self.importance(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::space::Values;

    fn study(errors: &[&[f64]]) -> Study {
        let trial = |(index, errors): (usize, &&[f64])| {
            let dropout = index as f64 / 10.0;
            Trial {
                errors: errors.to_vec(),
                ..Trial::new(Values::from([(
                    "network.dropout".to_string(),
                    dropout.into(),
                )]))
            }
        };
        Study {
            space: SearchSpace::default(),
            start: Config::default(),
            trials: errors.iter().enumerate().map(trial).collect(),
            planned: 3,
            folds: 2,
            measure: "RMSE",
            is_finished: true,
        }
    }

    #[test]
    fn the_best_trial_is_compared_with_the_first_one() {
        let study = study(&[&[2.0, 2.0], &[1.0, 1.0], &[0.5]]);
        assert_eq!(study.best(), Some(1));
        assert_eq!(
            study.best_in_words(),
            "trial 2: RMSE 1.0000 on 2 of 2 folds, 50.0 % below the 2.0000 of the starting settings"
        );
        assert_eq!(study.best_config().unwrap().network.dropout, 0.1);
        assert_eq!(study.networks(), 5);
        let chance = self::study(&[&[2.0, 2.0], &[0.5, 3.0]]);
        assert!(chance.best_in_words().ends_with("which may be chance"));
        let json = study.json();
        assert_eq!(json["best"]["settings"]["network.dropout"], 0.1);
    }

    #[test]
    fn a_search_may_find_nothing_better() {
        let same = study(&[&[1.0, 1.0], &[2.0, 2.0]]);
        assert!(
            same.best_in_words()
                .ends_with("no trial was better than the starting settings")
        );
        let failed = study(&[&[f64::INFINITY]]);
        assert_eq!(failed.best(), None);
        assert!(failed.best_config().is_err());
        assert!(failed.json()["trials"][0]["errors"][0].is_null());
    }
}
