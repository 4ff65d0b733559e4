//! Adding inputs, categories and outputs to a trained network.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Int, Tensor, TensorData};

use crate::mlp::Mlp;

/// What a trained network gets in addition; see [`Mlp::grown`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Growth {
    /// For each numeric input of the larger network, the input that it was before; `None` for a new one. Every old
    /// input is there once, in the old order.
    pub inputs: Vec<Option<usize>>,
    /// The number of new categories of each embedding. Their indices follow those of the known ones.
    pub categories: Vec<usize>,
    /// The number of new outputs, which follow the known ones.
    pub outputs: usize,
    /// The bias of the new outputs.
    pub bias: f32,
}

impl Growth {
    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        self.outputs == 0
            && self.inputs.iter().all(Option::is_some)
            && self.categories.iter().all(|&new| new == 0)
    }
}

impl Mlp {
    /// A larger network with the same function: its old outputs do not depend on what is new.
    ///
    /// - The weights of a new input are 0.
    /// - The vector of a new category is that of category 0.
    /// - The weights of a new output are 0, so that it is its bias.
    ///
    /// ```
    /// use backburn_model::{Growth, MlpConfig};
    /// use burn::tensor::{Device, Tensor};
    ///
    /// let device = Device::default();
    /// let mlp = MlpConfig::new(2, 1).with_hidden([4]).init(&device)?;
    /// let growth = Growth {
    ///     inputs: vec![Some(0), None, Some(1)],
    ///     outputs: 1,
    ///     ..Growth::default()
    /// };
    /// let grown = mlp.grown(&growth);
    /// let outputs = grown.forward(Tensor::<2>::from_floats([[0.5, 1.0, -1.0]], &device));
    /// assert_eq!(outputs.dims(), [1, 2]);
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// An old input that the network does not have, or more embeddings than it has.
    #[must_use]
    pub fn grown(&self, growth: &Growth) -> Self {
        let before = self.inputs();
        let mut grown = self.clone().with_inputs(growth.inputs.len());
        let first = match grown.hidden.first_mut() {
            Some(block) => &mut block.linear,
            None => &mut grown.output,
        };
        if growth.inputs.iter().any(Option::is_none) {
            add_inputs(first, &growth.inputs, before);
        }
        for (embedding, &new) in grown.embeddings.iter_mut().zip(&growth.categories) {
            if new > 0 {
                let table = embedding.weight.val();
                let unknown = table.clone().slice_dim(0, 0..1).repeat_dim(0, new);
                embedding.weight = Param::from_tensor(Tensor::cat(vec![table, unknown], 0));
            }
        }
        if growth.outputs > 0 {
            add_outputs(&mut grown.output, growth.outputs, growth.bias);
        }
        grown
    }
}

/// Adds rows of zeros to the weight, `[inputs, outputs]`. The layer has `before` numeric inputs, and then those of the
/// embeddings.
fn add_inputs(linear: &mut Linear, inputs: &[Option<usize>], before: usize) {
    let weight = linear.weight.val();
    let device = weight.device();
    let [features, outputs] = weight.dims();
    let zeros = Tensor::<2>::zeros([1, outputs], &device);
    let numeric = inputs.iter().map(|input| input.unwrap_or(features));
    let rows: Vec<i64> = numeric
        .chain(before..features)
        .map(|row| row as i64)
        .collect();
    let length = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [length]), &device);
    let with_zeros = Tensor::cat(vec![weight, zeros], 0);
    linear.weight = Param::from_tensor(with_zeros.select(0, rows));
}

/// Adds columns of zeros to the weight, `[inputs, outputs]`, and numbers to the bias.
fn add_outputs(linear: &mut Linear, new: usize, bias: f32) {
    let weight = linear.weight.val();
    let device = weight.device();
    let [inputs, _] = weight.dims();
    let zeros = Tensor::<2>::zeros([inputs, new], &device);
    linear.weight = Param::from_tensor(Tensor::cat(vec![weight, zeros], 1));
    if let Some(known) = &linear.bias {
        let further = Tensor::<1>::full([new], bias, &device);
        let all = Tensor::cat(vec![known.val(), further], 0);
        linear.bias = Some(Param::from_tensor(all));
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::config::{EmbeddingConfig, MlpConfig};

    fn outputs(network: &Mlp, rows: Vec<f32>, columns: usize) -> Vec<f32> {
        let count = rows.len() / columns;
        let rows = TensorData::new(rows, [count, columns]);
        let rows = Tensor::<2>::from_data(rows, &Device::default());
        network.forward(rows).into_data().iter().collect()
    }

    #[test]
    fn a_larger_network_has_the_same_function() {
        let table = EmbeddingConfig {
            categories: 3,
            dimension: 2,
        };
        let device = Device::default();
        device.seed(1);
        for hidden in [vec![], vec![5], vec![5, 4]] {
            let config = MlpConfig::new(2, 2)
                .with_hidden(hidden)
                .with_embeddings([table]);
            let network = config.init(&device).unwrap();
            let growth = Growth {
                inputs: vec![Some(0), None, Some(1), None],
                categories: vec![2],
                outputs: 1,
                bias: -7.0,
            };
            assert!(!growth.is_empty());
            let grown = network.grown(&growth);
            assert_eq!(grown.inputs(), 4);
            let before = outputs(&network, vec![0.5, -1.0, 2.0, 0.3, 0.1, 0.0], 3);
            // The new inputs may have any value, and category 4 is new: it is like category 0.
            let rows = vec![0.5, 9.0, -1.0, 1.0, 2.0, 0.3, 0.0, 0.1, -3.0, 4.0];
            let after = outputs(&grown, rows, 5);
            for (row, expected) in before.chunks(2).enumerate() {
                for (class, expected) in expected.iter().enumerate() {
                    let found = after[row * 3 + class];
                    let difference = (found - expected).abs();
                    assert!(
                        difference < 1e-5 * expected.abs().max(1.0),
                        "{found} {expected}"
                    );
                }
                assert_eq!(after[row * 3 + 2], -7.0);
            }
        }
    }

    #[test]
    fn nothing_new_changes_nothing() {
        let network = MlpConfig::new(2, 1).init(&Device::default()).unwrap();
        let growth = Growth {
            inputs: vec![Some(0), Some(1)],
            ..Growth::default()
        };
        assert!(growth.is_empty());
        let rows = vec![0.5, -1.0];
        assert_eq!(
            outputs(&network.grown(&growth), rows.clone(), 2),
            outputs(&network, rows, 2)
        );
    }
}
