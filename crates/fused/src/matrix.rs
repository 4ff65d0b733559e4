//! The product of two matrices.

use gemm::{Parallelism, gemm};

use crate::simd::vectorized;

/// A matrix over a slice. Its numbers are stored row by row, or column by column if it is
/// transposed.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix of `rows * columns` numbers, stored row by row.
    ///
    /// # Panics
    ///
    /// The slice has another length.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(
            Some(numbers.len()),
            rows.checked_mul(columns),
            "a matrix of {rows} x {columns} needs as many numbers"
        );
        Self {
            numbers,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transposed matrix, over the same numbers.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// The distance in memory from one column to the next, and from one row to the next.
    fn strides(&self) -> (isize, isize) {
        match self.transposed {
            false => (1, self.columns as isize),
            true => (self.rows as isize, 1),
        }
    }
}

/// Computes `out = a · b`, or `out += a · b` if `add` is set. `out` is stored row by row.
///
/// # Panics
///
/// The shapes do not match.
pub fn product(a: Matrix, b: Matrix, out: &mut [f32], add: bool) {
    assert_eq!(a.columns, b.rows, "the inner sizes of a product must match");
    let size = a.rows.checked_mul(b.columns);
    assert_eq!(Some(out.len()), size, "the output has the wrong size");
    let (a_column, a_row) = a.strides();
    let (b_column, b_row) = b.strides();
    // SAFETY: `gemm` reads `rows * columns` numbers of both matrices at these strides. `Matrix::new`
    // checks that there are as many. It reads and writes `a.rows * b.columns` numbers of `out`, which
    // the assertion above checks. `out` is borrowed mutably, so it does not overlap the matrices. All
    // numbers are initialized.
    //
    // The safe alternative is a product of Burn's tensors. It makes the same call after an allocation
    // and a dispatch, which take half the time of a training step of the smallest networks.
    #[allow(unsafe_code)]
    unsafe {
        gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            add,
            a.numbers.as_ptr(),
            a_column,
            a_row,
            b.numbers.as_ptr(),
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Copies the columns of `a`, `[rows, columns]`, from column `first` on into the rows of `out`. The
/// length of `out` says how many.
///
/// A product with a transposed copy on the right is faster than one that reads the matrix
/// transposed.
///
/// # Panics
///
/// `out` has room for more columns than `a` has from `first` on.
pub fn transpose(a: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    // Blocks of this size fit in registers.
    const SIDE: usize = 16;
    let rows = a.len() / columns;
    let last = first + out.len() / rows;
    assert!(last <= columns, "column {last} of {columns}");
    let block_rows = rows - rows % SIDE;
    let block_columns = last - (last - first) % SIDE;
    vectorized(
        #[inline(always)]
        || {
            for column in (first..block_columns).step_by(SIDE) {
                for row in (0..block_rows).step_by(SIDE) {
                    let mut block = [[0.0; SIDE]; SIDE];
                    for (r, block) in block.iter_mut().enumerate() {
                        block.copy_from_slice(&a[(row + r) * columns + column..][..SIDE]);
                    }
                    for c in 0..SIDE {
                        let out = &mut out[(column - first + c) * rows + row..][..SIDE];
                        for (out, block) in out.iter_mut().zip(&block) {
                            *out = block[c];
                        }
                    }
                }
            }
        },
    );
    // The columns and rows that do not fill a block.
    for row in 0..rows {
        let start = if row < block_rows {
            block_columns
        } else {
            first
        };
        for column in start..last {
            out[(column - first) * rows + row] = a[row * columns + column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers 1, 2, 3, … row by row.
    fn numbered(rows: usize, columns: usize) -> Vec<f32> {
        (1..=rows * columns).map(|x| x as f32).collect()
    }

    #[test]
    fn products_of_plain_and_transposed_matrices() {
        let (a, b) = (numbered(2, 3), numbered(3, 2));
        let mut out = vec![f32::NAN; 4];
        product(
            Matrix::new(&a, 2, 3),
            Matrix::new(&b, 3, 2),
            &mut out,
            false,
        );
        assert_eq!(out, [22.0, 28.0, 49.0, 64.0]);
        product(Matrix::new(&a, 2, 3), Matrix::new(&b, 3, 2), &mut out, true);
        assert_eq!(out, [44.0, 56.0, 98.0, 128.0]);
        let mut out = vec![f32::NAN; 9];
        let a = Matrix::new(&a, 2, 3).transposed();
        let b = Matrix::new(&b, 3, 2).transposed();
        product(a, b, &mut out, false);
        assert_eq!(out, [9.0, 19.0, 29.0, 12.0, 26.0, 40.0, 15.0, 33.0, 51.0]);
    }

    #[test]
    fn transpose_starts_at_any_column() {
        for (rows, columns, first) in [(1, 1, 0), (16, 16, 0), (3, 40, 5), (33, 19, 2)] {
            let a = numbered(rows, columns);
            let mut out = vec![f32::NAN; (columns - first) * rows];
            transpose(&a, columns, first, &mut out);
            for row in 0..rows {
                for column in first..columns {
                    let index = (column - first) * rows + row;
                    assert_eq!(out[index], a[row * columns + column]);
                }
            }
        }
    }

    #[test]
    fn empty_sums_are_zero() {
        let mut out = vec![f32::NAN; 4];
        product(
            Matrix::new(&[], 2, 0),
            Matrix::new(&[], 0, 2),
            &mut out,
            false,
        );
        assert_eq!(out, [0.0; 4]);
    }

    #[test]
    fn products_of_all_small_shapes_are_right() {
        let sizes = [0, 1, 2, 3, 7, 8, 9, 17];
        let shapes = sizes
            .iter()
            .flat_map(|&m| sizes.iter().map(move |&n| (m, n)));
        for ((rows, columns), inner) in shapes.flat_map(|s| [1, 2, 5, 16].map(|k| (s, k))) {
            let (a, b) = (numbered(rows, inner), numbered(inner, columns));
            let mut out = vec![f32::NAN; rows * columns];
            let (left, right) = (
                Matrix::new(&a, rows, inner),
                Matrix::new(&b, inner, columns),
            );
            product(left, right, &mut out, false);
            for (index, sum) in out.into_iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                let terms = (0..inner).map(|k| a[row * inner + k] * b[k * columns + column]);
                let expected: f32 = terms.sum();
                assert!((sum - expected).abs() <= expected * 1e-6);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a matrix of")]
    fn a_size_that_overflows_is_refused() {
        Matrix::new(&[], 1 << (usize::BITS / 2), 1 << (usize::BITS / 2));
    }
}
