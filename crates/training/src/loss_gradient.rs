//! Losses over arrays and their gradients with respect to the outputs. The equations are those of
//! [`Criterion::forward`].

use crate::distribution_loss::{gamma, pinball, poisson};
use crate::loss::{Criterion, Loss};
use crate::targets::Targets;

/// [`Targets`] as arrays in main memory.
pub enum TargetArrays {
    /// Numbers, `[rows, outputs]`; for [`Loss::Quantile`] `[rows, 1]`.
    Values(Vec<f32>),
    /// Class indices, `[rows]`.
    Classes(Vec<usize>),
    /// Several targets, each for a slice of the outputs.
    Several(Vec<SliceArrays>),
}

/// A [`TargetSlice`](crate::TargetSlice) as arrays in main memory.
pub struct SliceArrays {
    /// The number of outputs in the slice.
    pub outputs: usize,
    /// The numbers or the classes.
    pub targets: TargetArrays,
    /// The weight of the target's loss in each row, `[rows]`.
    pub weights: Vec<f32>,
}

impl TargetArrays {
    /// A copy of the targets.
    pub fn new(targets: &Targets) -> Self {
        match targets {
            Targets::Values(values) => Self::Values(values.to_data().iter().collect()),
            Targets::Classes(classes) => {
                let classes = classes.to_data();
                Self::Classes(classes.iter::<i64>().map(|class| class as usize).collect())
            }
            Targets::Several(slices) => {
                let slices = slices.iter().map(|slice| SliceArrays {
                    outputs: slice.outputs,
                    targets: Self::new(&slice.targets),
                    weights: slice.weights.to_data().iter().collect(),
                });
                Self::Several(slices.collect())
            }
        }
    }
}

impl Criterion {
    /// The sum of the losses of some rows. Writes `scale` times the gradient of that sum with
    /// respect to the outputs into `gradient`. With a `scale` of one over the rows of the batch this
    /// is the gradient of the mean.
    ///
    /// The loss must not be [`Loss::Auto`]; see [`Loss::for_targets`].
    ///
    /// # Shapes
    ///
    /// - outputs and gradient: `[rows, outputs]`, logits for classes
    /// - rows: indices into the targets and the weights, which are those of the whole dataset
    ///
    /// ```
    /// use backburn_training::{Criterion, Loss, TargetArrays};
    ///
    /// let criterion = Criterion {
    ///     loss: Loss::MeanSquaredError,
    ///     huber_delta: 1.0,
    ///     label_smoothing: 0.0,
    ///     quantiles: Vec::new(),
    /// };
    /// let targets = TargetArrays::Values(vec![1.0, 2.0]);
    /// let mut gradient = [0.0; 2];
    /// let sum = criterion.backward(&[1.5, 2.0], &[0, 1], &targets, None, 0.5, &mut gradient);
    /// assert_eq!(sum, 0.25);
    /// assert_eq!(gradient, [0.5, 0.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// A row index out of range, or outputs and targets of different widths.
    pub fn backward(
        &self,
        outputs: &[f32],
        rows: &[usize],
        targets: &TargetArrays,
        weights: Option<&[f32]>,
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        if let TargetArrays::Several(slices) = targets {
            return self.backward_slices(outputs, rows, slices, weights, scale, gradient);
        }
        let width = outputs.len() / rows.len();
        let mut sum = 0.0;
        let all = outputs.chunks_exact(width);
        let all = all.zip(gradient.chunks_exact_mut(width));
        for ((outputs, gradient), &row) in all.zip(rows) {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            let loss = match targets {
                TargetArrays::Values(values) if self.loss == Loss::Quantile => {
                    self.quantile(outputs, values[row], weight * scale, gradient)
                }
                TargetArrays::Values(values) => {
                    let values = &values[row * width..][..width];
                    self.values(outputs, values, weight * scale, gradient)
                }
                TargetArrays::Classes(classes) if self.loss == Loss::BinaryCrossEntropy => {
                    self.two_classes(outputs[0], classes[row], weight * scale, gradient)
                }
                TargetArrays::Classes(classes) => {
                    self.classes(outputs, classes[row], weight * scale, gradient)
                }
                // Several targets have no further targets in them.
                TargetArrays::Several(_) => 0.0,
            };
            sum += f64::from(weight * loss);
        }
        sum
    }

