//! The forward and the backward pass of a batch.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::increasing;
use crate::matrix::{Matrix, product};
use crate::mlp::FusedMlp;
use crate::vector_ops::{add, multiply, sum_rows};

/// The forward and the backward pass of a network, with buffers that all batches share. The [crate's
/// front page](crate) has an example.
#[derive(Debug, Clone)]
pub struct Pass {
    rows: usize,
    /// The batch, `[rows, columns]`.
    inputs: Vec<f32>,
    /// The input of the first layer, `[rows, features]`: the numbers, then the vectors of the
    /// categories. Empty if there are no embeddings: the inputs are then the features.
    features: Vec<f32>,
    /// The outputs of each layer, `[rows, outputs]`.
    outputs: Vec<Vec<f32>>,
    /// The slopes of each layer's activation, `[rows, outputs]`, where the layer stores them.
    slopes: Vec<Vec<f32>>,
    /// The offset of each row, `[rows]`, if the network has one.
    offsets: Vec<f32>,
    /// The slopes of outputs that ascend, `[rows, outputs]`.
    steps: Vec<f32>,
    /// The gradient of the loss with respect to the outputs of the current layer.
    delta: Vec<f32>,
    /// The gradient of the loss with respect to the inputs of the current layer.
    input_delta: Vec<f32>,
    /// The gradient of the loss with respect to the parameters, in the order of [`FusedMlp::parameters`].
    pub gradient: Vec<f32>,
    /// The random number generator of dropout.
    pub rng: Xoshiro256PlusPlus,
}

impl Pass {
    /// Creates empty buffers for a network. They grow with the batches. `seed` seeds the random
    /// number generator of dropout.
    pub fn new(network: &FusedMlp, seed: u64) -> Self {
        let layers = network.layers.len();
        Self {
            rows: 0,
            inputs: Vec::new(),
            features: Vec::new(),
            outputs: vec![Vec::new(); layers],
            slopes: vec![Vec::new(); layers],
            offsets: Vec::new(),
            steps: Vec::new(),
            delta: Vec::new(),
            input_delta: Vec::new(),
            gradient: Vec::new(),
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
        }
    }

    /// The buffer for the inputs of a batch, `[rows, columns]`. Fill it before each forward pass.
    pub fn inputs(&mut self, network: &FusedMlp, rows: usize) -> &mut [f32] {
        self.rows = rows;
        resize(&mut self.inputs, rows * network.columns())
    }

    /// The forward pass of the [`inputs`](Self::inputs), without dropout. Returns the outputs,
    /// `[rows, outputs]`.
    pub fn forward(&mut self, network: &FusedMlp) -> &[f32] {
        self.run(network, false)
    }

    /// The forward pass in training: it applies dropout, and stores what the backward pass needs.
    /// Returns the outputs, `[rows, outputs]`.
    pub fn forward_for_training(&mut self, network: &FusedMlp) -> &[f32] {
        self.run(network, true)
    }

