//! Numbers that are missing, guessed from the rest of their row.

use std::collections::HashSet;
use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cholesky::{Cholesky, dot};
use crate::{ColumnEncoder, ColumnKind, Encoder, Table};

/// What a number is taken for that is missing in a column where training rows hardly ever lacked one: the
/// mean that it has, given the rest of the row, if the encoded numbers of rows are normally distributed
/// together. So a house without its number of bedrooms has as many as others of its size, and not as many as
/// the middle of all houses.
///
/// Let `z` be the standardized numbers of a row and `Λ` the inverse of their covariance. Where `m` are
/// not known and `o` are, the means are `-Λ_mm⁻¹ Λ_mo z_o` (Little and Rubin, "Statistical Analysis with
/// Missing Data", section 11.2), kept within what training rows have. A truth value becomes a number between
/// its two, a date is guessed part by part, and a category that is unseen or missing is not known, but stays
/// as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imputer {
    /// The columns whose numbers are guessed. Numeric ones where more than half of the training rows have the
    /// same number are taken for that.
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
/// Deviations from the least number to the greatest, at most.
const MOST_DEVIATIONS: f64 = 10.0;
/// No encoded number is further from zero.
const FURTHEST: f32 = 1e6;

impl Encoder {
    /// Learns to guess missing numbers from the rest of their row, of some of the training rows; see
    /// [`Imputer`]. Columns in which three or more training rows lack a value stay as they are: a
    /// network learns what it tells that one is missing.
    ///
    /// Nothing is added where rows become more than 512 numbers, bins left out: there, what is missing is the
    /// middle. Nor is it where rows cannot be encoded, of which [`encode`](Self::encode) says why.
    pub fn with_imputer(mut self, table: &Table, training: &[usize]) -> Self {
        let numbers = self.described_places().len();
        if !self.columns.iter().any(is_marked) || !(2..=MOST_NUMBERS).contains(&numbers) {
            return self;
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
        let some = table.select(table.name(), &rows);
        if let Ok(encoded) = some.and_then(|some| slim.encode(&some)) {
            let normal = Normal::fit(&encoded, slim.width(), &slim.described_places());
            let columns = slim.columns.iter().zip(slim.places());
            let guessed = columns.filter(|(column, (_, place))| {
                let numbers = encoded.iter().skip(place.start).step_by(slim.width());
                let is_number = column.kind() == ColumnKind::Numeric;
                is_marked(column) && !(is_number && is_mostly_one_number(numbers))
            });
            let columns: Vec<String> = guessed.map(|(_, (name, _))| name.to_string()).collect();
            let normal = normal.filter(|_| !columns.is_empty());
            self.imputer = normal.map(|normal| Imputer { columns, normal });
        }
        self
    }

    /// Where the numbers are in an encoded row that are held against each other.
    fn described_places(&self) -> Vec<usize> {
        let columns = self.columns.iter().zip(self.places());
        let places = columns.flat_map(|(column, (_, place))| {
            let (first, last) = (place.start, place.end.saturating_sub(1));
            let place = move |n: usize| match column {
                // The bins are between the number and the indicator.
                ColumnEncoder::Numeric { .. } if n == 1 => last,
                _ => first + n,
            };
            (0..described(column)).map(place)
        });
        places.collect()
    }
}

/// Numbers of a column that are held against others.
fn described(column: &ColumnEncoder) -> usize {
    match column {
        ColumnEncoder::Numeric { indicator, .. } => 1 + usize::from(*indicator),
        _ => column.width(),
    }
}

/// Whether what is missing in a column is marked, as no indicator tells of it.
fn is_marked(column: &ColumnEncoder) -> bool {
    matches!(
        column,
        ColumnEncoder::Numeric {
            indicator: false,
            ..
        } | ColumnEncoder::Boolean {
            indicator: false,
            ..
        } | ColumnEncoder::Date {
            indicator: false,
            ..
        }
    )
}

/// Whether more than half of the numbers are the same one, as where most rows have none of something: to have a
/// little of it, as the mean says, is rarer than anything.
fn is_mostly_one_number<'a>(numbers: impl Iterator<Item = &'a f32>) -> bool {
    let mut numbers: Vec<f32> = numbers.copied().collect();
    numbers.sort_unstable_by(f32::total_cmp);
    let middle = numbers[numbers.len() / 2];
    2 * numbers.iter().filter(|&&number| number == middle).count() > numbers.len()
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
        let marked = encoder.columns.iter().filter(|column| is_marked(column));
        let marked: HashSet<&str> = marked.map(ColumnEncoder::name).collect();
        if !self
            .columns
            .iter()
            .all(|name| marked.contains(name.as_str()))
        {
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
            let least = column(place).fold(f64::INFINITY, f64::min);
            let greatest = column(place).fold(f64::NEG_INFINITY, f64::max);
            // A category of a few rows would be as far out as no other number, and count for more than all.
            let floor = ((greatest - least) / MOST_DEVIATIONS).max(1e-6);
            let std = (squares.sum::<f64>() / count as f64).sqrt().max(floor);
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
            && (0..size).all(|i| {
                let (least, greatest) = (numbers[2 * size + i], numbers[3 * size + i]);
                -FURTHEST <= least && least <= greatest && greatest <= FURTHEST
            });
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
    marked: Vec<Marked<'a>>,
    /// Those of them that say which category a column holds.
    categories: Vec<Range<usize>>,
}

/// One of the described numbers, which is marked where it is missing.
#[derive(Debug)]
struct Marked<'a> {
    index: usize,
    column: &'a ColumnEncoder,
    /// Where it is in a row, with its bins.
    place: Range<usize>,
    /// Or else taken for the middle.
    is_guessed: bool,
}

