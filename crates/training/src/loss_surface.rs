//! The loss on a plane through the weights of a network.

use std::f64::consts::TAU;

use backburn_fused::FusedMlp;
use backburn_model::Mlp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{Criterion, TargetArrays, TensorDataset, TrainingError};

/// The loss of a network whose weights are moved along two random directions (Li and others, "Visualizing the Loss
/// Landscape of Neural Nets", 2018).
///
/// The directions are filter-normalized: each has, for the weights into each unit and for the vector of each category, the
/// length of these weights. So a network with large weights does not look flatter than the same function with small
/// ones. Biases stay as they are.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{LossSurface, TensorDataset, TrainingConfig};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
/// let rows = TensorDataset::regression(x.clone(), x.sum_dim(1));
/// let mlp = MlpConfig::new(2, 1).with_hidden([8]).init(&device)?;
/// let surface = LossSurface::new(&mlp, &rows, &TrainingConfig::default().criterion(), 0)?;
/// assert_eq!(surface.losses.len(), LossSurface::SIDE * LossSurface::SIDE);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LossSurface {
    /// The mean loss at each place: for each distance along the second direction, from the lowest one, the losses at all
    /// distances along the first one. They may be infinite or NaN.
    pub losses: Vec<f64>,
    /// The number of rows that it is the loss of.
    pub rows: usize,
}

/// Multiplications for all places, which take less than a second.
const WORK: u64 = 16_000_000_000;
/// Multiplications that take as long as the loss of an output.
const MULTIPLICATIONS_PER_OUTPUT: usize = 20;
/// With fewer rows, the surface says little about others.
const FEWEST_ROWS: usize = 32;

impl LossSurface {
    /// The number of distances along each direction. They go from -1 to 1, and the middle one is 0.
    pub const SIDE: usize = 21;
    /// The largest number of rows whose loss is computed. Large networks get fewer.
    pub const MOST_ROWS: usize = 1000;

