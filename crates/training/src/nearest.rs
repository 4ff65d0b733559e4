//! What the rows most like a row say of it: a yardstick for the network.

use burn::tensor::{Int, Tensor};

use crate::fit::scalar;
use crate::{Criterion, Examples, Loss, Targets, TrainingConfig};

/// Rows compared with each other, at most.
const ROWS: usize = 1000;
/// Rows that tell of another.
const NEIGHBOURS: usize = 5;

/// The mean loss of predicting each row from the five other rows nearest to it (by Euclidean
/// distance of the inputs): their mean, or how many of them have which class. A network whose loss
/// on its training rows is above this has not taken what they tell: it underfits.
///
/// A thousand rows from all over are compared. `None` where there are fewer than 20, or where rows
/// have weights, which the rows nearest to one do not know.
pub fn nearest_rows_loss(
    examples: &Examples,
    outputs: usize,
    config: &TrainingConfig,
) -> Option<f64> {
    let rows = examples.rows().min(ROWS);
    if rows < 20 || examples.weights.is_some() {
        return None;
    }
    let spread: Vec<usize> = (0..rows).map(|row| row * examples.rows() / rows).collect();
    let examples = examples.select(&spread);
    let inputs = examples.inputs.clone();
    let device = inputs.device();
    let squares = inputs.clone().square().sum_dim(1);
    let distances =
        squares.clone() + squares.transpose() - inputs.clone().matmul(inputs.transpose()) * 2.0;
    // No row tells of itself.
    let itself = Tensor::<2>::eye(rows, &device) * 1e30;
    let nearest: Tensor<2, Int> = (distances + itself).neg().argtopk(NEIGHBOURS, 1);
    let nearest = nearest.reshape([rows * NEIGHBOURS]);
    let criterion: Criterion = config.criterion();
    let predicted = match &examples.targets {
        Targets::Values(values) => {
            let [_, width] = values.dims();
            let of_nearest = values.clone().select(0, nearest);
            let of_nearest: Tensor<3> = of_nearest.reshape([rows, NEIGHBOURS, width]);
            of_nearest.mean_dim(1).reshape([rows, width])
        }
        Targets::Classes(classes) => {
            let of_nearest = classes.clone().select(0, nearest);
            let width = outputs.max(2);
            let counts: Tensor<3> = of_nearest
                .one_hot::<2>(width)
                .float()
                .reshape([rows, NEIGHBOURS, width]);
            // One more row counts for all classes alike, so that none is impossible.
            let share = (counts.sum_dim(1).reshape([rows, width]) + 1.0 / width as f64)
                / (NEIGHBOURS + 1) as f64;
            let logits = share.log();
            match config.loss {
                Loss::BinaryCrossEntropy => {
                    logits.clone().slice_dim(1, 1..2) - logits.slice_dim(1, 0..1)
                }
                _ => logits,
            }
        }
    };
    Some(scalar(criterion.forward(
        predicted,
        &examples.targets,
        None,
    )))
}
