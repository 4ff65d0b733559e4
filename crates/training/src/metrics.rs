//! Metrics of predictions, in `f64`, over all rows.
//!
//! Burn's metrics are averages over batches. The RMSE, the R² and the AUC of all rows are not the averages of
//! those of the batches.
//!
//! ```
//! use backburn_training::metrics::{ClassificationScore, RegressionScore};
//!
//! let score = RegressionScore::new(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0]).unwrap();
//! assert_eq!(score.r2, Some(0.5));
//! let probabilities = [0.9, 0.1, 0.2, 0.8];
//! let score = ClassificationScore::new(&probabilities, 2, &[0, 1]).unwrap();
//! assert_eq!(score.accuracy, 1.0);
//! ```

mod classification;
mod distribution;
mod metric;
mod ranking;
mod regression;
mod rows;
mod threshold;

use serde::{Deserialize, Serialize};

use crate::auc::auc;
pub use crate::confusion_matrix::ConfusionMatrix;
use classification::{ClassSums, log_loss};
pub use distribution::{QuantileScore, mean_gamma_deviance, mean_poisson_deviance};
pub use metric::Metric;
use ranking::weighted_auc;
use regression::{mae, r2, rmse};
pub use rows::{ClassRows, RowWeights, ValueRows, most_likely};
pub use threshold::{BinaryRows, ThresholdScore};

/// Metrics of a regression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegressionScore {
    /// The root mean squared error, in the unit of the target.
    pub rmse: f64,
    /// The mean absolute error, in the unit of the target.
    pub mae: f64,
    /// The coefficient of determination R², at most 1; `None` where the target is constant.
    pub r2: Option<f64>,
}

impl RegressionScore {
    /// The metrics of predictions, `[rows]`. `None` if there are no rows or the lengths differ.
    pub fn new(predicted: &[f64], actual: &[f64]) -> Option<Self> {
        Self::of(&ValueRows {
            predicted,
            actual,
            weights: RowWeights(None),
        })
    }

    /// The metrics of rows, weighted if they have weights. `None` if there are no rows or the lengths differ.
    pub fn of(rows: &ValueRows) -> Option<Self> {
        rows.fits().then(|| Self {
            rmse: rmse(rows),
            mae: mae(rows),
            r2: r2(rows),
        })
    }
}

/// Metrics of a classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassificationScore {
    /// The share of rows whose predicted class, by default the most likely one, is the true one.
    pub accuracy: f64,
    /// The mean of `-log(probability of the true class)`.
    pub log_loss: f64,
    /// The F1 score, the harmonic mean of precision and recall: the mean over the classes that are
    /// true or predicted for some row.
    pub macro_f1: f64,
    /// The area under the receiver operating characteristic: the probability that a row of the class
    /// gets a higher probability of it than a row of another class. For more than two classes it is
    /// the mean over the classes (one against the rest). `None` where all rows are of one class.
    pub auc: Option<f64>,
    /// The expected calibration error (Guo and others, 2017): rows are put into [`BINS`] bins by the
    /// probability of their most likely class; the error is the mean absolute difference of that
    /// probability and the accuracy in each bin.
    pub calibration_error: f64,
    /// The numbers of rows by true class and by predicted class.
    pub confusion: ConfusionMatrix,
}

/// The number of bins of [`ClassificationScore::calibration_error`].
pub const BINS: usize = 15;

impl ClassificationScore {
    /// The metrics of class probabilities, `[rows, classes]`, for the true classes, `[rows]`. The most likely
    /// class is predicted. `None` if there are no rows, the lengths do not fit, or a class is out of range.
    pub fn new(probabilities: &[f64], classes: usize, actual: &[usize]) -> Option<Self> {
        let predicted = probabilities.chunks(classes.max(1)).map(most_likely);
        Self::of(&ClassRows {
            probabilities,
            classes,
            predicted: &predicted.collect::<Vec<_>>(),
            actual,
            weights: RowWeights(None),
        })
    }

    /// The metrics of rows, weighted if they have weights; the confusion matrix has numbers of rows. `None` as
    /// for [`new`](Self::new).
    pub fn of(rows: &ClassRows) -> Option<Self> {
        if !rows.fits() {
            return None;
        }
        let mut confusion = ConfusionMatrix::new(rows.classes);
        for (&actual, &predicted) in rows.actual.iter().zip(rows.predicted) {
            confusion.add(actual, predicted);
        }
        let sums = ClassSums::new(rows);
        Some(Self {
            accuracy: sums.accuracy(),
            log_loss: log_loss(rows),
            macro_f1: sums.macro_f1(),
            auc: match rows.weights.0 {
                None => auc(rows.probabilities, rows.classes, rows.actual),
                Some(_) => weighted_auc(rows),
            },
            calibration_error: calibration_error(rows),
            confusion,
        })
    }
}

