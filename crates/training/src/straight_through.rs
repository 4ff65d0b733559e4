//! What the straight-through gradient of a step is the gradient of.

use backburn_model::{Activation, Mlp};
use burn::tensor::{Tensor, activation};

/// A network whose step activations are made continuous around the rows it was made for.
///
/// A step's own derivative is zero wherever it has one, so differences of the loss say nothing of the
/// gradient that trains a network of steps. That gradient is, by its definition, the one of another
/// function: with each `step(x)` replaced by `clamp(x, -1, 1) + c`, where `c` is the constant that
/// makes both equal at the rows in question. This is that function, for
/// [`check_gradients`](crate::check_gradients) to take differences of.
pub struct StraightThrough {
    /// `c` for each hidden layer, `[batch, units]`.
    offsets: Vec<Option<Tensor<2>>>,
}

impl StraightThrough {
    /// For a network without dropout, around these rows, `[batch, inputs]`, in the precision that both
    /// have.
    pub fn around(network: &Mlp, rows: Tensor<2>) -> Self {
        let mut offsets = Vec::with_capacity(network.hidden.len());
        let mut x = network.features(rows);
        for block in &network.hidden {
            let before = block.preactivate(x.clone());
            let activated = block.activation.forward(before.clone());
            offsets.push(match block.activation.function() {
                Activation::Step => {
                    let offset = activated.clone() - clamp(before);
                    Some(offset.without_autodiff().autodiff())
                }
                _ => None,
            });
            x = block.pass_on(activated, x);
        }
        Self { offsets }
    }

    /// The forward pass, as [`Mlp::forward`].
    pub fn forward(&self, network: &Mlp, rows: Tensor<2>) -> Tensor<2> {
        let mut x = network.features(rows);
        for (block, offset) in network.hidden.iter().zip(&self.offsets) {
            let before = block.preactivate(x.clone());
            let activated = match offset {
                Some(offset) => clamp(before) + offset.clone(),
                None => block.activation.forward(before),
            };
            x = block.pass_on(activated, x);
        }
        network.output.forward(x)
    }
}

fn clamp(x: Tensor<2>) -> Tensor<2> {
    activation::hardtanh(x, -1.0, 1.0)
}
