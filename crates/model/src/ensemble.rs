//! Several networks whose outputs are averaged.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::mlp::Mlp;

/// Several networks whose outputs are averaged. Their errors differ and partly cancel out (Hansen
/// and Salamon, "Neural network ensembles", 1990).
///
/// For classification, the mean of the logits corresponds to the normalized geometric mean of the
/// members' probabilities.
///
/// ```
/// use backburn_model::{Ensemble, Mlp, MlpConfig};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let config = MlpConfig::new(4, 1);
/// let members = vec![config.init(&device)?, config.init(&device)?];
/// let ensemble = Ensemble { members };
/// let output = ensemble.forward(Tensor::zeros([3, 4], &device));
/// assert_eq!(output.dims(), [3, 1]);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
#[derive(Module, Debug)]
pub struct Ensemble {
    /// The networks: at least one, and all with the same inputs, embeddings and outputs.
    pub members: Vec<Mlp>,
}

impl From<Mlp> for Ensemble {
    fn from(mlp: Mlp) -> Self {
        Self { members: vec![mlp] }
    }
}

impl Ensemble {
    /// The mean of the members' outputs.
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

    /// What enters each member's output layer, as [`Mlp::forward_hidden`] returns it, one member after
    /// the other.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs + embeddings]`
    /// - output: `[batch, sum of the units of the last hidden layers]`
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn forward_hidden(&self, rows: Tensor<2>) -> Tensor<2> {
        let members = self.members.iter();
        let hidden = members.map(|mlp| mlp.forward_hidden(rows.clone()));
        Tensor::cat(hidden.collect(), 1)
    }

    /// The features that enter each member's first layer, as [`Mlp::features`] returns them, one
    /// member after the other.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs + embeddings]`
    /// - output: `[batch, members * features]`
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn features(&self, rows: Tensor<2>) -> Tensor<2> {
        let features = self.members.iter().map(|mlp| mlp.features(rows.clone()));
        Tensor::cat(features.collect(), 1)
    }

    /// The forward pass from the output of [`features`](Self::features).
    ///
    /// # Shapes
    ///
    /// - features: `[batch, members * features]`
    /// - output: `[batch, outputs]`
    ///
    /// # Panics
    ///
    /// There is no member.
    pub fn forward_features(&self, features: Tensor<2>) -> Tensor<2> {
        let [_, width] = features.dims();
        let width = width / self.members.len();
        let members = self.members.iter().enumerate();
        mean(members.map(|(member, mlp)| {
            let columns = member * width..(member + 1) * width;
            mlp.forward_features(features.clone().slice_dim(1, columns))
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
    use crate::config::{EmbeddingConfig, MlpConfig};
    use burn::tensor::Device;

    #[test]
    fn outputs_are_averaged_from_rows_and_from_features() {
        let device = Device::default();
        device.seed(1);
        let config = MlpConfig::new(2, 3).with_embeddings([EmbeddingConfig {
            categories: 4,
            dimension: 2,
        }]);
        let members: Vec<Mlp> = (0..3).map(|_| config.init(&device).unwrap()).collect();
        let ensemble = Ensemble { members };
        let rows = Tensor::<2>::from_floats([[0.5, -1.0, 3.0], [2.0, 0.1, 0.0]], &device);
        let output = |member: usize| ensemble.members[member].forward(rows.clone());
        let expected = (output(0) + output(1) + output(2)) / 3.0;
        let from_rows = ensemble.forward(rows.clone());
        let from_features = ensemble.forward_features(ensemble.features(rows.clone()));
        let size: f32 = expected.clone().abs().max().into_scalar();
        for mean in [from_rows, from_features] {
            let difference: f32 = (mean - expected.clone()).abs().max().into_scalar();
            assert!(difference < 1e-6 * size.max(1.0), "{difference}");
        }
        let hidden = ensemble.forward_hidden(rows.clone());
        let of_second = ensemble.members[1].forward_hidden(rows.clone());
        let [_, units] = of_second.dims();
        let second = hidden.slice_dim(1, units..2 * units);
        assert_eq!(second.into_data(), of_second.into_data());
        let single = Ensemble::from(ensemble.members[0].clone());
        let difference = single.forward(rows.clone()) - output(0);
        assert_eq!(difference.abs().max().into_scalar::<f32>(), 0.0);
    }
}
