//! Losses: the number that training minimizes.

use std::str::FromStr;

use backburn_model::{ParseNameError, parse_name};
use burn::nn::loss::{CrossEntropyLossConfig, HuberLossConfig, MseLoss, Reduction};
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::distribution_loss::{gamma_tensor, pinball_tensor, poisson_tensor, quantiles_of};
use crate::targets::Targets;

/// The loss that training minimizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[non_exhaustive]
pub enum Loss {
    /// Mean squared error for numbers, cross-entropy for classes.
    Auto,
    /// `mean((output - value)²)`, for numbers.
    MeanSquaredError,
    /// `mean(|output - value|)`, for numbers.
    MeanAbsoluteError,
    /// Squared below [`Criterion::huber_delta`], absolute above it, for numbers.
    Huber,
    /// The mean quantile loss (pinball loss) of the levels [`Criterion::quantiles`], for one number; one
    /// output for each level.
    Quantile,
    /// The Poisson deviance with a log link, for counts of at least 0: the output is the logarithm of the
    /// mean.
    Poisson,
    /// The Gamma deviance with a log link, for amounts above 0: the output is the logarithm of the mean.
    Gamma,
    /// `-log softmax(logits)[class]`, for classes; one output for each.
    CrossEntropy,
    /// `-log sigmoid(±logit)`, for two classes with a single output.
    BinaryCrossEntropy,
}

impl FromStr for Loss {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let values = [
            ("auto", Self::Auto),
            ("mean_squared_error", Self::MeanSquaredError),
            ("mean_absolute_error", Self::MeanAbsoluteError),
            ("huber", Self::Huber),
            ("quantile", Self::Quantile),
            ("poisson", Self::Poisson),
            ("gamma", Self::Gamma),
            ("cross_entropy", Self::CrossEntropy),
            ("binary_cross_entropy", Self::BinaryCrossEntropy),
        ];
        let synonyms = [
            ("bce", "binary_cross_entropy"),
            ("bce_with_logits", "binary_cross_entropy"),
            ("binary_crossentropy", "binary_cross_entropy"),
            ("categorical_crossentropy", "cross_entropy"),
            ("ce", "cross_entropy"),
            ("count", "poisson"),
            ("gamma_deviance", "gamma"),
            ("l1", "mean_absolute_error"),
            ("l1_loss", "mean_absolute_error"),
            ("l2", "mean_squared_error"),
            ("log_loss", "cross_entropy"),
            ("mae", "mean_absolute_error"),
            ("mse", "mean_squared_error"),
            ("mse_loss", "mean_squared_error"),
            ("nll", "cross_entropy"),
            ("nll_loss", "cross_entropy"),
            ("pinball", "quantile"),
            ("pinball_loss", "quantile"),
            ("poisson_deviance", "poisson"),
            ("poisson_nll_loss", "poisson"),
            ("quantile_loss", "quantile"),
            ("rmse", "mean_squared_error"),
            ("smooth_l1", "huber"),
            ("smooth_l1_loss", "huber"),
            ("softmax", "cross_entropy"),
            ("sparse_categorical_crossentropy", "cross_entropy"),
            ("squared_error", "mean_squared_error"),
        ];
        parse_name("loss", text, &values, &synonyms)
    }
}

impl TryFrom<String> for Loss {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Loss {
    /// The loss for these targets, which is never [`Auto`](Self::Auto).
    pub fn for_targets(self, targets: &Targets) -> Self {
        match (self, targets) {
            (Self::Auto, Targets::Values(_)) => Self::MeanSquaredError,
            (Self::Auto, Targets::Classes(_)) => Self::CrossEntropy,
            (loss, _) => loss,
        }
    }

    /// Whether the output is the logarithm of the predicted mean.
    pub fn has_log_link(self) -> bool {
        matches!(self, Self::Poisson | Self::Gamma)
    }
}

/// A [`Loss`] with its settings. [`TrainingConfig::criterion`](crate::TrainingConfig::criterion)
/// makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Which loss.
    pub loss: Loss,
    /// Where [`Loss::Huber`] turns from squared to absolute, in the target's unit; above 0.
    pub huber_delta: f64,
    /// Label smoothing for classes (Szegedy and others, 2016): the probability, in `[0, 1)`, that is
    /// spread evenly over all classes.
    pub label_smoothing: f64,
    /// The levels of [`Loss::Quantile`], such as 0.1, 0.5 and 0.9, in ascending order.
    pub quantiles: Vec<f64>,
}

