//! Attribution: what each column adds to the prediction of a row.

use std::borrow::Cow;
use std::ops::Range;

use backburn_preprocessing::ColumnEncoder;
use backburn_table::Cell;
use burn::tensor::{Tensor, TensorData};

use crate::explainer::Explainer;
use crate::integrated_gradients::IntegratedGradients;
use crate::row_explanation::{Contribution, RowExplanation};

impl Explainer<'_> {
    /// Explains the predictions of single rows: what each column adds to the prediction for the
    /// average row. The [crate's front page](crate) has an example.
    ///
    /// The method is integrated gradients (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep
    /// Networks", 2017): feature `x` adds `(x - x') · ∫ ∂f(x' + t (x - x')) / ∂x dt` for `t` from 0 to
    /// 1. Here `x'` is the feature of the average row, and `f` is the prediction in the target's unit.
    ///
    /// The amounts of all features of a column are summed. The amounts of
    /// [neighbor features](backburn_preprocessing::KnnTargetEncoder) are divided equally among the columns that
    /// the neighbors are found by. A value that is [imputed](backburn_preprocessing::Imputer) from other
    /// columns counts for its own column.
    ///
    /// `rows` are row indices in the table, counted from 0. Indices outside the table are ignored.
    ///
    /// # Cost
    ///
    /// Only these rows are computed, each in 64 to about 22,000 gradients. If the model does not hold
    /// the average training row
    /// ([`SavedModel::baselines`](backburn::SavedModel::baselines) is empty, as in old files), the
    /// features of all rows are computed too, for their average.
    pub fn explain_rows(&self, rows: &[usize]) -> Vec<RowExplanation> {
        let known = |row: &usize| *row < self.rows();
        let rows: Vec<usize> = rows.iter().copied().filter(known).collect();
        if rows.is_empty() {
            return Vec::new();
        }
        let columns = self.column_features();
        let values: Vec<Vec<Option<String>>> = columns
            .iter()
            .map(|column| self.values(&column.name, &rows))
            .collect();
        let features = self.features(rows.iter().copied());
        let average = self.average();
        let gradients = IntegratedGradients::new(self.model(), &self.device);
        let width = self.model().config.widths()[0];
        let explain = |(index, &row): (usize, &usize)| {
            let features = features.clone().slice_dim(0, index..index + 1);
            let attribution = gradients.attribute(features, average.clone());
            let contributions = columns.iter().zip(&values).map(|(column, values)| {
                let members = attribution.amounts.chunks(width);
                Contribution {
                    column: column.name.clone(),
                    value: values[index].clone(),
                    amount: members.map(|amounts| column.amount(amounts)).sum(),
                }
            });
            let mut contributions: Vec<Contribution> = contributions.collect();
            contributions.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
            let sum: f64 = contributions.iter().map(|part| part.amount).sum();
            RowExplanation {
                row,
                prediction: attribution.prediction,
                baseline: attribution.baseline,
                class: self
                    .classes()
                    .map(|classes| classes[attribution.class].clone()),
                contributions,
                remainder: attribution.prediction - attribution.baseline - sum,
            }
        };
        rows.iter().enumerate().map(explain).collect()
    }

    /// The input of the first layers for some rows, `[rows, members * features]`. Embeddings are
    /// looked up, since the path from the baseline leads through their vectors.
    fn features(&self, rows: impl Iterator<Item = usize>) -> Tensor<2> {
        let mut encoded = self.encoded_rows(rows);
        self.model().encoder.complete(&mut encoded);
        let shape = [encoded.len() / self.width(), self.width()];
        let encoded = Tensor::from_data(TensorData::new(encoded, shape), &self.device);
        self.model().network.features(encoded)
    }

    /// The baseline, `[1, members * features]`.
    fn average(&self) -> Tensor<2> {
        match self.model().baselines.as_slice() {
            [] => self.features(0..self.rows()).mean_dim(0),
            average => {
                let data = TensorData::new(average.to_vec(), [1, average.len()]);
                Tensor::from_data(data, &self.device)
            }
        }
    }

    /// The values of a column in some rows as text. `None` stands for a missing value, and for every
    /// row of a column that the table does not have.
    fn values(&self, column: &str, rows: &[usize]) -> Vec<Option<String>> {
        let Some(column) = self.column(column) else {
            return vec![None; rows.len()];
        };
        let cells: Vec<Cell> = column.cells().collect();
        let value = |&row: &usize| cells[row].category().map(Cow::into_owned);
        rows.iter().map(value).collect()
    }

    /// The columns, with the features of each.
    fn column_features(&self) -> Vec<ColumnFeatures> {
        let encoder = &self.model().encoder;
        let neighbors = encoder.knn_ranges();
        let mut embedded = encoder.inputs();
        let ranges = encoder.columns.iter().zip(encoder.column_ranges());
        ranges
            .map(|(column, (name, range))| {
                let own = match column {
                    ColumnEncoder::Embedding { dimension, .. } => {
                        let start = embedded;
                        embedded += dimension;
                        start..embedded
                    }
                    _ => range,
                };
                let name = name.to_string();
                let shared = neighbors
                    .iter()
                    .filter(|(columns, _)| columns.contains(&name))
                    .map(|(columns, range)| (range.clone(), columns.len()))
                    .collect();
                ColumnFeatures { name, own, shared }
            })
            .collect()
    }
}

/// The features of a column, by their position in the input of the first layer.
struct ColumnFeatures {
    name: String,
    /// The features of this column alone.
    own: Range<usize>,
    /// The neighbor features that this column shares, and the number of columns that share them.
    shared: Vec<(Range<usize>, usize)>,
}

impl ColumnFeatures {
    /// What the column adds, from what each feature adds.
    fn amount(&self, amounts: &[f64]) -> f64 {
        let sum = |range: &Range<usize>| -> f64 { amounts[range.clone()].iter().sum() };
        let shares = self.shared.iter();
        let shares = shares.map(|(range, columns)| sum(range) / *columns as f64);
        sum(&self.own) + shares.sum::<f64>()
    }
}
