//! Fits k-NN features.

use std::collections::HashMap;
use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::column_encoder::ColumnEncoder;
use crate::encoder::Encoder;
use crate::encoder_options::EncoderOptions;
use crate::knn_target_encoder::KnnTargetEncoder;
use crate::nearest_neighbors::{NEAREST, TrainingIndex};
use crate::row_writer::RowWriter;
use crate::screen_interactions::{EncodedRows, screen_interactions};

/// No pairs of columns are used with fewer training rows, since the nearest rows are then far away.
const MIN_ROWS: usize = 1000;
/// The largest number of training rows that are kept in two dimensions. A tree finds the nearest ones.
const MAX_IN_PLANE: usize = 100_000;
/// The largest number of training rows that are kept in more dimensions. Each is compared with each new row.
const MAX_IN_SPACE: usize = 10_000;
/// The largest number of coordinates of all kept rows in more dimensions. [`MIN_ROWS_IN_SPACE`] rows are
/// kept in any case.
const MAX_COORDINATES: usize = 200_000;
const MIN_ROWS_IN_SPACE: usize = 100;

/// The training data for k-NN features.
pub struct KnnFitInput<'a> {
    /// The targets of all rows of the table, as the network learns them: `rows * outputs` numbers.
    pub targets: &'a [f32],
    /// Numbers in the target of a row.
    pub outputs: usize,
    /// The indices of the training rows.
    pub training: &'a [usize],
    /// For each row of the table a number that it shares with its copies, if there are any: the features of a
    /// training row use neither its own target nor those of its copies.
    pub copies: Option<&'a [usize]>,
    /// How the mean targets are scaled and binned.
    pub options: &'a EncoderOptions,
}

impl Encoder {
    /// Adds [k-NN features](KnnTargetEncoder) for up to four pairs of numeric columns: the pairs whose nearest
    /// rows explain the target better than a linear model of all columns and a polynomial of the pair.
    ///
    /// `numbers` are all rows of a table as this encoder encodes them. Returns the new encoder, and all
    /// rows as it encodes them; but the features of training rows do not use their own target.
    ///
    /// A training row that is encoded again later counts as a new row, whose nearest training row is
    /// itself. Training rows therefore do not measure how good a model is.
    ///
    /// Nothing is added for fewer than 1000 training rows, or for more than 10 outputs.
    #[must_use]
    pub fn with_neighbor_features(self, numbers: Vec<f32>, from: &KnnFitInput) -> (Self, Vec<f32>) {
        let pairs = self.neighbor_pairs(&numbers, from);
        self.with_knn_features_of(numbers, from, pairs)
    }

    /// The pairs of columns that [`with_neighbor_features`](Self::with_neighbor_features) adds features of.
    pub fn neighbor_pairs(&self, numbers: &[f32], from: &KnnFitInput) -> Vec<Vec<String>> {
        if from.training.len() < MIN_ROWS || from.outputs > KnnTargetEncoder::MAX_OUTPUTS {
            return Vec::new();
        }
        let rows = EncodedRows {
            numbers,
            width: self.width(),
            inputs: self.inputs(),
            targets: from.targets,
            outputs: from.outputs,
            copies: from.copies,
        };
        let numeric = self.numeric_ranges();
        let ranges: Vec<Range<usize>> = numeric.iter().map(|(_, range)| range.clone()).collect();
        let pairs = screen_interactions(&rows, &in_random_order(from.training), &ranges);
        let names = pairs.iter();
        let names = names.map(|pair| pair.iter().map(|&c| numeric[c].0.clone()).collect());
        names.collect()
    }

    /// Adds [k-NN features](KnnTargetEncoder) of the nearest rows in all numeric columns together. Takes and
    /// returns the same as [`with_neighbor_features`](Self::with_neighbor_features).
    ///
    /// Nothing is added for fewer than two numeric columns, or for more than 10 outputs.
    #[must_use]
    pub fn with_knn_features(self, numbers: Vec<f32>, from: &KnnFitInput) -> (Self, Vec<f32>) {
        let numeric = self.numeric_ranges();
        if numeric.len() < 2 || from.outputs > KnnTargetEncoder::MAX_OUTPUTS {
            return (self, numbers);
        }
        let all: Vec<String> = numeric.into_iter().map(|(name, _)| name).collect();
        // The columns may be a pair that was already added.
        if self.knn_features.iter().any(|found| found.columns == all) {
            return (self, numbers);
        }
        self.with_knn_features_of(numbers, from, vec![all])
    }

    /// Adds the features of the nearest rows in each of these sets of numeric columns. Takes and returns the same
    /// as [`with_neighbor_features`](Self::with_neighbor_features).
    #[must_use]
    pub fn with_knn_features_of(
        mut self,
        numbers: Vec<f32>,
        from: &KnnFitInput,
        sets: Vec<Vec<String>>,
    ) -> (Self, Vec<f32>) {
        let before = (self.width(), self.inputs());
        let order = in_random_order(from.training);
        let first_new = self.knn_features.len();
        let mut means_of_training = Vec::new();
        for columns in sets {
            let coordinates = self.coordinates(&columns);
            let (knn, means) = fit_columns(&numbers, before.0, &order, from, columns, &coordinates);
            if let Some(knn) = knn {
                self.knn_features.push(knn);
                means_of_training.push(means);
            }
        }
        if means_of_training.is_empty() {
            return (self, numbers);
        }
        let wider = self.with_new_features(&numbers, before, first_new, from, &means_of_training);
        (self, wider)
    }

