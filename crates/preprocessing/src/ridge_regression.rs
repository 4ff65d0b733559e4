//! Ridge regression.

use rayon::prelude::*;

const STEPS: usize = 40;
/// The strength of the L2 penalty.
const PENALTY: f64 = 10.0;

/// Fits a ridge regression by conjugate gradients (Björck, "Numerical Methods for Least Squares
/// Problems", 1996, algorithm 7.4.1) to rows of `width` inputs, with a target for each row. Returns the
/// weights, and replaces the targets by the residuals.
pub(crate) fn ridge_regression(inputs: &[f32], width: usize, targets: &mut [f32]) -> Vec<f64> {
    let matrix = Matrix { inputs, width };
    let mut weights = vec![0.0; width];
    let mut residuals: Vec<f64> = targets.iter().map(|&x| f64::from(x)).collect();
    let mut gradient = matrix.transposed_times(&residuals);
    let mut direction = gradient.clone();
    let mut length = squared_norm(&gradient);
    let start = length;
    for _ in 0..STEPS {
        if length <= start * 1e-12 {
            break;
        }
        let along = matrix.times(&direction);
        let step = length / (squared_norm(&along) + PENALTY * squared_norm(&direction));
        for (weight, direction) in weights.iter_mut().zip(&direction) {
            *weight += step * direction;
        }
        for (residual, along) in residuals.iter_mut().zip(&along) {
            *residual -= step * along;
        }
        gradient = matrix.transposed_times(&residuals);
        for (gradient, weight) in gradient.iter_mut().zip(&weights) {
            *gradient -= PENALTY * weight;
        }
        let before = std::mem::replace(&mut length, squared_norm(&gradient));
        for (direction, gradient) in direction.iter_mut().zip(&gradient) {
            *direction = gradient + length / before * *direction;
        }
    }
    for (target, residual) in targets.iter_mut().zip(residuals) {
        *target = residual as f32;
    }
    weights
}

/// Rows of `width` inputs.
struct Matrix<'a> {
    inputs: &'a [f32],
    width: usize,
}

impl Matrix<'_> {
    /// The product with a vector of `width` numbers.
    fn times(&self, vector: &[f64]) -> Vec<f64> {
        let rows = self.inputs.par_chunks_exact(self.width);
        rows.map(|row| row.iter().zip(vector).map(|(x, v)| f64::from(*x) * v).sum())
            .collect()
    }

    /// The product of the transpose with a vector of a number for each row.
    fn transposed_times(&self, vector: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for (row, v) in self.inputs.chunks_exact(self.width).zip(vector) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += f64::from(*x) * v;
            }
        }
        sums
    }
}

fn squared_norm(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_model_leaves_the_residuals() {
        let inputs: Vec<f32> = (0..3000).map(|i| ((i * i) % 7) as f32 - 3.0).collect();
        let mut rest: Vec<f32> = inputs.chunks(3).map(|row| row[0] - 2.0 * row[2]).collect();
        let before = rest.clone();
        let weights = ridge_regression(&inputs, 3, &mut rest);
        assert!(
            (weights[0] - 1.0).abs() < 0.02 && (weights[2] + 2.0).abs() < 0.02,
            "{weights:?}"
        );
        let squares = |numbers: &[f32]| numbers.iter().map(|x| x * x).sum::<f32>();
        assert!(squares(&rest) < squares(&before) * 1e-3);
    }
}
