//! The loss of a nearest-neighbor prediction: a baseline for the network.

use backburn_training::{Loss, Targets, TensorDataset, TrainingConfig};
use burn::tensor::{Int, Tensor};

/// The most rows that are compared with each other.
const ROWS: usize = 1000;
const NEIGHBORS: usize = 5;
/// With more outputs, the frequencies of the classes take too much memory.
pub(crate) const OUTPUTS: usize = 800;

/// The mean loss of a prediction by the five nearest other rows (by the Euclidean distance of the
/// inputs): the mean of their values, or their class frequencies. A network whose loss on its
/// training rows is higher than this underfits.
///
/// At most a thousand rows, evenly spread, are compared. `None` where there are fewer than 20 rows or more
/// than 800 outputs, or where rows have weights or several targets, or the loss is about a distribution.
pub fn nearest_rows_loss(
    dataset: &TensorDataset,
    outputs: usize,
    config: &TrainingConfig,
) -> Option<f64> {
    let rows = dataset.rows().min(ROWS);
    let of_distribution = config.loss == Loss::Quantile || config.loss.has_log_link();
    if rows < 20 || outputs > OUTPUTS || dataset.weights.is_some() || of_distribution {
        return None;
    }
    let spread: Vec<usize> = (0..rows).map(|row| row * dataset.rows() / rows).collect();
    let sample = dataset.select(&spread);
    let inputs = sample.inputs.clone();
    let device = inputs.device();
    let squares = inputs.clone().square().sum_dim(1);
    let distances =
        squares.clone() + squares.transpose() - inputs.clone().matmul(inputs.transpose()) * 2.0;
    // A row is no neighbor of itself.
    let itself = Tensor::<2>::eye(rows, &device) * 1e30;
    let nearest: Tensor<2, Int> = (distances + itself).neg().argtopk(NEIGHBORS, 1);
    let nearest = nearest.reshape([rows * NEIGHBORS]);
    let criterion = config.criterion();
    let predicted = match &sample.targets {
        Targets::Several(_) => return None,
        Targets::Values(values) => {
            let [_, width] = values.dims();
            let of_nearest = values.clone().select(0, nearest);
            let of_nearest: Tensor<3> = of_nearest.reshape([rows, NEIGHBORS, width]);
            of_nearest.mean_dim(1).reshape([rows, width])
        }
        Targets::Classes(classes) => {
            let of_nearest = classes.clone().select(0, nearest);
            let width = outputs.max(2);
            let counts: Tensor<3> = of_nearest
                .one_hot::<2>(width)
                .float()
                .reshape([rows, NEIGHBORS, width]);
            // Additive smoothing, so that no class has a probability of 0.
            let share = (counts.sum_dim(1).reshape([rows, width]) + 1.0 / width as f64)
                / (NEIGHBORS + 1) as f64;
            let logits = share.log();
            match config.loss {
                Loss::BinaryCrossEntropy => {
                    logits.clone().slice_dim(1, 1..2) - logits.slice_dim(1, 0..1)
                }
                _ => logits,
            }
        }
    };
    let loss = criterion.forward(predicted, &sample.targets, None);
    loss.into_data().iter::<f64>().next()
}