    /// Copies rows of `(width, inputs)` before the new features into wider rows, and writes the new
    /// features. Those of training rows come from `means_of_training`, which do not use their own
    /// target.
    fn with_new_features(
        &self,
        numbers: &[f32],
        (before, inputs): (usize, usize),
        first_new: usize,
        from: &KnnFitInput,
        means_of_training: &[Vec<Vec<f32>>],
    ) -> Vec<f32> {
        let width = self.width();
        let mut wider = vec![0.0; numbers.len() / before * width];
        let further = width - before;
        wider
            .par_chunks_mut(width)
            .zip(numbers.par_chunks(before))
            .for_each(|(to, from)| {
                to[..inputs].copy_from_slice(&from[..inputs]);
                to[inputs + further..].copy_from_slice(&from[inputs..]);
            });
        let mut is_training = vec![false; numbers.len() / before];
        for &row in from.training {
            is_training[row] = true;
        }
        let writer = RowWriter::new(self);
        let rows = wider.par_chunks_mut(width).zip(is_training);
        rows.filter(|(_, is_training)| !is_training)
            .for_each(|(row, _)| writer.write_knn_features(row, first_new));
        for (index, &row) in from.training.iter().enumerate() {
            let mut first = inputs;
            let new = &self.knn_features[first_new..];
            for (knn, means) in new.iter().zip(means_of_training) {
                let to = &mut wider[row * width..][first..first + knn.width()];
                knn.write_means(&means[index], to);
                first += to.len();
            }
        }
        wider
    }
}

/// Fits the features of the nearest rows in these columns, whose scaled numbers are at `coordinates`
/// in rows of `width` numbers. Returns the encoder, unless all means are constant, and the means of
/// each training row without its own target.
fn fit_columns(
    numbers: &[f32],
    width: usize,
    order: &[usize],
    from: &KnnFitInput,
    columns: Vec<String>,
    coordinates: &[usize],
) -> (Option<KnnTargetEncoder>, Vec<Vec<f32>>) {
    let limit = match columns.len() {
        2 => MAX_IN_PLANE,
        dimensions => (MAX_COORDINATES / dimensions).clamp(MIN_ROWS_IN_SPACE, MAX_IN_SPACE),
    };
    let kept = &order[..order.len().min(limit)];
    let labels: Option<Vec<usize>> = from
        .copies
        .map(|copies| kept.iter().map(|&row| copies[row]).collect());
    let index_of = excluded(numbers.len() / width, kept, labels.as_deref(), from);
    let at = |row: usize| {
        let row = &numbers[row * width..];
        coordinates.iter().map(move |&index| row[index])
    };
    let points: Vec<f32> = kept.iter().flat_map(|&row| at(row)).collect();
    let targets = kept
        .iter()
        .flat_map(|&row| &from.targets[row * from.outputs..][..from.outputs]);
    let targets: Vec<f32> = targets.copied().collect();
    let fitted = TrainingIndex::new(
        &points,
        coordinates.len(),
        &targets,
        from.outputs,
        labels.as_deref(),
    );
    let means = from.training.par_iter().map(|&row| {
        let at: Vec<f32> = at(row).collect();
        match index_of[row] {
            Some(index) => fitted.means(&at, index, true),
            None => fitted.index.means(&at, None, true),
        }
    });
    let means: Vec<Vec<f32>> = means.collect();
    let encoders = fit_means(&means, from);
    let knn = encoders.map(|encoders| KnnTargetEncoder {
        columns,
        distance_weighted: true,
        means: encoders,
        index: fitted.index,
    });
    (knn, means)
}

/// For each of the rows of a table, the index in `kept` of a row that must not be among its neighbors: the row
/// itself, or else a copy of it. `labels` are the numbers that the kept rows share with their copies.
fn excluded(
    rows: usize,
    kept: &[usize],
    labels: Option<&[usize]>,
    from: &KnnFitInput,
) -> Vec<Option<usize>> {
    let mut index_of = vec![None; rows];
    for (index, &row) in kept.iter().enumerate() {
        index_of[row] = Some(index);
    }
    if let (Some(copies), Some(labels)) = (from.copies, labels) {
        let kept: HashMap<usize, usize> = labels.iter().copied().zip(0..).collect();
        for &row in from.training {
            index_of[row] = index_of[row].or_else(|| kept.get(&copies[row]).copied());
        }
    }
    index_of
}

/// The encoder of each mean, fitted on those of the training rows; `None` if all means are constant.
fn fit_means(means: &[Vec<f32>], from: &KnnFitInput) -> Option<Vec<ColumnEncoder>> {
    let encoders = (0..NEAREST.len() * from.outputs).map(|mean| {
        let values = means.iter().map(|means| f64::from(means[mean])).collect();
        let options = (from.options.numbers, from.options.bins);
        ColumnEncoder::fit_numbers(String::new(), values, false, options)
    });
    let encoders: Vec<Option<ColumnEncoder>> = encoders.collect();
    if encoders.iter().all(Option::is_none) {
        return None;
    }
    // The mean of a class that no kept row has is 0 everywhere.
    let encoders = encoders.into_iter();
    let encoders = encoders.map(|fitted| fitted.unwrap_or_else(ColumnEncoder::constant));
    Some(encoders.collect())
}

fn in_random_order(rows: &[usize]) -> Vec<usize> {
    let mut order = rows.to_vec();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
    order
}
