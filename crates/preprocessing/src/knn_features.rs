//! What the training rows nearest in some columns have as their target.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::places::{LearnedPlaces, NEAREST, Places};
use crate::rough_pairs::{Rows, rough_pairs};
use crate::{ColumnEncoder, Encoder, EncoderOptions};

/// Inputs that say what the target was, on average, in the training rows nearest to a row in some
/// numeric columns, as a valuer looks at what was sold nearby. Some things change from place to place in
/// ways that no formula of the columns tells; a network would need far more units to learn them by heart.
///
/// A row that is itself learned from does not know its own target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbours {
    /// Two columns or more. Distances are between their scaled numbers; one that is missing counts as what
    /// it is guessed to be, or as the middle.
    pub columns: Vec<String>,
    /// Whether the first mean is over all of the nearest rows, the nearer the more they count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weighed: bool,
    /// How each mean becomes inputs: of the 4 nearest rows, then of the 16 nearest, for each output.
    pub means: Vec<ColumnEncoder>,
    #[serde(skip)]
    pub(crate) places: Places,
}

/// Rows to look for pairs of columns in, at least: with fewer, nearest rows are not near.
const FEWEST_ROWS: usize = 1000;
/// Rows whose places are kept, at most, in a plane and in more dimensions, where each place is looked at;
/// fewer, where dimensions are many: no more coordinates than that, or a hundred places.
const MOST_IN_PLANE: usize = 100_000;
const MOST_IN_SPACE: usize = 10_000;
const MOST_COORDINATES: usize = 200_000;
const FEWEST_PLACES: usize = 100;

impl Neighbours {
    /// Outputs that there are neighbours for, at most: each has inputs of its own.
    pub const MOST_OUTPUTS: usize = 10;

    /// Inputs that one of these adds at most, with so many bins; none where outputs are too many.
    pub fn widest(outputs: usize, bins: usize) -> usize {
        match outputs <= Self::MOST_OUTPUTS {
            true => NEAREST.len() * outputs * (2 + bins),
            false => 0,
        }
    }

    /// Inputs that the means become.
    pub(crate) fn width(&self) -> usize {
        self.means.iter().map(ColumnEncoder::width).sum()
    }

    /// Writes the inputs of a row at this place.
    pub(crate) fn write(&self, at: &[f32], inputs: &mut [f32]) {
        self.write_means(&self.places.means(at, None, self.weighed), inputs);
    }

    fn write_means(&self, means: &[f32], inputs: &mut [f32]) {
        let mut first = 0;
        for (mean, encoder) in means.iter().zip(&self.means) {
            encoder.write_number(f64::from(*mean), &mut inputs[first..]);
            first += encoder.width();
        }
    }

    /// Whether it can be: a file may hold anything.
    pub(crate) fn is_usable(&self) -> bool {
        let numeric = |mean: &ColumnEncoder| matches!(mean, ColumnEncoder::Numeric { .. });
        let mut columns: Vec<&String> = self.columns.iter().collect();
        columns.sort_unstable();
        columns.dedup();
        self.means.len() == self.places.outputs() * NEAREST.len()
            && columns.len() == self.columns.len()
            && columns.len() == self.places.dimensions()
            && self
                .means
                .iter()
                .all(|mean| numeric(mean) && mean.is_usable())
    }
}

/// What neighbours are learned from.
pub struct Learning<'a> {
    /// What the network is to give for all rows of a table, `rows * outputs` numbers.
    pub targets: &'a [f32],
    /// Numbers that it gives for each.
    pub outputs: usize,
    /// The rows trained on.
    pub training: &'a [usize],
    /// How the means are encoded.
    pub options: &'a EncoderOptions,
}

impl Encoder {
    /// Looks for pairs of numeric columns whose neighbourhoods tell something of the target that the
    /// columns one by one do not, nor a smooth function of both; and adds, for each pair that there is,
    /// what the target is in the training rows [nearest](Neighbours) to a row.
    ///
    /// `numbers` are all rows of a table as this encoder encodes them. The encoder is returned with
    /// `numbers` as it encodes them now, but for the rows trained on: these do not know their own target.
    ///
    /// Rows trained on that are encoded again later, as new ones, do know their own target, as one of
    /// those nearest: only rows that are not among them tell how good a model is.
    ///
    /// Fewer than a thousand rows have no near neighbours in pairs that were looked for, and more than ten
    /// outputs would be too many inputs; then nothing is added.
    pub fn with_neighbours(self, numbers: Vec<f32>, from: &Learning) -> (Self, Vec<f32>) {
        if from.training.len() < FEWEST_ROWS || from.outputs > Neighbours::MOST_OUTPUTS {
            return (self, numbers);
        }
        let rows = Rows {
            numbers: &numbers,
            width: self.width(),
            inputs: self.inputs(),
            targets: from.targets,
            outputs: from.outputs,
        };
        let numeric = self.numeric_places();
        let places: Vec<Range<usize>> = numeric.iter().map(|(_, place)| place.clone()).collect();
        let pairs = rough_pairs(&rows, &in_random_order(from.training), &places);
        let sets: Vec<Vec<String>> = pairs
            .iter()
            .map(|pair| pair.iter().map(|&c| numeric[c].0.clone()).collect())
            .collect();
        self.with_neighbours_by(numbers, from, sets)
    }

