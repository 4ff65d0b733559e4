//! Numbers that are missing, guessed from the rest of their row.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cholesky::{Cholesky, dot};
use crate::{ColumnEncoder, Encoder, Table, TableError};

/// What a number is taken for that is missing in a column where training rows hardly ever lacked one: the
/// mean that it has, given the rest of the row, if the encoded numbers of rows are normally distributed
/// together. So a house without its number of bedrooms has as many as others of its size, and not as many as
/// the middle of all houses.
///
/// Let `z` be the standardized numbers of a row and `Λ` the inverse of their covariance. Where `m` are
/// missing and `o` are not, the means are `-Λ_mm⁻¹ Λ_mo z_o` (Little and Rubin, "Statistical Analysis with
/// Missing Data", section 11.2), kept within what training rows have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imputer {
    /// The columns whose numbers are guessed.
    pub columns: Vec<String>,
    #[serde(skip)]
    pub(crate) normal: Normal,
}

/// How the numbers of encoded rows vary, and vary together: bins, embeddings and what neighbours say are not
/// among them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Normal {
    /// `(4 + size) * size`: for each number its mean, deviation, least and greatest, then the inverse of
    /// the covariance of the standardized numbers.
    numbers: Vec<f32>,
    size: usize,
}

/// Rows that it is learned from, at most, and numbers that are held against each other.
const MOST_ROWS: usize = 5000;
const MOST_NUMBERS: usize = 512;
/// The least share of the covariance that is replaced, so that it has an inverse.
const LEAST_SHRINKAGE: f64 = 1e-3;

impl Encoder {
    /// Learns to guess missing numbers from the rest of their row, of some of the training rows; see
    /// [`Imputer`]. Columns in which three or more training rows lack a value stay as they are: a
    /// network learns what it tells that one is missing.
    ///
    /// Nothing is added where rows become more than 512 numbers; there, what is missing is the middle.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode).
    pub fn with_imputer(mut self, table: &Table, training: &[usize]) -> Result<Self, TableError> {
        let guessed = self.columns.iter().filter(|column| is_guessed(column));
        let columns: Vec<String> = guessed.map(|column| column.name().to_string()).collect();
        let numbers = self.described_places().len();
        if columns.is_empty() || !(2..=MOST_NUMBERS).contains(&numbers) {
            return Ok(self);
        }
        let mut rows = training.to_vec();
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        rows.truncate(MOST_ROWS);
        rows.sort_unstable();
        let slim = Self {
            columns: self.columns.iter().map(without_bins).collect(),
            neighbours: Vec::new(),
            imputer: None,
        };
        let encoded = slim.encode(&table.select(table.name(), &rows)?)?;
        let normal = Normal::fit(&encoded, slim.width(), &slim.described_places());
        self.imputer = normal.map(|normal| Imputer { columns, normal });
        Ok(self)
    }

    /// Where the numbers are in an encoded row that are held against each other.
    fn described_places(&self) -> Vec<usize> {
        let columns = self.columns.iter().zip(self.places());
        let places = columns.flat_map(|(column, (_, place))| match column {
            ColumnEncoder::Embedding { .. } => vec![],
            ColumnEncoder::Numeric {
                indicator: false, ..
            } => vec![place.start],
            ColumnEncoder::Numeric { .. } => vec![place.start, place.end - 1],
            _ => place.collect(),
        });
        places.collect()
    }
}

fn is_guessed(column: &ColumnEncoder) -> bool {
    matches!(
        column,
        ColumnEncoder::Numeric {
            indicator: false,
            ..
        } | ColumnEncoder::Boolean {
            indicator: false,
            ..
        }
    )
}

fn without_bins(column: &ColumnEncoder) -> ColumnEncoder {
    let mut column = column.clone();
    if let ColumnEncoder::Numeric { edges, .. } = &mut column {
        edges.clear();
    }
    column
}

impl Imputer {
    /// The name of its tensor in a model's file.
    pub(crate) const TENSOR: &str = "imputer";

