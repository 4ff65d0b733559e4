//! Several networks as one.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::Mlp;

/// Networks that take the same rows, and whose outputs are averaged: their errors differ and partly
/// cancel out (Hansen and Salamon, "Neural network ensembles", 1990). For classes, averaged logits
/// are the normalized geometric mean of the members' probabilities.
#[derive(Module, Debug)]
pub struct Ensemble {
    /// The networks, at least one, all with the same inputs, embeddings and outputs.
    pub members: Vec<Mlp>,
}

impl From<Mlp> for Ensemble {
    fn from(mlp: Mlp) -> Self {
        Self { members: vec![mlp] }
    }
}

impl Ensemble {
    /// The mean of what the members give.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs + embeddings]`, as for [`Mlp::forward`]
    /// - output: `[batch, outputs]`
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        mean(self.members.iter().map(|mlp| mlp.forward(rows.clone())))
    }

    /// What enters the first layers, one member after the other, each as from [`Mlp::features`]:
    /// `[batch, inputs + embeddings] -> [batch, members * features]`.
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn features(&self, rows: Tensor<2>) -> Tensor<2> {
        let features = self.members.iter().map(|mlp| mlp.features(rows.clone()));
        Tensor::cat(features.collect(), 1)
    }

    /// The forward pass from what [`features`](Self::features) gives, `[batch, members * features] ->
    /// [batch, outputs]`.
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn forward_features(&self, features: Tensor<2>) -> Tensor<2> {
        let [_, width] = features.dims();
        let width = width / self.members.len();
        let members = self.members.iter().enumerate();
        mean(members.map(|(member, mlp)| {
            let place = member * width..(member + 1) * width;
            mlp.forward_features(features.clone().slice_dim(1, place))
        }))
    }
}

fn mean(outputs: impl ExactSizeIterator<Item = Tensor<2>>) -> Tensor<2> {
    let members = outputs.len();
    let sum = outputs.reduce(|sum, output| sum + output);
    let sum = sum.expect("an ensemble has a member");
    match members {
        1 => sum,
        members => sum * (1.0 / members as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EmbeddingConfig, MlpConfig};
    use burn::tensor::Device;

    #[test]
    fn outputs_are_averaged_from_rows_and_from_features() {
        let device = Device::default();
        let config = MlpConfig::new(2, 3).with_embeddings([EmbeddingConfig {
            categories: 4,
            dimension: 2,
        }]);
        let members: Vec<Mlp> = (0..3).map(|_| config.init(&device).unwrap()).collect();
        let ensemble = Ensemble { members };
        let rows = Tensor::<2>::from_floats([[0.5, -1.0, 3.0], [2.0, 0.1, 0.0]], &device);
        let of = |mlp: &Mlp| mlp.forward(rows.clone());
        let members = &ensemble.members;
        let expected = (of(&members[0]) + of(&members[1]) + of(&members[2])) / 3.0;
        let from_rows = ensemble.forward(rows.clone());
        let from_features = ensemble.forward_features(ensemble.features(rows.clone()));
        for output in [from_rows, from_features] {
            let off: f32 = (output - expected.clone()).abs().max().into_scalar();
            assert!(off < 1e-6, "{off}");
        }
        let alone = Ensemble::from(members[0].clone());
        let difference = alone.forward(rows.clone()) - of(&members[0]);
        assert_eq!(difference.abs().max().into_scalar::<f32>(), 0.0);
    }
}
