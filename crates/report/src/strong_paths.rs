//! The paths through a network along which most of the gradient of a row flows.

use backburn_training::row_pass::{Network, Norm, Pass};

/// A path from an input to an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The input, then the unit of each layer; the last one is the output.
    pub units: Vec<usize>,
    /// The derivative of the loss with respect to the first weight of the path, along this path alone: the input, times
    /// the slope of each unit, times each further weight, times δ of the output. The sum over all paths that begin with
    /// a weight is the derivative of the loss with respect to it.
    pub product: f64,
}

/// The largest number of weights of a network whose paths are searched.
const WEIGHTS: usize = 2_000_000;

/// The `count` paths with the largest absolute products, the largest first. Empty for networks with normalization or
/// residual layers, whose units also depend on each other in other ways, and for very large ones.
pub fn strongest_paths(network: &Network, pass: &Pass, count: usize) -> Vec<Path> {
    let mut layers = network.layers.iter();
    if layers.any(|layer| layer.residual || layer.normalization != Norm::None) {
        return Vec::new();
    }
    let weights = network.layers.iter().map(|layer| layer.weight.len());
    if weights.sum::<usize>() > WEIGHTS {
        return Vec::new();
    }
    let last = network.layers.len().saturating_sub(1);
    // The strongest paths to each unit of the layer before; of the features there is one each.
    let features = pass.features.iter().enumerate();
    let mut before: Vec<Vec<Path>> = features
        .map(|(feature, &value)| {
            vec![Path {
                units: vec![feature],
                product: value,
            }]
        })
        .collect();
    for (index, layer) in network.layers.iter().enumerate() {
        let numbers = &pass.layers[index];
        let factors = if index == last {
            &numbers.delta
        } else {
            &numbers.slope
        };
        let to_unit = |unit: usize| -> Vec<Path> {
            let mut paths = Vec::new();
            for (from, known) in before.iter().enumerate() {
                let weight = match index {
                    0 => 1.0,
                    _ => layer.weight[layer.place(from, unit)],
                };
                paths.extend(
                    known
                        .iter()
                        .map(|path| (path, path.product * weight * factors[unit])),
                );
            }
            paths.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
            paths.truncate(count);
            let extended = paths.into_iter().map(|(path, product)| Path {
                units: path.units.iter().copied().chain([unit]).collect(),
                product,
            });
            extended.collect()
        };
        before = (0..layer.units).map(to_unit).collect();
    }
    let mut all: Vec<Path> = before.into_iter().flatten().collect();
    all.sort_by(|a, b| b.product.abs().total_cmp(&a.product.abs()));
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use backburn_model::MlpConfig;
    use backburn_training::row_pass::Statistics;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_paths_that_begin_with_a_weight_add_up_to_its_gradient() {
        let device = Device::flex();
        device.seed(1);
        let mlp = MlpConfig::new(2, 1).with_hidden([3, 2]).init(&device);
        let network = Network::of(&mlp.unwrap());
        let mut pass = Pass::forward(&network, vec![0.7, -1.2], Statistics::Running);
        let gradients = pass.backward(&network, vec![1.5]);
        let paths = strongest_paths(&network, &pass, 100);
        assert_eq!(paths.len(), 2 * 3 * 2);
        for (from, to) in [(0, 0), (1, 2)] {
            let of_weight = paths.iter().filter(|path| path.units[..2] == [from, to]);
            let sum: f64 = of_weight.map(|path| path.product).sum();
            let gradient = gradients[0].weight[network.layers[0].place(from, to)];
            assert!((sum - gradient).abs() < 1e-9, "{sum} {gradient}");
        }
        let strongest = strongest_paths(&network, &pass, 2);
        assert_eq!(strongest, paths[..2]);
    }
}
