//! Integrated gradients.

use std::ops::Range;

use backburn_tabular::{Cell, ColumnEncoder, Target, TargetScale};
use burn::module::Module;
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use crate::Explainer;

/// Why a row's prediction is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowExplanation {
    /// The row's index in the table.
    pub row: usize,
    /// The prediction, in the target's unit, or the probability of [`class`](Self::class).
    pub prediction: f64,
    /// The prediction for the baseline: the mean of all rows of the table, as the network gets them.
    pub baseline: f64,
    /// For classes, the likeliest one.
    pub class: Option<String>,
    /// What each column adds to the baseline, the strongest first. Together they are the prediction
    /// minus the baseline.
    pub contributions: Vec<Contribution>,
}

/// What a column adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// The column.
    pub column: String,
    /// Its value in the row as text; `None` where it is missing.
    pub value: Option<String>,
    /// What it adds, in the target's unit or as a probability.
    pub amount: f64,
}

/// Points on the way from the baseline to a row: as many as the sum needs to come within a
/// half per cent of what it should be.
const POINTS: [usize; 5] = [64, 256, 1024, 4096, 16384];
const CLOSE_ENOUGH: f64 = 0.005;

impl Explainer<'_> {
    /// Says what each column of some rows adds to the prediction, by integrated gradients
    /// (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017):
    /// `(x - x') · ∫ ∂f(x' + t (x - x')) / ∂x dt`, for `t` from 0 to 1, where `x'` is the mean row and `f` is the
    /// prediction in the target's own unit. The numbers that belong to a column are added up.
    pub fn explain_rows(&self, rows: &[usize]) -> Vec<RowExplanation> {
        let model = self.model();
        let width = self.width();
        let count = self.rows();
        let data = TensorData::new(self.encoded.clone(), [count, width]);
        let all = Tensor::<2>::from_data(data, &self.device);
        // Embeddings are looked up first: the way leads through what comes out of them.
        let features = model.network.features(all);
        let mean = features.clone().mean_dim(0);
        let places = self.feature_places();
        let columns: Vec<Option<Vec<Cell>>> = places
            .iter()
            .map(|(name, _)| Some(self.column(name)?.cells().collect()))
            .collect();
        rows.iter()
            .map(|&row| {
                let features = features.clone().slice_dim(0, row..row + 1);
                let attributed = self.integrate(features, mean.clone());
                let mut contributions: Vec<Contribution> = places
                    .iter()
                    .zip(&columns)
                    .map(|((name, place), cells)| Contribution {
                        column: name.clone(),
                        value: cells.as_ref().and_then(|cells| cells[row].category()),
                        amount: attributed.amounts[place.clone()].iter().sum(),
                    })
                    .collect();
                contributions.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
                RowExplanation {
                    row,
                    prediction: attributed.prediction,
                    baseline: attributed.baseline,
                    class: self
                        .classes()
                        .map(|classes| classes[attributed.class].clone()),
                    contributions,
                }
            })
            .collect()
    }

    /// The columns, with their places in what the first layer gets.
    fn feature_places(&self) -> Vec<(String, Range<usize>)> {
        let encoder = &self.model().encoder;
        let mut embedded = encoder.inputs();
        let places = encoder.columns.iter().zip(encoder.places());
        places
            .map(|(column, (name, place))| match column {
                ColumnEncoder::Embedding { dimension, .. } => {
                    let start = embedded;
                    embedded += dimension;
                    (name.to_string(), start..embedded)
                }
                _ => (name.to_string(), place),
            })
            .collect()
    }

    /// `row` and `baseline` are `[1, features]`.
    fn integrate(&self, row: Tensor<2>, baseline: Tensor<2>) -> Attributed {
        let network = self
            .model()
            .network
            .valid()
            .fork(&self.device.clone().autodiff());
        let outputs = network.forward_features(row.clone().autodiff());
        let logits: Vec<f32> = outputs.without_autodiff().into_data().iter().collect();
        let class = match logits.as_slice() {
            [logit] => usize::from(*logit > 0.0),
            _ => (0..logits.len()).fold(0, |best, class| match logits[class] > logits[best] {
                true => class,
                false => best,
            }),
        };
        let predict = |features: Tensor<2>| {
            let outputs = network.forward_features(features);
            match &self.model().target {
                Target::Regression {
                    scale: TargetScale::Log,
                    mean,
                    std,
                    ..
                } => (outputs * *std + *mean).exp(),
                Target::Regression { mean, std, .. } => outputs * *std + *mean,
                Target::Classification { .. } if logits.len() == 1 => match class {
                    0 => sigmoid(outputs.neg()),
                    _ => sigmoid(outputs),
                },
                Target::Classification { .. } => softmax(outputs, 1).slice_dim(1, class..class + 1),
            }
        };
        let value = |features: Tensor<2>| {
            let predicted = predict(features.autodiff()).without_autodiff().into_data();
            predicted.iter::<f64>().next().unwrap_or(f64::NAN)
        };
        let prediction = value(row.clone());
        let from = value(baseline.clone());
        let way = row - baseline.clone();
        let mut amounts = Vec::new();
        for points in POINTS {
            amounts = integral(&baseline, &way, points, &predict);
            let sum: f64 = amounts.iter().sum();
            let difference = prediction - from;
            if !((sum - difference).abs() > CLOSE_ENOUGH * difference.abs()) {
                break;
            }
        }
        Attributed {
            prediction,
            baseline: from,
            class,
            amounts,
        }
    }
}

struct Attributed {
    prediction: f64,
    baseline: f64,
    class: usize,
    /// For each feature.
    amounts: Vec<f64>,
}

/// The gradient at the middles of so many equal parts of the way, times the way.
fn integral(
    baseline: &Tensor<2>,
    way: &Tensor<2>,
    points: usize,
    predict: &impl Fn(Tensor<2>) -> Tensor<2>,
) -> Vec<f64> {
    const AT_ONCE: usize = 256;
    let device = baseline.device();
    let [_, features] = way.dims();
    let mut sum = vec![0.0; features];
    for start in (0..points).step_by(AT_ONCE) {
        let end = (start + AT_ONCE).min(points);
        let t: Vec<f32> = (start..end)
            .map(|point| (point as f32 + 0.5) / points as f32)
            .collect();
        let t = Tensor::<2>::from_data(TensorData::new(t, [end - start, 1]), &device);
        let between = (baseline.clone() + t * way.clone())
            .autodiff()
            .require_grad();
        let gradients = predict(between.clone()).sum().backward();
        let Some(gradient) = between.grad(&gradients) else {
            continue;
        };
        let gradient = gradient.without_autodiff().sum_dim(0) * way.clone();
        for (sum, part) in sum.iter_mut().zip(gradient.into_data().iter::<f64>()) {
            *sum += part / points as f64;
        }
    }
    sum
}