    fn run(&mut self, network: &FusedMlp, training: bool) -> &[f32] {
        self.take_offsets(network);
        if !network.embeddings.is_empty() {
            let length = self.rows * network.layers[0].inputs;
            network.write_features(&self.inputs, resize(&mut self.features, length));
        }
        for (index, layer) in network.layers.iter().enumerate() {
            let (before, rest) = self.outputs.split_at_mut(index);
            let input = layer_input(network, &self.inputs, &self.features, before);
            let output = resize(&mut rest[0], self.rows * layer.outputs);
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
        self.order_outputs(network, training);
        self.add_offsets(network);
        self.outputs.last().map_or(&[], |outputs| outputs)
    }

    /// Takes the offsets out of the inputs.
    fn take_offsets(&mut self, network: &FusedMlp) {
        self.offsets.clear();
        if network.offset {
            for row in self.inputs.chunks_exact_mut(network.columns()) {
                self.offsets.push(std::mem::take(&mut row[0]));
            }
        }
    }

    fn add_offsets(&mut self, network: &FusedMlp) {
        if let Some(outputs) = self.outputs.last_mut().filter(|_| network.adds_offset) {
            let rows = outputs.chunks_exact_mut(network.outputs());
            for (row, offset) in rows.zip(&self.offsets) {
                row.iter_mut().for_each(|output| *output += offset);
            }
        }
    }

    /// Makes the outputs of each row ascend, if those of the network do.
    fn order_outputs(&mut self, network: &FusedMlp, training: bool) {
        if let Some(outputs) = self.outputs.last_mut().filter(|_| network.increasing) {
            let width = network.outputs();
            match training {
                true => {
                    let slopes = resize(&mut self.steps, outputs.len());
                    increasing::apply_with_slopes(outputs, width, slopes);
                }
                false => increasing::apply(outputs, width),
            }
        }
    }

    /// The backward pass (Rumelhart, Hinton and Williams, 1986). It writes the gradient of the loss with
    /// respect to the parameters into [`gradient`](Self::gradient). Call it after
    /// [`forward_for_training`](Self::forward_for_training).
    ///
    /// `output_gradient` gets the network's outputs, `[rows, outputs]`, and writes the gradient of the
    /// loss with respect to each of them into its second argument.
    ///
    /// A layer computes `z = x · W + b` and `y = f(z)`. The gradient with respect to `z` is `δ = ∂y · f'(z)`.
    /// The other gradients are `∂W = xᵀ · δ`, `∂b` = the sum of the rows of `δ`, and `∂x = δ · Wᵀ`.
    ///
    /// # Panics
    ///
    /// [`FusedMlp::prepare_backward`] was never called.
    pub fn backward(
        &mut self,
        network: &FusedMlp,
        output_gradient: impl FnOnce(&[f32], &mut [f32]),
    ) {
        self.gradient.resize(network.parameters.len(), 0.0);
        let outputs = self.outputs.last().map_or(&[][..], |outputs| outputs);
        output_gradient(outputs, resize(&mut self.delta, outputs.len()));
        if network.increasing {
            increasing::backward(&mut self.delta, network.outputs(), &self.steps);
        }
        for index in (0..network.layers.len()).rev() {
            self.layer_backward(network, index);
        }
        if !network.embeddings.is_empty() {
            network.write_embedding_gradient(&self.inputs, &self.delta, &mut self.gradient);
        }
    }

    /// Turns `delta` from the gradient with respect to a layer's outputs into that with respect to its
    /// inputs, and writes the gradient with respect to the layer's parameters.
    fn layer_backward(&mut self, network: &FusedMlp, index: usize) {
        let layer = &network.layers[index];
        // The gradient with respect to the inputs of the first layer is needed only to train embeddings.
        let needs_input_delta = index > 0 || !network.embeddings.is_empty();
        let residual = layer.residual && needs_input_delta;
        if residual {
            self.input_delta.clone_from(&self.delta);
        }
        match layer.keeps_slopes() {
            true => multiply(&mut self.delta, &self.slopes[index]),
            false => layer
                .function
                .backward(&mut self.delta, &self.outputs[index]),
        }
        let before = &self.outputs[..index];
        let input = layer_input(network, &self.inputs, &self.features, before);
        let delta = Matrix::new(&self.delta, self.rows, layer.outputs);
        product(
            Matrix::new(input, self.rows, layer.inputs).transposed(),
            delta,
            &mut self.gradient[layer.weight.clone()],
            false,
        );
        sum_rows(&self.delta, &mut self.gradient[layer.bias.clone()]);
        if !needs_input_delta {
            return;
        }
        let transposed_weight = match layer.is_large() {
            true => Matrix::new(&network.transposed[index], layer.outputs, layer.inputs),
            false => {
                let weight = &network.parameters[layer.weight.clone()];
                Matrix::new(weight, layer.inputs, layer.outputs).transposed()
            }
        };
        product(
            delta,
            transposed_weight,
            resize(&mut self.input_delta, self.rows * layer.inputs),
            residual,
        );
        std::mem::swap(&mut self.delta, &mut self.input_delta);
    }
}

/// The input of the layer that follows the layers with these outputs.
fn layer_input<'a>(
    network: &FusedMlp,
    inputs: &'a [f32],
    features: &'a [f32],
    outputs_before: &'a [Vec<f32>],
) -> &'a [f32] {
    match outputs_before.last() {
        Some(outputs) => outputs,
        None if network.embeddings.is_empty() => inputs,
        None => features,
    }
}

/// Sets the length of a buffer, and returns its numbers.
fn resize(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.resize(length, 0.0);
    buffer
}

/// Inverted dropout: sets each output and its slope to zero with probability `share`, and scales up
/// the others so that the expected output stays the same.
fn drop_out(outputs: &mut [f32], slopes: &mut [f32], share: f64, rng: &mut Xoshiro256PlusPlus) {
    const LEVELS: f64 = 65536.0;
    let dropped = (share * LEVELS).round();
    let keep = (LEVELS / (LEVELS - dropped).max(1.0)) as f32;
    // Each random number of 64 bits serves four outputs, with 16 bits each.
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