    /// The surface around the weights of a network. `seed` is that of the directions. Of more rows than can be computed
    /// in a second, some are taken at equal distances.
    ///
    /// # Errors
    ///
    /// [`TrainingError::NoRows`], and [`TrainingError::Mismatch`] for a network that is not a plain one
    /// ([`FusedMlp::of`]) or is too large, and for rows that do not fit the network or the loss.
    pub fn new(
        network: &Mlp,
        rows: &TensorDataset,
        criterion: &Criterion,
        seed: u64,
    ) -> Result<Self, TrainingError> {
        let mismatch = |reason: &str| TrainingError::Mismatch(reason.to_string());
        let Some(fused) = FusedMlp::of(network) else {
            return Err(mismatch(
                "the network is not a plain one in main memory: it has a normalization, or an activation function that \
                 is not computed over arrays",
            ));
        };
        if rows.rows() == 0 {
            return Err(TrainingError::NoRows);
        }
        if rows.inputs.dims()[1] != fused.columns() {
            return Err(mismatch(
                "the rows have another number of columns than the network",
            ));
        }
        criterion
            .check(fused.outputs(), &rows.targets)
            .map_err(TrainingError::Mismatch)?;
        let most = most_rows(&fused);
        if most < FEWEST_ROWS {
            return Err(mismatch("the network is so large that it would take long"));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let matrices = matrices(network);
        let mut draw = || direction(&matrices, &fused.parameters, &mut rng);
        let plane = Plane {
            first: draw(),
            second: draw(),
            network: &fused,
        };
        let rows = some(rows, most.min(Self::MOST_ROWS));
        Ok(Self {
            losses: plane.losses(&rows, criterion),
            rows: rows.rows(),
        })
    }

    /// The distance from the weights with an index from 0, in the direction's length.
    pub fn distance(index: usize) -> f64 {
        let middle = (Self::SIDE / 2) as f64;
        (index as f64 - middle) / middle
    }

    /// The loss of the network itself.
    pub fn center(&self) -> f64 {
        let middle = self.losses.get(self.losses.len() / 2);
        middle.copied().unwrap_or(f64::NAN)
    }
}

/// The largest number of rows whose loss can be computed at all places in a second.
fn most_rows(network: &FusedMlp) -> usize {
    let places = (LossSurface::SIDE * LossSurface::SIDE) as u64;
    let moves = places.saturating_mul(network.parameters.len() as u64);
    let of_row = network.work() + MULTIPLICATIONS_PER_OUTPUT * network.outputs();
    let rows = WORK.saturating_sub(moves) / places.saturating_mul(of_row.max(1) as u64);
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// At most this many rows, at equal distances.
fn some(rows: &TensorDataset, most: usize) -> TensorDataset {
    let count = rows.rows();
    if count <= most {
        return rows.clone();
    }
    let indices: Vec<usize> = (0..most).map(|index| index * count / most).collect();
    rows.select(&indices)
}

/// A plane through the weights of a network.
struct Plane<'a> {
    network: &'a FusedMlp,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Plane<'_> {
    fn losses(&self, rows: &TensorDataset, criterion: &Criterion) -> Vec<f64> {
        let criterion = Criterion {
            loss: criterion.loss.for_targets(&rows.targets),
            ..criterion.clone()
        };
        let count = rows.rows();
        let inputs: Vec<f32> = rows.inputs.to_data().iter().collect();
        let targets = TargetArrays::new(&rows.targets);
        let weights = rows.weights.as_ref();
        let weights: Option<Vec<f32>> = weights.map(|weights| weights.to_data().iter().collect());
        let order: Vec<usize> = (0..count).collect();
        let side = LossSurface::SIDE;
        let places = (0..side * side).into_par_iter();
        let new = || {
            let gradient = vec![0.0; count * self.network.outputs()];
            (self.network.clone(), gradient)
        };
        let losses = places.map_init(new, |(network, gradient), place| {
            let along = |index: usize| LossSurface::distance(index) as f32;
            self.move_to(network, along(place % side), along(place / side));
            let outputs = network.predict(&inputs);
            let weights = weights.as_deref();
            let sum = criterion.backward(&outputs, &order, &targets, weights, 0.0, gradient);
            sum / count as f64
        });
        losses.collect()
    }

    /// Sets the parameters to those at these distances along the directions.
    fn move_to(&self, network: &mut FusedMlp, first: f32, second: f32) {
        let directions = self.first.iter().zip(&self.second);
        let from = self.network.parameters.iter().zip(directions);
        for (to, (from, (x, y))) in network.parameters.iter_mut().zip(from) {
            *to = from + first * x + second * y;
        }
    }
}

/// A matrix of weights among the parameters.
struct Matrix {
    start: usize,
    rows: usize,
    columns: usize,
    /// Whether a filter is a row, the vector of a category. Otherwise it is a column, the weights into a unit.
    by_row: bool,
}

impl Matrix {
    fn filters(&self) -> usize {
        match self.by_row {
            true => self.rows,
            false => self.columns,
        }
    }

    /// The indices of the weights of a filter.
    fn places(&self, filter: usize) -> impl Iterator<Item = usize> + use<> {
        let (first, step, count) = match self.by_row {
            true => (self.start + filter * self.columns, 1, self.columns),
            false => (self.start + filter, self.columns, self.rows),
        };
        (0..count).map(move |index| first + index * step)
    }

    /// The length of a filter.
    fn norm(&self, filter: usize, numbers: &[f32]) -> f64 {
        let squares = self.places(filter).map(|place| {
            let number = f64::from(numbers[place]);
            number * number
        });
        squares.sum::<f64>().sqrt()
    }
}

/// The matrices of a network, in the order of [`FusedMlp::parameters`].
fn matrices(network: &Mlp) -> Vec<Matrix> {
    let mut matrices = Vec::new();
    let mut start = 0;
    let mut push = |[rows, columns]: [usize; 2], by_row: bool, biases: usize| {
        matrices.push(Matrix {
            start,
            rows,
            columns,
            by_row,
        });
        start += rows * columns + biases;
    };
    for embedding in &network.embeddings {
        push(embedding.weight.dims(), true, 0);
    }
    let hidden = network.hidden.iter().map(|block| &block.linear);
    for linear in hidden.chain([&network.output]) {
        let biases = linear.bias.as_ref().map_or(0, |bias| bias.dims()[0]);
        push(linear.weight.dims(), false, biases);
    }
    matrices
}

/// A random direction whose filters have the lengths of those of the parameters. It is 0 for biases.
fn direction(matrices: &[Matrix], parameters: &[f32], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut direction = vec![0.0; parameters.len()];
    for matrix in matrices {
        let end = matrix.start + matrix.rows * matrix.columns;
        direction[matrix.start..end].fill_with(|| normal(rng) as f32);
        for filter in 0..matrix.filters() {
            let length = matrix.norm(filter, &direction);
            let wanted = matrix.norm(filter, parameters);
            let scale = wanted / length.max(f64::MIN_POSITIVE);
            for place in matrix.places(filter) {
                direction[place] = (f64::from(direction[place]) * scale) as f32;
            }
        }
    }
    direction
}

/// A number of the standard normal distribution (Box and Muller, 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius: f64 = rng.random_range(0.0..1.0);
    let angle: f64 = rng.random_range(0.0..TAU);
    (-2.0 * libm::log(1.0 - radius)).sqrt() * libm::cos(angle)
}

#[cfg(test)]
mod tests {
    use backburn_model::{EmbeddingConfig, MlpConfig, Normalization};
    use burn::tensor::{Device, Distribution, Int, Tensor};

    use super::*;
    use crate::TrainingConfig;
    use crate::loss::scalar;

