//! Scores of predictions.

use std::collections::BTreeMap;

use crate::predictor::Predictor;
use backburn_preprocessing::{Predictions, Target};
use backburn_table::Table;
use backburn_training::metrics::{ClassificationScore, Metric, RegressionScore};

use crate::distribution_score::{DistributionScore, PredictedDistribution};
use crate::error::Error;
use crate::row_units::{number_of_units, row_units};
use crate::score_rows::{score_classes, score_values};
use crate::standard_error::standard_errors;
use crate::targets::Targets;
use crate::text::count;
use crate::unknown_classes::{nothing_to_score, unknown_classes, unknown_note};

/// The score of predictions on rows whose targets are known. As text, it is one line with all metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Rows scored.
    pub rows: usize,
    /// Rows that were skipped, since their target is missing or a class that the model does not know.
    pub skipped: usize,
    /// The classes that the model does not know, each with its number of rows, where a whole table is scored.
    pub unknown_classes: BTreeMap<String, usize>,
    /// The metrics.
    pub metrics: Metrics,
    /// The metric that was asked for ([`ScoringConfig`](crate::ScoringConfig)), with its value, which is `None`
    /// if it is not defined on these rows. It comes first in all output.
    pub chosen: Option<(Metric, Option<f64>)>,
    /// Whether the rows count by their weights.
    pub weighted: bool,
    /// The standard errors of the metrics by name, as far as they were computed: about two of three scores on as
    /// many other rows lie within one of them from the score on all rows.
    pub standard_errors: BTreeMap<String, f64>,
    /// The number of units that the standard errors are of: rows, or groups of rows that belong together.
    pub units: Option<usize>,
    /// The score of the distribution, for a model that predicts quantiles or has a log link.
    pub distribution: Option<DistributionScore>,
}

/// The metrics of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Metrics {
    /// RMSE, MAE, R².
    Regression(RegressionScore),
    /// Accuracy, log loss, macro F1, AUC, calibration error, confusion matrix.
    Classification(ClassificationScore),
}

impl Score {
    /// Scores predictions for every row of a table, with standard errors.
    ///
    /// # Errors
    ///
    /// The table does not have the target column, or no row has a target.
    pub fn of_table(
        predictions: &Predictions,
        table: &Table,
        target: &Target,
    ) -> Result<Self, Error> {
        Self::of_weighted_table(predictions, table, target, None, None)
    }

    /// Scores predictions for every row of a table, with a metric that comes first and a weight for each row.
    pub(crate) fn of_weighted_table(
        predictions: &Predictions,
        table: &Table,
        target: &Target,
        metric: Option<Metric>,
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let targets = Targets::read(table, target)?;
        let all: Vec<usize> = (0..table.rows()).collect();
        let unknown = match &targets {
            Targets::Classes(known) => unknown_classes(table, target, known)?,
            Targets::Values(_) => BTreeMap::new(),
        };
        match Self::weighted(predictions, &targets, &all, metric, weights) {
            Some(score) => {
                let score =
                    score.with_standard_errors(predictions, &targets, &all, (weights, None));
                let predicted = PredictedDistribution {
                    target,
                    predictions,
                    quantiles: None,
                    targets: &targets,
                    rows: &all,
                    weights,
                };
                Ok(Self {
                    unknown_classes: unknown,
                    ..score.with_distribution(&predicted, None)
                })
            }
            None => {
                let are_weightless = weights.is_some() && !targets.known(&all).is_empty();
                Err(nothing_to_score(table, target, &unknown, are_weightless))
            }
        }
    }

    /// The score with that of the distribution that a model predicts for the same rows, if it predicts one. It has
    /// standard errors if the score has. `clusters` are those of [`with_standard_errors`](Self::with_standard_errors).
    pub(crate) fn with_distribution(
        mut self,
        predicted: &PredictedDistribution,
        clusters: Option<&[usize]>,
    ) -> Self {
        self.distribution = DistributionScore::of_rows(predicted);
        if self.distribution.is_some() && self.units.is_some() {
            let known = predicted.targets.known(predicted.rows);
            let rows: Vec<usize> = known.iter().map(|&place| predicted.rows[place]).collect();
            let errors = standard_errors(&row_units(&rows, clusters), |part| {
                let positions: Vec<usize> = part.iter().map(|&place| known[place]).collect();
                let score = predicted.score_at(&positions)?;
                Some(score.metrics().into_iter().collect())
            });
            self.standard_errors.extend(errors);
        }
        self
    }

