//! Integrated gradients of a network.

use backburn::SavedModel;
use backburn_model::Ensemble;
use backburn_preprocessing::{Predictions, Target, TargetTransform};
use burn::module::Module;
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Tensor, TensorData};

/// The number of points on the path at which gradients are computed. Each number is tried in turn,
/// until the amounts add up to the difference of the predictions.
const POINTS: [usize; 5] = [64, 256, 1024, 4096, 16384];
/// The largest error of that sum, as a share of the difference.
const TOLERANCE: f64 = 0.005;
/// The largest error that is a rounding error of 32-bit numbers, as a share of the prediction, of the
/// target's standard deviation, or of a probability of 1.
const ROUNDING: f64 = 1e-5;

/// Computes integrated gradients (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep
/// Networks", 2017).
pub(crate) struct IntegratedGradients<'a> {
    model: &'a SavedModel,
    /// A copy of the model's network that records gradients.
    network: Ensemble,
}

/// What each feature adds to the prediction of a row.
pub(crate) struct Attribution {
    /// The prediction for the row, in the target's unit, or the probability of `class`.
    pub prediction: f64,
    /// The same for the baseline.
    pub baseline: f64,
    /// For classification, the index of the predicted class; otherwise 0.
    pub class: usize,
    /// What each feature adds.
    pub amounts: Vec<f64>,
}

impl<'a> IntegratedGradients<'a> {
    pub fn new(model: &'a SavedModel, device: &Device) -> Self {
        Self {
            model,
            network: model.network.valid().fork(&device.clone().autodiff()),
        }
    }

    /// Attributes the prediction for a row to its features. `row` and `baseline` are
    /// `[1, features]`.
    pub fn attribute(&self, row: Tensor<2>, baseline: Tensor<2>) -> Attribution {
        let predictions = (self.predict(row.clone()), self.predict(baseline.clone()));
        let decided = predictions
            .0
            .class_indices()
            .and_then(|c| c.first().copied());
        let (prediction, from, class) = match predictions {
            (Predictions::Values(row), Predictions::Values(baseline)) => (row[0], baseline[0], 0),
            (
                Predictions::Classes {
                    probabilities: row, ..
                },
                Predictions::Classes {
                    probabilities: baseline,
                    ..
                },
            ) => {
                let class = decided.unwrap_or_default();
                (row[class], baseline[class], class)
            }
            _ => (f64::NAN, f64::NAN, 0),
        };
        let (factor, rounding) = self.factor_and_rounding(prediction);
        let differentiable = |features: Tensor<2>| self.differentiable(features, class);
        let path = row - baseline.clone();
        let difference = prediction - from;
        let mut amounts = Vec::new();
        for points in POINTS {
            amounts = integral(&baseline, &path, points, &differentiable);
            amounts.iter_mut().for_each(|amount| *amount *= factor);
            let sum: f64 = amounts.iter().sum();
            let tolerance = (TOLERANCE * difference.abs()).max(rounding);
            let too_far = (sum - difference).abs() > tolerance;
            if !too_far {
                break;
            }
        }
        Attribution {
            prediction,
            baseline: from,
            class,
            amounts,
        }
    }

    fn predict(&self, features: Tensor<2>) -> Predictions {
        let outputs = self.model.network.forward_features(features).into_data();
        let outputs: Vec<f32> = outputs.iter().collect();
        self.model.target.predictions(&outputs, outputs.len())
    }

    /// The factor between [`differentiable`](Self::differentiable) and the prediction, and the size of
    /// a rounding error in the prediction.
    fn factor_and_rounding(&self, prediction: f64) -> (f64, f64) {
        match &self.model.target {
            Target::Regression {
                scale: TargetTransform::Log,
                mean,
                ..
            } => (mean.exp(), ROUNDING * prediction.abs()),
            Target::Regression { std, .. } => (*std, ROUNDING * std),
            Target::Classification { .. } => (1.0, ROUNDING),
        }
    }

    /// The median of quantiles, `[rows, 1]`; other outputs are not changed.
    fn points(&self, outputs: Tensor<2>) -> Tensor<2> {
        let Some(distribution) = self.model.target.distribution() else {
            return outputs;
        };
        let parts = distribution.point_parts().into_iter();
        let parts =
            parts.map(|(index, share)| outputs.clone().slice_dim(1, index..index + 1) * share);
        parts.reduce(|sum, part| sum + part).unwrap_or(outputs)
    }

    /// The prediction divided by a constant and, for regression, shifted by another. A large constant
    /// in the prediction itself would leave 32-bit numbers too few digits for the differences.
    fn differentiable(&self, features: Tensor<2>, class: usize) -> Tensor<2> {
        let outputs = self.points(self.network.forward_features(features));
        let [_, width] = outputs.dims();
        match &self.model.target {
            Target::Regression {
                scale: TargetTransform::Log,
                std,
                ..
            } => (outputs * *std).exp(),
            Target::Regression { .. } => outputs,
            Target::Classification { temperature, .. } => {
                let logits = outputs * (1.0 / temperature);
                match (width, class) {
                    (1, 0) => sigmoid(logits.neg()),
                    (1, _) => sigmoid(logits),
                    (_, class) => softmax(logits, 1).slice_dim(1, class..class + 1),
                }
            }
        }
    }
}

/// The integral of the gradient along the straight path from the baseline, by the midpoint rule: the
/// mean gradient at the middles of `points` equal parts, times the path. `baseline` and `path` are
/// `[1, features]`.
fn integral(
    baseline: &Tensor<2>,
    path: &Tensor<2>,
    points: usize,
    predict: &impl Fn(Tensor<2>) -> Tensor<2>,
) -> Vec<f64> {
    /// The largest number of points in one forward pass.
    const BATCH: usize = 256;
    let device = baseline.device();
    let [_, features] = path.dims();
    let mut sum = vec![0.0; features];
    for start in (0..points).step_by(BATCH) {
        let end = (start + BATCH).min(points);
        let t: Vec<f32> = (start..end)
            .map(|point| (point as f32 + 0.5) / points as f32)
            .collect();
        let t = Tensor::<2>::from_data(TensorData::new(t, [end - start, 1]), &device);
        let on_path = (baseline.clone() + t * path.clone())
            .autodiff()
            .require_grad();
        let gradients = predict(on_path.clone()).sum().backward();
        let Some(gradient) = on_path.grad(&gradients) else {
            continue;
        };
        let gradient = gradient.without_autodiff().sum_dim(0) * path.clone();
        for (sum, part) in sum.iter_mut().zip(gradient.into_data().iter::<f64>()) {
            *sum += part / points as f64;
        }
    }
    sum
}
