//! Integrated gradients.

use std::borrow::Cow;
use std::ops::Range;

use backburn_tabular::{Cell, ColumnEncoder, Predictions, Target, TargetScale};
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
    /// The prediction for the baseline: the average of the rows trained on, or of the table's where
    /// the model does not hold that ([`SavedModel::average`](backburn_tabular::SavedModel::average)).
    pub baseline: f64,
    /// For classes, the likeliest one.
    pub class: Option<String>,
    /// What each column adds to the baseline, the strongest first.
    pub contributions: Vec<Contribution>,
    /// The prediction minus the baseline and all that the columns add: next to nothing, but where the
    /// activation function jumps (step, thresholded_relu, hard_shrink), and no gradient tells by
    /// how much.
    pub remainder: f64,
}

impl RowExplanation {
    /// Whether more is left over than rounding.
    pub fn has_remainder(&self) -> bool {
        let amounts = self.contributions.iter().map(|part| part.amount.abs());
        self.remainder.abs() > 0.01 * amounts.sum::<f64>()
    }
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
/// half per cent of what it should be, or as close as 32 bits allow.
const POINTS: [usize; 5] = [64, 256, 1024, 4096, 16384];
const CLOSE_ENOUGH: f64 = 0.005;
const ROUNDING: f64 = 1e-5;

impl Explainer<'_> {
    /// Says what each column of some rows adds to the prediction, by integrated gradients
    /// (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017):
    /// `(x - x') · ∫ ∂f(x' + t (x - x')) / ∂x dt`, for `t` from 0 to 1, where `x'` is the average row and `f`
    /// is the prediction in the target's own unit. The numbers that belong to a column are added up, and
    /// what [neighbours](backburn_tabular::Neighbours) add is shared by their columns equally. What a number adds that
    /// is [guessed](backburn_tabular::Imputer) from other columns counts as its own column's.
    ///
    /// `rows` are indices of the table's rows; there is nothing for those that it does not have.
    pub fn explain_rows(&self, rows: &[usize]) -> Vec<RowExplanation> {
        let model = self.model();
        let width = self.width();
        let count = self.rows();
        let mut encoded = self.encoded.clone();
        model.encoder.complete(&mut encoded);
        let data = TensorData::new(encoded, [count, width]);
        let all = Tensor::<2>::from_data(data, &self.device);
        // Embeddings are looked up first: the way leads through what comes out of them.
        let features = model.network.features(all);
        let average = match model.average.as_slice() {
            [] => features.clone().mean_dim(0),
            average => {
                let data = TensorData::new(average.to_vec(), [1, average.len()]);
                Tensor::from_data(data, &self.device)
            }
        };
        let places = self.feature_places();
        let neighbours = model.encoder.neighbour_places();
        let columns: Vec<Option<Vec<Cell>>> = places
            .iter()
            .map(|(name, _)| Some(self.column(name)?.cells().collect()))
            .collect();
        rows.iter()
            .filter(|&&row| row < count)
            .map(|&row| {
                let features = features.clone().slice_dim(0, row..row + 1);
                let attributed = self.integrate(features, average.clone());
                let mut contributions: Vec<Contribution> = places
                    .iter()
                    .zip(&columns)
                    .map(|((name, place), cells)| Contribution {
                        column: name.clone(),
                        value: cells
                            .as_ref()
                            .and_then(|cells| cells[row].category())
                            .map(Cow::into_owned),
                        // What each member of an ensemble makes of it.
                        amount: attributed
                            .amounts
                            .chunks(model.config.widths()[0])
                            .map(|amounts| {
                                let sum = |place: &Range<usize>| -> f64 {
                                    amounts[place.clone()].iter().sum()
                                };
                                let shared = neighbours.iter().filter(|(of, _)| of.contains(name));
                                let share = |(of, place): &(&[String], Range<usize>)| {
                                    sum(place) / of.len() as f64
                                };
                                sum(place) + shared.map(share).sum::<f64>()
                            })
                            .sum(),
                    })
                    .collect();
                contributions.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
                let sum: f64 = contributions.iter().map(|part| part.amount).sum();
                RowExplanation {
                    remainder: attributed.prediction - attributed.baseline - sum,
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
        let target = &self.model().target;
        let predict = |features: Tensor<2>| {
            let outputs = self.model().network.forward_features(features).into_data();
            let outputs: Vec<f32> = outputs.iter().collect();
            target.predictions(&outputs, outputs.len())
        };
        let (prediction, from, class) = match (predict(row.clone()), predict(baseline.clone())) {
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
                let likelier = |best, class| if row[class] > row[best] { class } else { best };
                let class = (0..row.len()).fold(0, likelier);
                (row[class], baseline[class], class)
            }
            _ => (f64::NAN, f64::NAN, 0),
        };
        // A function whose differences are those of the prediction, over a factor: what is large
        // and the same for all rows would leave 32 bits no room.
        let (factor, least) = match target {
            Target::Regression {
                scale: TargetScale::Log,
                mean,
                ..
            } => (mean.exp(), ROUNDING * prediction.abs()),
            Target::Regression { std, .. } => (*std, ROUNDING * std),
            Target::Classification { .. } => (1.0, ROUNDING),
        };
        let differentiable = |features: Tensor<2>| {
            let outputs = network.forward_features(features);
            let [_, width] = outputs.dims();
            match target {
                Target::Regression {
                    scale: TargetScale::Log,
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
        };
        let way = row - baseline.clone();
        let mut amounts = Vec::new();
        for points in POINTS {
            amounts = integral(&baseline, &way, points, &differentiable);
            amounts.iter_mut().for_each(|amount| *amount *= factor);
            let sum: f64 = amounts.iter().sum();
            let difference = prediction - from;
            let room = (CLOSE_ENOUGH * difference.abs()).max(least);
            let far = (sum - difference).abs() > room;
            if !far {
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