    /// The score with that of the quantiles, for a model that predicts them. `table` is the one that was
    /// scored, and `weights` are those of its rows.
    ///
    /// # Errors
    ///
    /// The table does not fit the model.
    pub(crate) fn with_quantiles(
        self,
        predictor: &Predictor,
        table: &Table,
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let Some(quantiles) = predictor.predict_quantiles(table)? else {
            return Ok(self);
        };
        let target = &predictor.model().target;
        let targets = Targets::read(table, target)?;
        let rows: Vec<usize> = (0..table.rows()).collect();
        let predicted = PredictedDistribution {
            target,
            // Quantiles are scored without them.
            predictions: &Predictions::Values(vec![0.0; rows.len()]),
            quantiles: Some(&quantiles),
            targets: &targets,
            rows: &rows,
            weights,
        };
        Ok(self.with_distribution(&predicted, None))
    }

    /// Scores predictions for some rows of a table, one prediction for each of `rows`. `None` if none of
    /// them can be scored.
    pub fn of_rows(predictions: &Predictions, targets: &Targets, rows: &[usize]) -> Option<Self> {
        Self::weighted(predictions, targets, rows, None, None)
    }

    /// Scores predictions for some rows of a table, with a metric that comes first and a weight for each row of
    /// the table.
    pub(crate) fn weighted(
        predictions: &Predictions,
        targets: &Targets,
        rows: &[usize],
        metric: Option<Metric>,
        weights: Option<&[f64]>,
    ) -> Option<Self> {
        let (scored, metrics, value) = match (predictions, targets) {
            (Predictions::Values(predicted), Targets::Values(values)) => {
                let scored = score_values((predicted, values), rows, metric, weights)?;
                (scored.rows, Metrics::Regression(scored.score), scored.value)
            }
            (Predictions::Classes { .. }, Targets::Classes(of_row)) => {
                let scored = score_classes((predictions, of_row), rows, metric, weights)?;
                let metrics = Metrics::Classification(scored.score);
                (scored.rows, metrics, scored.value)
            }
            _ => return None,
        };
        Some(Self {
            rows: scored,
            skipped: rows.len() - scored,
            unknown_classes: BTreeMap::new(),
            metrics,
            chosen: metric.map(|metric| (metric, value)),
            weighted: weights.is_some(),
            standard_errors: BTreeMap::new(),
            units: None,
            distribution: None,
        })
    }

    /// The score with the standard errors of its metrics, from the predictions and rows that were scored. For each row
    /// of the table there may be a weight, and a number that it shares with the rows of its cluster.
    #[must_use]
    pub fn with_standard_errors(
        mut self,
        predictions: &Predictions,
        targets: &Targets,
        rows: &[usize],
        (weights, clusters): (Option<&[f64]>, Option<&[usize]>),
    ) -> Self {
        let metric = self.chosen.map(|(metric, _)| metric);
        let known = targets.known(rows);
        let known_rows: Vec<usize> = known.iter().map(|&position| rows[position]).collect();
        let units = row_units(&known_rows, clusters);
        self.units = Some(number_of_units(&units));
        self.standard_errors = standard_errors(&units, |part| {
            let positions: Vec<usize> = part.iter().map(|&place| known[place]).collect();
            let of_part: Vec<usize> = part.iter().map(|&place| known_rows[place]).collect();
            let predictions = predictions.select(&positions);
            let score = Self::weighted(&predictions, targets, &of_part, metric, weights)?;
            let mut metrics = score.metrics();
            // It is a bias, which is larger in fewer rows.
            metrics.remove("calibration_error");
            Some(metrics)
        });
        self
    }

    /// The standard error of a metric; `None` if it is not known.
    pub fn standard_error(&self, name: &str) -> Option<f64> {
        self.standard_errors.get(name).copied()
    }

