//! How well intervals and probabilities are calibrated.

use std::fmt;

use backburn_table::Table;
use serde_json::{Value, json};

use crate::error::Error;
use crate::predictor::Predictor;
use crate::score::{Metrics, Score};

/// The coverage of the intervals that [`Score::reliability`] checks.
pub const COVERAGE: f64 = 0.9;

/// The calibration of intervals or probabilities. As text, it is a sentence without a full stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reliability {
    /// What is measured.
    pub measure: ReliabilityMeasure,
    /// Its value.
    pub value: f64,
    /// Whether the rows count by their weights.
    pub weighted: bool,
}

/// What a [`Reliability`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReliabilityMeasure {
    /// For regression: the share of rows that lie within their interval of nominal coverage [`COVERAGE`].
    Coverage,
    /// For classification: the expected calibration error of the probabilities.
    CalibrationError,
}

impl Score {
    /// The calibration of the model's intervals or probabilities on the rows of this score. `weights` has the weight of each
    /// row of the table, if the rows are weighted. `None` for a regression model without intervals.
    ///
    /// # Errors
    ///
    /// The table does not fit the model.
    pub fn reliability(
        &self,
        predictor: &Predictor,
        table: &Table,
        weights: Option<&[f64]>,
    ) -> Result<Option<Reliability>, Error> {
        if let Metrics::Classification(score) = &self.metrics {
            return Ok(Some(Reliability {
                measure: ReliabilityMeasure::CalibrationError,
                value: score.calibration_error,
                weighted: self.weighted,
            }));
        }
        let target = &predictor.model().target;
        let Some(intervals) = predictor.intervals_of_table(table, COVERAGE)? else {
            return Ok(None);
        };
        let values = target.values(table)?;
        let (mut held, mut total) = (0.0, 0.0);
        let rows = intervals.iter().zip(&values).enumerate();
        for (row, ([low, high], value)) in rows.filter(|(_, (_, value))| !value.is_nan()) {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            total += weight;
            if low <= value && value <= high {
                held += weight;
            }
        }
        Ok(Some(Reliability {
            measure: ReliabilityMeasure::Coverage,
            value: held / total,
            weighted: weights.is_some(),
        }))
    }
}

impl Reliability {
    /// What it is about, in one word.
    pub fn heading(&self) -> &'static str {
        match self.measure {
            ReliabilityMeasure::Coverage => "intervals",
            ReliabilityMeasure::CalibrationError => "calibrated",
        }
    }

    /// Its name in the output of `--json`, and its value. A calibration error is among the metrics of the score as well.
    pub(crate) fn json(&self) -> (String, Value) {
        let name = match self.measure {
            ReliabilityMeasure::Coverage => "interval_coverage",
            ReliabilityMeasure::CalibrationError => "calibration_error",
        };
        (name.to_string(), json!(self.value))
    }
}

impl fmt::Display for Reliability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_cent = self.value * 100.0;
        match self.measure {
            ReliabilityMeasure::Coverage => write!(
                f,
                "{:.0} % prediction intervals (predict --interval) contain {per_cent:.1} % of the rows",
                COVERAGE * 100.0
            )?,
            ReliabilityMeasure::CalibrationError => write!(
                f,
                "the expected calibration error of the probabilities is {per_cent:.1} %"
            )?,
        }
        match self.weighted {
            true => f.write_str(" (weighted)"),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_said() {
        let mut coverage = Reliability {
            measure: ReliabilityMeasure::Coverage,
            value: 0.885,
            weighted: false,
        };
        assert!(coverage.to_string().ends_with("contain 88.5 % of the rows"));
        coverage.weighted = true;
        let text = coverage.to_string();
        assert!(text.ends_with("88.5 % of the rows (weighted)"), "{text}");
        assert_eq!(coverage.json().0, "interval_coverage");
    }
}