impl Criterion {
    /// The mean loss of a batch, as a tensor to call `backward` on.
    ///
    /// # Shapes
    ///
    /// - outputs: `[batch, outputs]`, logits for classes
    /// - targets: values `[batch, outputs]` or classes `[batch]`, whichever the loss takes; of several targets, each
    ///   for its slice of the outputs
    /// - weights: `[batch]`; the result is the mean of `weight · loss`. [`fit`](crate::fit) scales
    ///   the weights of the dataset to a mean of 1, so that this is a weighted mean.
    /// - returns `[1]`
    ///
    /// # Panics
    ///
    /// Outputs or targets that the loss does not take; see [`check`](Self::check).
    pub fn forward(
        &self,
        outputs: Tensor<2>,
        targets: &Targets,
        weights: Option<&Tensor<1>>,
    ) -> Tensor<1> {
        if let Targets::Several(slices) = targets {
            return self.sum_of_slices(outputs, slices, weights);
        }
        match weights {
            None => self.mean(outputs, targets),
            Some(weights) => (self.by_row(outputs, targets) * weights.clone()).mean(),
        }
    }

    /// The mean loss of a constant prediction: the mean of the values, their quantiles for
    /// [`Loss::Quantile`], or the class frequencies. It is the baseline for a network.
    ///
    /// # Panics
    ///
    /// As for [`forward`](Self::forward).
    pub fn constant(&self, targets: &Targets, weights: Option<&Tensor<1>>) -> f64 {
        let outputs = match targets {
            Targets::Several(slices) => return self.constant_of_slices(slices, weights),
            Targets::Values(values) if self.loss == Loss::Quantile => {
                let [rows, _] = values.dims();
                let quantiles = quantiles_of(values.to_data().iter().collect(), &self.quantiles);
                let quantiles = TensorData::new(quantiles, [1, self.quantiles.len()]);
                let quantiles = Tensor::<2>::from_data(quantiles, &values.device());
                quantiles.expand([rows, self.quantiles.len()])
            }
            Targets::Values(values) => {
                let [rows, outputs] = values.dims();
                let weighted = match weights {
                    None => values.clone(),
                    Some(weights) => values.clone() * weights.clone().reshape([rows, 1]),
                };
                let mean = weighted.mean_dim(0);
                let mean = match self.loss.has_log_link() {
                    true => mean.log(),
                    false => mean,
                };
                mean.expand([rows, outputs])
            }
            Targets::Classes(classes) => {
                let device = classes.device();
                let classes: Vec<i64> = classes.to_data().iter().collect();
                let mut shares = vec![1e-9; 2];
                let mut count = |class: i64, weight: f64| {
                    let class = class.max(0) as usize;
                    if shares.len() <= class {
                        shares.resize(class + 1, 1e-9);
                    }
                    shares[class] += weight / classes.len() as f64;
                };
                match weights {
                    None => classes.iter().for_each(|&class| count(class, 1.0)),
                    Some(weights) => {
                        let weights = weights.to_data();
                        let pairs = classes.iter().zip(weights.iter::<f64>());
                        pairs.for_each(|(&class, weight)| count(class, weight));
                    }
                }
                let logits = match self.loss {
                    Loss::BinaryCrossEntropy => vec![(shares[1] / shares[0]).ln() as f32],
                    _ => shares.iter().map(|share| share.ln() as f32).collect(),
                };
                let width = logits.len();
                let logits = TensorData::new(logits, [1, width]);
                Tensor::<2>::from_data(logits, &device).expand([classes.len(), width])
            }
        };
        scalar(self.forward(outputs, targets, weights))
    }

