//! Running a network on rows outside of training.

use burn::module::{ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::loss::scalar;
use crate::{Criterion, Network, TensorDataset, TrainingError, Validation};

/// Rows in each forward pass outside of training. A wide network takes fewer, so that memory stays bounded.
pub(crate) fn forward_rows(widest: usize) -> usize {
    const ROWS: usize = 4096;
    const NUMBERS: usize = 1 << 24;
    (NUMBERS / widest.max(1)).clamp(1, ROWS)
}

/// The number of outputs of the widest layer.
fn widest<N: Network>(network: &N) -> usize {
    struct Widest(usize);
    impl ModuleVisitor for Widest {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 = self.0.max(param.dims()[D - 1]);
        }
    }
    let mut widest = Widest(0);
    network.visit(&mut widest);
    widest.0
}

/// The outputs for many rows, `[rows, inputs] -> [rows, outputs]`. Each forward pass takes at most
/// 4096 rows, so that memory stays bounded.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::forward_in_batches;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let mlp = MlpConfig::new(2, 1).init(&device)?;
/// let outputs = forward_in_batches(&mlp, &Tensor::<2>::zeros([5000, 2], &device));
/// assert_eq!(outputs.dims(), [5000, 1]);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
pub fn forward_in_batches<N: Network>(network: &N, inputs: &Tensor<2>) -> Tensor<2> {
    let rows = inputs.dims()[0];
    let at_a_time = forward_rows(widest(network));
    if rows <= at_a_time {
        return network.forward(inputs.clone());
    }
    let outputs = (0..rows)
        .step_by(at_a_time)
        .map(|start| {
            let end = (start + at_a_time).min(rows);
            network.forward(inputs.clone().slice_dim(0, start..end))
        })
        .collect();
    Tensor::cat(outputs, 0)
}

/// The outputs and the mean loss of a network on rows.
pub(crate) fn evaluate<N: Network>(
    network: &N,
    rows: &TensorDataset,
    criterion: &Criterion,
) -> Validation {
    let outputs = forward_in_batches(network, &rows.inputs);
    let loss = criterion.forward(outputs.clone(), &rows.targets, rows.weights.as_ref());
    Validation {
        loss: scalar(loss),
        outputs,
    }
}

/// Checks that a network can be trained on these rows.
pub(crate) fn check<N: Network>(
    network: &N,
    criterion: &Criterion,
    rows: &TensorDataset,
) -> Result<(), TrainingError> {
    struct Trainable(bool);
    impl ModuleVisitor for Trainable {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 |= param.is_require_grad();
        }
    }
    let mut trainable = Trainable(false);
    network.visit(&mut trainable);
    if !trainable.0 {
        return Err(TrainingError::Frozen);
    }
    let outputs = network.valid().forward(rows.slice(0, 1).inputs).dims()[1];
    criterion
        .check(outputs, &rows.targets)
        .map_err(TrainingError::Mismatch)
}