fn calibration_error(rows: &ClassRows) -> f64 {
    // For each bin the sum of probability minus correctness.
    let mut gaps = [0.0; BINS];
    let of_rows = rows.probabilities.chunks(rows.classes).zip(rows.actual);
    for (index, (row, &class)) in of_rows.enumerate() {
        let predicted = most_likely(row);
        let probability = row[predicted];
        let correct = f64::from(u8::from(predicted == class));
        let bin = ((probability * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        gaps[bin] += rows.weights.of(index) * (probability - correct);
    }
    let total = rows.weights.total(rows.actual.len());
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / total
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers are those of scikit-learn.

    #[test]
    fn regression_scores() {
        let score = RegressionScore::new(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0]).unwrap();
        assert!((score.rmse - 0.375f64.sqrt()).abs() < 1e-12);
        assert!((score.mae - 0.5).abs() < 1e-12);
        assert!((score.r2.unwrap() - 0.9486081370449679).abs() < 1e-12);
        let constant = RegressionScore::new(&[0.1, 0.15, 0.1], &[0.1; 3]).unwrap();
        assert_eq!(constant.r2, None);
        assert_eq!(RegressionScore::new(&[], &[]), None);
    }

    #[test]
    fn classification_scores() {
        let probabilities = [0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8];
        let score = ClassificationScore::new(&probabilities, 2, &[0, 0, 1, 1]).unwrap();
        assert_eq!(score.accuracy, 0.75);
        assert_eq!(score.auc, Some(0.75));
        assert!((score.macro_f1 - 0.7333333333333334).abs() < 1e-12);
        assert!(
            (score.log_loss - 0.4722879).abs() < 1e-6,
            "{}",
            score.log_loss
        );
        assert_eq!(score.confusion.dense(), [[2, 0], [1, 1]]);
        // Four bins of one row, since 0.6 and 0.65 are on two sides of 9 / 15.
        let expected = (0.1 + 0.4 + 0.65 + 0.2) / 4.0;
        assert!((score.calibration_error - expected).abs() < 1e-12);
    }

    #[test]
    fn ties_count_half_and_one_class_has_no_auc() {
        let even = [0.5, 0.5, 0.5, 0.5];
        let score = ClassificationScore::new(&even, 2, &[0, 1]).unwrap();
        assert_eq!(score.auc, Some(0.5));
        let score = ClassificationScore::new(&even, 2, &[0, 0]).unwrap();
        assert_eq!(score.auc, None);
        assert_eq!(ClassificationScore::new(&even, 2, &[0, 2]), None);
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let twice = [0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.65, 0.35, 0.2, 0.8];
        let twice = ClassificationScore::new(&twice, 2, &[0, 0, 1, 1, 1]).unwrap();
        let weighted = ClassificationScore::of(&ClassRows {
            probabilities: &[0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8],
            classes: 2,
            predicted: &[0, 0, 0, 1],
            actual: &[0, 0, 1, 1],
            weights: RowWeights(Some(&[1.0, 1.0, 2.0, 1.0])),
        });
        let weighted = weighted.unwrap();
        for (a, b) in [
            (weighted.accuracy, twice.accuracy),
            (weighted.log_loss, twice.log_loss),
            (weighted.macro_f1, twice.macro_f1),
            (weighted.auc.unwrap(), twice.auc.unwrap()),
            (weighted.calibration_error, twice.calibration_error),
        ] {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        let rows = |weights: Option<&'static [f64]>| ValueRows {
            predicted: &[1.0, 3.0],
            actual: &[1.0, 2.0],
            weights: RowWeights(weights),
        };
        let score = RegressionScore::of(&rows(Some(&[1.0, 3.0]))).unwrap();
        assert_eq!((score.mae, score.rmse), (0.75, 0.75f64.sqrt()));
        // Weights that are no weights.
        for weights in [&[0.0, 0.0], &[1.0, -1.0], &[1.0, f64::NAN]] {
            assert_eq!(RegressionScore::of(&rows(Some(weights))), None);
        }
    }
}
