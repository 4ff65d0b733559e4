//! A multivariate normal distribution of encoded rows.

use nalgebra::{Cholesky, DMatrix};
use rayon::prelude::*;

/// The largest number of columns of the distribution. The time to fit it grows with the cube of this number.
pub(crate) const MAX_NUMBERS: usize = 512;
/// The smallest weight of shrinkage; it keeps the covariance matrix invertible.
const MIN_SHRINKAGE: f64 = 1e-3;
/// The largest range of a number, in standard deviations.
const MAX_RANGE: f64 = 10.0;
/// The largest magnitude of an encoded number.
const MAX_MAGNITUDE: f32 = 1e6;

/// A multivariate normal distribution of numbers of encoded rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Normal {
    /// `(4 + size) * size` numbers: a row of means, of standard deviations, of minimums and of
    /// maximums, then the inverse of the covariance matrix of the standardized numbers.
    numbers: Vec<f32>,
    size: usize,
}

impl Normal {
    /// Fits the distribution of the numbers at the indices `columns` of encoded rows (`rows * width` numbers), with
    /// Ledoit-Wolf shrinkage. `None` for fewer than two rows.
    pub fn fit(rows: &[f32], width: usize, columns: &[usize]) -> Option<Self> {
        let (count, size) = (rows.len() / width, columns.len());
        if count < 2 || size == 0 {
            return None;
        }
        let column = |offset: usize| {
            rows.iter()
                .skip(offset)
                .step_by(width)
                .map(|&x| f64::from(x))
        };
        let mut numbers = vec![0.0; (4 + size) * size];
        let mut standardized = Vec::with_capacity(size);
        for (index, &offset) in columns.iter().enumerate() {
            let mean = column(offset).sum::<f64>() / count as f64;
            let squares = column(offset).map(|x| (x - mean) * (x - mean));
            let minimum = column(offset).fold(f64::INFINITY, f64::min);
            let maximum = column(offset).fold(f64::NEG_INFINITY, f64::max);
            // Without a floor, a category of a few rows would be many standard deviations away from the
            // mean, and dominate all other numbers.
            let floor = ((maximum - minimum) / MAX_RANGE).max(1e-6);
            let std = (squares.sum::<f64>() / count as f64).sqrt().max(floor);
            for (statistic, number) in [mean, std, minimum, maximum].into_iter().enumerate() {
                numbers[statistic * size + index] = number as f32;
            }
            standardized.push(
                column(offset)
                    .map(|x| (x - mean) / std)
                    .collect::<Vec<f64>>(),
            );
        }
        let mut covariance = covariance(&standardized, count);
        shrink(&mut covariance, &standardized);
        let covariance = DMatrix::from_vec(size, size, covariance);
        let inverse = Cholesky::new(covariance)?.inverse();
        for (to, from) in numbers[4 * size..].iter_mut().zip(&inverse) {
            *to = *from as f32;
        }
        Self::from_numbers(numbers, size)
    }

    /// The parameters as `4 + size` rows, and the size.
    pub fn numbers(&self) -> (&[f32], usize) {
        (&self.numbers, self.size)
    }

    /// A distribution from its [`numbers`](Self::numbers); `None` if they are invalid.
    pub fn from_numbers(numbers: Vec<f32>, size: usize) -> Option<Self> {
        let usable = (2..=MAX_NUMBERS).contains(&size)
            && numbers.len() == (4 + size) * size
            && numbers.iter().all(|number| number.is_finite())
            && numbers[size..2 * size].iter().all(|&std| std > 0.0)
            && (0..size).all(|i| {
                let (minimum, maximum) = (numbers[2 * size + i], numbers[3 * size + i]);
                -MAX_MAGNITUDE <= minimum && minimum <= maximum && maximum <= MAX_MAGNITUDE
            });
        usable.then_some(Self { numbers, size })
    }

    /// The distribution with further numbers, from 0 to 1, that are independent of all others. `kept` has for each
    /// number its index before; `None` for a new one.
    pub fn grown(&self, kept: &[Option<usize>]) -> Self {
        let size = kept.len();
        let mut numbers = Vec::with_capacity((4 + size) * size);
        for (statistic, new) in [0.0, 1.0, 0.0, 1.0].into_iter().enumerate() {
            let of = |old: usize| self.numbers[statistic * self.size + old];
            numbers.extend(kept.iter().map(|old| old.map_or(new, of)));
        }
        for (row, old_row) in kept.iter().enumerate() {
            for (column, old_column) in kept.iter().enumerate() {
                numbers.push(match (old_row, old_column) {
                    (Some(row), Some(column)) => self.numbers[(4 + row) * self.size + column],
                    _ => f32::from(u8::from(row == column)),
                });
            }
        }
        Self { numbers, size }
    }

    /// The number of numbers that it describes.
    pub fn size(&self) -> usize {
        self.size
    }

