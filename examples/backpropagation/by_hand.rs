//! Backpropagation through a multilayer perceptron with tanh units, written out in 64-bit numbers.
//!
//! With `a⁰` the inputs, `W` and `b` a layer's weights and biases, and `L` the last layer:
//!
//! ```text
//! forward    zˡ = aˡ⁻¹ Wˡ + bˡ        aˡ = tanh(zˡ), and the outputs are zᴸ
//! deltas     δᴸ = ∂loss/∂zᴸ           δˡ = (δˡ⁺¹ Wˡ⁺¹ᵀ) ⊙ (1 - aˡ²)
//! partials   ∂loss/∂Wˡ = aˡ⁻¹ᵀ δˡ     ∂loss/∂bˡ = Σ δˡ over the rows
//! update     Wˡ ← Wˡ - η ∂loss/∂Wˡ    bˡ ← bˡ - η ∂loss/∂bˡ
//! ```

/// Rows of numbers.
pub type Matrix = Vec<Vec<f64>>;

/// A layer's weights, `[inputs, units]`, and biases, `[units]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub weights: Matrix,
    pub biases: Vec<f64>,
}

/// The values or classes to predict, row by row.
pub enum Targets {
    /// Numbers. The loss is the mean squared error, `mean((output - value)²)` over rows and outputs.
    Values(Matrix),
    /// Classes. The loss is the cross-entropy, `mean(-log softmax(outputs)[class])` over rows.
    Classes(Vec<usize>),
}

/// The results of a forward and a backward pass.
pub struct Pass {
    /// The inputs, then `a` of each layer, `[rows, units]`. The last are the outputs.
    pub activations: Vec<Matrix>,
    /// The loss.
    pub loss: f64,
    /// `δ` of each layer, `[rows, units]`.
    pub deltas: Vec<Matrix>,
    /// `∂loss/∂W` and `∂loss/∂b` of each layer.
    pub partials: Vec<Layer>,
}

/// The forward and the backward pass.
pub fn pass(layers: &[Layer], inputs: &Matrix, targets: &Targets) -> Pass {
    let activations = forward(layers, inputs);
    let (loss, output_deltas) = loss(&activations[layers.len()], targets);
    let deltas = backward(layers, &activations, output_deltas);
    Pass {
        partials: partials(layers, &activations, &deltas),
        activations,
        loss,
        deltas,
    }
}

/// The inputs, then the outputs `a` of each layer in turn.
fn forward(layers: &[Layer], inputs: &Matrix) -> Vec<Matrix> {
    let mut activations = vec![inputs.clone()];
    for (index, layer) in layers.iter().enumerate() {
        let last = index + 1 == layers.len();
        let rows = activations[index].iter().map(|a| {
            let units = layer.biases.iter().enumerate();
            units
                .map(|(unit, bias)| {
                    let weighted = a.iter().zip(&layer.weights).map(|(a, w)| a * w[unit]);
                    let z = weighted.sum::<f64>() + bias;
                    if last { z } else { z.tanh() }
                })
                .collect()
        });
        let rows = rows.collect();
        activations.push(rows);
    }
    activations
}

/// The deltas of each layer. Those of a layer follow from those of the next layer and the weights
/// between both.
fn backward(layers: &[Layer], activations: &[Matrix], output_deltas: Matrix) -> Vec<Matrix> {
    let mut deltas = vec![output_deltas];
    for index in (1..layers.len()).rev() {
        let weights = &layers[index].weights;
        let rows = activations[index].iter().zip(&deltas[0]).map(|(a, next)| {
            let units = a.iter().zip(weights);
            units
                .map(|(a, w)| {
                    let sum: f64 = next.iter().zip(w).map(|(delta, w)| delta * w).sum();
                    sum * (1.0 - a * a)
                })
                .collect()
        });
        let rows = rows.collect();
        deltas.insert(0, rows);
    }
    deltas
}

/// The partial derivatives of the loss by the weights and biases. The derivative by a weight is the
/// activation at its input times the delta at its output, summed over the rows.
fn partials(layers: &[Layer], activations: &[Matrix], deltas: &[Matrix]) -> Vec<Layer> {
    let partials = layers.iter().enumerate().map(|(index, layer)| {
        let mut partial = Layer {
            weights: vec![vec![0.0; layer.biases.len()]; layer.weights.len()],
            biases: vec![0.0; layer.biases.len()],
        };
        for (a, delta) in activations[index].iter().zip(&deltas[index]) {
            for (unit, delta) in delta.iter().enumerate() {
                for (input, a) in a.iter().enumerate() {
                    partial.weights[input][unit] += a * delta;
                }
                partial.biases[unit] += delta;
            }
        }
        partial
    });
    partials.collect()
}

/// The loss, and its derivative by each output.
fn loss(outputs: &Matrix, targets: &Targets) -> (f64, Matrix) {
    let rows = outputs.len() as f64;
    match targets {
        Targets::Values(values) => {
            let count = rows * outputs[0].len() as f64;
            let errors: Matrix = outputs
                .iter()
                .zip(values)
                .map(|(o, v)| {
                    o.iter()
                        .zip(v)
                        .map(|(output, value)| output - value)
                        .collect()
                })
                .collect();
            let squares: f64 = errors.iter().flatten().map(|error| error * error).sum();
            let slope = |error: &f64| 2.0 * error / count;
            let delta = errors.iter().map(|row| row.iter().map(slope).collect());
            (squares / count, delta.collect())
        }
        Targets::Classes(classes) => {
            let mut loss = 0.0;
            let delta = outputs.iter().zip(classes).map(|(logits, &class)| {
                let largest = logits.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                let powers: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
                let sum: f64 = powers.iter().sum();
                loss -= (powers[class] / sum).ln() / rows;
                // softmax minus one-hot
                let slopes = powers.iter().enumerate().map(|(index, power)| {
                    (power / sum - f64::from(u8::from(index == class))) / rows
                });
                slopes.collect()
            });
            let delta = delta.collect();
            (loss, delta)
        }
    }
}

/// One step of gradient descent.
pub fn update(layers: &mut [Layer], partials: &[Layer], learning_rate: f64) {
    for (layer, partial) in layers.iter_mut().zip(partials) {
        let weights = layer.weights.iter_mut().flatten();
        for (w, dw) in weights.zip(partial.weights.iter().flatten()) {
            *w -= learning_rate * dw;
        }
        for (b, db) in layer.biases.iter_mut().zip(&partial.biases) {
            *b -= learning_rate * db;
        }
    }
}
