//! The product of rows with a weight matrix, in which each row's result does not depend on the
//! other rows.

use pulp::{NullaryFnOnce, Simd};

/// Number of rows that are computed together, so that each weight is loaded once for all of them.
const BLOCK: usize = 6;
/// Number of independent vector sums of each row. With a single one, each addition would wait for the
/// one before.
const VECTORS: usize = 2;

/// Computes `out = rows · weight`, with shapes `[rows, inputs] · [inputs, outputs]`.
///
/// All rows add up their terms in the same order. A row therefore has the same result to the bit,
/// whichever rows are computed with it.
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
        // Each kernel is compiled as a function of its own, so that it has all registers.
        if columns.width == VECTORS * S::F32_LANES {
            simd.vectorize(AllRows(columns, FullWidth, out));
        } else if columns.width > S::F32_LANES {
            simd.vectorize(AllRows(columns, PartialWidth, out));
        } else {
            simd.vectorize(AllRows(columns, SingleVector, out));
        }
    }
}

/// The columns `first..first + width` of the weight matrix, at most `VECTORS` vectors of them.
struct Columns<'a, S> {
    simd: S,
    rows: &'a [f32],
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    first: usize,
    width: usize,
}

/// The sums of `R` rows.
type Sums<S, const R: usize> = [[<S as Simd>::f32s; VECTORS]; R];

/// The sum over the inputs, for one width of the columns.
trait Kernel {
    /// Adds all terms of `R` rows to their sums.
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    );
}

/// The columns of all rows, the kernel and the output.
struct AllRows<'a, S, K>(Columns<'a, S>, K, &'a mut [f32]);

impl<S: Simd, K: Kernel> NullaryFnOnce for AllRows<'_, S, K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(columns, _, out) = self;
        let count = out.len() / columns.outputs;
        let in_blocks = count - count % BLOCK;
        for row in (0..in_blocks).step_by(BLOCK) {
            columns.sum::<K, BLOCK>(row, out);
        }
        for row in in_blocks..count {
            columns.sum::<K, 1>(row, out);
        }
    }
}

impl<S: Simd> Columns<'_, S> {
    /// Computes the `R` rows from `row` on, and stores them in `out`.
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

    /// A vector of weights from index `start` on. Only its first `width` numbers are meaningful.
    #[inline(always)]
    fn load(&self, start: usize, width: usize) -> S::f32s {
        // A partial load is slower, and needed only at the end of the weight matrix.
        match self.weight.get(start..start + S::F32_LANES) {
            Some(weight) => S::as_simd_f32s(weight).0[0],
            None => self
                .simd
                .partial_load_f32s(&self.weight[start..start + width]),
        }
    }

    /// Adds the terms of one input to vector `v` of each row's sums.
    #[inline(always)]
    fn add<const R: usize>(
        &self,
        rows: &[&[f32]; R],
        input: usize,
        v: usize,
        sums: &mut Sums<S, R>,
    ) {
        let weight = self.load(input * self.outputs + self.first, self.width);
        for r in 0..R {
            let x = self.simd.splat_f32s(rows[r][input]);
            sums[r][v] = self.simd.mul_add_f32s(x, weight, sums[r][v]);
        }
    }
}

/// The kernel for columns that fill all vectors. It needs no partial loads.
struct FullWidth;

impl Kernel for FullWidth {
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

/// The kernel for columns that fill the first vector and part of the second.
struct PartialWidth;

impl Kernel for PartialWidth {
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
                columns.load(start, S::F32_LANES),
                columns.load(start + S::F32_LANES, columns.width - S::F32_LANES),
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

/// The kernel for columns that fit in one vector. It sums even and odd inputs separately and adds
/// both sums at the end.
struct SingleVector;

impl Kernel for SingleVector {
    #[inline(always)]
    fn add<S: Simd, const R: usize>(
        columns: &Columns<S>,
        rows: &[&[f32]; R],
        sums: &mut Sums<S, R>,
    ) {
        let in_pairs = columns.inputs - columns.inputs % VECTORS;
        for pair in (0..in_pairs).step_by(VECTORS) {
            for v in 0..VECTORS {
                columns.add(rows, pair + v, v, sums);
            }
        }
        for input in in_pairs..columns.inputs {
            columns.add(rows, input, 0, sums);
        }
        for sums in sums {
            sums[0] = columns.simd.add_f32s(sums[0], sums[1]);
        }
    }
}