    /// Why it cannot be that of an encoder with these columns, if it can't: a file may hold anything.
    pub(crate) fn problem(&self, encoder: &Encoder) -> Option<String> {
        let columns = encoder.columns.iter().filter(|column| is_guessed(column));
        if !columns.map(ColumnEncoder::name).eq(&self.columns) {
            return Some("it guesses numbers of other columns than it has".to_string());
        }
        let size = encoder.described_places().len();
        (self.normal.size != size)
            .then(|| "what it guesses numbers by does not fit its columns".to_string())
    }
}

impl Normal {
    /// From encoded rows, `rows * width` numbers, of which those at `places` are described. `None` if they
    /// are too few to vary.
    fn fit(rows: &[f32], width: usize, places: &[usize]) -> Option<Self> {
        let (count, size) = (rows.len() / width, places.len());
        if count < 2 {
            return None;
        }
        let column = |place: usize| {
            rows.iter()
                .skip(place)
                .step_by(width)
                .map(|&x| f64::from(x))
        };
        let mut numbers = vec![0.0; (4 + size) * size];
        let mut standardized = Vec::with_capacity(size);
        for (index, &place) in places.iter().enumerate() {
            let mean = column(place).sum::<f64>() / count as f64;
            let squares = column(place).map(|x| (x - mean) * (x - mean));
            let std = (squares.sum::<f64>() / count as f64).sqrt();
            let std = if std > 1e-12 { std } else { 1.0 };
            let least = column(place).fold(f64::INFINITY, f64::min);
            let greatest = column(place).fold(f64::NEG_INFINITY, f64::max);
            for (statistic, number) in [mean, std, least, greatest].into_iter().enumerate() {
                numbers[statistic * size + index] = number as f32;
            }
            standardized.push(
                column(place)
                    .map(|x| (x - mean) / std)
                    .collect::<Vec<f64>>(),
            );
        }
        let mut covariance: Vec<f64> = (0..size * size)
            .into_par_iter()
            .map(|place| {
                let (row, column) = (place / size, place % size);
                match column <= row {
                    true => dot(&standardized[row], &standardized[column]) / count as f64,
                    false => 0.0,
                }
            })
            .collect();
        for row in 0..size {
            (row + 1..size).for_each(|c| covariance[row * size + c] = covariance[c * size + row]);
        }
        let share = shrinkage(&standardized, &covariance, size).max(LEAST_SHRINKAGE);
        let mean = (0..size).map(|i| covariance[i * size + i]).sum::<f64>() / size as f64;
        covariance.iter_mut().for_each(|c| *c *= 1.0 - share);
        // Where nothing varies any number will do.
        let least = share * if mean > 0.0 { mean } else { 1.0 };
        (0..size).for_each(|i| covariance[i * size + i] += least);
        let inverse = Cholesky::new(covariance, size)?.inverse();
        for (to, from) in numbers[4 * size..].iter_mut().zip(inverse) {
            *to = from as f32;
        }
        Self::from_numbers(numbers, size)
    }

    /// The numbers, and how many are described.
    pub fn numbers(&self) -> (&[f32], usize) {
        (&self.numbers, self.size)
    }

    /// From [`numbers`](Self::numbers); `None` if they cannot be that.
    pub fn from_numbers(numbers: Vec<f32>, size: usize) -> Option<Self> {
        let usable = (2..=MOST_NUMBERS).contains(&size)
            && numbers.len() == (4 + size) * size
            && numbers.iter().all(|number| number.is_finite())
            && numbers[size..2 * size].iter().all(|&std| std > 0.0)
            && (0..size).all(|i| numbers[2 * size + i] <= numbers[3 * size + i]);
        usable.then_some(Self { numbers, size })
    }

    fn statistic(&self, statistic: usize, index: usize) -> f64 {
        f64::from(self.numbers[statistic * self.size + index])
    }

    /// A number as it is in the row, within those of training rows.
    fn bounded(&self, number: f64, index: usize) -> f64 {
        let (least, greatest) = (self.statistic(2, index), self.statistic(3, index));
        number.clamp(least, greatest)
    }

    fn standardized(&self, number: f32, index: usize) -> f64 {
        let (mean, std) = (self.statistic(0, index), self.statistic(1, index));
        (self.bounded(f64::from(number), index) - mean) / std
    }

