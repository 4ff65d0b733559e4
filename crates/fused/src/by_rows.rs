//! The product of rows with a weight, where each row is treated alike whatever stands beside it.

use pulp::{NullaryFnOnce, Simd};

/// Rows that share what is read of the weight.
const BLOCK: usize = 6;
/// Vectors that are summed up side by side: additions that wait for each other take longest.
const VECTORS: usize = 2;

/// `out = rows · weight`, `[rows, inputs] · [inputs, outputs]`, each sum taken in an order that is
/// the same for all rows.
#[inline(always)]
pub(crate) fn multiply<S: Simd>(
    simd: S,
    rows: &[f32],
    weight: &[f32],
    outputs: usize,
    out: &mut [f32],
) {
    for first in (0..outputs).step_by(VECTORS * S::F32_LANES) {
        let columns = Columns {
            simd,
            rows,
            weight,
            inputs: weight.len() / outputs,
            outputs,
            first,
            width: (VECTORS * S::F32_LANES).min(outputs - first),
        };
        // Each compiled by itself, which leaves the others their registers.
        if columns.width == VECTORS * S::F32_LANES {
            simd.vectorize(ByRows(columns, Whole, out));
        } else if columns.width > S::F32_LANES {
            simd.vectorize(ByRows(columns, Part, out));
        } else {
            simd.vectorize(ByRows(columns, Narrow, out));
        }
    }
}

/// The columns of the weight from `first` on.
struct Columns<'a, S> {
    simd: S,
    rows: &'a [f32],
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    first: usize,
    width: usize,
}

/// The vectors of `R` rows.
type Sums<S, const R: usize> = [[<S as Simd>::f32s; VECTORS]; R];

/// How rows are summed up over the inputs, for a shape of the columns.
trait Kernel {
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    );
}

struct ByRows<'a, S, K>(Columns<'a, S>, K, &'a mut [f32]);

impl<S: Simd, K: Kernel> NullaryFnOnce for ByRows<'_, S, K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(columns, _, out) = self;
        let count = out.len() / columns.outputs;
        let whole = count - count % BLOCK;
        for row in (0..whole).step_by(BLOCK) {
            columns.sum::<K, BLOCK>(row, out);
        }
        for row in whole..count {
            columns.sum::<K, 1>(row, out);
        }
    }
}

impl<S: Simd> Columns<'_, S> {
    /// Sums up `R` rows from a row on.
    #[inline(always)]
    fn sum<K: Kernel, const R: usize>(&self, row: usize, out: &mut [f32]) {
        let rows = &self.rows[row * self.inputs..];
        let rows: [&[f32]; R] = std::array::from_fn(|r| &rows[r * self.inputs..][..self.inputs]);
        let mut sums = [[self.simd.splat_f32s(0.0); VECTORS]; R];
        K::add(self, &rows, &mut sums);
        for (r, sums) in sums.iter().enumerate() {
            let out = &mut out[(row + r) * self.outputs + self.first..][..self.width];
            for (out, &sum) in out.chunks_mut(S::F32_LANES).zip(sums) {
                match S::as_mut_simd_f32s(out) {
                    ([out], _) => *out = sum,
                    (_, out) => self.simd.partial_store_f32s(out, sum),
                }
            }
        }
    }

    /// A vector that begins with `width` numbers of the weight; the others are any.
    #[inline(always)]
    fn vector(&self, start: usize, width: usize) -> S::f32s {
        // Loading only as many takes a jump, and is needed only where the weight ends.
        match self.weight.get(start..start + S::F32_LANES) {
            Some(weight) => S::as_simd_f32s(weight).0[0],
            None => self
                .simd
                .partial_load_f32s(&self.weight[start..start + width]),
        }
    }

    /// Adds an input to one of the vectors.
    #[inline(always)]
    fn add<const R: usize>(
        &self,
        rows: &[&[f32]; R],
        input: usize,
        v: usize,
        sums: &mut Sums<S, R>,
    ) {
        let weight = self.vector(input * self.outputs + self.first, self.width);
        for r in 0..R {
            let x = self.simd.splat_f32s(rows[r][input]);
            sums[r][v] = self.simd.mul_add_f32s(x, weight, sums[r][v]);
        }
    }
}

/// All vectors, filled: nobody asks where the weight ends.
struct Whole;

impl Kernel for Whole {
    #[inline(always)]
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    ) {
        let (simd, first) = (columns.simd, columns.first);
        for (input, weight) in columns.weight.chunks_exact(columns.outputs).enumerate() {
            let weight = &weight[first..first + VECTORS * S::F32_LANES];
            let (weight, _) = S::as_simd_f32s(weight);
            for r in 0..R {
                let x = simd.splat_f32s(rows[r][input]);
                for v in 0..VECTORS {
                    sums[r][v] = simd.mul_add_f32s(x, weight[v], sums[r][v]);
                }
            }
        }
    }
}

/// A filled vector and another that is not.
struct Part;

impl Kernel for Part {
    #[inline(always)]
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    ) {
        let simd = columns.simd;
        let starts = (columns.first..columns.weight.len()).step_by(columns.outputs);
        for (input, start) in starts.enumerate() {
            let weight = [
                columns.vector(start, S::F32_LANES),
                columns.vector(start + S::F32_LANES, columns.width - S::F32_LANES),
            ];
            for r in 0..R {
                let x = simd.splat_f32s(rows[r][input]);
                for v in 0..VECTORS {
                    sums[r][v] = simd.mul_add_f32s(x, weight[v], sums[r][v]);
                }
            }
        }
    }
}

/// One vector: even and odd inputs are summed up apart.
struct Narrow;

impl Kernel for Narrow {
    #[inline(always)]
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    ) {
        let whole = columns.inputs - columns.inputs % VECTORS;
        for pair in (0..whole).step_by(VECTORS) {
            for v in 0..VECTORS {
                columns.add(rows, pair + v, v, sums);
            }
        }
        for input in whole..columns.inputs {
            columns.add(rows, input, 0, sums);
        }
        for sums in sums {
            sums[0] = columns.simd.add_f32s(sums[0], sums[1]);
        }
    }
}
