//! A score as text and as JSON.

use std::fmt;

use backburn_training::metrics::Metric;
use serde_json::{Map, Value, json};

use crate::distribution_score::DistributionScore;
use crate::score::{Metrics, Score};
use crate::text::{mean_and_deviation, number};

impl Score {
    /// The score as the JSON object that `--json` prints; a metric that is not defined on these
    /// rows is null.
    pub fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("rows".to_string(), json!(self.rows));
        if !self.standard_errors.is_empty() {
            let errors = json!(self.standard_errors);
            object.insert("standard_errors".to_string(), errors);
        }
        if let Some(units) = self.units {
            object.insert("units".to_string(), json!(units));
        }
        match &self.metrics {
            Metrics::Regression(score) => {
                object.insert("task".to_string(), json!("regression"));
                object.insert("rmse".to_string(), json!(score.rmse));
                object.insert("mae".to_string(), json!(score.mae));
                object.insert("r2".to_string(), json!(score.r2));
            }
            Metrics::Classification(score) => {
                object.insert("task".to_string(), json!("classification"));
                object.insert("accuracy".to_string(), json!(score.accuracy));
                object.insert("log_loss".to_string(), json!(score.log_loss));
                object.insert("macro_f1".to_string(), json!(score.macro_f1));
                object.insert("auc".to_string(), json!(score.auc));
                let calibration_error = json!(score.calibration_error);
                object.insert("calibration_error".to_string(), calibration_error);
                object.insert("confusion".to_string(), json!(score.confusion));
                if !self.unknown_classes.is_empty() {
                    let unknown = json!(self.unknown_classes);
                    object.insert("unknown_classes".to_string(), unknown);
                }
            }
        }
        let distribution = self.distribution.iter();
        for (name, value) in distribution.flat_map(DistributionScore::metrics) {
            object.insert(name, json!(value));
        }
        if let Some((metric, value)) = self.chosen {
            object.insert("metric".to_string(), json!(metric.to_string()));
            object.insert(metric.name().to_string(), json!(value));
        }
        if self.weighted {
            object.insert("weighted".to_string(), json!(true));
        }
        object
    }

    /// The score as one line, with the metric that was asked for first, and each metric with its standard error if it
    /// is known. The unit is written before each amount.
    pub fn line(&self, unit: &str) -> String {
        let amount = |metric: &str, value: f64| self.with_error(metric, value);
        let optional = |metric: &str, value: Option<f64>| match value {
            Some(value) => amount(metric, value),
            None => "undefined".to_string(),
        };
        let usual = match &self.metrics {
            Metrics::Regression(score) => vec![
                (
                    Metric::Rmse,
                    format!("RMSE {unit}{}", amount("rmse", score.rmse)),
                ),
                (
                    Metric::Mae,
                    format!("MAE {unit}{}", amount("mae", score.mae)),
                ),
                (Metric::R2, format!("R² {}", optional("r2", score.r2))),
            ],
            Metrics::Classification(score) => vec![
                (
                    Metric::Accuracy,
                    format!("accuracy {}", self.percentage(score.accuracy)),
                ),
                (
                    Metric::LogLoss,
                    format!("log loss {}", amount("log_loss", score.log_loss)),
                ),
                (
                    Metric::F1,
                    format!("macro F1 {}", amount("macro_f1", score.macro_f1)),
                ),
                (Metric::Auc, format!("AUC {}", optional("auc", score.auc))),
            ],
        };
        let chosen = self.chosen.map(|(metric, _)| metric);
        let others = usual
            .into_iter()
            // With a positive class, F1 is not the macro F1.
            .filter(|(metric, _)| Some(*metric) != chosen || *metric == Metric::F1)
            .map(|(_, words)| words);
        let first = self.chosen_words(unit, |metric, value| match metric {
            Metric::Accuracy => self.percentage(value),
            metric => amount(metric.name(), value),
        });
        let words = first.into_iter().chain(others);
        let mut words = words.collect::<Vec<_>>().join(", ");
        if let Some(distribution) = &self.distribution {
            let error = self.standard_error(distribution.main().0);
            words += &format!(", {}", distribution.line(error));
        }
        if self.weighted {
            words += " (weighted)";
        }
        words
    }

    /// The main metric as text: the one that was asked for, or the RMSE or the accuracy. The unit is written
    /// before an amount.
    pub fn headline(&self, unit: &str) -> String {
        let percentage = |share: f64| format!("{:.2} %", share * 100.0);
        let chosen = self.chosen_words(unit, |metric, value| match metric {
            Metric::Accuracy => percentage(value),
            _ => number(value),
        });
        chosen.unwrap_or_else(|| match &self.metrics {
            Metrics::Regression(score) => format!("RMSE {unit}{}", number(score.rmse)),
            Metrics::Classification(score) => {
                format!("accuracy {}", percentage(score.accuracy))
            }
        })
    }

    /// The metric that was asked for as text.
    fn chosen_words(&self, unit: &str, words: impl Fn(Metric, f64) -> String) -> Option<String> {
        let (metric, value) = self.chosen?;
        let title = match metric {
            Metric::Quantile(level) => format!("{} ({level})", metric.title()),
            _ => metric.title().to_string(),
        };
        let unit = if metric.has_unit() { unit } else { "" };
        Some(match value {
            Some(value) => format!("{title} {unit}{}", words(metric, value)),
            None => format!("{title} undefined"),
        })
    }

    /// A metric, with its standard error if it is known.
    fn with_error(&self, metric: &str, value: f64) -> String {
        match self.standard_error(metric) {
            Some(error) => mean_and_deviation(value, error),
            None => number(value),
        }
    }

    /// The accuracy in per cent, with its standard error if it is known.
    fn percentage(&self, accuracy: f64) -> String {
        let per_cent = accuracy * 100.0;
        match self.standard_error("accuracy") {
            Some(error) => format!("{per_cent:.2} % ± {:.2}", error * 100.0),
            None => format!("{per_cent:.2} %"),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(""))
    }
}