    /// The same for several targets: the sum of their losses, and each gradient in its slice.
    fn backward_slices(
        &self,
        outputs: &[f32],
        rows: &[usize],
        slices: &[SliceArrays],
        weights: Option<&[f32]>,
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        let width = outputs.len() / rows.len();
        let has_classes = |slice: &SliceArrays| matches!(slice.targets, TargetArrays::Classes(_));
        let criteria = slices
            .iter()
            .map(|slice| self.for_slice(has_classes(slice)));
        let criteria: Vec<Criterion> = criteria.collect();
        let mut sum = 0.0;
        let all = outputs.chunks_exact(width);
        let all = all.zip(gradient.chunks_exact_mut(width));
        for ((outputs, gradient), row) in all.zip(rows) {
            let of_row = weights.map_or(1.0, |weights| weights[*row]);
            let mut start = 0;
            for (slice, criterion) in slices.iter().zip(&criteria) {
                let columns = start..start + slice.outputs;
                start = columns.end;
                let weight = of_row * slice.weights[*row];
                let loss = criterion.backward(
                    &outputs[columns.clone()],
                    std::slice::from_ref(row),
                    &slice.targets,
                    None,
                    weight * scale,
                    &mut gradient[columns],
                );
                sum += f64::from(weight) * loss;
            }
        }
        sum
    }

    /// The loss of a row of numbers: the mean over the outputs.
    fn values(&self, outputs: &[f32], values: &[f32], scale: f32, gradient: &mut [f32]) -> f32 {
        let share = (outputs.len() as f32).recip();
        let delta = self.huber_delta as f32;
        let mut sum = 0.0;
        for ((output, value), gradient) in outputs.iter().zip(values).zip(gradient) {
            let difference = output - value;
            let (loss, slope) = match self.loss {
                Loss::MeanAbsoluteError if difference == 0.0 => (0.0, 0.0),
                Loss::MeanAbsoluteError => (difference.abs(), difference.signum()),
                Loss::Huber if difference.abs() > delta => (
                    delta * (difference.abs() - 0.5 * delta),
                    delta.copysign(difference),
                ),
                Loss::Huber => (0.5 * difference * difference, difference),
                Loss::Poisson => poisson(*output, *value),
                Loss::Gamma => gamma(*output, *value),
                _ => (difference * difference, 2.0 * difference),
            };
            sum += loss;
            *gradient = slope * share * scale;
        }
        sum * share
    }

    /// The mean quantile loss of the quantiles of a row.
    fn quantile(&self, outputs: &[f32], value: f32, scale: f32, gradient: &mut [f32]) -> f32 {
        let share = (outputs.len() as f32).recip();
        let mut sum = 0.0;
        let outputs = outputs.iter().zip(gradient).zip(&self.quantiles);
        for ((output, gradient), level) in outputs {
            let (loss, slope) = pinball(*output, value, *level as f32);
            sum += loss;
            *gradient = slope * share * scale;
        }
        sum * share
    }

    /// The cross-entropy of a row. Logits are shifted by their maximum, so that `exp` is finite.
    fn classes(&self, logits: &[f32], class: usize, scale: f32, gradient: &mut [f32]) -> f32 {
        let even = self.label_smoothing as f32 / logits.len() as f32;
        let certain = 1.0 - self.label_smoothing as f32;
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut total = 0.0;
        for (gradient, logit) in gradient.iter_mut().zip(logits) {
            *gradient = (logit - highest).exp();
            total += *gradient;
        }
        let log_total = total.ln();
        let mut loss = 0.0;
        for (index, (gradient, logit)) in gradient.iter_mut().zip(logits).enumerate() {
            let target = even + if index == class { certain } else { 0.0 };
            loss -= target * (logit - highest - log_total);
            *gradient = (*gradient / total - target) * scale;
        }
        loss
    }

    /// The binary cross-entropy of a row.
    fn two_classes(&self, logit: f32, class: usize, scale: f32, gradient: &mut [f32]) -> f32 {
        let smoothing = self.label_smoothing as f32;
        let target = class as f32 * (1.0 - smoothing) + smoothing / 2.0;
        gradient[0] = ((1.0 + (-logit).exp()).recip() - target) * scale;
        // `log(1 + exp(logit)) - target · logit`
        logit.max(0.0) + (-logit.abs()).exp().ln_1p() - target * logit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};

    /// Outputs of a network for four rows, and their targets.
    fn outputs_and_targets(loss: Loss, device: &Device) -> (Vec<f32>, Targets) {
        let classes = |classes: [i64; 4]| Targets::Classes(Tensor::from_data(classes, device));
        let targets = match loss {
            Loss::CrossEntropy => classes([2, 0, 1, 2]),
            Loss::BinaryCrossEntropy => classes([1, 0, 1, 0]),
            Loss::Quantile => {
                let values: Vec<f32> = (0..4).map(|i| (i as f32).cos()).collect();
                Targets::Values(Tensor::from_data(TensorData::new(values, [4, 1]), device))
            }
            Loss::Poisson | Loss::Gamma => {
                let values: Vec<f32> = (0..12).map(|i| 1.1 + (i as f32).cos()).collect();
                Targets::Values(Tensor::from_data(TensorData::new(values, [4, 3]), device))
            }
            _ => {
                let values: Vec<f32> = (0..12).map(|i| (i as f32).cos()).collect();
                Targets::Values(Tensor::from_data(TensorData::new(values, [4, 3]), device))
            }
        };
        let width = match loss {
            Loss::BinaryCrossEntropy => 1,
            _ => 3,
        };
        let outputs = (0..4 * width).map(|i| (i as f32 * 1.7).sin());
        (outputs.collect(), targets)
    }

