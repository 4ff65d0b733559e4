//! Prediction: a forward pass in which rows do not influence each other.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::increasing;
use crate::mlp::FusedMlp;
use crate::row_kernel::multiply;
use crate::threads::worth_threads;

/// Number of rows that go through all layers together, at most. Their intermediate results fit in the cache.
const CHUNK: usize = 256;
/// Numbers in the outputs of a layer for these rows: a wide network takes fewer of them at a time.
const CHUNK_NUMBERS: usize = 1 << 20;

impl FusedMlp {
    /// The network's outputs for some rows. Large inputs are shared by rayon's threads. The
    /// [crate's front page](crate) has an example.
    ///
    /// A row has the same outputs to the bit, whichever other rows are predicted with it, since its
    /// sums are always computed in the same order. A general matrix product does not guarantee that:
    /// it chooses the order by the shapes.
    ///
    /// # Shapes
    ///
    /// - rows: `[rows, columns]`, row by row, as for [`Mlp::forward`](backburn_model::Mlp::forward)
    /// - output: `[rows, outputs]`, row by row
    ///
    /// # Panics
    ///
    /// The length of `rows` is not a multiple of [`columns`](Self::columns).
    pub fn predict(&self, rows: &[f32]) -> Vec<f32> {
        let columns = self.columns();
        self.check_rows(rows);
        let chunk = (CHUNK_NUMBERS / self.widest().max(1)).clamp(1, CHUNK) * columns;
        if rows.len() <= chunk {
            return self.predict_chunk(rows);
        }
        let chunks = match worth_threads(rows.len() / columns * self.work()) {
            true => rows
                .par_chunks(chunk)
                .map(|rows| self.predict_chunk(rows))
                .collect::<Vec<_>>(),
            false => rows
                .chunks(chunk)
                .map(|rows| self.predict_chunk(rows))
                .collect(),
        };
        chunks.concat()
    }

    fn predict_chunk(&self, rows: &[f32]) -> Vec<f32> {
        let mut workspace = Workspace::default();
        // Copied, because the workspace is as large as the widest layer.
        self.predict_with(rows, &mut workspace).to_vec()
    }

    /// The same as [`predict`](Self::predict), on this thread alone and without allocating. Use it to
    /// predict one row after the other with the same workspace.
    ///
    /// ```
    /// use backburn_fused::{FusedMlp, Workspace};
    /// use backburn_model::MlpConfig;
    /// use burn::tensor::Device;
    ///
    /// let mlp = MlpConfig::new(2, 1).init(&Device::default())?;
    /// let network = FusedMlp::of(&mlp).expect("a plain network on the CPU");
    /// let mut workspace = Workspace::default();
    /// for row in [[0.5, -1.0], [2.0, 0.0]] {
    ///     let outputs = network.predict_with(&row, &mut workspace);
    ///     assert_eq!(outputs, network.predict(&row));
    /// }
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// The length of `rows` is not a multiple of [`columns`](Self::columns).
    pub fn predict_with<'a>(&self, rows: &[f32], workspace: &'a mut Workspace) -> &'a [f32] {
        self.check_rows(rows);
        self.arch.dispatch(Predict {
            network: self,
            rows,
            workspace,
        });
        &workspace.input[..rows.len() / self.columns() * self.outputs()]
    }

    fn check_rows(&self, rows: &[f32]) {
        let columns = self.columns();
        assert_eq!(
            rows.len() % columns,
            0,
            "the length of the rows must be a multiple of their {columns} columns"
        );
    }
}

/// The buffers of [`FusedMlp::predict_with`] for the inputs and outputs of a layer. They only grow,
/// and can be reused for any network.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    input: Vec<f32>,
    output: Vec<f32>,
}

/// The forward pass through all layers, compiled for one set of vector instructions. It leaves the
/// network's outputs in `workspace.input`.
struct Predict<'a> {
    network: &'a FusedMlp,
    rows: &'a [f32],
    workspace: &'a mut Workspace,
}

impl WithSimd for Predict<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            network,
            rows,
            workspace: Workspace { input, output },
        } = self;
        let count = rows.len() / network.columns();
        if !network.embeddings.is_empty() {
            let length = count * network.layers[0].inputs;
            grow(input, length);
            network.write_features(rows, &mut input[..length]);
        } else if network.offset {
            grow(input, rows.len());
            input[..rows.len()].copy_from_slice(rows);
        }
        if network.offset {
            let width = network.layers[0].inputs;
            let features = input[..count * width].chunks_exact_mut(width);
            features.for_each(|row| row[0] = 0.0);
        }
        for (index, layer) in network.layers.iter().enumerate() {
            let layer_input: &[f32] = match index {
                0 if network.embeddings.is_empty() && !network.offset => rows,
                _ => &input[..count * layer.inputs],
            };
            let length = count * layer.outputs;
            grow(output, length);
            let out = &mut output[..length];
            let weight = &network.parameters[layer.weight.clone()];
            multiply(simd, layer_input, weight, layer.outputs, out);
            let bias = &network.parameters[layer.bias.clone()];
            layer.function.apply_inlined(out, bias);
            if layer.residual {
                out.iter_mut().zip(layer_input).for_each(|(y, x)| *y += x);
            }
            std::mem::swap(input, output);
        }
        if network.adds_offset {
            let outputs = input[..count * network.outputs()].chunks_exact_mut(network.outputs());
            for (output, row) in outputs.zip(rows.chunks_exact(network.columns())) {
                output.iter_mut().for_each(|output| *output += row[0]);
            }
        }
        if network.increasing {
            increasing::apply(&mut input[..count * network.outputs()], network.outputs());
        }
    }
}

/// Makes a buffer at least this long. It never shrinks, so that its numbers are initialized once.
#[inline(always)]
fn grow(buffer: &mut Vec<f32>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backburn_model::{EmbeddingConfig, MlpConfig};
    use burn::tensor::{Device, Distribution, Tensor};

    #[test]
    fn predictions_equal_burns_and_do_not_depend_on_other_rows() {
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
                .with_increasing(outputs > 1)
                .with_offset(outputs == 1)
                .with_embeddings([table(3, 2), table(9, 4)])
                .init(&device)
                .unwrap();
            let fused = FusedMlp::of(&network).unwrap();
            let numbers = Tensor::<2>::random([13, inputs], Distribution::Default, &device);
            let categories = Tensor::random([13, 2], Distribution::Uniform(0.0, 3.0), &device);
            let rows = Tensor::cat(vec![numbers, categories.floor()], 1);
            let expected: Vec<f32> = network.forward(rows.clone()).into_data().iter().collect();
            let of_hidden = network.forward_hidden(rows.clone()).into_data();
            let of_hidden: Vec<f32> = of_hidden.iter().collect();
            let rows: Vec<f32> = rows.into_data().iter().collect();
            let predicted = fused.predict(&rows);
            for (a, b) in predicted.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{a} {b}");
            }
            let hidden = fused.without_output();
            assert_eq!(hidden.is_none(), network.hidden.is_empty());
            if let Some(hidden) = hidden {
                let outputs = hidden.predict(&rows);
                assert_eq!(outputs.len(), of_hidden.len());
                for (a, b) in outputs.iter().zip(&of_hidden) {
                    assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{a} {b}");
                }
            }
            let one_by_one = rows.chunks(inputs + 2).flat_map(|row| fused.predict(row));
            assert_eq!(one_by_one.collect::<Vec<f32>>(), predicted);
        }
    }
}