/// What was worked out for the last row, which the next may need again.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// The numbers that are not known.
    unknown: Vec<usize>,
    factor: Option<Cholesky>,
}

impl<'a> Guessing<'a> {
    /// That of an encoder, if it has one.
    pub fn of(encoder: &'a Encoder) -> Option<Self> {
        let imputer = encoder.imputer.as_ref()?;
        let mut guessing = Self {
            normal: &imputer.normal,
            places: encoder.described_places(),
            marked: Vec::new(),
            categories: Vec::new(),
        };
        let guessed: HashSet<&str> = imputer.columns.iter().map(String::as_str).collect();
        let mut index = 0;
        for (column, (name, place)) in encoder.columns.iter().zip(encoder.places()) {
            let width = described(column);
            let numbers = index..index + width;
            index = numbers.end;
            let mut push = |index, place| {
                guessing.marked.push(Marked {
                    index,
                    column,
                    place,
                    is_guessed: guessed.contains(name),
                });
            };
            match column {
                ColumnEncoder::OneHot { .. } => guessing.categories.push(numbers),
                _ if !is_marked(column) => {}
                ColumnEncoder::Numeric { .. } => push(numbers.start, place),
                _ => numbers.zip(place).for_each(|(n, at)| push(n, at..at + 1)),
            }
        }
        Some(guessing)
    }

    /// Writes what is marked as missing in an encoded row.
    pub fn write(&self, row: &mut [f32], last: &mut Last) {
        let number = |index: usize| row[self.places[index]];
        let missing = self.marked.iter();
        let missing = missing.filter(|marked| number(marked.index).is_nan());
        let missing: Vec<&Marked> = missing.collect();
        if missing.is_empty() {
            return;
        }
        let normal = self.normal;
        let categories = self.categories.iter().cloned();
        let no_category = categories.filter(|places| places.clone().all(|n| number(n) == 0.0));
        let mut unknown: Vec<usize> = missing.iter().map(|marked| marked.index).collect();
        unknown.extend(no_category.flatten());
        if last.unknown != unknown {
            let pairs = unknown.iter().flat_map(|&row| {
                let columns = unknown.iter();
                columns.map(move |&column| normal.inverse(row, column))
            });
            last.factor = Cholesky::new(pairs.collect(), unknown.len());
            last.unknown = unknown;
        }
        let mut is_known = vec![true; self.places.len()];
        last.unknown
            .iter()
            .for_each(|&index| is_known[index] = false);
        let known = (0..self.places.len()).filter(|&index| is_known[index]);
        let known: Vec<(usize, f64)> = known
            .map(|index| (index, normal.standardized(number(index), index)))
            .collect();
        let mut means: Vec<f64> = last
            .unknown
            .iter()
            .map(|&of| {
                let products = known.iter().map(|&(by, z)| normal.inverse(of, by) * z);
                -products.sum::<f64>()
            })
            .collect();
        match &last.factor {
            Some(factor) => factor.solve(&mut means),
            None => means.fill(0.0),
        }
        for (missing, z) in missing.into_iter().zip(means) {
            let numbers = &mut row[missing.place.clone()];
            match missing.is_guessed {
                true => {
                    let z = if z.is_finite() { z } else { 0.0 };
                    let number = normal.number(z, missing.index);
                    missing.column.write_scaled(number, numbers);
                }
                false => missing.column.write_middle(numbers),
            }
        }
    }
}