    /// A standardized number as it is in the row.
    fn number(&self, z: f64, index: usize) -> f32 {
        let (mean, std) = (self.statistic(0, index), self.statistic(1, index));
        self.bounded(mean + std * z, index) as f32
    }

    fn inverse(&self, row: usize, column: usize) -> f64 {
        self.statistic(4 + row, column)
    }
}

/// How much of the covariance of standardized numbers is best replaced by the same variance for all and
/// no covariance: Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance
/// Matrices" (2004).
fn shrinkage(standardized: &[Vec<f64>], covariance: &[f64], size: usize) -> f64 {
    let count = standardized[0].len();
    let mean = (0..size).map(|i| covariance[i * size + i]).sum::<f64>() / size as f64;
    let of_squares: f64 = covariance.iter().map(|c| c * c).sum();
    let distance = of_squares - mean * mean * size as f64;
    let lengths = (0..count).map(|row| standardized.iter().map(|z| z[row] * z[row]).sum::<f64>());
    let fourth = lengths.map(|length| length * length).sum::<f64>() / count as f64;
    let error = (fourth - of_squares) / count as f64;
    match distance > 0.0 {
        true => (error / distance).clamp(0.0, 1.0),
        false => 1.0,
    }
}

/// An imputer at work. Missing numbers are marked in a row as what is no number.
#[derive(Debug)]
pub(crate) struct Guessing<'a> {
    normal: &'a Normal,
    /// Where the described numbers are in a row.
    places: Vec<usize>,
    /// Which of them are guessed, with the column of each and its place.
    guessed: Vec<(usize, &'a ColumnEncoder, Range<usize>)>,
}

/// What was worked out for the last row, which the next may need again.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// Which of the guessed ones are missing.
    missing: Vec<usize>,
    factor: Option<Cholesky>,
}

impl<'a> Guessing<'a> {
    /// That of an encoder, if it has one.
    pub fn of(encoder: &'a Encoder) -> Option<Self> {
        let imputer = encoder.imputer.as_ref()?;
        let places = encoder.described_places();
        let columns = encoder.columns.iter().zip(encoder.places());
        let guessed = columns.filter(|(column, _)| is_guessed(column));
        let guessed = guessed.filter_map(|(column, (_, place))| {
            let index = places.iter().position(|&at| at == place.start)?;
            Some((index, column, place))
        });
        Some(Self {
            normal: &imputer.normal,
            guessed: guessed.collect(),
            places,
        })
    }

    /// Writes what is marked as missing in an encoded row.
    pub fn write(&self, row: &mut [f32], last: &mut Last) {
        let is_missing = |&place: &usize| row[self.places[self.guessed[place].0]].is_nan();
        let missing: Vec<usize> = (0..self.guessed.len()).filter(is_missing).collect();
        if missing.is_empty() {
            return;
        }
        let normal = self.normal;
        let index = |place: &usize| self.guessed[*place].0;
        if last.missing != missing {
            let pairs = missing.iter().flat_map(|row| {
                let columns = missing.iter();
                columns.map(move |column| normal.inverse(index(row), index(column)))
            });
            last.factor = Cholesky::new(pairs.collect(), missing.len());
            last.missing = missing;
        }
        let numbers = self.places.iter().map(|&place| row[place]).enumerate();
        let known = numbers.filter(|(_, number)| !number.is_nan());
        let known: Vec<(usize, f64)> = known
            .map(|(by, number)| (by, normal.standardized(number, by)))
            .collect();
        let mut means: Vec<f64> = last
            .missing
            .iter()
            .map(|place| {
                let products = known
                    .iter()
                    .map(|&(by, z)| normal.inverse(index(place), by) * z);
                -products.sum::<f64>()
            })
            .collect();
        match &last.factor {
            Some(factor) => factor.solve(&mut means),
            None => means.fill(0.0),
        }
        for (&missing, z) in last.missing.iter().zip(means) {
            let (index, column, place) = &self.guessed[missing];
            let number = normal.number(if z.is_finite() { z } else { 0.0 }, *index);
            column.write_scaled(number, &mut row[place.clone()]);
        }
    }
}
