//! The metrics by name.

use std::fmt;
use std::str::FromStr;

use backburn_model::{ParseNameError, parse_name};
use serde::{Deserialize, Serialize};

use super::classification::{ClassSums, brier, cost, log_loss};
use super::ranking::{average_precision, weighted_auc};
use super::regression::{mae, mape, median_absolute_error, quantile_loss, r2, rmse, rmsle};
use super::rows::{ClassRows, ValueRows};

/// A metric. The definitions are those of scikit-learn, whose function is named with each.
///
/// ```
/// use backburn_training::metrics::{Metric, RowWeights, ValueRows};
///
/// let metric: Metric = "mae".parse()?;
/// let rows = ValueRows {
///     predicted: &[1.0, 4.0],
///     actual: &[1.0, 2.0],
///     weights: RowWeights(Some(&[1.0, 3.0])),
/// };
/// assert_eq!(metric.of_values(&rows), Some(1.5));
/// let error = "rsme".parse::<Metric>().unwrap_err();
/// assert!(error.to_string().contains("did you mean `rmse`?"));
/// # Ok::<(), backburn_model::ParseNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Metric {
    /// `root_mean_squared_error`, in the unit of the target.
    Rmse,
    /// `mean_absolute_error`, in the unit of the target.
    Mae,
    /// `mean_absolute_percentage_error`, a fraction.
    Mape,
    /// `root_mean_squared_log_error`.
    Rmsle,
    /// `r2_score`.
    R2,
    /// `median_absolute_error`, in the unit of the target.
    MedianAbsoluteError,
    /// `mean_pinball_loss` of this level, which is between 0 and 1.
    Quantile(f64),
    /// `log_loss`.
    LogLoss,
    /// `brier_score_loss`.
    Brier,
    /// `accuracy_score`, a fraction.
    Accuracy,
    /// `balanced_accuracy_score`, a fraction.
    BalancedAccuracy,
    /// `f1_score`: with a positive class that of the class, otherwise `average="macro"`.
    F1,
    /// `roc_auc_score`; for more than two classes `multi_class="ovr"`.
    Auc,
    /// `average_precision_score`: of two classes that of the positive class (the second, unless one is set),
    /// otherwise `average="macro"`.
    AveragePrecision,
    /// `matthews_corrcoef`.
    Mcc,
    /// The mean of `costs[true class][predicted class]`.
    Cost,
}

/// The metrics with their names.
const NAMES: [(&str, Metric); 16] = [
    ("rmse", Metric::Rmse),
    ("mae", Metric::Mae),
    ("mape", Metric::Mape),
    ("rmsle", Metric::Rmsle),
    ("r2", Metric::R2),
    ("median_absolute_error", Metric::MedianAbsoluteError),
    ("quantile", Metric::Quantile(0.5)),
    ("log_loss", Metric::LogLoss),
    ("brier", Metric::Brier),
    ("accuracy", Metric::Accuracy),
    ("balanced_accuracy", Metric::BalancedAccuracy),
    ("f1", Metric::F1),
    ("auc", Metric::Auc),
    ("average_precision", Metric::AveragePrecision),
    ("mcc", Metric::Mcc),
    ("cost", Metric::Cost),
];

/// Other names, for suggestions.
const SYNONYMS: [(&str, &str); 29] = [
    ("root_mean_squared_error", "rmse"),
    ("neg_root_mean_squared_error", "rmse"),
    ("mse", "rmse"),
    ("mean_squared_error", "rmse"),
    ("neg_mean_squared_error", "rmse"),
    ("mean_absolute_error", "mae"),
    ("neg_mean_absolute_error", "mae"),
    ("mean_absolute_percentage_error", "mape"),
    ("root_mean_squared_log_error", "rmsle"),
    ("msle", "rmsle"),
    ("r2_score", "r2"),
    ("medae", "median_absolute_error"),
    ("pinball", "quantile(0.9)"),
    ("pinball_loss", "quantile(0.9)"),
    ("mean_pinball_loss", "quantile(0.9)"),
    ("neg_log_loss", "log_loss"),
    ("cross_entropy", "log_loss"),
    ("nll", "log_loss"),
    ("brier_score", "brier"),
    ("brier_score_loss", "brier"),
    ("acc", "accuracy"),
    ("accuracy_score", "accuracy"),
    ("f1_macro", "f1"),
    ("macro_f1", "f1"),
    ("f1_score", "f1"),
    ("roc_auc", "auc"),
    ("roc_auc_score", "auc"),
    ("average_precision_score", "average_precision"),
    ("matthews_corrcoef", "mcc"),
];

