//! What a network learns to predict.

use std::ops::Range;

use burn::tensor::{Int, Tensor};

/// The targets of rows.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Numbers, `[rows, outputs]`.
    Values(Tensor<2>),
    /// Class indices, `[rows]`.
    Classes(Tensor<1, Int>),
    /// Several targets, each with a slice of the outputs, in the order of the outputs. The loss is the sum of
    /// their losses.
    Several(Vec<TargetSlice>),
}

/// One of several targets, for a slice of the outputs.
#[derive(Debug, Clone)]
pub struct TargetSlice {
    /// The number of outputs in the slice.
    pub outputs: usize,
    /// The numbers or the classes. Where a row does not have the target, any finite number or class.
    pub targets: Targets,
    /// The weight of the target's loss in each row, `[rows]`, at least 0; 0 where a row does not have the target.
    pub weights: Tensor<1>,
}

impl Targets {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.dims()[0],
            Self::Classes(classes) => classes.dims()[0],
            Self::Several(slices) => slices.first().map_or(0, |slice| slice.targets.rows()),
        }
    }

    /// The targets of a range of rows.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        self.map(
            &|values| values.slice_dim(0, rows.clone()),
            &|classes| classes.slice_dim(0, rows.clone()),
            &|weights| weights.slice_dim(0, rows.clone()),
        )
    }

    /// The targets of the rows with these indices, `[selected]`.
    pub(crate) fn select(&self, rows: Tensor<1, Int>) -> Self {
        self.map(
            &|values| values.select(0, rows.clone()),
            &|classes| classes.select(0, rows.clone()),
            &|weights| weights.select(0, rows.clone()),
        )
    }

    /// All targets, `times` times in a row.
    pub(crate) fn repeat(&self, times: usize) -> Self {
        if times == 1 {
            return self.clone();
        }
        self.map(
            &|values| values.repeat_dim(0, times),
            &|classes| classes.repeat_dim(0, times),
            &|weights| weights.repeat_dim(0, times),
        )
    }

    /// The targets with each tensor replaced by what a function makes of it: of values, classes, or the weights of
    /// a slice.
    pub(crate) fn map<V, C, W>(&self, values: &V, classes: &C, weights: &W) -> Self
    where
        V: Fn(Tensor<2>) -> Tensor<2>,
        C: Fn(Tensor<1, Int>) -> Tensor<1, Int>,
        W: Fn(Tensor<1>) -> Tensor<1>,
    {
        match self {
            Self::Values(tensor) => Self::Values(values(tensor.clone())),
            Self::Classes(tensor) => Self::Classes(classes(tensor.clone())),
            Self::Several(slices) => {
                let slices = slices.iter().map(|slice| TargetSlice {
                    outputs: slice.outputs,
                    targets: slice.targets.map(values, classes, weights),
                    weights: weights(slice.weights.clone()),
                });
                Self::Several(slices.collect())
            }
        }
    }
}
