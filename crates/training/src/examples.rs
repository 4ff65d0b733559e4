//! The rows that a network learns from.

use std::ops::Range;

use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::TrainingError;

/// Rows with what is to be predicted of each.
#[derive(Debug, Clone)]
pub struct Examples {
    /// `[rows, inputs]`.
    pub inputs: Tensor<2>,
    /// What the network's outputs are compared with.
    pub targets: Targets,
    /// `[rows]`: how much each row counts in the loss, beside the others; all alike if absent.
    pub weights: Option<Tensor<1>>,
}

/// What is to be predicted.
#[derive(Debug, Clone)]
pub enum Targets {
    /// Numbers, `[rows, outputs]`.
    Values(Tensor<2>),
    /// Class indices, `[rows]`.
    Classes(Tensor<1, Int>),
}

impl Targets {
    /// The same `times` times, one after the other.
    pub(crate) fn repeated(&self, times: usize) -> Self {
        match self {
            _ if times == 1 => self.clone(),
            Self::Values(values) => Self::Values(values.clone().repeat_dim(0, times)),
            Self::Classes(classes) => Self::Classes(classes.clone().repeat_dim(0, times)),
        }
    }
}

impl Examples {
    /// Rows with numbers to predict: inputs `[rows, inputs]`, values `[rows, outputs]`.
    pub fn regression(inputs: Tensor<2>, values: Tensor<2>) -> Self {
        Self {
            inputs,
            targets: Targets::Values(values),
            weights: None,
        }
    }

    /// Rows with classes to predict: inputs `[rows, inputs]`, class indices `[rows]`.
    pub fn classification(inputs: Tensor<2>, classes: Tensor<1, Int>) -> Self {
        Self {
            inputs,
            targets: Targets::Classes(classes),
            weights: None,
        }
    }

    /// Sets how much each row counts in the loss, `[rows]`.
    pub fn with_weights(mut self, weights: Tensor<1>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.inputs.dims()[0]
    }

    /// The rows from `start` to `end`, exclusive.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let rows = start..end;
        Self {
            inputs: self.inputs.clone().slice_dim(0, rows.clone()),
            targets: match &self.targets {
                Targets::Values(values) => {
                    Targets::Values(values.clone().slice_dim(0, rows.clone()))
                }
                Targets::Classes(classes) => {
                    Targets::Classes(classes.clone().slice_dim(0, rows.clone()))
                }
            },
            weights: self.weights.as_ref().map(|w| w.clone().slice_dim(0, rows)),
        }
    }

    /// The rows with these indices, in this order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let indices: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let length = indices.len();
        let device = self.inputs.device();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(indices, [length]), &device);
        Self {
            inputs: self.inputs.clone().select(0, rows.clone()),
            targets: match &self.targets {
                Targets::Values(values) => Targets::Values(values.clone().select(0, rows.clone())),
                Targets::Classes(classes) => {
                    Targets::Classes(classes.clone().select(0, rows.clone()))
                }
            },
            weights: self.weights.as_ref().map(|w| w.clone().select(0, rows)),
        }
    }

    /// The same rows with every number in 64 bits, as for
    /// [`check_gradients`](crate::check_gradients).
    pub fn in_double(&self) -> Self {
        Self {
            inputs: self.inputs.clone().cast(FloatDType::F64),
            targets: match &self.targets {
                Targets::Values(values) => Targets::Values(values.clone().cast(FloatDType::F64)),
                Targets::Classes(classes) => Targets::Classes(classes.clone()),
            },
            weights: self
                .weights
                .as_ref()
                .map(|w| w.clone().cast(FloatDType::F64)),
        }
    }

    /// All rows in a random order.
    pub fn shuffled(&self, rng: &mut impl Rng) -> Self {
        let mut order: Vec<usize> = (0..self.rows()).collect();
        order.shuffle(rng);
        self.select(&order)
    }

    /// Batches of `size` rows, in order; the last one holds what is left. A single row left
    /// joins the batch before it, since one row has no variance to normalize by.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Self> {
        batches(self.rows(), size).map(|rows| self.slice(rows.start, rows.end))
    }

    /// Number of [`batches`](Self::batches).
    pub fn batch_count(&self, size: usize) -> usize {
        match size {
            0 | 1 => self.rows(),
            size => self.rows().saturating_sub(1).div_ceil(size).max(1),
        }
    }

    /// The same rows on a device, off autodiff, with the mean of the weights at 1, so that the mean
    /// loss of a batch does not depend on which rows are in it.
    ///
    /// # Errors
    ///
    /// Rows, targets and weights that are not as many, or weights that do not say how much rows
    /// count.
    pub(crate) fn for_training(&self, device: &Device) -> Result<Self, TrainingError> {
        let rows = self.rows();
        let targets = match &self.targets {
            Targets::Values(values) => values.dims()[0],
            Targets::Classes(classes) => classes.dims()[0],
        };
        let weights = self.weights.as_ref().map_or(rows, |w| w.dims()[0]);
        if (targets, weights) != (rows, rows) {
            return Err(TrainingError::Mismatch(format!(
                "there are {rows} rows, {targets} targets and {weights} weights"
            )));
        }
        let weights = match &self.weights {
            None => None,
            Some(weights) => {
                let weights = weights.clone().without_autodiff().to_device(device);
                let lowest: f64 = weights.clone().min().into_scalar();
                let mean: f64 = weights.clone().mean().into_scalar();
                if !(lowest >= 0.0 && mean > 0.0 && mean.is_finite()) {
                    let reason = "weights must be at least 0, and some of them above 0";
                    return Err(TrainingError::Mismatch(reason.to_string()));
                }
                Some(weights / mean)
            }
        };
        Ok(Self {
            inputs: self.inputs.clone().without_autodiff().to_device(device),
            targets: match &self.targets {
                Targets::Values(values) => {
                    Targets::Values(values.clone().without_autodiff().to_device(device))
                }
                Targets::Classes(classes) => {
                    Targets::Classes(classes.clone().without_autodiff().to_device(device))
                }
            },
            weights,
        })
    }
}

