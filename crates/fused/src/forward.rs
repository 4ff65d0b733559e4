//! Prediction: a forward pass that treats each row by itself.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::by_rows::multiply;
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
        let length = self.predict_with(rows, &mut between).len();
        between.input.truncate(length);
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
        &between.input[..rows.len() / columns * self.outputs()]
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

/// What is between the layers, to be used again. Only grows, so that what a smaller layer leaves
/// need not be cleared.
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
                _ => &input[..count * layer.inputs],
            };
            let length = count * layer.outputs;
            if output.len() < length {
                output.resize(length, 0.0);
            }
            let out = &mut output[..length];
            let weight = &network.parameters[layer.weight.clone()];
            multiply(simd, given, weight, layer.outputs, out);
            let bias = &network.parameters[layer.bias.clone()];
            layer.function.apply_here(out, bias);
            if layer.residual {
                out.iter_mut().zip(given).for_each(|(y, x)| *y += x);
            }
            std::mem::swap(input, output);
        }
    }
}

/// Rows that are taken through all layers together, so that what is between them stays in a cache.
const STRETCH: usize = 256;

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
