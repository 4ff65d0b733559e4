//! Element-wise operations on slices, compiled to vector instructions.

use crate::simd::vectorized;

/// `to += numbers`
pub(crate) fn add(to: &mut [f32], numbers: &[f32]) {
    vectorized(
        #[inline(always)]
        || to.iter_mut().zip(numbers).for_each(|(to, x)| *to += x),
    );
}

/// `to *= numbers`
pub(crate) fn multiply(to: &mut [f32], numbers: &[f32]) {
    vectorized(
        #[inline(always)]
        || to.iter_mut().zip(numbers).for_each(|(to, x)| *to *= x),
    );
}

/// Sums the rows of a matrix. The length of `sums` is the number of columns.
pub(crate) fn sum_rows(matrix: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    vectorized(
        #[inline(always)]
        || {
            for row in matrix.chunks_exact(sums.len()) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        },
    );
}
