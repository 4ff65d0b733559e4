//! The product of two matrices.

use gemm::{Parallelism, gemm};

use crate::vectorized;

/// A matrix in a slice, row by row or, transposed, column by column.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// The `rows * columns` numbers of a matrix, row by row.
    ///
    /// # Panics
    ///
    /// There are not as many.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(
            Some(numbers.len()),
            rows.checked_mul(columns),
            "a matrix of {rows} x {columns}"
        );
        Self {
            numbers,
            rows,
            columns,
            transposed: false,
        }
    }

    /// Rows as columns.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// From one column, and from one row, to the next.
    fn strides(&self) -> (isize, isize) {
        match self.transposed {
            false => (1, self.columns as isize),
            true => (self.rows as isize, 1),
        }
    }
}

/// `out = a · b`, or `out += a · b`, with `out` row by row.
///
/// # Panics
///
/// The shapes do not fit.
pub fn product(a: Matrix, b: Matrix, out: &mut [f32], add: bool) {
    assert_eq!(a.columns, b.rows, "the inner sizes of a product");
    let size = a.rows.checked_mul(b.columns);
    assert_eq!(Some(out.len()), size, "the size of a product");
    let (a_column, a_row) = a.strides();
    let (b_column, b_row) = b.strides();
    // SAFETY: `gemm` reads `rows * columns` numbers of both matrices at these strides, which is all
    // that a `Matrix` holds, as `new` sees to, and reads and writes as many of `out` as the assertion
    // above counts. `out` is borrowed mutably, so it does not overlap them. All numbers are
    // initialized. A product of Burn's tensors is the same call behind an allocation and a dispatch:
    // on the smallest networks, half the time of a step.
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

/// `out = aᵀ`, for `a` of `[rows, columns]`, from a column of `a` on: as many as `out` has room for.
/// A product takes longer with a transposed matrix on the right than with a copy of it.
///
/// # Panics
///
/// The shapes do not fit.
pub fn transpose(a: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    // Squares of this size fit into registers.
    const SIDE: usize = 16;
    let rows = a.len() / columns;
    let last = first + out.len() / rows;
    assert!(last <= columns, "column {last} of {columns}");
    let whole_rows = rows - rows % SIDE;
    let whole_columns = last - (last - first) % SIDE;
    vectorized(
        #[inline(always)]
        || {
            for column in (first..whole_columns).step_by(SIDE) {
                for row in (0..whole_rows).step_by(SIDE) {
                    let mut square = [[0.0; SIDE]; SIDE];
                    for (r, square) in square.iter_mut().enumerate() {
                        square.copy_from_slice(&a[(row + r) * columns + column..][..SIDE]);
                    }
                    for c in 0..SIDE {
                        let out = &mut out[(column - first + c) * rows + row..][..SIDE];
                        for (out, square) in out.iter_mut().zip(&square) {
                            *out = square[c];
                        }
                    }
                }
            }
        },
    );
    for row in 0..rows {
        let rest = if row < whole_rows {
            whole_columns
        } else {
            first
        };
        for column in rest..last {
            out[(column - first) * rows + row] = a[row * columns + column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[[1, 2, 3], [4, 5, 6]]` and the like.
    fn numbered(rows: usize, columns: usize) -> Vec<f32> {
        (1..=rows * columns).map(|x| x as f32).collect()
    }

    #[test]
    fn products_and_transposed_ones() {
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
    fn a_matrix_is_transposed_from_any_column_on() {
        for (rows, columns, first) in [(1, 1, 0), (16, 16, 0), (3, 40, 5), (33, 19, 2)] {
            let a = numbered(rows, columns);
            let mut out = vec![f32::NAN; (columns - first) * rows];
            transpose(&a, columns, first, &mut out);
            for row in 0..rows {
                for column in first..columns {
                    let place = (column - first) * rows + row;
                    assert_eq!(out[place], a[row * columns + column]);
                }
            }
        }
    }

    #[test]
    fn sums_over_nothing_are_zero() {
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
    fn every_small_shape_is_that_of_its_sums() {
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
            for (place, sum) in out.into_iter().enumerate() {
                let (row, column) = (place / columns, place % columns);
                let terms = (0..inner).map(|k| a[row * inner + k] * b[k * columns + column]);
                let expected: f32 = terms.sum();
                assert!((sum - expected).abs() <= expected * 1e-6);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a matrix of")]
    fn a_size_beyond_the_largest_number_is_no_small_one() {
        Matrix::new(&[], 1 << (usize::BITS / 2), 1 << (usize::BITS / 2));
    }
}
