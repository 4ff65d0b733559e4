//! Scores of predictions.

use std::collections::BTreeMap;
use std::fmt;

use crate::predictor::Predictor;
use backburn_preprocessing::{PredictedQuantiles, Predictions, Target};
use backburn_table::Table;
use backburn_training::metrics::{ClassificationScore, RegressionScore};
use serde_json::{Map, Value, json};

use crate::distribution_score::DistributionScore;
use crate::error::Error;
use crate::targets::Targets;
use crate::text::{count, number};
use crate::unknown_classes::{nothing_to_score, unknown_classes, unknown_note};

/// The coverage of the intervals that [`Score::reliability`] checks.
pub const COVERAGE: f64 = 0.9;

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

/// The calibration of intervals or probabilities. As text, it is a sentence without a full stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reliability {
    /// For regression: the share of rows that lie within their interval of nominal coverage
    /// [`COVERAGE`].
    Coverage(f64),
    /// For classification: the expected calibration error of the probabilities.
    CalibrationError(f64),
}

impl Score {
    /// Scores predictions for every row of a table.
    ///
    /// # Errors
    ///
    /// The table does not have the target column, or no row has a target.
    pub fn of_table(
        predictions: &Predictions,
        table: &Table,
        target: &Target,
    ) -> Result<Self, Error> {
        let targets = Targets::read(table, target)?;
        let all: Vec<usize> = (0..table.rows()).collect();
        let unknown = match &targets {
            Targets::Classes(known) => unknown_classes(table, target, known)?,
            Targets::Values(_) => BTreeMap::new(),
        };
        match Self::of_rows(predictions, &targets, &all) {
            Some(score) => Ok(Self {
                unknown_classes: unknown,
                distribution: distribution_score(target, predictions, None, &targets, &all),
                ..score
            }),
            None => Err(nothing_to_score(table, target, &unknown)),
        }
    }

    /// Scores the outputs of networks for some rows of a table, `width` numbers for each of `rows`. `None` if
    /// none of them can be scored.
    pub(crate) fn of_outputs(
        target: &Target,
        (outputs, width): (&[f32], usize),
        targets: &Targets,
        rows: &[usize],
    ) -> Option<Self> {
        let predictions = target.predictions(outputs, width);
        let quantiles = target.quantiles(outputs);
        let score = Self::of_rows(&predictions, targets, rows)?;
        Some(Self {
            distribution: distribution_score(
                target,
                &predictions,
                quantiles.as_ref(),
                targets,
                rows,
            ),
            ..score
        })
    }

    /// The score with that of the quantiles, for a model that predicts them. `table` is the one that was
    /// scored.
    ///
    /// # Errors
    ///
    /// The table does not fit the model.
    pub(crate) fn with_quantiles(
        self,
        predictor: &Predictor,
        table: &Table,
    ) -> Result<Self, Error> {
        let Some(quantiles) = predictor.predict_quantiles(table)? else {
            return Ok(self);
        };
        let target = &predictor.model().target;
        let targets = Targets::read(table, target)?;
        let rows: Vec<usize> = (0..table.rows()).collect();
        let medians = Predictions::Values(vec![0.0; rows.len()]);
        let score = distribution_score(target, &medians, Some(&quantiles), &targets, &rows);
        Ok(Self {
            distribution: score,
            ..self
        })
    }

    /// Scores predictions for some rows of a table, one prediction for each of `rows`. `None` if none of
    /// them can be scored.
    pub fn of_rows(predictions: &Predictions, targets: &Targets, rows: &[usize]) -> Option<Self> {
        let (scored, metrics) = match (predictions, targets) {
            (Predictions::Values(predicted), Targets::Values(values)) => {
                let (predicted, actual): (Vec<f64>, Vec<f64>) = rows
                    .iter()
                    .zip(predicted)
                    .map(|(&row, predicted)| (*predicted, values[row]))
                    .filter(|(_, actual)| !actual.is_nan())
                    .unzip();
                let score = RegressionScore::new(&predicted, &actual)?;
                (actual.len(), Metrics::Regression(score))
            }
            (
                Predictions::Classes {
                    classes,
                    probabilities,
                },
                Targets::Classes(true_classes),
            ) => {
                let width = classes.len();
                let of_rows = rows.iter().map(|&row| true_classes[row]);
                let actual: Vec<usize> = of_rows.clone().flatten().collect();
                let score = match actual.len() == rows.len() {
                    true => ClassificationScore::new(probabilities, width, &actual)?,
                    false => {
                        let known = of_rows.zip(probabilities.chunks(width));
                        let known = known.filter_map(|(class, row)| class.map(|_| row));
                        let known: Vec<f64> = known.flatten().copied().collect();
                        ClassificationScore::new(&known, width, &actual)?
                    }
                };
                (actual.len(), Metrics::Classification(score))
            }
            _ => return None,
        };
        Some(Self {
            rows: scored,
            skipped: rows.len() - scored,
            unknown_classes: BTreeMap::new(),
            metrics,
            distribution: None,
        })
    }

