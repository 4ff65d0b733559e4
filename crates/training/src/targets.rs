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
}

impl Targets {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.dims()[0],
            Self::Classes(classes) => classes.dims()[0],
        }
    }

    /// The targets of a range of rows.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Values(values) => Self::Values(values.clone().slice_dim(0, rows)),
            Self::Classes(classes) => Self::Classes(classes.clone().slice_dim(0, rows)),
        }
    }

    /// The targets of the rows with these indices, `[selected]`.
    pub(crate) fn select(&self, rows: Tensor<1, Int>) -> Self {
        match self {
            Self::Values(values) => Self::Values(values.clone().select(0, rows)),
            Self::Classes(classes) => Self::Classes(classes.clone().select(0, rows)),
        }
    }

    /// All targets, `times` times in a row.
    pub(crate) fn repeat(&self, times: usize) -> Self {
        match self {
            _ if times == 1 => self.clone(),
            Self::Values(values) => Self::Values(values.clone().repeat_dim(0, times)),
            Self::Classes(classes) => Self::Classes(classes.clone().repeat_dim(0, times)),
        }
    }
}
