//! The mean of the weights of the last epochs.

use std::collections::VecDeque;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use crate::Network;

/// The networks at the ends of the last epochs, whose mean is the network of an epoch (stochastic weight averaging;
/// Izmailov and others, "Averaging Weights Leads to Wider Optima and Better Generalization", 2018). Only the last ones
/// count, since it is not known beforehand where training ends (latest weight averaging; Kaddour, 2022).
pub(crate) struct LastNetworks<N> {
    most: usize,
    networks: VecDeque<N>,
}

impl<N: Network> LastNetworks<N> {
    /// None of the last `most` networks.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            networks: VecDeque::new(),
        }
    }

    /// Adds the network of an epoch, without autodiff, and drops the one that is too old now.
    pub fn push(&mut self, network: N) {
        self.networks.push_back(network);
        if self.networks.len() > self.most {
            self.networks.pop_front();
        }
    }

    /// The networks, the oldest first.
    pub fn networks(&self) -> impl Iterator<Item = &N> {
        self.networks.iter()
    }

    /// The newest network with the mean of each parameter. `None` before the first epoch.
    pub fn mean(&self) -> Option<N> {
        let newest = self.networks.back()?.clone();
        let mut sums = Sums::default();
        for network in &self.networks {
            sums.next = 0;
            network.visit(&mut sums);
        }
        Some(newest.map(&mut Mean {
            sums: sums.sums,
            networks: self.networks.len() as f64,
            next: 0,
        }))
    }
}

/// Whether a network has batch normalization, whose running means belong to the weights that they were measured with.
pub(crate) fn has_batch_normalization<M: Module>(module: &M) -> bool {
    struct Found(bool);
    impl ModuleVisitor for Found {
        fn enter_module(&mut self, _name: &str, container: &str) {
            self.0 |= container == "Struct:BatchNorm";
        }
    }
    let mut found = Found(false);
    module.visit(&mut found);
    found.0
}

/// Adds up each parameter of several modules of the same shape.
#[derive(Default)]
struct Sums {
    sums: Vec<f64>,
    /// The index of the next parameter.
    next: usize,
}

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let numbers = param.val().into_data();
        for number in numbers.iter::<f64>() {
            match self.sums.get_mut(self.next) {
                Some(sum) => *sum += number,
                None => self.sums.push(number),
            }
            self.next += 1;
        }
    }
}

/// Sets each parameter to its sum divided by the number of networks.
struct Mean {
    sums: Vec<f64>,
    networks: f64,
    /// The index of the next parameter.
    next: usize,
}

impl ModuleMapper for Mean {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let start = self.next;
            self.next += tensor.shape().num_elements();
            let sums = &self.sums[start..self.next];
            let means: Vec<f64> = sums.iter().map(|sum| sum / self.networks).collect();
            let means = TensorData::new(means, tensor.shape());
            Tensor::from_data(means, (&tensor.device(), tensor.dtype()))
        })
    }
}

#[cfg(test)]
mod tests {
    use backburn_model::{Initializer, Mlp, MlpConfig, Normalization};
    use burn::tensor::Device;

    use super::*;

    fn constant(value: f64) -> Mlp {
        let config = MlpConfig::new(2, 1).with_hidden([3]);
        let config = config.with_initializer(Initializer::Constant(value));
        config.init(&Device::default()).unwrap()
    }

    /// The weights of the hidden layer.
    fn weights(network: &Mlp) -> Vec<f32> {
        let weight = network.hidden[0].linear.weight.val();
        weight.into_data().iter().collect()
    }

    #[test]
    fn the_mean_is_that_of_the_last_networks() {
        let mut last = LastNetworks::new(2);
        assert!(last.mean().is_none());
        for (value, mean) in [(1.0, 1.0), (2.0, 1.5), (6.0, 4.0)] {
            last.push(constant(value));
            assert_eq!(weights(&last.mean().unwrap()), [mean; 6]);
        }
        assert_eq!(last.networks().count(), 2);
    }

    #[test]
    fn batch_normalization_is_found() {
        let with = |normalization| {
            let config = MlpConfig::new(2, 1).with_hidden([3]);
            let config = config.with_normalization(normalization);
            has_batch_normalization(&config.init(&Device::default()).unwrap())
        };
        assert!(with(Normalization::Batch));
        assert!(!with(Normalization::Layer) && !with(Normalization::None));
    }
}
