//! Batch and layer normalization, forward and backward, in 64-bit numbers.

/// Where the mean and the variance of batch normalization come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistics {
    /// From the rows of the batch, as in training.
    OfBatch,
    /// From all batches so far, as in prediction.
    Running,
}

/// The normalization of a layer: `gamma · (z - mean) / √(variance + epsilon) + beta`.
#[derive(Debug, Clone, PartialEq)]
pub enum Norm {
    /// No normalization.
    None,
    /// Each unit over the rows; all of length `[units]`.
    Batch {
        /// The learned scale.
        gamma: Vec<f64>,
        /// The learned shift.
        beta: Vec<f64>,
        /// The running mean.
        mean: Vec<f64>,
        /// The running variance.
        variance: Vec<f64>,
        /// Avoids a division by zero.
        epsilon: f64,
    },
    /// Each row over its units; both of length `[units]`.
    Layer {
        /// The learned scale.
        gamma: Vec<f64>,
        /// The learned shift.
        beta: Vec<f64>,
    },
}

/// What the backward pass needs of the forward pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Standardized {
    /// `(z - mean) / √(variance + epsilon)`, `[rows, units]`.
    scores: Vec<f64>,
    /// `1 / √(variance + epsilon)`: for each unit, or for each row of layer normalization.
    inverse: Vec<f64>,
}

/// The `epsilon` of layer normalization, which is Burn's default.
const EPSILON: f64 = 1e-5;

impl Norm {
    /// Whether a unit of a row depends on other units or on other rows.
    pub fn is_coupled(&self, statistics: Statistics) -> bool {
        match self {
            Self::None => false,
            Self::Batch { .. } => statistics == Statistics::OfBatch,
            Self::Layer { .. } => true,
        }
    }

    /// Normalizes weighted sums, `[rows, units]`.
    pub(crate) fn forward(
        &self,
        z: &[f64],
        units: usize,
        statistics: Statistics,
    ) -> (Vec<f64>, Standardized) {
        let (gamma, beta, standardized) = match self {
            Self::None => return (z.to_vec(), Standardized::default()),
            Self::Batch {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => {
                let of_unit = |unit: usize| match statistics {
                    Statistics::Running => (mean[unit], variance[unit]),
                    Statistics::OfBatch => moments(z.iter().skip(unit).step_by(units)),
                };
                let moments: Vec<(f64, f64)> = (0..units).map(of_unit).collect();
                (gamma, beta, by_unit(z, &moments, *epsilon))
            }
            Self::Layer { gamma, beta } => (gamma, beta, by_row(z, units)),
        };
        let scaled = standardized.scores.iter().enumerate();
        let scaled = scaled.map(|(i, score)| score * gamma[i % units] + beta[i % units]);
        (scaled.collect(), standardized)
    }

    /// The derivative of the loss with respect to the weighted sums, from that with respect to the normalized ones,
    /// both `[rows, units]`.
    pub(crate) fn backward(
        &self,
        delta: &[f64],
        standardized: &Standardized,
        units: usize,
        statistics: Statistics,
    ) -> Vec<f64> {
        let Standardized { scores, inverse } = standardized;
        let scaled = |gamma: &[f64]| -> Vec<f64> {
            let delta = delta.iter().enumerate();
            delta.map(|(i, delta)| delta * gamma[i % units]).collect()
        };
        match self {
            Self::None => delta.to_vec(),
            Self::Batch { gamma, .. } if statistics == Statistics::Running => {
                let delta = scaled(gamma).into_iter().enumerate();
                delta.map(|(i, delta)| delta * inverse[i % units]).collect()
            }
            Self::Batch { gamma, .. } => {
                let mut delta = scaled(gamma);
                for (unit, inverse) in inverse.iter().enumerate() {
                    let places = (unit..delta.len()).step_by(units);
                    centered(&mut delta, scores, places, *inverse);
                }
                delta
            }
            Self::Layer { gamma, .. } => {
                let mut delta = scaled(gamma);
                for (row, inverse) in inverse.iter().enumerate() {
                    let places = row * units..(row + 1) * units;
                    centered(&mut delta, scores, places, *inverse);
                }
                delta
            }
        }
    }
}

/// The mean and the variance of numbers.
fn moments<'a>(numbers: impl Iterator<Item = &'a f64> + Clone) -> (f64, f64) {
    let count = numbers.clone().count().max(1) as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let squares = numbers.map(|x| (x - mean) * (x - mean));
    (mean, squares.sum::<f64>() / count)
}

fn by_unit(z: &[f64], moments: &[(f64, f64)], epsilon: f64) -> Standardized {
    let inverse = moments
        .iter()
        .map(|(_, variance)| 1.0 / (variance + epsilon).sqrt());
    let inverse: Vec<f64> = inverse.collect();
    let score = |(i, z): (usize, &f64)| {
        let unit = i % moments.len();
        (z - moments[unit].0) * inverse[unit]
    };
    Standardized {
        scores: z.iter().enumerate().map(score).collect(),
        inverse,
    }
}

fn by_row(z: &[f64], units: usize) -> Standardized {
    let mut standardized = Standardized::default();
    for row in z.chunks_exact(units) {
        let (mean, variance) = moments(row.iter());
        let inverse = 1.0 / (variance + EPSILON).sqrt();
        standardized.inverse.push(inverse);
        let scores = row.iter().map(|z| (z - mean) * inverse);
        standardized.scores.extend(scores);
    }
    standardized
}

/// The backward pass through a mean and a variance of the numbers at these places:
/// `inverse · (delta - mean(delta) - score · mean(delta · score))`.
fn centered(
    delta: &mut [f64],
    scores: &[f64],
    places: impl Iterator<Item = usize> + Clone,
    inverse: f64,
) {
    let count = places.clone().count().max(1) as f64;
    let mean = places.clone().map(|i| delta[i]).sum::<f64>() / count;
    let along = places.clone().map(|i| delta[i] * scores[i]).sum::<f64>() / count;
    for i in places {
        delta[i] = inverse * (delta[i] - mean - scores[i] * along);
    }
}