    /// A metric by its name: `rmse`, `mae` and `r2` for regression; `accuracy`, `log_loss`, `macro_f1`, `auc`
    /// and `calibration_error` for classification; and the metric that was asked for. `None` if there is no such
    /// metric, or if it is not defined on these rows.
    ///
    /// ```
    /// use backburn::{Predictions, Score, Targets};
    ///
    /// let truth = Targets::Values(vec![1.0, 2.0, 4.0]);
    /// let predictions = Predictions::Values(vec![1.0, 2.0, 1.0]);
    /// let score = Score::of_rows(&predictions, &truth, &[0, 1, 2]).unwrap();
    /// assert_eq!(score.metric("mae"), Some(1.0));
    /// assert_eq!(score.metric("accuracy"), None);
    /// ```
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics().get(name).copied()
    }

    /// The scores that are finite numbers, by the name of the metric.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let metrics = match &self.metrics {
            Metrics::Regression(score) => vec![
                ("rmse", Some(score.rmse)),
                ("mae", Some(score.mae)),
                ("r2", score.r2),
            ],
            Metrics::Classification(score) => vec![
                ("accuracy", Some(score.accuracy)),
                ("log_loss", Some(score.log_loss)),
                ("macro_f1", Some(score.macro_f1)),
                ("auc", score.auc),
                ("calibration_error", Some(score.calibration_error)),
            ],
        };
        let chosen = self.chosen.map(|(metric, value)| (metric.name(), value));
        let metrics = metrics
            .into_iter()
            .chain(chosen)
            .filter_map(|(name, value)| Some((name.to_string(), value?)));
        let distribution = self.distribution.iter();
        let distribution = distribution.flat_map(DistributionScore::metrics);
        metrics
            .chain(distribution)
            .filter(|(_, value)| value.is_finite())
            .collect()
    }

    /// Sentences about the skipped rows.
    pub fn skipped_notes(&self) -> Vec<String> {
        let unknown: usize = self.unknown_classes.values().sum();
        let others = self.skipped.saturating_sub(unknown);
        let why = match self.metrics {
            Metrics::Regression(_) => "is missing, infinite or too large for 32 bits",
            Metrics::Classification(_) => "is missing",
        };
        let others =
            (others > 0).then(|| format!("{} skipped: the target {why}", count(others, "row")));
        let notes = unknown_note(&self.unknown_classes).into_iter();
        notes.chain(others).collect()
    }

    /// The error, which is lower for better predictions, and its name: that of the metric that was asked for
    /// ([`Metric::error`]; NaN if it is not defined), or the RMSE or the log loss.
    pub fn error(&self) -> (&'static str, f64) {
        match (self.chosen, &self.metrics) {
            (Some((metric, value)), _) => {
                let error = value.map_or(f64::NAN, |value| metric.error(value));
                (metric.error_title(), error)
            }
            (None, Metrics::Regression(score)) => ("RMSE", score.rmse),
            (None, Metrics::Classification(score)) => ("log loss", score.log_loss),
        }
    }

    /// The main metric: the one that was asked for, or the RMSE or the accuracy.
    pub fn main(&self) -> f64 {
        match (self.chosen, &self.metrics) {
            (Some((_, value)), _) => value.unwrap_or(f64::NAN),
            (None, Metrics::Regression(score)) => score.rmse,
            (None, Metrics::Classification(score)) => score.accuracy,
        }
    }
}

/// The name of a metric in a sentence: `log loss` for `log_loss`. An unknown name is returned as it is.
pub fn metric_name(metric: &str) -> &str {
    match metric {
        "rmse" => "RMSE",
        "mae" => "MAE",
        "r2" => "R²",
        "log_loss" => "log loss",
        "macro_f1" => "macro F1",
        "auc" => "AUC",
        "calibration_error" => "calibration error",
        "mean_pinball_loss" => "mean pinball loss",
        "mean_poisson_deviance" => "mean Poisson deviance",
        "mean_gamma_deviance" => "mean Gamma deviance",
        other => other.parse().map_or(other, |metric: Metric| metric.title()),
    }
}

/// The mean of a metric over several scores, and its standard deviation between them. A score without the
/// metric makes both NaN.
pub(crate) fn mean_and_std(scores: &[Score], metric: &str) -> (f64, f64) {
    let value = |score: &Score| score.metric(metric).unwrap_or(f64::NAN);
    mean_and_std_of(&scores.iter().map(value).collect::<Vec<_>>())
}

