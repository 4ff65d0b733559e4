//! How good predictions are, in the words and the JSON of a report.

use std::cell::RefCell;
use std::collections::BTreeMap;

use backburn_tabular::{Predictions, Predictor, Table, Target};
use backburn_training::EpochReport;
use backburn_training::metrics::{ClassificationScore, RegressionScore};
use serde_json::{Map, Value, json};

use crate::console::{count, number};
use crate::error::Error;

/// The coverage of intervals that is looked at where none is asked for.
const COVERAGE: f64 = 0.9;

/// The score of predictions on rows whose truth is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Rows scored.
    pub rows: usize,
    /// Rows passed over, since their target is missing or a class that the model does not know.
    pub passed_over: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Regression(RegressionScore),
    Classification(ClassificationScore),
}

impl Score {
    /// Scores predictions for every row of a table that has the target.
    pub fn of_table(
        predictions: &Predictions,
        table: &Table,
        target: &Target,
    ) -> Result<Self, Error> {
        let truth = Truth::of(table, target)?;
        let all: Vec<usize> = (0..table.rows()).collect();
        let failed = || {
            let name = table.name();
            Error::Failed(format!(
                "{name}: no row has a value of `{}` to score",
                target.column()
            ))
        };
        Self::of_rows(predictions, &truth, &all).ok_or_else(failed)
    }

    /// Scores predictions for some rows of a table, one for each of `rows`.
    pub fn of_rows(predictions: &Predictions, truth: &Truth, rows: &[usize]) -> Option<Self> {
        let (scored, kind) = match (predictions, truth) {
            (Predictions::Values(predicted), Truth::Values(values)) => {
                let (predicted, actual): (Vec<f64>, Vec<f64>) = rows
                    .iter()
                    .zip(predicted)
                    .map(|(&row, predicted)| (*predicted, values[row]))
                    .filter(|(_, actual)| !actual.is_nan())
                    .unzip();
                let score = RegressionScore::new(&predicted, &actual)?;
                (actual.len(), Kind::Regression(score))
            }
            (
                Predictions::Classes {
                    classes,
                    probabilities,
                },
                Truth::Classes(truth),
            ) => {
                let width = classes.len();
                let mut known = Vec::new();
                let mut actual = Vec::new();
                for (&row, probabilities) in rows.iter().zip(probabilities.chunks(width)) {
                    if let Some(class) = truth[row] {
                        known.extend_from_slice(probabilities);
                        actual.push(class);
                    }
                }
                let score = ClassificationScore::new(&known, width, &actual)?;
                (actual.len(), Kind::Classification(score))
            }
            _ => return None,
        };
        Some(Self {
            rows: scored,
            passed_over: rows.len() - scored,
            kind,
        })
    }

