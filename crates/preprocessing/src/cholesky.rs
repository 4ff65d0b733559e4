//! Cholesky decomposition of a symmetric matrix.

/// The decomposition of a positive definite matrix into `L Lᵀ`, with `L` lower triangular (Golub and Van Loan, "Matrix
/// Computations", section 4.2).
#[derive(Debug)]
pub(crate) struct Cholesky {
    /// `size * size` numbers, row by row; those above the diagonal are not used.
    lower: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Decomposes a symmetric matrix of `size * size` numbers; `None` if it is not positive definite.
    pub fn new(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
        for row in 0..size {
            let (before, rest) = matrix.split_at_mut(row * size);
            let this = &mut rest[..size];
            for column in 0..row {
                let other = &before[column * size..][..=column];
                let sum = dot(&this[..column], &other[..column]);
                this[column] = (this[column] - sum) / other[column];
            }
            let square = this[row] - dot(&this[..row], &this[..row]);
            // NaN is refused too: it is not greater than zero.
            if !(square > 0.0 && square.is_finite()) {
                return None;
            }
            this[row] = square.sqrt();
        }
        Some(Self {
            lower: matrix,
            size,
        })
    }

    /// Solves `A x = b`, and replaces `b` by `x`.
    pub fn solve(&self, b: &mut [f64]) {
        let at = |row: usize, column: usize| self.lower[row * self.size + column];
        for row in 0..self.size {
            let sum = dot(&self.lower[row * self.size..][..row], &b[..row]);
            b[row] = (b[row] - sum) / at(row, row);
        }
        for row in (0..self.size).rev() {
            let found = b[row] / at(row, row);
            b[row] = found;
            (0..row).for_each(|before| b[before] -= at(row, before) * found);
        }
    }

    /// The inverse of the matrix, `size * size` numbers row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.size * self.size];
        for (index, row) in inverse.chunks_mut(self.size).enumerate() {
            row[index] = 1.0;
            self.solve(row);
        }
        inverse
    }
}

/// The dot product. Eight partial sums give the same rounding on every processor, so that the same
/// table gives the same model file.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_one() {
        let matrix = vec![4.0, 2.0, 0.5, 2.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let inverse = Cholesky::new(matrix.clone(), 3).unwrap().inverse();
        for row in 0..3 {
            for column in 0..3 {
                let product: f64 = (0..3)
                    .map(|k| matrix[row * 3 + k] * inverse[k * 3 + column])
                    .sum();
                let expected = f64::from(row == column);
                assert!(
                    (product - expected).abs() < 1e-12,
                    "{row} {column} {product}"
                );
            }
        }
    }

    #[test]
    fn matrices_that_are_not_positive_definite_are_refused() {
        for matrix in [vec![1.0, 2.0, 2.0, 1.0], vec![0.0; 4], vec![f64::NAN; 4]] {
            assert!(Cholesky::new(matrix, 2).is_none());
        }
    }
}
