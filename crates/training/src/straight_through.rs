//! The function whose gradient is the surrogate gradient of step activations.

use backburn_model::Mlp;
use burn::tensor::Tensor;

/// A network with continuous functions in place of its step activations, to check its
/// straight-through gradient (Bengio and others, 2013) or another surrogate gradient by
/// [`check_gradients`](crate::check_gradients).
///
/// The derivative of a step function is zero, so that finite differences of the loss are zero too,
/// and a network of steps is trained by a surrogate gradient. That is by definition the
/// gradient of another function: each `step(x)` is replaced by
/// [`surrogate(x)`](backburn_model::Activation::surrogate)` + c`, such as `clamp(x, -1, 1) + c`, where the constant `c` makes
/// both equal at the given rows. This type is that function.
pub struct StraightThrough {
    /// `c` for each hidden layer, `[batch, units]`.
    offsets: Vec<Option<Tensor<2>>>,
}

impl StraightThrough {
    /// The function of a network without dropout at these rows, `[batch, inputs]`. The network and the rows
    /// must have the same number type.
    pub fn around(network: &Mlp, rows: Tensor<2>) -> Self {
        let mut offsets = Vec::with_capacity(network.hidden.len());
        let mut x = network.features(rows);
        for block in &network.hidden {
            let before = block.preactivate(x.clone());
            let activated = block.activation.forward(before.clone());
            let function = block.activation.function();
            offsets.push(function.is_step().then(|| {
                let offset = activated.clone() - function.surrogate(before);
                offset.without_autodiff().autodiff()
            }));
            x = block.pass_on(activated, x);
        }
        Self { offsets }
    }

    /// The forward pass, as in [`Mlp::forward`].
    pub fn forward(&self, network: &Mlp, rows: Tensor<2>) -> Tensor<2> {
        let mut x = network.features(rows);
        for (block, offset) in network.hidden.iter().zip(&self.offsets) {
            let before = block.preactivate(x.clone());
            let activated = match offset {
                Some(offset) => block.activation.function().surrogate(before) + offset.clone(),
                None => block.activation.forward(before),
            };
            x = block.pass_on(activated, x);
        }
        network.forward_output(x)
    }
}
