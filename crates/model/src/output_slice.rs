//! Networks with a part of the outputs of another one.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::ensemble::Ensemble;
use crate::mlp::Mlp;

impl Mlp {
    /// The network with some of its outputs: the same hidden layers, and the part of the output layer that these
    /// outputs have. A network of several targets has one for each.
    ///
    /// ```
    /// use backburn_model::MlpConfig;
    /// use burn::tensor::{Device, Tensor};
    ///
    /// let device = Device::default();
    /// let both = MlpConfig::new(4, 3).with_hidden([8]).init(&device)?;
    /// let second = both.with_outputs(1..3);
    /// assert_eq!(second.forward(Tensor::zeros([5, 4], &device)).dims(), [5, 2]);
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// The network does not have these outputs.
    #[must_use]
    pub fn with_outputs(mut self, outputs: Range<usize>) -> Self {
        let columns = outputs.clone();
        let weight = self.output.weight;
        self.output.weight = weight.map(|weight| weight.slice_dim(1, columns));
        let bias = self.output.bias;
        self.output.bias = bias.map(|bias| bias.map(|bias| bias.slice_dim(0, outputs)));
        self
    }

    /// The network with the outputs of further ones after its own: the reverse of [`with_outputs`](Self::with_outputs).
    /// The others are to have the same hidden layers.
    ///
    /// # Panics
    ///
    /// The last hidden layers have different numbers of units.
    #[must_use]
    pub fn with_outputs_of(mut self, others: &[&Self]) -> Self {
        let weights = others.iter().map(|other| other.output.weight.val());
        let weights: Vec<Tensor<2>> = weights.collect();
        let weight = self.output.weight;
        self.output.weight = weight.map(|weight| Tensor::cat([vec![weight], weights].concat(), 1));
        let biases = others.iter().filter_map(|other| other.output.bias.as_ref());
        let biases: Vec<Tensor<1>> = biases.map(|bias| bias.val()).collect();
        let bias = self.output.bias;
        self.output.bias =
            bias.map(|bias| bias.map(|bias| Tensor::cat([vec![bias], biases].concat(), 0)));
        self
    }
}

impl Ensemble {
    /// The ensemble with some of the outputs of its networks; see [`Mlp::with_outputs`].
    ///
    /// # Panics
    ///
    /// A network does not have these outputs.
    #[must_use]
    pub fn with_outputs(self, outputs: &Range<usize>) -> Self {
        let members = self.members.into_iter();
        let members = members.map(|member| member.with_outputs(outputs.clone()));
        Self {
            members: members.collect(),
        }
    }

    /// The ensemble whose networks have the outputs of those of further ensembles after their own; see
    /// [`Mlp::with_outputs_of`].
    ///
    /// # Panics
    ///
    /// An ensemble has fewer networks, or networks with other hidden layers.
    #[must_use]
    pub fn with_outputs_of(self, others: &[&Self]) -> Self {
        let members = self.members.into_iter().enumerate();
        let members = members.map(|(index, member)| {
            let of_others = others.iter().map(|other| &other.members[index]);
            member.with_outputs_of(&of_others.collect::<Vec<_>>())
        });
        Self {
            members: members.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tensor};

    use crate::config::MlpConfig;
    use crate::ensemble::Ensemble;

    #[test]
    fn a_part_of_the_outputs_is_computed_by_the_same_layers() {
        let device = Device::default();
        device.seed(1);
        let config = MlpConfig::new(4, 5).with_hidden([8, 8]);
        let members = vec![config.init(&device).unwrap(), config.init(&device).unwrap()];
        let whole = Ensemble { members };
        let rows = Tensor::<2>::random([6, 4], Distribution::Default, &device);
        let expected = whole.forward(rows.clone()).slice_dim(1, 2..4);
        let part = whole.with_outputs(&(2..4)).forward(rows);
        let size: f32 = expected.clone().abs().max().into_scalar();
        let difference: f32 = (part - expected).abs().max().into_scalar();
        assert!(difference < 1e-6 * size.max(1.0), "{difference}");
    }

    #[test]
    fn parts_make_the_whole_again() {
        let device = Device::default();
        device.seed(1);
        let config = MlpConfig::new(4, 5).with_hidden([8]);
        let whole = Ensemble::from(config.init(&device).unwrap());
        let part = |outputs: std::ops::Range<usize>| whole.clone().with_outputs(&outputs);
        let (first, second, third) = (part(0..1), part(1..4), part(4..5));
        let again = first.with_outputs_of(&[&second, &third]);
        let rows = Tensor::<2>::random([6, 4], Distribution::Default, &device);
        let expected = whole.forward(rows.clone()).into_data();
        assert_eq!(again.forward(rows).into_data(), expected);
    }
}
