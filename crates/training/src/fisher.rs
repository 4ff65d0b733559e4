//! The Fisher information of the parameters of a network.

use backburn_fused::{FusedMlp, Pass};
use backburn_model::Mlp;

use crate::loss_gradient::TargetArrays;
use crate::{Loss, TensorDataset, TrainingConfig};

/// The diagonal of the empirical Fisher information of a network: for each parameter the mean over the rows of the
/// squared gradient of the loss of a row, without dropout. It says how much the loss of these rows depends on each
/// parameter, and is the stiffness of [`Anchor`](crate::Anchor).
///
/// The Fisher information is that of a log likelihood. The losses of classes and counts are negative log likelihoods.
/// The squared error is one times twice the variance of the errors, the absolute and the quantile error are one times
/// their mean. For these losses the mean is divided by that factor, so that it approximates the second derivative of
/// the loss in its own unit.
///
/// The parameters are in the order of [`FusedMlp::parameters`]. `None` for a network that cannot be trained over
/// arrays, and without rows.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{TensorDataset, TrainingConfig, fisher_information};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[1.0], [2.0]], &device);
/// let rows = TensorDataset::regression(x.clone(), x);
/// let mlp = MlpConfig::new(1, 1).with_hidden([]).init(&device)?;
/// let fisher = fisher_information(&mlp, &rows, &TrainingConfig::default()).unwrap_or_default();
/// assert_eq!(fisher.len(), 2);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
pub fn fisher_information(
    network: &Mlp,
    rows: &TensorDataset,
    config: &TrainingConfig,
) -> Option<Vec<f32>> {
    let mut network = network.clone();
    for block in &mut network.hidden {
        block.dropout = None;
    }
    let mut network = FusedMlp::of(&network)?;
    network.prepare_backward();
    let count = rows.rows();
    if count == 0 {
        return None;
    }
    let mut criterion = config.criterion();
    criterion.loss = criterion.loss.for_targets(&rows.targets);
    let targets = TargetArrays::new(&rows.targets);
    let inputs: Vec<f32> = rows.inputs.to_data().iter().collect();
    let weights = rows.weights.as_ref();
    let weights: Option<Vec<f64>> = weights.map(|weights| weights.to_data().iter().collect());
    let mut sums = vec![0.0f64; network.parameters.len()];
    let (mut losses, mut total) = (0.0f64, 0.0f64);
    let mut pass = Pass::new(&network, 0);
    for (row, inputs) in inputs.chunks_exact(network.columns()).enumerate() {
        pass.inputs(&network, 1).copy_from_slice(inputs);
        pass.forward_for_training(&network);
        let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
        pass.backward(&network, |outputs, gradient| {
            losses += weight * criterion.backward(outputs, &[row], &targets, None, 1.0, gradient);
        });
        total += weight;
        for (sum, gradient) in sums.iter_mut().zip(&pass.gradient) {
            *sum += weight * f64::from(*gradient) * f64::from(*gradient);
        }
    }
    let unit = unit_of_loss(criterion.loss, losses / total.max(f64::MIN_POSITIVE));
    let divisor = count as f64 * unit;
    let mean = sums.into_iter().map(|sum| (sum / divisor) as f32);
    Some(mean.collect())
}

/// How many times the negative log likelihood a loss is, from its mean.
fn unit_of_loss(loss: Loss, mean: f64) -> f64 {
    let unit = match loss {
        Loss::MeanSquaredError | Loss::Huber => 2.0 * mean,
        Loss::MeanAbsoluteError | Loss::Quantile => mean,
        _ => 1.0,
    };
    // A mean loss near 0 says little about later errors.
    unit.max(SMALLEST_UNIT)
}

/// The smallest divisor.
const SMALLEST_UNIT: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use backburn_model::MlpConfig;
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn it_is_the_mean_of_squared_gradients_in_the_unit_of_the_loss() {
        let device = Device::default();
        device.seed(1);
        let inputs = Tensor::<2>::from_floats([[1.0], [2.0], [-1.0]], &device);
        let values = Tensor::<2>::from_floats([[3.0], [0.0], [1.0]], &device);
        let rows = TensorDataset::regression(inputs, values);
        let mlp = MlpConfig::new(1, 1).with_hidden([]).with_dropout(0.5);
        let mlp = mlp.init(&device).unwrap();
        let fisher = fisher_information(&mlp, &rows, &TrainingConfig::default()).unwrap();
        let weight: f32 = mlp.output.weight.val().into_scalar();
        let bias: f32 = mlp.output.bias.as_ref().unwrap().val().into_scalar();
        let (mut of_weight, mut of_bias, mut loss) = (0.0f32, 0.0f32, 0.0f32);
        for (x, y) in [(1.0, 3.0), (2.0, 0.0), (-1.0, 1.0)] {
            // The slope of the squared error.
            let slope = 2.0 * (weight * x + bias - y);
            of_weight += (slope * x).powi(2) / 3.0;
            of_bias += slope.powi(2) / 3.0;
            loss += (weight * x + bias - y).powi(2) / 3.0;
        }
        of_weight /= 2.0 * loss;
        of_bias /= 2.0 * loss;
        assert!((fisher[0] - of_weight).abs() < 1e-4 * of_weight.max(1.0));
        assert!((fisher[1] - of_bias).abs() < 1e-4 * of_bias.max(1.0));
    }

    #[test]
    fn a_squared_error_has_the_second_derivative_of_its_parabola() {
        // Errors of the same size: the second derivative of the mean squared error is 2 mean(x²) and 2.
        let device = Device::default();
        device.seed(1);
        let mlp = MlpConfig::new(1, 1).with_hidden([]);
        let mlp = mlp.init(&device).unwrap();
        let inputs = Tensor::<2>::from_floats([[1.0], [1.0], [-2.0], [-2.0]], &device);
        for size in [0.1f32, 3.0] {
            let errors = Tensor::<2>::from_floats([[size], [-size], [size], [-size]], &device);
            let values = mlp.forward(inputs.clone()) + errors;
            let rows = TensorDataset::regression(inputs.clone(), values);
            let fisher = fisher_information(&mlp, &rows, &TrainingConfig::default()).unwrap();
            for (found, expected) in fisher.iter().zip([5.0, 2.0]) {
                assert!((found - expected).abs() < 1e-3, "{found} {expected}");
            }
        }
    }
}