    fn parameter(&self, row: usize, index: usize) -> f64 {
        f64::from(self.numbers[row * self.size + index])
    }

    /// A number, limited to the range of the training rows.
    fn bounded(&self, number: f64, index: usize) -> f64 {
        let (minimum, maximum) = (self.parameter(2, index), self.parameter(3, index));
        number.clamp(minimum, maximum)
    }

    /// The standard score of a number of an encoded row, after limiting it to the range of the training
    /// rows.
    pub fn standardized(&self, number: f32, index: usize) -> f64 {
        let (mean, std) = (self.parameter(0, index), self.parameter(1, index));
        (self.bounded(f64::from(number), index) - mean) / std
    }

    /// The number of an encoded row with this standard score.
    pub fn number(&self, z: f64, index: usize) -> f32 {
        let (mean, std) = (self.parameter(0, index), self.parameter(1, index));
        self.bounded(mean + std * z, index) as f32
    }

    /// An element of the inverse of the covariance matrix (the precision matrix).
    pub fn precision(&self, row: usize, column: usize) -> f64 {
        self.parameter(4 + row, column)
    }
}

/// The covariance matrix of standardized numbers, each with `count` values.
fn covariance(standardized: &[Vec<f64>], count: usize) -> Vec<f64> {
    let size = standardized.len();
    let mut covariance: Vec<f64> = (0..size * size)
        .into_par_iter()
        .map(|element| {
            let (row, column) = (element / size, element % size);
            match column <= row {
                true => dot(&standardized[row], &standardized[column]) / count as f64,
                false => 0.0,
            }
        })
        .collect();
    for row in 0..size {
        (row + 1..size).for_each(|c| covariance[row * size + c] = covariance[c * size + row]);
    }
    covariance
}

/// The dot product. Eight partial sums give the same rounding on every processor, so that the same
/// table gives the same model file.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut parts = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for part in 0..8 {
            parts[part] += a[part] * b[part];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    parts.iter().sum::<f64>() + rest.sum::<f64>()
}

/// Shrinks a covariance matrix towards a multiple of the identity matrix.
fn shrink(covariance: &mut [f64], standardized: &[Vec<f64>]) {
    let size = standardized.len();
    let weight = shrinkage(standardized, covariance, size).max(MIN_SHRINKAGE);
    let mean = (0..size).map(|i| covariance[i * size + i]).sum::<f64>() / size as f64;
    covariance.iter_mut().for_each(|c| *c *= 1.0 - weight);
    // If no number varies, any positive diagonal will do.
    let diagonal = weight * if mean > 0.0 { mean } else { 1.0 };
    (0..size).for_each(|i| covariance[i * size + i] += diagonal);
}

/// The weight of shrinkage towards a multiple of the identity matrix, as scikit-learn's `LedoitWolf`:
/// Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices" (2004).
fn shrinkage(standardized: &[Vec<f64>], covariance: &[f64], size: usize) -> f64 {
    let count = standardized[0].len();
    let mean = (0..size).map(|i| covariance[i * size + i]).sum::<f64>() / size as f64;
    let squared_norm: f64 = covariance.iter().map(|c| c * c).sum();
    let distance = squared_norm - mean * mean * size as f64;
    let lengths = (0..count).map(|row| standardized.iter().map(|z| z[row] * z[row]).sum::<f64>());
    let fourth = lengths.map(|length| length * length).sum::<f64>() / count as f64;
    let error = (fourth - squared_norm) / count as f64;
    match distance > 0.0 {
        true => (error / distance).clamp(0.0, 1.0),
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precision_matrix_is_the_inverse_of_the_covariance_matrix() {
        let rows: Vec<f32> = (0..40)
            .flat_map(|row| {
                let x = row as f32 / 10.0;
                [x, x.sin() + 0.3 * x, (x * 1.7).cos()]
            })
            .collect();
        let size = 3;
        let normal = Normal::fit(&rows, size, &[0, 1, 2]).unwrap();
        let standardized: Vec<Vec<f64>> = (0..size)
            .map(|index| {
                let numbers = rows.iter().skip(index).step_by(size);
                numbers.map(|&x| normal.standardized(x, index)).collect()
            })
            .collect();
        let mut covariance = covariance(&standardized, 40);
        shrink(&mut covariance, &standardized);
        for row in 0..size {
            for column in 0..size {
                let products =
                    (0..size).map(|k| normal.precision(row, k) * covariance[k * size + column]);
                let product: f64 = products.sum();
                let expected = f64::from(row == column);
                assert!(
                    (product - expected).abs() < 1e-4,
                    "{row} {column} {product}"
                );
            }
        }
    }

    #[test]
    fn dot_adds_all_products() {
        let numbers: Vec<f64> = (0..19).map(f64::from).collect();
        assert_eq!(dot(&numbers, &numbers), 2109.0);
        assert_eq!(dot(&[], &[]), 0.0);
    }
}
