//! The networks that this crate trains.

use backburn_fused::FusedMlp;
use burn::module::Module;
use burn::tensor::Tensor;

use crate::layer_report::HiddenActivation;

/// A module that maps rows to outputs. [`fit`](crate::fit) trains it.
pub trait Network: Module {
    /// The forward pass, `[batch, inputs] -> [batch, outputs]`. For classes the outputs are
    /// logits.
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2>;

    /// The number of heads, each with a loss of its own, as in
    /// [`TabM`](backburn_model::TabM).
    fn heads(&self) -> usize {
        1
    }

    /// The forward pass for the loss, `[batch, inputs] -> [heads * batch, outputs]`: the whole
    /// batch for the first head, then for the next one.
    fn forward_heads(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.forward(inputs)
    }

    /// The outputs of the hidden layers for these rows, for
    /// [`LayerReport::activation`](crate::LayerReport::activation). Empty if they are not
    /// available.
    fn activations(&self, inputs: Tensor<2>) -> Vec<HiddenActivation> {
        let _ = inputs;
        Vec::new()
    }

    /// The same network over arrays in main memory, if there is such a form. [`fit`](crate::fit)
    /// is then several times as fast.
    fn fused(&self) -> Option<FusedMlp> {
        None
    }

    /// This network with the parameters of its [`fused`](Self::fused) form.
    fn with_fused(self, fused: &FusedMlp) -> Self {
        let _ = fused;
        self
    }
}