    /// Checks that a network with this number of outputs can be trained on these targets.
    ///
    /// # Errors
    ///
    /// A sentence that says what does not fit.
    pub fn check(&self, outputs: usize, targets: &Targets) -> Result<(), String> {
        if let Targets::Several(slices) = targets {
            return self.check_slices(outputs, slices);
        }
        let loss = self.loss.for_targets(targets);
        let number_of_classes = match (loss, targets) {
            (Loss::CrossEntropy, Targets::Classes(_)) => outputs,
            (Loss::BinaryCrossEntropy, Targets::Classes(_)) if outputs == 1 => 2,
            (Loss::BinaryCrossEntropy, Targets::Classes(_)) => {
                return Err(format!(
                    "binary cross-entropy takes 1 output, and the network has {outputs}"
                ));
            }
            (Loss::Quantile, Targets::Values(values)) => {
                return self.check_quantiles(outputs, values.dims()[1]);
            }
            (Loss::CrossEntropy | Loss::BinaryCrossEntropy, Targets::Values(_)) => {
                return Err("this loss is for classes, and the targets are numbers".to_string());
            }
            (_, Targets::Classes(_) | Targets::Several(_)) => {
                return Err("this loss is for numbers, and the targets are classes".to_string());
            }
            (_, Targets::Values(values)) => {
                let wanted = values.dims()[1];
                return match wanted == outputs {
                    true => check_range(loss, values),
                    false => Err(format!(
                        "there are {wanted} numbers to predict, and the network has {outputs} \
                         outputs"
                    )),
                };
            }
        };
        let classes = classes(targets);
        let lowest: i64 = classes.clone().min().into_scalar();
        let highest: i64 = classes.max().into_scalar();
        match lowest >= 0 && highest < number_of_classes as i64 {
            true => Ok(()),
            false => Err(format!(
                "classes run from {lowest} to {highest}, and the network has outputs for 0 to {}",
                number_of_classes - 1
            )),
        }
    }

    /// Checks that there is one number to predict, and one output for each level.
    fn check_quantiles(&self, outputs: usize, numbers: usize) -> Result<(), String> {
        let levels = self.quantiles.len();
        match numbers == 1 && outputs == levels && levels > 0 {
            true => Ok(()),
            false => Err(format!(
                "the quantile loss takes one number to predict and one output for each of its {levels} \
                 levels; there are {numbers} numbers, and the network has {outputs} outputs"
            )),
        }
    }

    fn mean(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
        match self.loss.for_targets(targets) {
            Loss::MeanSquaredError | Loss::Auto => {
                MseLoss::new().forward(outputs, values(targets), Reduction::Mean)
            }
            Loss::MeanAbsoluteError => (outputs - values(targets)).abs().mean(),
            Loss::Huber => HuberLossConfig::new(self.huber_delta as f32)
                .init()
                .forward(outputs, values(targets), Reduction::Mean),
            Loss::CrossEntropy if self.label_smoothing == 0.0 => CrossEntropyLossConfig::new()
                .init(&outputs.device())
                .forward(outputs, classes(targets)),
            // Burn's label smoothing and its binary cross-entropy do not work in double precision.
            Loss::CrossEntropy
            | Loss::BinaryCrossEntropy
            | Loss::Quantile
            | Loss::Poisson
            | Loss::Gamma => self.by_row(outputs, targets).mean(),
        }
    }

    /// The loss of each row, `[batch]`.
    fn by_row(&self, outputs: Tensor<2>, targets: &Targets) -> Tensor<1> {
        let smoothing = self.label_smoothing;
        match self.loss.for_targets(targets) {
            Loss::MeanSquaredError | Loss::Auto => {
                by_row_mean(MseLoss::new().forward_no_reduction(outputs, values(targets)))
            }
            Loss::MeanAbsoluteError => by_row_mean((outputs - values(targets)).abs()),
            Loss::Huber => by_row_mean(
                HuberLossConfig::new(self.huber_delta as f32)
                    .init()
                    .forward_no_reduction(outputs, values(targets)),
            ),
            Loss::Quantile => {
                by_row_mean(pinball_tensor(outputs, values(targets), &self.quantiles))
            }
            Loss::Poisson => by_row_mean(poisson_tensor(outputs, values(targets))),
            Loss::Gamma => by_row_mean(gamma_tensor(outputs, values(targets))),
            Loss::CrossEntropy => {
                let [batch, _] = outputs.dims();
                let log_probabilities = log_softmax(outputs, 1);
                let certain = log_probabilities
                    .clone()
                    .gather(1, classes(targets).reshape([batch, 1]));
                let even = log_probabilities.mean_dim(1);
                (certain * (1.0 - smoothing) + even * smoothing)
                    .neg()
                    .squeeze_dim(1)
            }
            Loss::BinaryCrossEntropy => {
                let logits = outputs.squeeze_dim::<1>(1);
                let probability = classes(targets).float().cast(logits.dtype());
                let probability = probability * (1.0 - smoothing) + smoothing / 2.0;
                (probability.neg() + 1.0) * logits.clone() - log_sigmoid(logits)
            }
        }
    }
}

