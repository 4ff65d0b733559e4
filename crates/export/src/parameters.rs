//! The parameters of networks as numbers.

use burn::tensor::Tensor;

use crate::graph::{Graph, Value};

/// The numbers of a tensor, row by row.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

impl Graph {
    /// A tensor as a constant.
    pub fn tensor<const D: usize>(&self, tensor: Tensor<D>) -> Value<'_> {
        let shape = tensor.dims();
        self.floats(&shape, &numbers(tensor))
    }
}
