//! Prediction: a forward pass that treats each row by itself.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::{FusedMlp, worth_threads};

impl FusedMlp {
    /// What the network gives for these rows, `[rows, columns] -> [rows, outputs]`.
    ///
    /// A row's numbers are the same to the bit whichever rows stand beside it, since its sums are
    /// taken in the same order: unlike a matrix product, which chooses by the shape.
    ///
    /// # Panics
    ///
    /// The numbers do not make whole rows.
    pub fn predict(&self, rows: &[f32]) -> Vec<f32> {
        let columns = self.columns();
        assert_eq!(rows.len() % columns, 0, "rows of {columns} numbers");
        let stretch = STRETCH * columns;
        if rows.len() <= stretch {
            return self.predict_stretch(rows);
        }
        let stretches = match worth_threads(rows.len() / columns * self.work()) {
            true => rows
                .par_chunks(stretch)
                .map(|rows| self.predict_stretch(rows))
                .collect::<Vec<_>>(),
            false => rows
                .chunks(stretch)
                .map(|rows| self.predict_stretch(rows))
                .collect(),
        };
        stretches.concat()
    }

    fn predict_stretch(&self, rows: &[f32]) -> Vec<f32> {
        let mut between = Between::default();
        self.predict_with(rows, &mut between);
        between.input
    }

    /// What [`predict`](Self::predict) gives, on this thread and without allocating: for row after
    /// row.
    ///
    /// # Panics
    ///
    /// The numbers do not make whole rows.
    pub fn predict_with<'a>(&self, rows: &[f32], between: &'a mut Between) -> &'a [f32] {
        let columns = self.columns();
        assert_eq!(rows.len() % columns, 0, "rows of {columns} numbers");
        self.arch.dispatch(Predict {
            network: self,
            rows,
            between,
        });
        &between.input
    }

    /// What enters the first layer, where there are embeddings: the numbers, then the vectors.
    fn features(&self, rows: &[f32]) -> Vec<f32> {
        let columns = self.columns();
        let mut features = Vec::with_capacity(rows.len() / columns * self.layers[0].inputs);
        for row in rows.chunks_exact(columns) {
            let (numbers, categories) = row.split_at(self.numeric);
            features.extend_from_slice(numbers);
            for (table, &category) in self.embeddings.iter().zip(categories) {
                features.extend_from_slice(&self.parameters[self.embedded(table, category)]);
            }
        }
        features
    }
}

/// What is between the layers, to be used again.
#[derive(Debug, Clone, Default)]
pub struct Between {
    input: Vec<f32>,
    output: Vec<f32>,
}

/// All layers, compiled for one generation of vector instructions.
struct Predict<'a> {
    network: &'a FusedMlp,
    rows: &'a [f32],
    between: &'a mut Between,
}

impl WithSimd for Predict<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            network,
            rows,
            between: Between { input, output },
        } = self;
        let count = rows.len() / network.columns();
        if !network.embeddings.is_empty() {
            *input = network.features(rows);
        }
        for (index, layer) in network.layers.iter().enumerate() {
            let given: &[f32] = match index {
                0 if network.embeddings.is_empty() => rows,
                _ => input,
            };
            // Numbers left over from a layer before are written over.
            output.resize(count * layer.outputs, 0.0);
            let weight = &network.parameters[layer.weight.clone()];
            row_by_row(simd, given, weight, layer.outputs, output);
            let bias = &network.parameters[layer.bias.clone()];
            layer.function.apply_here(output, bias);
            if layer.residual {
                output.iter_mut().zip(given).for_each(|(y, x)| *y += x);
            }
            std::mem::swap(input, output);
        }
    }
}

/// Rows that are taken through all layers together, so that what is between them stays in a cache.
const STRETCH: usize = 256;
/// Rows that share what is read of the weight.
const BLOCK: usize = 6;
/// Vectors of outputs that are summed up side by side.
const VECTORS: usize = 2;