/// A loss `[1]` as a number.
pub(crate) fn scalar(loss: Tensor<1>) -> f64 {
    loss.into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}

/// Checks that the values are in the range of a deviance.
fn check_range(loss: Loss, values: &Tensor<2>) -> Result<(), String> {
    let (name, needs) = match loss {
        Loss::Poisson => ("Poisson", "at least 0"),
        Loss::Gamma => ("Gamma", "above 0"),
        _ => return Ok(()),
    };
    let lowest: f64 = values.clone().min().into_scalar();
    match lowest > 0.0 || (lowest == 0.0 && loss == Loss::Poisson) {
        true => Ok(()),
        false => Err(format!(
            "the {name} loss needs numbers that are {needs}, and the lowest is {lowest}"
        )),
    }
}

fn by_row_mean(losses: Tensor<2>) -> Tensor<1> {
    losses.mean_dim(1).squeeze_dim(1)
}

fn values(targets: &Targets) -> Tensor<2> {
    match targets {
        Targets::Values(values) => values.clone(),
        _ => panic!("this loss is for numbers, and the targets are classes"),
    }
}

fn classes(targets: &Targets) -> Tensor<1, Int> {
    match targets {
        Targets::Classes(classes) => classes.clone(),
        _ => panic!("this loss is for classes, and the targets are numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    const LOSSES: [Loss; 8] = [
        Loss::MeanSquaredError,
        Loss::MeanAbsoluteError,
        Loss::Huber,
        Loss::Quantile,
        Loss::Poisson,
        Loss::Gamma,
        Loss::CrossEntropy,
        Loss::BinaryCrossEntropy,
    ];

    fn criterion(loss: Loss, label_smoothing: f64) -> Criterion {
        Criterion {
            loss,
            huber_delta: 1.0,
            label_smoothing,
            quantiles: vec![0.1, 0.9],
        }
    }

    fn batch(loss: Loss, device: &Device) -> (Tensor<2>, Targets) {
        let classes = || Targets::Classes(Tensor::from_data([1, 0, 1], device));
        match loss {
            Loss::CrossEntropy => {
                let logits = [[0.5, -1.0], [2.0, 0.1], [-0.3, 0.8]];
                (Tensor::from_floats(logits, device), classes())
            }
            Loss::BinaryCrossEntropy => (
                Tensor::from_floats([[0.5], [-1.0], [2.0]], device),
                classes(),
            ),
            Loss::Quantile => {
                let values = Tensor::from_floats([[1.0], [0.0], [-2.0]], device);
                let outputs = [[0.5, 0.7], [-1.5, 0.5], [2.0, 2.5]];
                (
                    Tensor::from_floats(outputs, device),
                    Targets::Values(values),
                )
            }
            Loss::Poisson | Loss::Gamma => {
                let values = Tensor::from_floats([[1.0], [0.5], [2.0]], device);
                let outputs = Tensor::from_floats([[0.5], [-1.5], [2.0]], device);
                (outputs, Targets::Values(values))
            }
            _ => {
                let values = Tensor::from_floats([[1.0], [0.0], [-2.0]], device);
                let outputs = Tensor::from_floats([[0.5], [-1.5], [2.0]], device);
                (outputs, Targets::Values(values))
            }
        }
    }

    fn scalar(loss: Tensor<1>) -> f32 {
        loss.into_scalar()
    }

    #[test]
    fn names_survive_json_and_a_wrong_one_suggests_what_was_meant() {
        for value in [
            Loss::Auto,
            Loss::MeanSquaredError,
            Loss::MeanAbsoluteError,
            Loss::Huber,
            Loss::Quantile,
            Loss::Poisson,
            Loss::Gamma,
            Loss::CrossEntropy,
            Loss::BinaryCrossEntropy,
        ] {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Loss>(&json).unwrap(), value);
        }
        for (text, meant) in [
            ("mse", "mean_squared_error"),
            ("L1", "mean_absolute_error"),
            ("smooth_l1", "huber"),
            ("bce", "binary_cross_entropy"),
            ("nll", "cross_entropy"),
            ("pinball", "quantile"),
            ("cross_entropie", "cross_entropy"),
        ] {
            let error = text.parse::<Loss>().unwrap_err().to_string();
            let expected = format!("`{text}` is no loss (did you mean `{meant}`?);");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn weights_of_one_change_nothing() {
        let device = Device::default();
        for loss in LOSSES {
            for smoothing in [0.0, 0.2] {
                let criterion = criterion(loss, smoothing);
                let (outputs, targets) = batch(loss, &device);
                let weights = Tensor::from_floats([1.0, 1.0, 1.0], &device);
                let plain = scalar(criterion.forward(outputs.clone(), &targets, None));
                let weighted = scalar(criterion.forward(outputs, &targets, Some(&weights)));
                assert!(
                    (plain - weighted).abs() < 1e-6 * plain.abs().max(1.0),
                    "{loss:?}: {plain} {weighted}"
                );
            }
        }
    }

    #[test]
    fn a_row_of_weight_zero_does_not_count() {
        let device = Device::default();
        for loss in LOSSES {
            let criterion = criterion(loss, 0.0);
            let (outputs, targets) = batch(loss, &device);
            let weights = Tensor::from_floats([1.5, 1.5, 0.0], &device);
            let weighted = scalar(criterion.forward(outputs.clone(), &targets, Some(&weights)));
            let two = outputs.slice_dim(0, 0..2);
            let plain = scalar(criterion.forward(two, &targets.slice(0..2), None));
            assert!(
                (plain - weighted).abs() < 1e-6 * plain.abs().max(1.0),
                "{loss:?}: {plain} {weighted}"
            );
        }
    }

    #[test]
    fn targets_that_a_loss_cannot_take_are_refused() {
        let device = Device::default();
        let values = Targets::Values(Tensor::zeros([3, 2], &device));
        let classes = Targets::Classes(Tensor::from_data([0, 2, 1], &device));
        for (loss, outputs, targets, fits) in [
            (Loss::Auto, 2, &values, true),
            (Loss::Huber, 1, &values, false),
            (Loss::CrossEntropy, 2, &values, false),
            (Loss::MeanSquaredError, 3, &classes, false),
            (Loss::Auto, 3, &classes, true),
            (Loss::Auto, 2, &classes, false),
            (Loss::BinaryCrossEntropy, 3, &classes, false),
            (Loss::BinaryCrossEntropy, 1, &classes, false),
        ] {
            let checked = criterion(loss, 0.0).check(outputs, targets);
            assert_eq!(checked.is_ok(), fits, "{loss:?} {outputs} {checked:?}");
        }
    }

    #[test]
    fn losses_have_the_values_of_their_equations() {
        let device = Device::default();
        let of_mean = |deviance: fn(f64, f64) -> f64| {
            let pairs = [(1.0, 0.5f64), (0.5, -1.5), (2.0, 2.0)];
            let all = pairs.map(|(value, output)| 2.0 * deviance(value, output.exp()));
            all.iter().sum::<f64>() / 3.0
        };
        let expected = [
            (0.25 + 2.25 + 16.0) / 3.0,
            (0.5 + 1.5 + 4.0) / 3.0,
            (0.125 + 1.0 + 3.5) / 3.0,
            // The quantiles of 0.1 and 0.9, row by row.
            (0.05 + 0.27 + 0.15 + 0.05 + 3.6 + 0.45) / 6.0,
            of_mean(|value, mean| value * (value / mean).ln() - value + mean),
            of_mean(|value, mean| (mean / value).ln() + value / mean - 1.0),
            ((1f64 + 1.5f64.exp()).ln()
                + (1f64 + (-1.9f64).exp()).ln()
                + (1f64 + (-1.1f64).exp()).ln())
                / 3.0,
            ((1f64 + (-0.5f64).exp()).ln()
                + (1f64 + (-1f64).exp()).ln()
                + (1f64 + (-2f64).exp()).ln())
                / 3.0,
        ];
        for (loss, expected) in LOSSES.into_iter().zip(expected) {
            let (outputs, targets) = batch(loss, &device);
            let value = scalar(criterion(loss, 0.0).forward(outputs, &targets, None));
            assert!(
                (f64::from(value) - expected).abs() < 1e-5,
                "{loss:?}: {value} {expected}"
            );
        }
    }
}