    fn network() -> Mlp {
        let embedding = EmbeddingConfig {
            categories: 3,
            dimension: 2,
        };
        let config = MlpConfig::new(2, 2).with_hidden([7, 5]);
        let config = config.with_embeddings([embedding]);
        config.init(&Device::default()).unwrap()
    }

    /// Rows of two numbers and a category, in two classes.
    fn rows(count: usize) -> TensorDataset {
        let device = Device::default();
        let numbers = Tensor::<2>::random([count, 2], Distribution::Default, &device);
        let indices = Tensor::<1, Int>::arange(0..count as i64, &device);
        let categories = indices.clone().remainder_scalar(3).float();
        let inputs = Tensor::cat(vec![numbers, categories.unsqueeze_dim::<2>(1)], 1);
        TensorDataset::classification(inputs, indices.remainder_scalar(2))
    }

    fn criterion() -> Criterion {
        TrainingConfig::default().criterion()
    }

    #[test]
    fn the_middle_is_the_loss_of_the_network() {
        let (network, rows) = (network(), rows(40));
        let surface = LossSurface::new(&network, &rows, &criterion(), 3).unwrap();
        assert_eq!((surface.rows, surface.losses.len()), (40, 21 * 21));
        assert_eq!(LossSurface::distance(10), 0.0);
        assert_eq!(
            (LossSurface::distance(0), LossSurface::distance(20)),
            (-1.0, 1.0)
        );
        let outputs = network.forward(rows.inputs.clone());
        let loss = scalar(criterion().forward(outputs, &rows.targets, None));
        let center = surface.center();
        assert!((center - loss).abs() < 1e-5 * loss, "{center} {loss}");
        assert!(surface.losses.iter().any(|other| *other != center));
        // Where the weights are moved along one direction only.
        assert_ne!(surface.losses[10 * 21 + 11], surface.losses[11 * 21 + 10]);
    }

    #[test]
    fn a_direction_has_the_lengths_of_the_filters() {
        let network = network();
        let parameters = FusedMlp::of(&network).unwrap().parameters;
        let matrices = matrices(&network);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let direction = direction(&matrices, &parameters, &mut rng);
        let shapes: Vec<_> = matrices.iter().map(|m| (m.rows, m.columns)).collect();
        assert_eq!(shapes, [(3, 2), (4, 7), (7, 5), (5, 2)]);
        let filters: usize = matrices.iter().map(Matrix::filters).sum();
        assert_eq!(filters, 3 + 7 + 5 + 2);
        let mut weights = 0;
        for matrix in &matrices {
            for filter in 0..matrix.filters() {
                let (own, of_network) = (
                    matrix.norm(filter, &direction),
                    matrix.norm(filter, &parameters),
                );
                assert!(of_network > 0.0);
                assert!((own - of_network).abs() < 1e-5 * of_network);
                weights += matrix.places(filter).count();
            }
        }
        // All others are biases.
        assert_eq!(parameters.len() - weights, 7 + 5 + 2);
        let zeros = direction.iter().filter(|number| **number == 0.0).count();
        assert_eq!(zeros, 7 + 5 + 2);
        let last = parameters.len() - 2;
        assert_eq!(direction[last..], [0.0; 2]);
    }

    #[test]
    fn the_seed_gives_the_surface() {
        let (network, rows) = (network(), rows(40));
        let of = |seed| LossSurface::new(&network, &rows, &criterion(), seed).unwrap();
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn many_rows_are_thinned_out() {
        let network = network();
        let surface = LossSurface::new(&network, &rows(2500), &criterion(), 0).unwrap();
        assert_eq!(surface.rows, LossSurface::MOST_ROWS);
    }

    #[test]
    fn networks_and_rows_that_do_not_fit_are_refused() {
        let mut large = FusedMlp::of(&network()).unwrap();
        assert!(most_rows(&large) > LossSurface::MOST_ROWS);
        large.parameters.resize(40_000_000, 0.0);
        assert_eq!(most_rows(&large), 0);
        let rows = rows(40);
        let reason = |config: MlpConfig, criterion: &Criterion| {
            let network = config.init(&Device::default()).unwrap();
            let error = LossSurface::new(&network, &rows, criterion, 0).unwrap_err();
            error.to_string()
        };
        let plain = || MlpConfig::new(3, 2).with_hidden([7]);
        let normalized = plain().with_normalization(Normalization::Layer);
        let words = reason(normalized, &criterion());
        assert!(words.contains("not a plain one"), "{words}");
        let words = reason(MlpConfig::new(4, 2), &criterion());
        assert!(words.contains("number of columns"), "{words}");
        let words = reason(plain().with_hidden([1500, 1500]), &criterion());
        assert!(words.contains("so large"), "{words}");
        let numeric = Criterion {
            loss: crate::Loss::MeanSquaredError,
            ..criterion()
        };
        let words = reason(plain(), &numeric);
        assert!(words.contains("for numbers"), "{words}");
    }
}
