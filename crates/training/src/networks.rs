//! The networks of `backburn-model` that are trained through Burn.

use backburn_model::{Ensemble, RealMlp, TabM};
use burn::tensor::Tensor;

use crate::Network;

impl Network for RealMlp {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        RealMlp::forward(self, inputs)
    }
}

/// Each member learns by its own loss; the network predicts their mean.
impl Network for TabM {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        TabM::forward(self, inputs)
    }

    fn heads(&self) -> usize {
        self.heads.len()
    }

    fn forward_heads(&self, inputs: Tensor<2>) -> Tensor<2> {
        let outputs = self.forward_members(inputs).swap_dims(0, 1);
        let [members, batch, width] = outputs.dims();
        outputs.reshape([members * batch, width])
    }
}

/// All members at once, by the loss of their mean. Members that are trained one by one differ more, and
/// are better together.
impl Network for Ensemble {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        Ensemble::forward(self, inputs)
    }
}
