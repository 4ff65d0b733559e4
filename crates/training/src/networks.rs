//! The networks of `backburn-model` as [`Network`]s.

use backburn_fused::FusedMlp;
use backburn_model::{Ensemble, Mlp, RealMlp, TabM};
use burn::tensor::Tensor;

use crate::{HiddenActivation, Network};

impl Network for Mlp {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        Mlp::forward(self, inputs)
    }

    fn activations(&self, inputs: Tensor<2>) -> Vec<HiddenActivation> {
        let outputs = Mlp::activations(self, inputs).into_iter();
        let layers = self.hidden.iter().zip(outputs).enumerate();
        layers
            .map(|(index, (block, outputs))| HiddenActivation {
                layer: format!("hidden.{index}"),
                function: block.activation.function(),
                outputs,
            })
            .collect()
    }

    fn fused(&self) -> Option<FusedMlp> {
        FusedMlp::of(self)
    }

    fn with_fused(self, fused: &FusedMlp) -> Self {
        fused.write_to(self)
    }
}

impl Network for RealMlp {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        RealMlp::forward(self, inputs)
    }
}

/// Each member has a loss of its own. The prediction is the mean over the members.
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

/// All members train together on the loss of their mean. Members that are trained one by one are
/// more diverse, and their ensemble is more accurate.
impl Network for Ensemble {
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        Ensemble::forward(self, inputs)
    }
}
