//! The score of a search on rows that it does not see.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::score::{Metrics, Score, mean_and_std, mean_and_std_of, metric_name};
use crate::standard_error::mean_difference;
use crate::text::{mean_and_deviation, number};

/// The scores of nested cross-validation; made by [`Tuner::nested_scores`](crate::Tuner::nested_scores). The rows of
/// an outer fold neither choose the settings of its models nor train them.
#[derive(Debug, Clone, Default)]
pub struct NestedScores {
    /// The score on each outer fold of the best settings of a search on the other rows.
    pub tuned: Vec<Score>,
    /// The score on each outer fold of the starting settings.
    pub start: Vec<Score>,
}

impl NestedScores {
    /// The metrics that are compared: the one that was asked for, or the RMSE, or the log loss and the accuracy.
    fn metrics(&self) -> Vec<&'static str> {
        let Some(score) = self.tuned.first() else {
            return Vec::new();
        };
        match (score.chosen, &score.metrics) {
            (Some((metric, _)), _) => vec![metric.name()],
            (None, Metrics::Regression(_)) => vec!["rmse"],
            (None, Metrics::Classification(_)) => vec!["log_loss", "accuracy"],
        }
    }

    /// The mean of the errors of some scores ([`Score::error`]), and their standard deviation.
    pub fn mean_error(scores: &[Score]) -> (f64, f64) {
        let errors: Vec<f64> = scores.iter().map(|score| score.error().1).collect();
        mean_and_std_of(&errors)
    }

    /// The mean of each metric and its standard deviation over the folds, as JSON.
    pub fn json(&self) -> Value {
        let of = |scores: &[Score]| {
            let mut means = Map::new();
            for metric in self.metrics() {
                let (mean, std) = mean_and_std(scores, metric);
                means.insert(metric.to_string(), json!({ "mean": mean, "std": std }));
            }
            Value::Object(means)
        };
        json!({
            "folds": self.tuned.len(),
            "tuned": of(&self.tuned),
            "start": of(&self.start),
        })
    }

    /// What the search gained on the outer folds, in a sentence. `None` without scores.
    pub fn gain_in_words(&self) -> Option<String> {
        let pairs = self.start.iter().zip(&self.tuned);
        let gains: Vec<f64> = pairs
            .map(|(start, tuned)| start.error().1 - tuned.error().1)
            .collect();
        let (mean, error) = mean_difference(&gains);
        let measure = self.tuned.first()?.error().0;
        let start = Self::mean_error(&self.start).0;
        Some(match () {
            () if mean.is_nan() => return None,
            () if mean <= 0.0 => {
                "nothing: on the outer folds, the settings of the search are no better than the starting settings"
                    .to_string()
            }
            () if mean <= error => format!(
                "nothing that can be measured: the {measure} on the outer folds is lower by {}, and the \
                 standard error of this difference over the folds is {}",
                number(mean),
                number(error)
            ),
            () => format!(
                "on the outer folds, the {measure} is {:.1} % below that of the starting settings",
                100.0 * mean / start
            ),
        })
    }

    /// The means of some scores in words.
    fn means(&self, scores: &[Score]) -> String {
        let metrics = self.metrics().into_iter().map(|metric| {
            let (mean, deviation) = mean_and_std(scores, metric);
            let name = metric_name(metric);
            format!("{name} {}", mean_and_deviation(mean, deviation))
        });
        metrics.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for NestedScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tuned.len() {
            0 => f.write_str("no outer fold was scored"),
            folds => write!(
                f,
                "mean {} on {folds} outer folds that the search did not use; {} with the starting settings (± is the \
                 standard deviation over the folds)",
                self.means(&self.tuned),
                self.means(&self.start)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use backburn_training::metrics::RegressionScore;

    use super::*;

    #[test]
    fn both_settings_are_compared_on_the_same_folds() {
        let score = |rmse: f64| Score {
            rows: 1,
            skipped: 0,
            unknown_classes: Default::default(),
            metrics: Metrics::Regression(RegressionScore {
                rmse,
                mae: rmse,
                r2: None,
            }),
            standard_errors: Default::default(),
            units: None,
            chosen: None,
            weighted: false,
            distribution: None,
        };
        let scores = NestedScores {
            tuned: vec![score(1.0), score(3.0)],
            start: vec![score(2.0), score(4.0)],
        };
        assert_eq!(
            scores.to_string(),
            "mean RMSE 2.0000 ± 1.0000 on 2 outer folds that the search did not use; RMSE 3.0000 ± 1.0000 with the \
             starting settings (± is the standard deviation over the folds)"
        );
        let gain = |tuned: [f64; 2], start: [f64; 2]| {
            let scores = NestedScores {
                tuned: tuned.map(score).to_vec(),
                start: start.map(score).to_vec(),
            };
            scores.gain_in_words().unwrap()
        };
        assert!(gain([1.0, 3.0], [2.0, 4.0]).contains("the RMSE is 33.3 % below"));
        assert!(gain([2.0, 4.0], [1.0, 3.0]).starts_with("nothing: "));
        assert!(gain([1.0, 3.0], [4.0, 1.0]).starts_with("nothing that can be measured"));
        assert_eq!(scores.json()["start"]["rmse"]["mean"], 3.0);
        let none = NestedScores::default();
        assert_eq!(none.to_string(), "no outer fold was scored");
        assert_eq!(none.gain_in_words(), None);
        assert_eq!(none.json()["folds"], 0);
    }
}
