//! Permutation importance.

use backburn_tabular::{Predictions, TableError, Target};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::Explainer;

/// How much a model needs a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The column.
    pub column: String,
    /// How much [`Measure`] rises when the column's values are shuffled among the rows, on average over
    /// the repeats.
    pub mean: f64,
    /// The standard deviation over the repeats.
    pub std: f64,
}

/// What importance is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The root mean squared error, in the target's unit.
    Rmse,
    /// The mean of `-log p(class)`.
    LogLoss,
    /// The root mean squared change of the predictions, in the target's unit, or of the classes'
    /// probabilities: where the rows do not say what is true.
    Change,
}

/// Rows shuffled, at most, and at least where there are many columns.
const MOST_ROWS: usize = 2000;
const FEWEST_ROWS: usize = 100;
/// Rows predicted for, over all columns and repeats.
const BUDGET: usize = 4_000_000;

impl Explainer<'_> {
    /// How much worse predictions become when one column's values are shuffled among the rows, for
    /// each column that the model uses, the one most needed first (Breiman, "Random Forests", 2001;
    /// Fisher, Rudin and Dominici, 2019).
    ///
    /// Of many rows, some are drawn at random.
    ///
    /// # Errors
    ///
    /// The target's column holds what is no target.
    pub fn importance(
        &self,
        repeats: usize,
        seed: u64,
    ) -> Result<(Measure, Vec<Importance>), TableError> {
        let repeats = repeats.max(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let places = self.places();
        let width = self.width();
        let truth = self.truth()?;
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        rows.retain(|&row| truth.as_ref().is_none_or(|truth| truth.is_known(row)));
        rows.shuffle(&mut rng);
        let bound = BUDGET / (places.len() * repeats).max(1);
        rows.truncate(bound.clamp(FEWEST_ROWS, MOST_ROWS));
        let mut encoded: Vec<f32> = rows
            .iter()
            .flat_map(|&row| self.encoded[row * width..(row + 1) * width].iter().copied())
            .collect();
        let truth = match truth {
            Some(truth) => truth.of(&rows),
            None => Truth::Predicted(self.predict(&encoded)),
        };
        let measure = truth.measure();
        if rows.len() < 2 {
            return Ok((measure, Vec::new()));
        }

        let before = truth.error(&self.predict(&encoded));
        let mut importances = Vec::with_capacity(places.len());
        for (column, place) in places {
            let kept: Vec<f32> = encoded
                .chunks_exact(width)
                .flat_map(|row| row[place.clone()].iter().copied())
                .collect();
            let rises: Vec<f64> = (0..repeats)
                .map(|_| {
                    shuffle(&mut encoded, width, place.clone(), &mut rng);
                    truth.error(&self.predict(&encoded)) - before
                })
                .collect();
            for (row, kept) in encoded
                .chunks_exact_mut(width)
                .zip(kept.chunks_exact(place.len()))
            {
                row[place.clone()].copy_from_slice(kept);
            }
            let mean = rises.iter().sum::<f64>() / repeats as f64;
            let squares = rises.iter().map(|rise| (rise - mean) * (rise - mean));
            importances.push(Importance {
                column: column.to_string(),
                mean,
                std: (squares.sum::<f64>() / repeats as f64).sqrt(),
            });
        }
        importances.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Ok((measure, importances))
    }

    /// What is true of each row, if the table says it of at least one.
    fn truth(&self) -> Result<Option<Truth>, TableError> {
        let target = &self.model().target;
        if self.column(target.column()).is_none() {
            return Ok(None);
        }
        let truth = match target {
            Target::Regression { .. } => Truth::Values(target.values(self.table)?),
            Target::Classification { .. } => Truth::Classes(target.classes(self.table)?),
        };
        let known = (0..self.rows()).any(|row| truth.is_known(row));
        Ok(known.then_some(truth))
    }
}

enum Truth {
    Values(Vec<f64>),
    Classes(Vec<Option<usize>>),
    Predicted(Predictions),
}

impl Truth {
    fn is_known(&self, row: usize) -> bool {
        match self {
            Self::Values(values) => values[row].is_finite(),
            Self::Classes(classes) => classes[row].is_some(),
            Self::Predicted(_) => true,
        }
    }

    fn of(self, rows: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            predicted => predicted,
        }
    }

    fn measure(&self) -> Measure {
        match self {
            Self::Values(_) => Measure::Rmse,
            Self::Classes(_) => Measure::LogLoss,
            Self::Predicted(_) => Measure::Change,
        }
    }

    fn error(&self, predictions: &Predictions) -> f64 {
        match (self, predictions) {
            (Self::Values(values), Predictions::Values(predicted)) => rms(values, predicted),
            (
                Self::Classes(of_row),
                Predictions::Classes {
                    classes,
                    probabilities,
                },
            ) => {
                let rows = probabilities.chunks_exact(classes.len()).zip(of_row);
                let losses = rows.filter_map(|(row, class)| Some(-row[(*class)?].max(1e-15).ln()));
                losses.sum::<f64>() / of_row.len() as f64
            }
            (Self::Predicted(Predictions::Values(before)), Predictions::Values(after)) => {
                rms(before, after)
            }
            (
                Self::Predicted(Predictions::Classes {
                    probabilities: before,
                    ..
                }),
                Predictions::Classes {
                    probabilities: after,
                    ..
                },
            ) => rms(before, after),
            _ => f64::NAN,
        }
    }
}

fn rms(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// Shuffles a part of the rows among them.
fn shuffle(rows: &mut [f32], width: usize, place: std::ops::Range<usize>, rng: &mut impl Rng) {
    let part: Vec<Vec<f32>> = rows
        .chunks_exact(width)
        .map(|row| row[place.clone()].to_vec())
        .collect();
    let mut order: Vec<usize> = (0..part.len()).collect();
    order.shuffle(rng);
    for (row, from) in rows.chunks_exact_mut(width).zip(order) {
        row[place.clone()].copy_from_slice(&part[from]);
    }
}
