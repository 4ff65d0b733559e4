//! Permutation importance.

use std::ops::Range;

use backburn_preprocessing::{Predictions, Target};
use backburn_table::TableError;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::explainer::Explainer;

/// How much a model needs a column. [`Explainer::importance`] returns these.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The column's name.
    pub column: String,
    /// The mean rise of the [`Measure`] when the column's values are shuffled among the rows, over all
    /// repeats.
    pub mean: f64,
    /// The standard deviation of the rise over the repeats.
    pub std: f64,
}

/// The error that importance is measured by. [`Explainer::importance`] chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// For regression: the root mean squared error, in the target's unit.
    Rmse,
    /// For classification: the log loss, the mean of `-log p(class)` with the natural logarithm.
    LogLoss,
    /// If no row of the table has a target: the root mean squared change of the predictions, in the
    /// target's unit, or of the classes' probabilities.
    Change,
}

/// The largest number of rows that are shuffled.
const MAX_ROWS: usize = 2000;
/// The smallest number of rows to use, however many columns there are.
const MIN_ROWS: usize = 100;
/// The largest number of rows predicted, over all columns and repeats.
const MAX_PREDICTIONS: usize = 4_000_000;

impl Explainer<'_> {
    /// Permutation importance: how much worse predictions become when the values of one column are
    /// shuffled among the rows (Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, 2019).
    ///
    /// It returns a value for each column that the model uses, the largest first. Each column is
    /// shuffled `repeats` times. `seed` seeds the shuffling. Of a large table, it uses a random sample
    /// of 100 to 2000 rows. Of a table with less than two rows that have a target, it returns no
    /// column. The [crate's front page](crate) has an example.
    ///
    /// # Errors
    ///
    /// The target's column holds a value that cannot be a target.
    pub fn importance(
        &self,
        repeats: usize,
        seed: u64,
    ) -> Result<(Measure, Vec<Importance>), TableError> {
        let repeats = repeats.max(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let columns = self.column_ranges();
        let targets = self.targets()?;
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        rows.retain(|&row| targets.as_ref().is_none_or(|targets| targets.has(row)));
        rows.shuffle(&mut rng);
        let sample = MAX_PREDICTIONS / (columns.len() * repeats).max(1);
        rows.truncate(sample.clamp(MIN_ROWS, MAX_ROWS));
        let mut encoded = self.encoded_rows(rows.iter().copied());
        let targets = match targets {
            Some(targets) => targets.select(&rows),
            None => Targets::Predictions(self.predict(&encoded)),
        };
        let measure = targets.measure();
        if rows.len() < 2 {
            return Ok((measure, Vec::new()));
        }
        let error = targets.error(&self.predict(&encoded));
        let mut importances: Vec<Importance> = columns
            .into_iter()
            .map(|(column, range)| {
                let shuffled =
                    self.shuffled_errors(&mut encoded, range, &targets, repeats, &mut rng);
                let rises: Vec<f64> = shuffled.iter().map(|shuffled| shuffled - error).collect();
                let mean = rises.iter().sum::<f64>() / repeats as f64;
                let squares = rises.iter().map(|rise| (rise - mean) * (rise - mean));
                Importance {
                    column: column.to_string(),
                    mean,
                    std: (squares.sum::<f64>() / repeats as f64).sqrt(),
                }
            })
            .collect();
        importances.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Ok((measure, importances))
    }

    /// The errors of the predictions after shuffling one column, for each repeat. The rows are
    /// restored at the end.
    fn shuffled_errors(
        &self,
        encoded: &mut [f32],
        range: Range<usize>,
        targets: &Targets,
        repeats: usize,
        rng: &mut impl Rng,
    ) -> Vec<f64> {
        let width = self.width();
        let original: Vec<f32> = encoded
            .chunks_exact(width)
            .flat_map(|row| row[range.clone()].iter().copied())
            .collect();
        let mut errors = Vec::with_capacity(repeats);
        for _ in 0..repeats {
            shuffle(encoded, width, range.clone(), rng);
            errors.push(targets.error(&self.predict(encoded)));
        }
        let rows = encoded.chunks_exact_mut(width);
        for (row, original) in rows.zip(original.chunks_exact(range.len())) {
            row[range.clone()].copy_from_slice(original);
        }
        errors
    }

    /// The targets of all rows, or `None` if no row has one.
    fn targets(&self) -> Result<Option<Targets>, TableError> {
        let target = &self.model().target;
        if self.column(target.column()).is_none() {
            return Ok(None);
        }
        let targets = match target {
            Target::Regression { .. } => Targets::Values(target.values(&self.table)?),
            Target::Classification { .. } => Targets::Classes(target.classes(&self.table)?),
        };
        let known = (0..self.rows()).any(|row| targets.has(row));
        Ok(known.then_some(targets))
    }
}

/// What predictions are compared with.
enum Targets {
    /// NaN where a row has none.
    Values(Vec<f64>),
    /// The index of each row's class.
    Classes(Vec<Option<usize>>),
    /// The predictions before shuffling, if no row has a target.
    Predictions(Predictions),
}

impl Targets {
    fn has(&self, row: usize) -> bool {
        match self {
            Self::Values(values) => values[row].is_finite(),
            Self::Classes(classes) => classes[row].is_some(),
            Self::Predictions(_) => true,
        }
    }

    fn select(self, rows: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            predictions => predictions,
        }
    }

    fn measure(&self) -> Measure {
        match self {
            Self::Values(_) => Measure::Rmse,
            Self::Classes(_) => Measure::LogLoss,
            Self::Predictions(_) => Measure::Change,
        }
    }

    fn error(&self, predictions: &Predictions) -> f64 {
        match (self, predictions) {
            (Self::Values(values), Predictions::Values(predicted)) => rmse(values, predicted),
            (
                Self::Classes(of_row),
                Predictions::Classes {
                    classes,
                    probabilities,
                    ..
                },
            ) => {
                let rows = probabilities.chunks_exact(classes.len()).zip(of_row);
                let losses = rows.filter_map(|(row, class)| Some(-row[(*class)?].max(1e-15).ln()));
                losses.sum::<f64>() / of_row.len() as f64
            }
            (Self::Predictions(Predictions::Values(before)), Predictions::Values(after)) => {
                rmse(before, after)
            }
            (
                Self::Predictions(Predictions::Classes {
                    probabilities: before,
                    ..
                }),
                Predictions::Classes {
                    probabilities: after,
                    ..
                },
            ) => rmse(before, after),
            _ => f64::NAN,
        }
    }
}

/// The root mean squared difference.
fn rmse(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// Shuffles some columns of encoded rows among the rows.
fn shuffle(rows: &mut [f32], width: usize, range: Range<usize>, rng: &mut impl Rng) {
    let values: Vec<Vec<f32>> = rows
        .chunks_exact(width)
        .map(|row| row[range.clone()].to_vec())
        .collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.shuffle(rng);
    for (row, from) in rows.chunks_exact_mut(width).zip(order) {
        row[range.clone()].copy_from_slice(&values[from]);
    }
}