    fn check(criterion: &Criterion, weights: Option<&[f32; 4]>) {
        let device = Device::default().autodiff();
        let (outputs, targets) = outputs_and_targets(criterion.loss, &device);
        let tensor = TensorData::new(outputs.clone(), [4, outputs.len() / 4]);
        let tensor = Tensor::<2>::from_data(tensor, &device).require_grad();
        let weight_tensor = weights.map(|weights| Tensor::<1>::from_floats(*weights, &device));
        let mean = criterion.forward(tensor.clone(), &targets, weight_tensor.as_ref());
        let expected = tensor.grad(&mean.backward()).unwrap();
        let expected: Vec<f32> = expected.into_data().iter().collect();

        let mut gradient = vec![f32::NAN; outputs.len()];
        let sum = criterion.backward(
            &outputs,
            &[0, 1, 2, 3],
            &TargetArrays::new(&targets),
            weights.map(|weights| weights.as_slice()),
            0.25,
            &mut gradient,
        );
        let (loss, mean): (Loss, f64) = (criterion.loss, mean.into_scalar());
        let room = 1e-6 * mean.abs().max(1.0);
        assert!((sum / 4.0 - mean).abs() < room, "{loss:?}: {sum} {mean}");
        for (a, b) in gradient.iter().zip(&expected) {
            let room = 1e-6 * a.abs().max(1.0);
            assert!((a - b).abs() < room, "{loss:?}: {a} {b}");
        }
    }

    #[test]
    fn losses_and_gradients_equal_those_of_autodiff() {
        for loss in [
            Loss::MeanSquaredError,
            Loss::MeanAbsoluteError,
            Loss::Huber,
            Loss::Quantile,
            Loss::Poisson,
            Loss::Gamma,
            Loss::CrossEntropy,
            Loss::BinaryCrossEntropy,
        ] {
            for (label_smoothing, weighted) in [(0.0, false), (0.0, true), (0.2, true)] {
                let criterion = Criterion {
                    loss,
                    huber_delta: 0.7,
                    label_smoothing,
                    quantiles: vec![0.1, 0.5, 0.8],
                };
                check(&criterion, weighted.then_some(&[0.5, 2.0, 0.75, 0.75]));
            }
        }
    }

    #[test]
    fn losses_and_gradients_of_several_targets_equal_those_of_autodiff() {
        let device = Device::default().autodiff();
        let values: Vec<f32> = (0..4).map(|i| (i as f32).cos()).collect();
        let values = Tensor::<2>::from_data(TensorData::new(values, [4, 1]), &device);
        let number = crate::TargetSlice {
            outputs: 1,
            targets: Targets::Values(values),
            weights: Tensor::from_floats([2.0, 0.0, 1.0, 1.0], &device),
        };
        let class = crate::TargetSlice {
            outputs: 3,
            targets: Targets::Classes(Tensor::from_data([2, 0, 1, 2], &device)),
            weights: Tensor::from_floats([0.5, 0.5, 0.0, 3.0], &device),
        };
        let targets = Targets::Several(vec![number, class]);
        let outputs: Vec<f32> = (0..16).map(|i| (i as f32 * 1.7).sin()).collect();
        let tensor = TensorData::new(outputs.clone(), [4, 4]);
        let tensor = Tensor::<2>::from_data(tensor, &device).require_grad();
        let criterion = Criterion {
            loss: Loss::Auto,
            huber_delta: 1.0,
            label_smoothing: 0.1,
            quantiles: Vec::new(),
        };
        let mean = criterion.forward(tensor.clone(), &targets, None);
        let expected = tensor.grad(&mean.backward()).unwrap();
        let expected: Vec<f32> = expected.into_data().iter().collect();
        let mut gradient = vec![f32::NAN; 16];
        let arrays = TargetArrays::new(&targets);
        let rows = [0, 1, 2, 3];
        let sum = criterion.backward(&outputs, &rows, &arrays, None, 0.25, &mut gradient);
        let mean: f64 = mean.into_scalar();
        let room = 1e-6 * mean.abs().max(1.0);
        assert!((sum / 4.0 - mean).abs() < room, "{sum} {mean}");
        for (a, b) in gradient.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} {b}");
        }
    }
}
