//! What the training rows nearest in two columns have as their target.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::places::{LearnedPlaces, NEAREST, Places};
use crate::rough_pairs::{Rows, rough_pairs};
use crate::{ColumnEncoder, Encoder, EncoderOptions};

/// Inputs that say what the target was, on average, in the training rows nearest to a row in two numeric
/// columns, as a valuer looks at what was sold nearby. Some things change from place to place in ways
/// that no formula of the two columns tells; a network would need far more units to learn them by heart.
///
/// A row that is itself learned from does not know its own target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbours {
    /// The two columns. Distances are between their scaled numbers; one that is missing counts as the
    /// middle.
    pub columns: [String; 2],
    /// How each mean becomes inputs: of the 4 nearest rows, then of the 16 nearest, for each output.
    pub means: Vec<ColumnEncoder>,
    #[serde(skip)]
    pub(crate) places: Places,
}

/// Rows to learn from, at least: with fewer, nearest rows are not near.
const FEWEST_ROWS: usize = 1000;
/// Rows whose places are kept, at most.
const MOST_PLACES: usize = 100_000;
impl Neighbours {
    /// Outputs that there are neighbours for, at most: each has inputs of its own.
    pub const MOST_OUTPUTS: usize = 10;

    /// Inputs that the means become.
    pub(crate) fn width(&self) -> usize {
        self.means.iter().map(ColumnEncoder::width).sum()
    }

    /// Writes the inputs of a row at this place.
    pub(crate) fn write(&self, at: [f32; 2], inputs: &mut [f32]) {
        self.write_means(&self.places.means(at, None), inputs);
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
        self.means.len() == self.places.outputs() * NEAREST.len()
            && self.columns[0] != self.columns[1]
            && self
                .means
                .iter()
                .all(|mean| numeric(mean) && mean.is_usable())
    }
}

impl Encoder {
    /// Looks for pairs of numeric columns whose neighbourhoods tell something of the target that the
    /// columns one by one do not, nor a smooth function of both; and adds, for each pair that there is,
    /// what the target is in the training rows [nearest](Neighbours) to a row.
    ///
    /// `numbers` are all rows of a table as this encoder encodes them, `targets` are what the network is
    /// to give for them, `rows * outputs` numbers. The encoder is returned with `numbers` as it encodes
    /// them now, but for the rows trained on: these do not know their own target.
    ///
    /// Rows trained on that are encoded again later, as new ones, do know their own target, as one of
    /// those nearest: only rows that are not among them tell how good a model is.
    ///
    /// Fewer than a thousand rows have no near neighbours, and more than ten outputs would be too
    /// many inputs; then nothing is added.
    pub fn with_neighbours(
        mut self,
        numbers: Vec<f32>,
        targets: &[f32],
        outputs: usize,
        training: &[usize],
        options: &EncoderOptions,
    ) -> (Self, Vec<f32>) {
        if training.len() < FEWEST_ROWS || outputs > Neighbours::MOST_OUTPUTS {
            return (self, numbers);
        }
        let mut order = training.to_vec();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        let rows = Rows {
            numbers: &numbers,
            width: self.width(),
            inputs: self.inputs(),
            targets,
            outputs,
        };
        let numeric = self.columns.iter().zip(self.places());
        let numeric = numeric.filter(|(column, _)| matches!(column, ColumnEncoder::Numeric { .. }));
        let (names, places): (Vec<String>, Vec<_>) = numeric
            .map(|(_, (name, place))| (name.to_string(), place))
            .unzip();
        let pairs = rough_pairs(&rows, &order, &places);
        let kept = &order[..order.len().min(MOST_PLACES)];
        let mut place_of = vec![None; numbers.len() / rows.width];
        for (place, &row) in kept.iter().enumerate() {
            place_of[row] = Some(place);
        }
        let mut means_of_training = Vec::new();
        for pair in pairs {
            let [first, second] = pair.map(|column| places[column].start);
            let at = |row: usize| {
                let row = &numbers[row * rows.width..];
                [row[first], row[second]]
            };
            let points: Vec<[f32; 2]> = kept.iter().map(|&row| at(row)).collect();
            let of_kept = kept
                .iter()
                .flat_map(|&row| &targets[row * outputs..][..outputs]);
            let of_kept: Vec<f32> = of_kept.copied().collect();
            let learned = LearnedPlaces::new(&points, &of_kept, outputs);
            let means = training.par_iter().map(|&row| match place_of[row] {
                Some(place) => learned.means(at(row), place),
                None => learned.places.means(at(row), None),
            });
            let means: Vec<Vec<f32>> = means.collect();
            let encoders = (0..NEAREST.len() * outputs).map(|mean| {
                let values = means.iter().map(|means| f64::from(means[mean])).collect();
                let options = (options.numbers, options.bins);
                ColumnEncoder::fit_numbers(String::new(), values, false, options)
            });
            if let Some(encoders) = encoders.collect() {
                self.neighbours.push(Neighbours {
                    columns: pair.map(|column| names[column].clone()),
                    means: encoders,
                    places: learned.places,
                });
                means_of_training.push(means);
            }
        }
        if self.neighbours.is_empty() {
            return (self, numbers);
        }
        let (before, inputs, width) = (rows.width, rows.inputs, self.width());
        let mut wider = vec![0.0; numbers.len() / before * width];
        let further = width - before;
        wider
            .par_chunks_mut(width)
            .zip(numbers.par_chunks(before))
            .for_each(|(to, from)| {
                to[..inputs].copy_from_slice(&from[..inputs]);
                to[inputs + further..].copy_from_slice(&from[inputs..]);
            });
        self.write_neighbours(&mut wider);
        for (place, &row) in training.iter().enumerate() {
            let mut first = inputs;
            for (neighbours, means) in self.neighbours.iter().zip(&means_of_training) {
                let to = &mut wider[row * width..][first..first + neighbours.width()];
                to.fill(0.0);
                neighbours.write_means(&means[place], to);
                first += to.len();
            }
        }
        (self, wider)
    }

    /// Writes anew, into encoded rows whose columns may have been changed, what their neighbours say.
    pub fn write_neighbours(&self, rows: &mut [f32]) {
        if self.neighbours.is_empty() {
            return;
        }
        let writers = self.writers();
        let rows = rows.par_chunks_mut(self.width());
        rows.for_each(|row| writers.write_neighbours(row));
    }
}
