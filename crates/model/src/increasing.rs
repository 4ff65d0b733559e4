//! Outputs in ascending order: the quantiles of a number, which never cross.
//!
//! The first output is the lowest quantile; each further one is a step of at least 0 above the one before
//! it. A step is the softplus of the output of the last layer, so that the gradient is never 0. Park, Maddix,
//! Aubry, Kan, Gasthaus and Wang, "Learning Quantile Functions without Quantile Crossing for
//! Distribution-free Time Series Forecasting", 2022, add up steps in this way. Sorting the outputs after
//! training (Chernozhukov, Fernández-Val and Galichon, "Quantile and Probability Curves Without Crossing",
//! 2010) orders them too, but then training does not know of the order, and an output may change its level.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

/// Makes the numbers of each row ascend, `[batch, outputs]`: the first, then sums of the softplus of the
/// others.
pub(crate) fn increasing(outputs: Tensor<2>) -> Tensor<2> {
    let [_, width] = outputs.dims();
    let mut level = outputs.clone().slice_dim(1, 0..1);
    // The softplus, which does not overflow in this form.
    let steps = log_sigmoid(outputs.neg()).neg();
    let mut levels = vec![level.clone()];
    for column in 1..width {
        level = level + steps.clone().slice_dim(1, column..column + 1);
        levels.push(level.clone());
    }
    Tensor::cat(levels, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn outputs_ascend_by_the_softplus() {
        let device = Device::default();
        let outputs = [[1.0, 0.0, -1.0], [-5.0, 90.0, -90.0], [0.0, -200.0, 200.0]];
        let levels = increasing(Tensor::from_floats(outputs, &device)).into_data();
        let levels: Vec<f32> = levels.iter().collect();
        let log_2 = std::f32::consts::LN_2;
        let softplus = (-1f32).exp().ln_1p();
        let expected = [
            1.0,
            1.0 + log_2,
            1.0 + log_2 + softplus,
            -5.0,
            85.0,
            85.0,
            0.0,
            0.0,
            200.0,
        ];
        for (level, expected) in levels.iter().zip(expected) {
            let difference = (level - expected).abs();
            assert!(
                difference < 1e-5 * expected.abs().max(1.0),
                "{level} {expected}"
            );
        }
    }
}