/// `out = rows · weight`, each sum over the inputs from the first to the last.
#[inline(always)]
fn row_by_row<S: Simd>(simd: S, rows: &[f32], weight: &[f32], outputs: usize, out: &mut [f32]) {
    let inputs = weight.len() / outputs;
    let count = out.len() / outputs;
    let whole = count - count % BLOCK;
    for first in (0..outputs).step_by(VECTORS * S::F32_LANES) {
        for row in (0..whole).step_by(BLOCK) {
            let (rows, out) = (&rows[row * inputs..], &mut out[row * outputs..]);
            block::<S, BLOCK>(simd, rows, inputs, weight, outputs, first, out);
        }
        for row in whole..count {
            let (rows, out) = (&rows[row * inputs..], &mut out[row * outputs..]);
            block::<S, 1>(simd, rows, inputs, weight, outputs, first, out);
        }
    }
}

/// `R` rows, by the columns of the weight from `first` on.
#[inline(always)]
fn block<S: Simd, const R: usize>(
    simd: S,
    rows: &[f32],
    inputs: usize,
    weight: &[f32],
    outputs: usize,
    first: usize,
    out: &mut [f32],
) {
    let rows: [&[f32]; R] = std::array::from_fn(|row| &rows[row * inputs..][..inputs]);
    let width = (VECTORS * S::F32_LANES).min(outputs - first);
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; R];
    if width == VECTORS * S::F32_LANES {
        for (input, weight) in weight.chunks_exact(outputs).enumerate() {
            let (weight, _) = S::as_simd_f32s(&weight[first..first + width]);
            for row in 0..R {
                let x = simd.splat_f32s(rows[row][input]);
                for v in 0..VECTORS {
                    sums[row][v] = simd.mul_add_f32s(x, weight[v], sums[row][v]);
                }
            }
        }
    } else if width <= S::F32_LANES {
        for (input, weight) in weight.chunks_exact(outputs).enumerate() {
            let weight = simd.partial_load_f32s(&weight[first..first + width]);
            for row in 0..R {
                let x = simd.splat_f32s(rows[row][input]);
                sums[row][0] = simd.mul_add_f32s(x, weight, sums[row][0]);
            }
        }
    } else {
        for (input, weight) in weight.chunks_exact(outputs).enumerate() {
            let (whole, rest) = weight[first..first + width].split_at(S::F32_LANES);
            let (whole, _) = S::as_simd_f32s(whole);
            let rest = simd.partial_load_f32s(rest);
            for row in 0..R {
                let x = simd.splat_f32s(rows[row][input]);
                sums[row][0] = simd.mul_add_f32s(x, whole[0], sums[row][0]);
                sums[row][1] = simd.mul_add_f32s(x, rest, sums[row][1]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let out = &mut out[row * outputs + first..][..width];
        for (out, sum) in out.chunks_mut(S::F32_LANES).zip(sums) {
            simd.partial_store_f32s(out, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::FusedMlp;
    use backburn_model::{EmbeddingConfig, MlpConfig};
    use burn::tensor::{Device, Distribution, Tensor};

    #[test]
    fn predictions_are_burns_and_each_row_stands_alone() {
        let device = Device::default();
        device.seed(1);
        let table = |categories, dimension| EmbeddingConfig {
            categories,
            dimension,
        };
        for (inputs, hidden, outputs) in [(1, vec![], 1), (7, vec![70, 33], 3), (5, vec![5], 1)] {
            let network = MlpConfig::new(inputs, outputs)
                .with_hidden(hidden)
                .with_residual(true)
                .with_embeddings([table(3, 2), table(9, 4)])
                .init(&device)
                .unwrap();
            let fused = FusedMlp::of(&network).unwrap();
            let numbers = Tensor::<2>::random([13, inputs], Distribution::Default, &device);
            let categories = Tensor::random([13, 2], Distribution::Uniform(0.0, 3.0), &device);
            let rows = Tensor::cat(vec![numbers, categories.floor()], 1);
            let expected: Vec<f32> = network.forward(rows.clone()).into_data().iter().collect();
            let rows: Vec<f32> = rows.into_data().iter().collect();
            let predicted = fused.predict(&rows);
            for (a, b) in predicted.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            let alone = rows.chunks(inputs + 2).flat_map(|row| fused.predict(row));
            assert_eq!(alone.collect::<Vec<f32>>(), predicted);
        }
    }
}