    /// Adds what the target is in the training rows that are [nearest](Neighbours) to a row in all numeric
    /// columns together, as by [`with_neighbours`](Self::with_neighbours). Nothing is added where fewer
    /// than two columns are numeric, or outputs are more than ten.
    pub fn with_similar_rows(self, numbers: Vec<f32>, from: &Learning) -> (Self, Vec<f32>) {
        let numeric = self.numeric_places();
        if numeric.len() < 2 || from.outputs > Neighbours::MOST_OUTPUTS {
            return (self, numbers);
        }
        let all: Vec<String> = numeric.into_iter().map(|(name, _)| name).collect();
        // They may be a pair that was found.
        if self.neighbours.iter().any(|found| found.columns == all) {
            return (self, numbers);
        }
        self.with_neighbours_by(numbers, from, vec![all])
    }

    /// The numeric columns with their places; the first input of each is the scaled number.
    fn numeric_places(&self) -> Vec<(String, Range<usize>)> {
        let numeric = self.columns.iter().zip(self.places());
        let numeric = numeric.filter(|(column, _)| matches!(column, ColumnEncoder::Numeric { .. }));
        numeric
            .map(|(_, (name, place))| (name.to_string(), place))
            .collect()
    }

    /// Adds neighbours in each of these sets of numeric columns.
    fn with_neighbours_by(
        mut self,
        numbers: Vec<f32>,
        from: &Learning,
        sets: Vec<Vec<String>>,
    ) -> (Self, Vec<f32>) {
        let (before, inputs) = (self.width(), self.inputs());
        let order = in_random_order(from.training);
        let first_new = self.neighbours.len();
        let mut means_of_training = Vec::new();
        for columns in sets {
            let scaled = self.scaled_places(&columns);
            let most = match columns.len() {
                2 => MOST_IN_PLANE,
                dimensions => (MOST_COORDINATES / dimensions).clamp(FEWEST_PLACES, MOST_IN_SPACE),
            };
            let kept = &order[..order.len().min(most)];
            let mut place_of = vec![None; numbers.len() / before];
            for (place, &row) in kept.iter().enumerate() {
                place_of[row] = Some(place);
            }
            let at = |row: usize| {
                let row = &numbers[row * before..];
                scaled.iter().map(move |&place| row[place])
            };
            let points: Vec<f32> = kept.iter().flat_map(|&row| at(row)).collect();
            let of_kept = kept
                .iter()
                .flat_map(|&row| &from.targets[row * from.outputs..][..from.outputs]);
            let of_kept: Vec<f32> = of_kept.copied().collect();
            let learned = LearnedPlaces::new(&points, scaled.len(), &of_kept, from.outputs);
            let means = from.training.par_iter().map(|&row| {
                let at: Vec<f32> = at(row).collect();
                match place_of[row] {
                    Some(place) => learned.means(&at, place, true),
                    None => learned.places.means(&at, None, true),
                }
            });
            let means: Vec<Vec<f32>> = means.collect();
            let encoders = (0..NEAREST.len() * from.outputs).map(|mean| {
                let values = means.iter().map(|means| f64::from(means[mean])).collect();
                let options = (from.options.numbers, from.options.bins);
                ColumnEncoder::fit_numbers(String::new(), values, false, options)
            });
            let encoders: Vec<Option<ColumnEncoder>> = encoders.collect();
            if encoders.iter().all(Option::is_none) {
                continue;
            }
            // Of a class that no kept place has, the mean is 0 everywhere.
            let encoders = encoders.into_iter();
            let encoders = encoders.map(|fitted| fitted.unwrap_or_else(ColumnEncoder::constant));
            self.neighbours.push(Neighbours {
                columns,
                weighed: true,
                means: encoders.collect(),
                places: learned.places,
            });
            means_of_training.push(means);
        }
        if means_of_training.is_empty() {
            return (self, numbers);
        }
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
        let mut is_learned_from = vec![false; numbers.len() / before];
        from.training
            .iter()
            .for_each(|&row| is_learned_from[row] = true);
        let writers = self.writers();
        let rows = wider.par_chunks_mut(width).zip(is_learned_from);
        rows.filter(|(_, learned)| !learned)
            .for_each(|(row, _)| writers.write_neighbours(row, first_new));
        for (place, &row) in from.training.iter().enumerate() {
            let mut first = inputs;
            let new = &self.neighbours[first_new..];
            for (neighbours, means) in new.iter().zip(&means_of_training) {
                let to = &mut wider[row * width..][first..first + neighbours.width()];
                neighbours.write_means(&means[place], to);
                first += to.len();
            }
        }
        (self, wider)
    }
}

fn in_random_order(rows: &[usize]) -> Vec<usize> {
    let mut order = rows.to_vec();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
    order
}