    /// The scores by the name of the metric, those that are finite numbers.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let metrics = match &self.kind {
            Kind::Regression(score) => vec![
                ("rmse", Some(score.rmse)),
                ("mae", Some(score.mae)),
                ("r2", score.r2),
            ],
            Kind::Classification(score) => vec![
                ("accuracy", Some(score.accuracy)),
                ("log_loss", Some(score.log_loss)),
                ("macro_f1", Some(score.macro_f1)),
                ("auc", score.auc),
                ("calibration_error", Some(score.calibration_error)),
            ],
        };
        metrics
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.filter(|v| v.is_finite())?)))
            .collect()
    }

    /// The score as the JSON object that `--json` prints; a metric that is not defined on these
    /// rows is null.
    pub fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("rows".to_string(), json!(self.rows));
        match &self.kind {
            Kind::Regression(score) => {
                object.insert("task".to_string(), json!("regression"));
                object.insert("rmse".to_string(), json!(score.rmse));
                object.insert("mae".to_string(), json!(score.mae));
                object.insert("r2".to_string(), json!(score.r2));
            }
            Kind::Classification(score) => {
                object.insert("task".to_string(), json!("classification"));
                object.insert("accuracy".to_string(), json!(score.accuracy));
                object.insert("log_loss".to_string(), json!(score.log_loss));
                object.insert("macro_f1".to_string(), json!(score.macro_f1));
                object.insert("auc".to_string(), json!(score.auc));
                let calibration_error = json!(score.calibration_error);
                object.insert("calibration_error".to_string(), calibration_error);
                object.insert("confusion".to_string(), json!(score.confusion));
            }
        }
        object
    }

    /// The score in a line, amounts in the unit (put in front).
    pub fn line(&self, unit: &str) -> String {
        let optional = |value: Option<f64>| value.map_or("undefined".to_string(), number);
        match &self.kind {
            Kind::Regression(score) => format!(
                "RMSE {unit}{}, MAE {unit}{}, R² {}",
                number(score.rmse),
                number(score.mae),
                optional(score.r2)
            ),
            Kind::Classification(score) => format!(
                "accuracy {:.2} %, log loss {}, macro F1 {}, AUC {}",
                score.accuracy * 100.0,
                number(score.log_loss),
                number(score.macro_f1),
                optional(score.auc)
            ),
        }
    }

    /// The one number to compare by, amounts in the unit.
    pub fn headline(&self, unit: &str) -> String {
        match &self.kind {
            Kind::Regression(score) => format!("RMSE {unit}{}", number(score.rmse)),
            Kind::Classification(score) => format!("accuracy {:.2} %", score.accuracy * 100.0),
        }
    }

    /// What is lower for better predictions, with its name: the RMSE or the log loss.
    pub fn error(&self) -> (&'static str, f64) {
        match &self.kind {
            Kind::Regression(score) => ("RMSE", score.rmse),
            Kind::Classification(score) => ("log loss", score.log_loss),
        }
    }

    /// The number that the headline has: the RMSE or the accuracy.
    pub fn main(&self) -> f64 {
        match &self.kind {
            Kind::Regression(score) => score.rmse,
            Kind::Classification(score) => score.accuracy,
        }
    }

    /// How far to trust the model, in words: what its intervals held, or how far its probabilities
    /// are off.
    pub fn trust(
        &self,
        predictor: &Predictor,
        table: &Table,
    ) -> Result<Option<(&'static str, String)>, Error> {
        match &self.kind {
            Kind::Classification(score) => {
                let error = score.calibration_error * 100.0;
                let words =
                    format!("probabilities are {error:.1} points off (expected calibration error)");
                Ok(Some(("trust", words)))
            }
            Kind::Regression(_) => {
                let target = &predictor.model().target;
                let intervals = predictor.intervals_of_table(table, COVERAGE)?;
                let Some(intervals) = intervals else {
                    return Ok(None);
                };
                let values = target.values(table)?;
                let known = intervals.iter().zip(&values).filter(|(_, v)| !v.is_nan());
                let held = known
                    .filter(|([low, high], v)| low <= *v && *v <= high)
                    .count();
                let share = held as f64 / self.rows as f64;
                let (asked, held) = (COVERAGE * 100.0, share * 100.0);
                let words = format!(
                    "{asked:.0} % intervals (predict --interval) hold {held:.1} % of the rows"
                );
                Ok(Some(("trust", words)))
            }
        }
    }

    /// A sentence about the rows passed over, if there are any.
    pub fn passed_over_note(&self) -> Option<String> {
        (self.passed_over > 0).then(|| {
            format!(
                "{} passed over: the target is missing, or a class that the model does not know",
                count(self.passed_over, "row")
            )
        })
    }
}

/// Scores the validation rows while a network trains, once for each epoch however many ask.
pub struct Scorer<'a> {
    pub target: &'a Target,
    truth: &'a Truth,
    rows: &'a [usize],
    last: RefCell<(usize, Option<Score>)>,
}

impl<'a> Scorer<'a> {
    pub fn new(target: &'a Target, truth: &'a Truth, rows: &'a [usize]) -> Self {
        Self {
            target,
            truth,
            rows,
            last: RefCell::new((0, None)),
        }
    }

    pub fn score(&self, epoch: &EpochReport) -> Option<Score> {
        let mut last = self.last.borrow_mut();
        if last.0 != epoch.epoch {
            *last = (epoch.epoch, self.of(epoch));
        }
        last.1.clone()
    }

    fn of(&self, epoch: &EpochReport) -> Option<Score> {
        let validation = epoch.validation.as_ref()?;
        let width = validation.outputs.dims()[1];
        let outputs: Vec<f32> = validation.outputs.to_data().iter::<f32>().collect();
        let predictions = self.target.predictions(&outputs, width);
        Score::of_rows(&predictions, self.truth, self.rows)
    }
}

/// What is true of each row of a table.
pub enum Truth {
    /// NaN where it is missing.
    Values(Vec<f64>),
    Classes(Vec<Option<usize>>),
}

impl Truth {
    /// The values of some rows, or the indices of their classes.
    pub fn numbers(&self, rows: &[usize]) -> Vec<f64> {
        let class = |class: Option<usize>| class.unwrap_or_default() as f64;
        match self {
            Self::Values(values) => rows.iter().map(|&row| values[row]).collect(),
            Self::Classes(classes) => rows.iter().map(|&row| class(classes[row])).collect(),
        }
    }

    pub fn of(table: &Table, target: &Target) -> Result<Self, Error> {
        Ok(match target {
            Target::Regression { .. } => Self::Values(target.values(table)?),
            Target::Classification { .. } => Self::Classes(target.classes(table)?),
        })
    }
}
