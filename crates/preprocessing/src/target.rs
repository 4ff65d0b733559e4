//! The target: the column to predict, and how outputs of a network become predictions.

use backburn_table::{Table, TableError};
use serde::{Deserialize, Serialize};

use crate::category_index::CategoryIndex;
use crate::decision::Decision;
use crate::distribution::Distribution;
use crate::error_scale::ErrorScale;
use crate::predictions::Predictions;
use crate::target_transform::TargetTransform;
use crate::task::Task;

/// The column to predict, and how outputs of a network become predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase", deny_unknown_fields)]
pub enum Target {
    /// Numbers, transformed for the network: `output = (value - mean) / std`, or the same with the
    /// logarithm of the value.
    Regression {
        /// The column.
        column: String,
        /// How the numbers are transformed.
        #[serde(default)]
        scale: TargetTransform,
        /// The mean over the training rows, or 0 without a transform.
        mean: f64,
        /// The standard deviation over the training rows, or 1 without a transform; above 0.
        std: f64,
        /// The smallest and the largest possible prediction, if predictions are limited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<[f64; 2]>,
        /// The shares of the training rows whose number is the smallest, and the largest, if predictions are
        /// limited. Unknown in models of older formats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_bounds: Option<[f64; 2]>,
        /// Quantiles of the absolute errors of outputs on rows that were not trained on, each divided by
        /// `error_scale`: for coverages of 50, 51, ..., 99 percent. Fewer if there were too few rows for high coverages; see
        /// [`calibrated`](Self::calibrated).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<f64>,
        /// How large the errors are, depending on the row. `None`, as in models of older formats, if they
        /// are equally large for all rows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_scale: Option<ErrorScale>,
        /// What the outputs stand for, if not for the number itself; it then has the errors. With a log
        /// link, `scale` is the logarithm, and `mean` that of the mean of the training rows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        distribution: Option<Distribution>,
    },
    /// Classes, in the order of the outputs.
    Classification {
        /// The column.
        column: String,
        /// The names of the classes.
        classes: Vec<String>,
        /// The temperature that logits are divided by; above 0.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        temperature: f64,
        /// How probabilities become a class. `None`, as in models of older formats, is the most likely class.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Decision>,
    },
}

fn one() -> f64 {
    1.0
}

fn is_one(temperature: &f64) -> bool {
    *temperature == 1.0
}

impl Target {
    /// The name of the column.
    pub fn column(&self) -> &str {
        match self {
            Self::Regression { column, .. } | Self::Classification { column, .. } => column,
        }
    }

    /// What is predicted: numbers or classes.
    pub fn task(&self) -> Task {
        match self {
            Self::Regression { .. } => Task::Regression,
            Self::Classification { .. } => Task::Classification,
        }
    }

    /// The names of the classes, in the order of the outputs; `None` for numbers.
    pub fn class_names(&self) -> Option<&[String]> {
        match self {
            Self::Regression { .. } => None,
            Self::Classification { classes, .. } => Some(classes),
        }
    }

