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

use serde::{Deserialize, Serialize};

use crate::auc::auc;
pub use crate::confusion_matrix::ConfusionMatrix;
pub use crate::distribution_metrics::{QuantileScore, mean_gamma_deviance, mean_poisson_deviance};

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
        let rows = actual.len() as f64;
        if actual.is_empty() || predicted.len() != actual.len() {
            return None;
        }
        let errors = || predicted.iter().zip(actual).map(|(p, a)| p - a);
        let squares: f64 = errors().map(|e| e * e).sum();
        let mean = actual.iter().sum::<f64>() / rows;
        let variance: f64 = actual.iter().map(|a| (a - mean) * (a - mean)).sum();
        // The variance of equal numbers may be above 0, since their mean is rounded.
        let varies = actual.iter().any(|a| *a != actual[0]);
        Some(Self {
            rmse: (squares / rows).sqrt(),
            mae: errors().map(f64::abs).sum::<f64>() / rows,
            r2: varies.then(|| 1.0 - squares / variance),
        })
    }
}

/// Metrics of a classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassificationScore {
    /// The share of rows whose most likely class is the true one.
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
    /// The metrics of class probabilities, `[rows, classes]`, for the true classes, `[rows]`. `None`
    /// if there are no rows, the lengths do not fit, or a class is out of range.
    pub fn new(probabilities: &[f64], classes: usize, actual: &[usize]) -> Option<Self> {
        let fits = classes > 0
            && probabilities.len() == actual.len() * classes
            && actual.iter().all(|&class| class < classes);
        if actual.is_empty() || !fits {
            return None;
        }
        let mut confusion = ConfusionMatrix::new(classes);
        let mut log_loss = 0.0;
        for (row, &class) in probabilities.chunks(classes).zip(actual) {
            confusion.add(class, most_likely(row));
            log_loss -= row[class].max(f64::EPSILON).ln();
        }
        let rows = actual.len() as f64;
        let right: usize = (0..classes).map(|class| confusion.get(class, class)).sum();
        Some(Self {
            accuracy: right as f64 / rows,
            log_loss: log_loss / rows,
            macro_f1: macro_f1(&confusion),
            auc: auc(probabilities, classes, actual),
            calibration_error: calibration_error(probabilities, classes, actual),
            confusion,
        })
    }
}

/// The index of the largest probability, the first one if several are equal.
pub fn most_likely(probabilities: &[f64]) -> usize {
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = class;
        }
    }
    best
}

fn calibration_error(probabilities: &[f64], classes: usize, actual: &[usize]) -> f64 {
    // For each bin the sum of probability minus correctness.
    let mut gaps = [0.0; BINS];
    for (row, &class) in probabilities.chunks(classes).zip(actual) {
        let predicted = most_likely(row);
        let probability = row[predicted];
        let correct = f64::from(u8::from(predicted == class));
        let bin = ((probability * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        gaps[bin] += probability - correct;
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / actual.len() as f64
}

fn macro_f1(confusion: &ConfusionMatrix) -> f64 {
    let (actual, predicted) = (confusion.by_actual(), confusion.by_predicted());
    let scores: Vec<f64> = (0..confusion.classes())
        .filter_map(|class| {
            let rows = actual[class] + predicted[class];
            let right = confusion.get(class, class);
            (rows > 0).then(|| 2.0 * right as f64 / rows as f64)
        })
        .collect();
    scores.iter().sum::<f64>() / scores.len() as f64
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
}