impl FromStr for Metric {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let level = text.strip_prefix("quantile(");
        let Some(level) = level.and_then(|level| level.strip_suffix(')')) else {
            return parse_name("metric", text, &NAMES, &SYNONYMS);
        };
        match level.trim().parse::<f64>() {
            Ok(level) if level > 0.0 && level < 1.0 => Ok(Self::Quantile(level)),
            _ => Err(ParseNameError::Arguments {
                text: text.to_string(),
                reason: "the level must be a number between 0 and 1, such as quantile(0.9)"
                    .to_string(),
            }),
        }
    }
}

impl TryFrom<String> for Metric {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.to_string()
    }
}

impl fmt::Display for Metric {
    /// The name, as it is parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(level) => write!(f, "quantile({level})"),
            other => f.write_str(other.name()),
        }
    }
}

impl Metric {
    /// The name without a level, by which scores have the metric.
    pub fn name(self) -> &'static str {
        let same = |metric: Self| match (metric, self) {
            (Self::Quantile(_), Self::Quantile(_)) => true,
            (metric, other) => metric == other,
        };
        let named = NAMES.into_iter().find(|(_, metric)| same(*metric));
        named.map_or("", |(name, _)| name)
    }

    /// The name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rmse => "RMSE",
            Self::Mae => "MAE",
            Self::Mape => "MAPE",
            Self::Rmsle => "RMSLE",
            Self::R2 => "R²",
            Self::MedianAbsoluteError => "median absolute error",
            Self::Quantile(_) => "pinball loss",
            Self::LogLoss => "log loss",
            Self::Brier => "Brier score",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced accuracy",
            Self::F1 => "F1",
            Self::Auc => "AUC",
            Self::AveragePrecision => "average precision",
            Self::Mcc => "MCC",
            Self::Cost => "cost",
        }
    }

    /// The name of [`error`](Self::error) in a sentence.
    pub fn error_title(self) -> &'static str {
        match self {
            Self::R2 => "1 - R²",
            Self::Accuracy => "1 - accuracy",
            Self::BalancedAccuracy => "1 - balanced accuracy",
            Self::F1 => "1 - F1",
            Self::Auc => "1 - AUC",
            Self::AveragePrecision => "1 - average precision",
            Self::Mcc => "1 - MCC",
            other => other.title(),
        }
    }

    /// Whether it is for classes, and not for numbers.
    pub fn is_for_classes(self) -> bool {
        !matches!(
            self,
            Self::Rmse
                | Self::Mae
                | Self::Mape
                | Self::Rmsle
                | Self::R2
                | Self::MedianAbsoluteError
                | Self::Quantile(_)
        )
    }

    /// Whether it depends on the predicted classes, and so on a decision threshold, and not on the
    /// probabilities alone.
    pub fn depends_on_decision(self) -> bool {
        matches!(
            self,
            Self::Accuracy | Self::BalancedAccuracy | Self::F1 | Self::Mcc | Self::Cost
        )
    }

    /// Whether better predictions have a larger value. The largest value is then 1.
    pub fn is_higher_better(self) -> bool {
        matches!(
            self,
            Self::R2
                | Self::Accuracy
                | Self::BalancedAccuracy
                | Self::F1
                | Self::Auc
                | Self::AveragePrecision
                | Self::Mcc
        )
    }

    /// Whether its values are in the unit of the target.
    pub fn has_unit(self) -> bool {
        matches!(
            self,
            Self::Rmse | Self::Mae | Self::MedianAbsoluteError | Self::Quantile(_)
        )
    }

    /// The error of a value, which is lower for better predictions: the value, or 1 minus the value where a
    /// higher one is better.
    pub fn error(self, value: f64) -> f64 {
        match self.is_higher_better() {
            true => 1.0 - value,
            false => value,
        }
    }

    /// The value for predicted numbers. `None` if the metric is for classes, if it is not defined for these
    /// true values, or if there are no rows or the lengths differ.
    pub fn of_values(self, rows: &ValueRows) -> Option<f64> {
        if !rows.fits() {
            return None;
        }
        match self {
            Self::Rmse => Some(rmse(rows)),
            Self::Mae => Some(mae(rows)),
            Self::Mape => Some(mape(rows)),
            Self::Rmsle => rmsle(rows),
            Self::R2 => r2(rows),
            Self::MedianAbsoluteError => Some(median_absolute_error(rows)),
            Self::Quantile(level) => Some(quantile_loss(rows, level)),
            _ => None,
        }
    }

    /// The value for predicted classes. `positive` is the positive class, if there is one; `costs` are those of
    /// [`Cost`](Self::Cost), `[true class][predicted class]`. `None` if the metric is for numbers, if it is not
    /// defined for these true classes, or if there are no rows or the lengths do not fit.
    pub fn of_classes(
        self,
        rows: &ClassRows,
        positive: Option<usize>,
        costs: &[Vec<f64>],
    ) -> Option<f64> {
        let positive = positive.filter(|class| *class < rows.classes);
        if !rows.fits() {
            return None;
        }
        let sums = || ClassSums::new(rows);
        match self {
            Self::LogLoss => Some(log_loss(rows)),
            Self::Brier => Some(brier(rows)),
            Self::Accuracy => Some(sums().accuracy()),
            Self::BalancedAccuracy => Some(sums().balanced_accuracy()),
            Self::F1 => Some(match positive {
                Some(class) => sums().f1(class),
                None => sums().macro_f1(),
            }),
            Self::Auc => weighted_auc(rows),
            Self::AveragePrecision => average_precision(rows, positive.unwrap_or(1)),
            Self::Mcc => Some(sums().mcc()),
            Self::Cost => cost(rows, costs),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::{RowWeights, most_likely};
    use super::*;

    /// Compares a metric without and with weights.
    fn check(
        metric: Metric,
        positive: Option<usize>,
        (probabilities, actual, weights): (&[f64], &[usize], &[f64]),
        expected: [f64; 2],
    ) {
        let classes = probabilities.len() / actual.len();
        let predicted: Vec<usize> = probabilities.chunks(classes).map(most_likely).collect();
        let costs = [
            vec![0.0, 1.0, 4.0],
            vec![2.0, 0.0, 1.0],
            vec![5.0, 3.0, 0.0],
        ];
        for (weights, expected) in [None, Some(weights)].into_iter().zip(expected) {
            let rows = ClassRows {
                probabilities,
                classes,
                predicted: &predicted,
                actual,
                weights: RowWeights(weights),
            };
            let value = metric.of_classes(&rows, positive, &costs).unwrap();
            assert!((value - expected).abs() < 1e-12, "{metric}: {value}");
        }
    }

    // The expected numbers are those of scikit-learn 1.9.1: first without weights, then with
    // `sample_weight=w`. `P` has the probabilities, `s = P[:, 1]`, `d = P.argmax(1)`.

    #[test]
    fn two_classes() {
        let second = [0.1, 0.4, 0.35, 0.8, 0.9, 0.35, 0.6, 0.2];
        let probabilities: Vec<f64> = second.iter().flat_map(|p| [1.0 - p, *p]).collect();
        let actual = [0, 1, 1, 0, 1, 0, 1, 0];
        let weights = [1.0, 2.0, 0.5, 3.0, 1.5, 1.0, 0.25, 2.0];
        let rows = (
            probabilities.as_slice(),
            actual.as_slice(),
            weights.as_slice(),
        );
        let check = |metric, positive, expected| check(metric, positive, rows, expected);
        // log_loss(y, P)
        check(
            Metric::LogLoss,
            None,
            [0.6188779864119051, 0.7514652424095011],
        );
        // brier_score_loss(y, s)
        check(
            Metric::Brier,
            None,
            [0.22062500000000002, 0.27722222222222226],
        );
        // accuracy_score(y, d)
        check(Metric::Accuracy, None, [0.625, 0.5111111111111111]);
        // balanced_accuracy_score(y, d)
        check(Metric::BalancedAccuracy, None, [0.625, 0.49159663865546216]);
        // f1_score(y, d, average="macro"), f1_score(y, d, pos_label=1), f1_score(y, d, pos_label=0)
        check(Metric::F1, None, [0.6190476190476191, 0.4907407407407407]);
        check(
            Metric::F1,
            Some(1),
            [0.5714285714285714, 0.3888888888888889],
        );
        check(
            Metric::F1,
            Some(0),
            [0.6666666666666666, 0.5925925925925926],
        );
        // roc_auc_score(y, s)
        check(Metric::Auc, None, [0.78125, 0.7142857142857143]);
        // average_precision_score(y, s), average_precision_score(1 - y, 1 - s)
        check(
            Metric::AveragePrecision,
            None,
            [0.7708333333333333, 0.6966569721987679],
        );
        check(
            Metric::AveragePrecision,
            Some(0),
            [0.8303571428571428, 0.8632478632478633],
        );
        // matthews_corrcoef(y, d)
        check(
            Metric::Mcc,
            None,
            [0.2581988897471611, -0.01649768610401622],
        );
    }

    #[test]
    fn three_classes() {
        let probabilities = [
            [0.6, 0.3, 0.1],
            [0.2, 0.5, 0.3],
            [0.1, 0.2, 0.7],
            [0.4, 0.35, 0.25],
            [0.25, 0.5, 0.25],
            [0.3, 0.45, 0.25],
        ]
        .concat();
        let (actual, weights) = ([0, 1, 2, 2, 1, 0], [1.0, 2.0, 0.5, 3.0, 1.5, 1.0]);
        let rows = (
            probabilities.as_slice(),
            actual.as_slice(),
            weights.as_slice(),
        );
        let check = |metric, expected| check(metric, None, rows, expected);
        // log_loss(y, P)
        check(Metric::LogLoss, [0.8073436823784067, 0.9420037905978638]);
        // brier_score_loss(y, P, labels=[0, 1, 2])
        check(Metric::Brier, [0.45916666666666667, 0.5491666666666667]);
        // balanced_accuracy_score(y, d)
        check(
            Metric::BalancedAccuracy,
            [0.6666666666666666, 0.5476190476190476],
        );
        // f1_score(y, d, average="macro")
        check(Metric::F1, [0.6555555555555556, 0.4861111111111111]);
        // roc_auc_score(y, P, multi_class="ovr")
        check(Metric::Auc, [0.875, 0.7597402597402597]);
        // average_precision_score(y, P)
        check(
            Metric::AveragePrecision,
            [0.8444444444444444, 0.7392857142857142],
        );
        // matthews_corrcoef(y, d)
        check(Metric::Mcc, [0.5222329678670935, 0.40343628328516395]);
        // numpy.average(C[y, d], weights=w)
        check(Metric::Cost, [1.0, 1.7777777777777777]);
    }

    #[test]
    fn names_are_parsed_and_unknown_ones_get_a_suggestion() {
        for (name, metric) in NAMES {
            assert_eq!(name.parse::<Metric>().unwrap(), metric);
            assert!(!metric.title().is_empty());
        }
        let level = "quantile(0.9)".parse::<Metric>().unwrap();
        assert_eq!(level, Metric::Quantile(0.9));
        assert_eq!(Metric::Quantile(0.9).to_string(), "quantile(0.9)");
        let json = serde_json::to_string(&Metric::BalancedAccuracy).unwrap();
        assert_eq!(json, "\"balanced_accuracy\"");
        for (wrong, meant) in [
            ("rsme", "rmse"),
            ("roc_auc", "auc"),
            ("accurcy", "accuracy"),
        ] {
            let error = wrong.parse::<Metric>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("did you mean `{meant}`?")),
                "{error}"
            );
        }
        for wrong in ["quantile(0)", "quantile(1)", "quantile(x)", "quantile(NaN)"] {
            let error = wrong.parse::<Metric>().unwrap_err().to_string();
            assert!(error.contains("between 0 and 1"), "{error}");
        }
    }

    #[test]
    fn errors_are_lower_for_better_predictions() {
        assert_eq!(Metric::Rmse.error(2.0), 2.0);
        assert_eq!(Metric::Accuracy.error(0.75), 0.25);
        assert!(Metric::F1.depends_on_decision() && !Metric::Auc.depends_on_decision());
        assert!(Metric::F1.is_for_classes() && !Metric::Quantile(0.1).is_for_classes());
    }
}