    /// How probabilities become a class, if it is not simply the most likely one; `None` for numbers.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Regression { .. } => None,
            Self::Classification { decision, .. } => decision.as_ref(),
        }
    }

    /// The target with another decision, which a target of numbers does not have.
    #[must_use]
    pub fn with_decision(mut self, new: Option<Decision>) -> Self {
        if let Self::Classification { decision, .. } = &mut self {
            *decision = new;
        }
        self
    }

    /// How its numbers are transformed; `None` for classes.
    pub fn transform(&self) -> Option<TargetTransform> {
        match self {
            Self::Regression { scale, .. } => Some(*scale),
            Self::Classification { .. } => None,
        }
    }

    /// The numbers of the target, row by row; NaN for rows without one.
    ///
    /// # Errors
    ///
    /// The table does not have the column, or the column holds text.
    pub fn values(&self, table: &Table) -> Result<Vec<f64>, TableError> {
        table.numbers(self.column())
    }

    /// The index of the class, row by row; `None` for rows whose class is missing or unknown.
    ///
    /// # Errors
    ///
    /// The table does not have the column.
    pub fn classes(&self, table: &Table) -> Result<Vec<Option<usize>>, TableError> {
        let Self::Classification {
            column, classes, ..
        } = self
        else {
            return Ok(vec![None; table.rows()]);
        };
        let index = CategoryIndex::new(classes);
        let cells = table.column(column)?.cells();
        Ok(cells.map(|cell| index.get(&cell)).collect())
    }

    /// The transformed value, which the network learns: with a log link, its ratio to the mean of the
    /// training rows. A class index is not changed.
    pub fn scale(&self, value: f64) -> f64 {
        match self {
            Self::Regression {
                mean,
                distribution: Some(distribution),
                ..
            } if distribution.has_log_link() => value / mean.exp(),
            Self::Regression {
                scale: TargetTransform::Log,
                mean,
                std,
                ..
            } => (value.ln() - mean) / std,
            Self::Regression { mean, std, .. } => (value - mean) / std,
            Self::Classification { .. } => value,
        }
    }

    /// The number that an output of a network stands for, in the unit of the target and within its bounds.
    /// An index of a class is not changed.
    pub(crate) fn value(&self, output: f64) -> f64 {
        let Self::Regression {
            scale,
            mean,
            std,
            bounds,
            ..
        } = self
        else {
            return output;
        };
        let value = output * std + mean;
        let value = match scale {
            TargetTransform::Log => value.exp(),
            _ => value,
        };
        let [minimum, maximum] = bounds.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        value.clamp(minimum, maximum)
    }

    /// The predictions for outputs of a network (`rows * width` numbers): values in the unit of the
    /// target, or probabilities of classes.
    ///
    /// `width` is the number of outputs of a row: 1 for regression, the number of classes for
    /// classification, or 1 for two classes. Where the outputs are quantiles, `width` is their number, and
    /// the prediction is the median.
    pub fn predictions(&self, outputs: &[f32], width: usize) -> Predictions {
        match self {
            Self::Regression {
                distribution: Some(distribution),
                ..
            } => {
                let rows = outputs.chunks(width.max(1));
                let values = rows.map(|row| self.value(distribution.point(row)));
                Predictions::Values(values.collect())
            }
            Self::Regression { .. } => {
                let values = outputs.iter().map(|output| self.value(f64::from(*output)));
                Predictions::Values(values.collect())
            }
            Self::Classification {
                classes,
                temperature,
                decision,
                ..
            } => {
                let mut probabilities = Vec::with_capacity(outputs.len());
                for logits in outputs.chunks(width.max(1)) {
                    match logits {
                        [logit] => {
                            let logit = f64::from(*logit) / temperature;
                            let second = 1.0 / (1.0 + (-logit).exp());
                            probabilities.extend([1.0 - second, second]);
                        }
                        logits => softmax(logits, *temperature, &mut probabilities),
                    }
                }
                Predictions::Classes {
                    classes: classes.clone(),
                    probabilities,
                    decision: decision.clone(),
                }
            }
        }
    }

    /// Why the target is invalid, if it is. Used for targets from files, which may hold anything.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Regression {
                mean,
                std,
                bounds,
                at_bounds,
                scale,
                errors,
                error_scale,
                distribution,
                ..
            } => {
                if let Some(problem) = distribution.as_ref().and_then(Distribution::problem) {
                    return Some(problem);
                }
                if let Some(problem) = error_scale.as_ref().and_then(ErrorScale::problem) {
                    return Some(problem);
                }
                let fits = mean.is_finite() && std.is_finite() && *std > 0.0;
                let bounded = bounds.is_none_or(|[minimum, maximum]| {
                    minimum.is_finite() && maximum.is_finite() && minimum <= maximum
                });
                if !fits || *scale == TargetTransform::Auto {
                    return Some("the target's scale is not a number above 0");
                }
                if !errors.iter().all(|off| off.is_finite() && *off >= 0.0) {
                    return Some("the calibration errors are not numbers of at least 0");
                }
                let largest = error_scale.as_ref().map_or(1.0, ErrorScale::largest);
                if !errors.iter().all(|off| (off * largest * std).is_finite()) {
                    return Some("the calibration errors are too large");
                }
                let shares = at_bounds.iter().flatten();
                if !shares.copied().all(|share| (0.0..=1.0).contains(&share)) {
                    return Some("the shares of rows at the target's bounds are not from 0 to 1");
                }
                (!bounded).then_some("the target's bounds are not a range of numbers")
            }
            Self::Classification {
                classes,
                temperature,
                decision,
                ..
            } => {
                if !(temperature.is_finite() && *temperature > 0.0) {
                    return Some("the temperature is not above 0");
                }
                let mut sorted = classes.clone();
                sorted.sort_unstable();
                sorted.dedup();
                let fits = sorted.len() == classes.len() && classes.len() >= 2;
                match decision {
                    _ if !fits => Some("the classes are not different"),
                    Some(decision) => decision.problem(classes.len()),
                    None => None,
                }
            }
        }
    }
}

fn softmax(logits: &[f32], temperature: f64, probabilities: &mut Vec<f64>) {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials = logits
        .iter()
        .map(|logit| (f64::from(logit - highest) / temperature).exp());
    let sum: f64 = exponentials.clone().sum();
    probabilities.extend(exponentials.map(|e| e / sum));
}