/// The mean of some values, and their standard deviation.
pub(crate) fn mean_and_std_of(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;

    fn classes() -> Vec<String> {
        vec!["a".to_string(), "b".to_string()]
    }

    #[test]
    fn rows_without_a_number_are_skipped() {
        let truth = Targets::Values(vec![1.0, f64::NAN, 3.0, 9.0]);
        let predictions = Predictions::Values(vec![2.0, 5.0, 3.0]);
        let score = Score::of_rows(&predictions, &truth, &[0, 1, 2]).unwrap();
        assert_eq!((score.rows, score.skipped), (2, 1));
        assert_eq!(score.error(), ("RMSE", 0.5f64.sqrt()));
        assert_eq!(score.main(), 0.5f64.sqrt());
        let metrics = score.metrics();
        assert_eq!(metrics.keys().collect::<Vec<_>>(), ["mae", "r2", "rmse"]);
        assert_eq!((metrics["mae"], metrics["r2"]), (0.5, 0.5));
        assert_eq!(score.to_string(), "RMSE 0.7071, MAE 0.5000, R² 0.5000");
    }

    #[test]
    fn rows_without_a_known_class_are_skipped() {
        let truth = Targets::Classes(vec![None, Some(0), Some(1)]);
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.5, 0.5, 0.9, 0.1, 0.6, 0.4],
            decision: None,
        };
        let score = Score::of_rows(&predictions, &truth, &[0, 1, 2]).unwrap();
        assert_eq!((score.rows, score.skipped), (2, 1));
        assert_eq!(score.main(), 0.5);
        let metrics = score.metrics();
        let names = [
            "accuracy",
            "auc",
            "calibration_error",
            "log_loss",
            "macro_f1",
        ];
        assert_eq!(metrics.keys().collect::<Vec<_>>(), names);
        assert_eq!(score.error(), ("log loss", metrics["log_loss"]));
        assert_eq!(score.headline(""), "accuracy 50.00 %");
    }

    #[test]
    fn standard_errors_stand_beside_the_metrics() {
        let truth = Targets::Values(vec![1.0, 2.0, 3.0, 4.0]);
        let predictions = Predictions::Values(vec![1.0, 2.5, 3.0, 3.5]);
        let rows = [0, 1, 2, 3];
        let score = Score::of_rows(&predictions, &truth, &rows).unwrap();
        assert_eq!(score.standard_error("mae"), None);
        let score = score.with_standard_errors(&predictions, &truth, &rows, (None, None));
        // The absolute errors are 0, 0.5, 0 and 0.5: their deviation is 0.2887.
        let error = score.standard_error("mae").unwrap();
        assert!((error - 0.288_675 / 2.0).abs() < 1e-6, "{error}");
        assert!(score.line("$").contains("MAE $0.2500 ± 0.1443"), "{score}");
        assert!(score.json()["standard_errors"]["rmse"].is_number());
        let of_rows = Targets::Classes(vec![Some(0), Some(1), Some(1), Some(0)]);
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.9, 0.1, 0.4, 0.6, 0.6, 0.4, 0.7, 0.3],
            decision: None,
        };
        let score = Score::of_rows(&predictions, &of_rows, &rows).unwrap();
        let score = score.with_standard_errors(&predictions, &of_rows, &rows, (None, None));
        assert!(
            score.to_string().starts_with("accuracy 75.00 % ± 25.00, "),
            "{score}"
        );
    }

    #[test]
    fn a_metric_that_is_not_defined_has_no_number() {
        // All values are equal, all rows of one class.
        let values = Targets::Values(vec![2.0, 2.0]);
        let score = Score::of_rows(&Predictions::Values(vec![1.0, 2.0]), &values, &[0, 1]);
        let score = score.unwrap();
        assert!(!score.metrics().contains_key("r2"));
        assert!(score.json()["r2"].is_null());
        assert!(score.line("$").ends_with("R² undefined"));
        let of_rows = Targets::Classes(vec![Some(1)]);
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.1, 0.9],
            decision: None,
        };
        let score = Score::of_rows(&predictions, &of_rows, &[0]).unwrap();
        assert!(!score.metrics().contains_key("auc"));
        assert!(score.json()["auc"].is_null());
    }

    #[test]
    fn what_cannot_be_scored_has_no_score() {
        let missing = Targets::Values(vec![f64::NAN]);
        let values = Predictions::Values(vec![1.0]);
        assert_eq!(Score::of_rows(&values, &missing, &[0]), None);
        assert_eq!(Score::of_rows(&values, &missing, &[]), None);
        // Numbers where there are classes.
        let of_rows = Targets::Classes(vec![Some(0)]);
        assert_eq!(Score::of_rows(&values, &of_rows, &[0]), None);
    }

    #[test]
    fn the_metric_that_was_asked_for_comes_first_and_weights_count() {
        let truth = Targets::Values(vec![1.0, 2.0, 4.0]);
        let predictions = Predictions::Values(vec![1.0, 2.0, 6.0]);
        let score = |metric, weights| {
            Score::weighted(&predictions, &truth, &[0, 1, 2], Some(metric), weights).unwrap()
        };
        let first = score(Metric::Mae, None);
        let mae = "MAE $0.6667, RMSE $1.1547, R² 0.1429";
        assert_eq!(first.line("$"), mae);
        assert_eq!(
            (first.headline("$"), first.error().0),
            ("MAE $0.6667".to_string(), "MAE")
        );
        let weights = [1.0, 1.0, 2.0];
        let weighted = score(Metric::MedianAbsoluteError, Some(&weights));
        assert_eq!(weighted.main(), 1.0);
        let line = weighted.line("");
        assert!(
            line.starts_with("median absolute error 1.0000, RMSE "),
            "{line}"
        );
        assert!(line.ends_with(" (weighted)"), "{line}");
        let json = weighted.json();
        assert_eq!(json["metric"], "median_absolute_error");
        assert_eq!(
            (&json["mae"], &json["weighted"]),
            (&1.0.into(), &true.into())
        );
        let r2 = score(Metric::R2, None);
        assert_eq!((r2.error().0, r2.error().1), ("1 - R²", 1.0 - r2.main()));
    }

    #[test]
    fn a_threshold_decides_about_classes() {
        use backburn_preprocessing::Decision;
        let truth = Targets::Classes(vec![Some(0), Some(1), None]);
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.9, 0.1, 0.7, 0.3, 0.5, 0.5],
            decision: Some(Decision {
                positive: Some(1),
                threshold: Some(0.25),
                costs: Vec::new(),
            }),
        };
        let metric = Some(Metric::F1);
        let score = Score::weighted(&predictions, &truth, &[0, 1, 2], metric, None).unwrap();
        assert_eq!((score.rows, score.skipped, score.main()), (2, 1, 1.0));
        assert!(score.line("").starts_with("F1 1.0000, accuracy 100.00 %"));
        assert_eq!(score.metric("f1"), Some(1.0));
    }

    /// The score of predictions that give each class the same probability.
    fn scored(csv: &'static str) -> Result<Score, Error> {
        let table = Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default());
        let table = table.unwrap();
        let target = Target::Classification {
            column: "y".to_string(),
            classes: classes(),
            temperature: 1.0,
            decision: None,
        };
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.5; 2 * table.rows()],
            decision: None,
        };
        Score::of_table(&predictions, &table, &target)
    }

    #[test]
    fn a_table_without_targets_is_named() {
        let error = scored("x,y\n1,\n2,\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv: no row has a value of `y` to score"
        );
    }

    #[test]
    fn unknown_classes_are_named() {
        let error = scored("x,y\n1,a.\n2,b.\n3,b.\n4,\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "t.csv: no row has a class that the model knows: the table has `a.`, `b.`; the model `a`, `b`"
        );
        let score = scored("x,y\n1,a\n2,c\n3,c\n4,\n").unwrap();
        assert_eq!((score.rows, score.skipped), (1, 3));
        assert_eq!(
            score.skipped_notes(),
            [
                "2 rows skipped: the model does not know their class (`c` 2)",
                "1 row skipped: the target is missing"
            ]
        );
        assert_eq!(score.json()["unknown_classes"]["c"], 2);
    }
}