    /// A metric by its name: `rmse`, `mae` and `r2` for regression; `accuracy`, `log_loss`, `macro_f1`, `auc`
    /// and `calibration_error` for classification. `None` if there is no such metric, or if it is not defined
    /// on these rows.
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
        let metrics = metrics
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), value?)));
        let distribution = self.distribution.iter();
        let distribution = distribution.flat_map(DistributionScore::metrics);
        metrics
            .chain(distribution)
            .filter(|(_, value)| value.is_finite())
            .collect()
    }

    /// The score as the JSON object that `--json` prints; a metric that is not defined on these
    /// rows is null.
    pub fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("rows".to_string(), json!(self.rows));
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
        object
    }

    /// The score as one line. The unit is written before each amount.
    pub fn line(&self, unit: &str) -> String {
        let optional = |value: Option<f64>| value.map_or("undefined".to_string(), number);
        match &self.metrics {
            Metrics::Regression(score) => {
                let distribution = self.distribution.as_ref();
                let further = distribution.map(|score| format!(", {}", score.line()));
                format!(
                    "RMSE {unit}{}, MAE {unit}{}, R² {}{}",
                    number(score.rmse),
                    number(score.mae),
                    optional(score.r2),
                    further.unwrap_or_default()
                )
            }
            Metrics::Classification(score) => format!(
                "accuracy {:.2} %, log loss {}, macro F1 {}, AUC {}",
                score.accuracy * 100.0,
                number(score.log_loss),
                number(score.macro_f1),
                optional(score.auc)
            ),
        }
    }

    /// The main metric as text. The unit is written before an amount.
    pub fn headline(&self, unit: &str) -> String {
        match &self.metrics {
            Metrics::Regression(score) => format!("RMSE {unit}{}", number(score.rmse)),
            Metrics::Classification(score) => format!("accuracy {:.2} %", score.accuracy * 100.0),
        }
    }

    /// Sentences about the skipped rows.
    pub fn skipped_notes(&self) -> Vec<String> {
        let unknown: usize = self.unknown_classes.values().sum();
        let others = self.skipped.saturating_sub(unknown);
        let why = match self.metrics {
            Metrics::Regression(_) => "is missing, infinite or beyond what 32 bits hold",
            Metrics::Classification(_) => "is missing",
        };
        let others =
            (others > 0).then(|| format!("{} skipped: the target {why}", count(others, "row")));
        let notes = unknown_note(&self.unknown_classes).into_iter();
        notes.chain(others).collect()
    }

    /// The error, which is lower for better predictions, and its name: the RMSE or the log loss.
    pub fn error(&self) -> (&'static str, f64) {
        match &self.metrics {
            Metrics::Regression(score) => ("RMSE", score.rmse),
            Metrics::Classification(score) => ("log loss", score.log_loss),
        }
    }

    /// The main metric: the RMSE or the accuracy.
    pub fn main(&self) -> f64 {
        match &self.metrics {
            Metrics::Regression(score) => score.rmse,
            Metrics::Classification(score) => score.accuracy,
        }
    }

    /// The calibration of the model's intervals or probabilities on the rows of this score.
    /// `None` for a regression model without intervals.
    ///
    /// # Errors
    ///
    /// The table does not fit the model.
    pub fn reliability(
        &self,
        predictor: &Predictor,
        table: &Table,
    ) -> Result<Option<Reliability>, Error> {
        if let Metrics::Classification(score) = &self.metrics {
            return Ok(Some(Reliability::CalibrationError(score.calibration_error)));
        }
        let target = &predictor.model().target;
        let Some(intervals) = predictor.intervals_of_table(table, COVERAGE)? else {
            return Ok(None);
        };
        let values = target.values(table)?;
        let known = intervals.iter().zip(&values).filter(|(_, v)| !v.is_nan());
        let held = known
            .filter(|([low, high], v)| low <= *v && *v <= high)
            .count();
        Ok(Some(Reliability::Coverage(held as f64 / self.rows as f64)))
    }
}

impl Reliability {
    /// What it is about, in one word.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::Coverage(_) => "intervals",
            Self::CalibrationError(_) => "calibrated",
        }
    }
}

impl fmt::Display for Reliability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coverage(held) => write!(
                f,
                "{:.0} % prediction intervals (predict --interval) contain {:.1} % of the rows",
                COVERAGE * 100.0,
                held * 100.0
            ),
            Self::CalibrationError(error) => write!(
                f,
                "the expected calibration error of the probabilities is {:.1} %",
                error * 100.0
            ),
        }
    }
}

/// The score of a distribution on those of `rows` that have a target.
fn distribution_score(
    target: &Target,
    predictions: &Predictions,
    quantiles: Option<&PredictedQuantiles>,
    targets: &Targets,
    rows: &[usize],
) -> Option<DistributionScore> {
    let distribution = target.distribution()?;
    let Targets::Values(values) = targets else {
        return None;
    };
    let means = predictions.values()?;
    let known = |index: &usize| !values[rows[*index]].is_nan();
    let known: Vec<usize> = (0..rows.len()).filter(known).collect();
    let actual: Vec<f64> = known.iter().map(|&index| values[rows[index]]).collect();
    let means: Option<Vec<f64>> = known.iter().map(|&i| means.get(i).copied()).collect();
    let quantiles = quantiles.map(|all| PredictedQuantiles {
        levels: all.levels.clone(),
        values: known
            .iter()
            .filter_map(|&index| all.row(index))
            .flatten()
            .copied()
            .collect(),
    });
    DistributionScore::new(distribution, &means?, quantiles.as_ref(), &actual)
}

/// The name of a metric in a sentence.
pub(crate) fn metric_name(metric: &str) -> &str {
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
        other => other,
    }
}

/// The mean of a metric over several scores, and its standard deviation between them. A score without the
/// metric makes both NaN.
pub(crate) fn mean_and_std(scores: &[Score], metric: &str) -> (f64, f64) {
    let value = |score: &Score| score.metric(metric).unwrap_or(f64::NAN);
    let values: Vec<f64> = scores.iter().map(value).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(""))
    }
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

    /// The score of predictions that give each class the same probability.
    fn scored(csv: &'static str) -> Result<Score, Error> {
        let table = Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default());
        let table = table.unwrap();
        let target = Target::Classification {
            column: "y".to_string(),
            classes: classes(),
            temperature: 1.0,
        };
        let predictions = Predictions::Classes {
            classes: classes(),
            probabilities: vec![0.5; 2 * table.rows()],
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
