//! Forward and backward pass of a batch.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::matrix::{Matrix, product};
use crate::{FusedMlp, vectorized};

/// The buffers of a forward and a backward pass, used again for one batch after the other.
#[derive(Debug, Clone)]
pub struct Pass {
    rows: usize,
    /// `[rows, columns]`, as given.
    inputs: Vec<f32>,
    /// `[rows, features]`: the numbers, then the vectors of the categories. Empty where there are
    /// no embeddings, and the inputs are the features.
    features: Vec<f32>,
    /// What each layer gives, `[rows, outputs]`.
    outputs: Vec<Vec<f32>>,
    /// The slope of each output by its preactivation, where the layer keeps them.
    slopes: Vec<Vec<f32>>,
    /// The gradient of the loss by the outputs of a layer, and by those of the one before.
    delta: Vec<f32>,
    delta_before: Vec<f32>,
    /// The gradient of the loss by the parameters.
    pub gradient: Vec<f32>,
    /// What dropout drops comes from here.
    pub rng: Xoshiro256PlusPlus,
}

impl Pass {
    /// Buffers for a network; they grow with the batches. The seed sets what dropout drops.
    pub fn new(network: &FusedMlp, seed: u64) -> Self {
        let layers = network.layers.len();
        Self {
            rows: 0,
            inputs: Vec::new(),
            features: Vec::new(),
            outputs: vec![Vec::new(); layers],
            slopes: vec![Vec::new(); layers],
            delta: Vec::new(),
            delta_before: Vec::new(),
            gradient: Vec::new(),
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// Room for the inputs of a batch, `[rows, columns]`, to be filled.
    pub fn inputs(&mut self, network: &FusedMlp, rows: usize) -> &mut [f32] {
        self.rows = rows;
        resize(&mut self.inputs, rows * network.columns())
    }

    /// The forward pass of the [`inputs`](Self::inputs): `[rows, outputs]`.
    pub fn forward(&mut self, network: &FusedMlp) -> &[f32] {
        self.run(network, false)
    }

    /// The forward pass of training: with dropout, and with all that the way back needs.
    pub fn forward_for_training(&mut self, network: &FusedMlp) -> &[f32] {
        self.run(network, true)
    }

    fn run(&mut self, network: &FusedMlp, training: bool) -> &[f32] {
        if !network.embeddings.is_empty() {
            self.embed(network);
        }
        for (index, layer) in network.layers.iter().enumerate() {
            let (before, from) = self.outputs.split_at_mut(index);
            let input: &[f32] = match before.last() {
                Some(outputs) => outputs,
                None if network.embeddings.is_empty() => &self.inputs,
                None => &self.features,
            };
            let output = resize(&mut from[0], self.rows * layer.outputs);
            let weight = &network.parameters[layer.weight.clone()];
            let bias = &network.parameters[layer.bias.clone()];
            product(
                Matrix::new(input, self.rows, layer.inputs),
                Matrix::new(weight, layer.inputs, layer.outputs),
                output,
                false,
            );
            if training && layer.keeps_slopes() {
                let slopes = resize(&mut self.slopes[index], output.len());
                layer.function.apply_with_slopes(output, bias, slopes);
                if layer.dropout > 0.0 {
                    drop_out(output, slopes, layer.dropout, &mut self.rng);
                }
            } else {
                layer.function.apply(output, bias);
            }
            if layer.residual {
                add(output, input);
            }
        }
        self.outputs.last().map_or(&[], |outputs| outputs)
    }

    /// The backward pass, after [`forward_for_training`](Self::forward_for_training): from the
    /// gradient of the loss by the network's outputs, which `output_gradient` writes, `[rows,
    /// outputs]`, into the gradient by the parameters.
    ///
    /// With `z = x · W + b`, `y = f(z)` and `δ` for the gradient by `z`, that is `∂y · f'(z)`:
    /// `∂W = xᵀ · δ`, `∂b` is the sum of the rows of `δ`, and `∂x = δ · Wᵀ`.
    ///
    /// # Panics
    ///
    /// [`FusedMlp::prepare_backward`] was never called.
    pub fn backward(
        &mut self,
        network: &FusedMlp,
        output_gradient: impl FnOnce(&[f32], &mut [f32]),
    ) {
        let rows = self.rows;
        self.gradient.resize(network.parameters.len(), 0.0);
        let outputs = self.outputs.last().map_or(&[][..], |outputs| outputs);
        output_gradient(outputs, resize(&mut self.delta, outputs.len()));
        for (index, layer) in network.layers.iter().enumerate().rev() {
            let first = index == 0;
            let input: &[f32] = match index {
                0 if network.embeddings.is_empty() => &self.inputs,
                0 => &self.features,
                _ => &self.outputs[index - 1],
            };
            let residual = layer.residual && !(first && network.embeddings.is_empty());
            if residual {
                self.delta_before.clone_from(&self.delta);
            }
            let delta = &mut self.delta[..];
            match layer.keeps_slopes() {
                true => multiply(delta, &self.slopes[index]),
                false => layer.function.backward(delta, &self.outputs[index]),
            }
            let delta_matrix = Matrix::new(delta, rows, layer.outputs);
            product(
                Matrix::new(input, rows, layer.inputs).transposed(),
                delta_matrix,
                &mut self.gradient[layer.weight.clone()],
                false,
            );
            sum_rows(delta, &mut self.gradient[layer.bias.clone()]);
            if first && network.embeddings.is_empty() {
                return;
            }
            let transposed = match layer.is_large() {
                true => Matrix::new(&network.transposed[index], layer.outputs, layer.inputs),
                false => {
                    let weight = &network.parameters[layer.weight.clone()];
                    Matrix::new(weight, layer.inputs, layer.outputs).transposed()
                }
            };
            product(
                delta_matrix,
                transposed,
                resize(&mut self.delta_before, rows * layer.inputs),
                residual,
            );
            std::mem::swap(&mut self.delta, &mut self.delta_before);
        }
        self.embed_backward(network);
    }

    fn embed(&mut self, network: &FusedMlp) {
        let columns = network.columns();
        let width = network.layers[0].inputs;
        let features = resize(&mut self.features, self.rows * width);
        let rows = self.inputs.chunks_exact(columns);
        for (row, features) in rows.zip(features.chunks_exact_mut(width)) {
            let (numbers, categories) = row.split_at(network.numeric);
            let (first, mut rest) = features.split_at_mut(network.numeric);
            first.copy_from_slice(numbers);
            for (table, &category) in network.embeddings.iter().zip(categories) {
                let vector = &network.parameters[network.embedded(table, category)];
                let (place, further) = rest.split_at_mut(table.dimension);
                place.copy_from_slice(vector);
                rest = further;
            }
        }
    }

    /// `delta` is the gradient by the features.
    fn embed_backward(&mut self, network: &FusedMlp) {
        for table in &network.embeddings {
            self.gradient[table.place.clone()].fill(0.0);
        }
        let columns = network.columns();
        let width = network.layers[0].inputs;
        let rows = self.inputs.chunks_exact(columns);
        for (row, delta) in rows.zip(self.delta.chunks_exact(width)) {
            let mut place = network.numeric;
            for (table, &category) in network.embeddings.iter().zip(&row[network.numeric..]) {
                let vector = &mut self.gradient[network.embedded(table, category)];
                add(vector, &delta[place..place + table.dimension]);
                place += table.dimension;
            }
        }
    }
}

/// The first so many numbers of a buffer, which grows where it is too short.
fn resize(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.resize(length, 0.0);
    buffer
}

/// Drops a share of the outputs, and scales up the others so that the mean stays.
fn drop_out(outputs: &mut [f32], slopes: &mut [f32], share: f64, rng: &mut Xoshiro256PlusPlus) {
    const LEVELS: f64 = 65536.0;
    let dropped = (share * LEVELS).round();
    let keep = (LEVELS / (LEVELS - dropped).max(1.0)) as f32;
    // One random number does for four outputs.
    for (outputs, slopes) in outputs.chunks_mut(4).zip(slopes.chunks_mut(4)) {
        let mut random = rng.next_u64();
        for (output, slope) in outputs.iter_mut().zip(slopes) {
            let factor = match f64::from(random as u16) < dropped {
                true => 0.0,
                false => keep,
            };
            random >>= 16;
            *output *= factor;
            *slope *= factor;
        }
    }
}

fn add(to: &mut [f32], numbers: &[f32]) {
    vectorized(
        #[inline(always)]
        || to.iter_mut().zip(numbers).for_each(|(to, x)| *to += x),
    );
}

fn multiply(to: &mut [f32], numbers: &[f32]) {
    vectorized(
        #[inline(always)]
        || to.iter_mut().zip(numbers).for_each(|(to, x)| *to *= x),
    );
}

fn sum_rows(matrix: &[f32], sums: &mut [f32]) {
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