/// The rows of each of the [`batches`](Examples::batches).
pub(crate) fn batches(rows: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        (start < rows).then(|| {
            let end = match rows.saturating_sub(start) {
                left if left <= size.saturating_add(1) && size > 1 => rows,
                _ => start + size.max(1),
            };
            let batch = start..end;
            start = end;
            batch
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(rows: usize) -> Examples {
        let device = Device::default();
        let data: Vec<f32> = (0..rows).map(|row| row as f32).collect();
        let inputs = Tensor::from_data(TensorData::new(data, [rows, 1]), &device);
        Examples::regression(inputs.clone(), inputs)
    }

    #[test]
    fn batches_cover_every_row_once_and_leave_no_row_alone() {
        for (rows, size, expected) in [
            (6, 3, vec![3, 3]),
            (7, 3, vec![3, 4]),
            (8, 3, vec![3, 3, 2]),
            (1, 3, vec![1]),
            (2, 1, vec![1, 1]),
            (5, usize::MAX, vec![5]),
        ] {
            let sizes: Vec<usize> = numbered(rows).batches(size).map(|b| b.rows()).collect();
            assert_eq!(sizes, expected, "{rows} rows by {size}");
            assert_eq!(numbered(rows).batch_count(size), expected.len());
        }
    }

    #[test]
    fn shuffling_keeps_rows_and_targets_together() {
        use rand::SeedableRng;
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
        let shuffled = numbered(100).shuffled(&mut rng);
        let inputs = shuffled.inputs.into_data().try_to_vec::<f32>().unwrap();
        let Targets::Values(values) = shuffled.targets else {
            panic!("regression has values")
        };
        assert_eq!(inputs, values.into_data().try_to_vec::<f32>().unwrap());
        let mut sorted = inputs.clone();
        sorted.sort_by(f32::total_cmp);
        assert_ne!(sorted, inputs);
        assert_eq!(sorted, (0..100).map(|row| row as f32).collect::<Vec<_>>());
    }
}
