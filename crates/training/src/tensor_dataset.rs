//! The rows of a dataset as tensors.

use std::ops::Range;

use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::error::TrainingError;
use crate::targets::{TargetSlice, Targets};

/// Rows, their targets and their weights.
///
/// ```
/// use backburn_training::TensorDataset;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let inputs = Tensor::<2>::from_floats([[1., 2.], [3., 4.], [5., 6.]], &device);
/// let values = Tensor::<2>::from_floats([[1.], [2.], [3.]], &device);
/// let rows = TensorDataset::regression(inputs, values);
/// assert_eq!(rows.rows(), 3);
/// assert_eq!(rows.slice(1, 3).inputs.dims(), [2, 2]);
/// ```
#[derive(Debug, Clone)]
pub struct TensorDataset {
    /// `[rows, inputs]`.
    pub inputs: Tensor<2>,
    /// What the network learns to predict.
    pub targets: Targets,
    /// The weight of each row in the loss, `[rows]`. Without weights all rows count the same.
    pub weights: Option<Tensor<1>>,
}

impl TensorDataset {
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

    /// Rows with several targets to predict: inputs `[rows, inputs]`, and each target with its slice of the outputs.
    pub fn several(inputs: Tensor<2>, slices: Vec<TargetSlice>) -> Self {
        Self {
            inputs,
            targets: Targets::Several(slices),
            weights: None,
        }
    }

    /// Sets the weight of each row in the loss, `[rows]`.
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
            targets: self.targets.slice(rows.clone()),
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
            targets: self.targets.select(rows.clone()),
            weights: self.weights.as_ref().map(|w| w.clone().select(0, rows)),
        }
    }

    /// The same rows in double precision, for [`check_gradients`](crate::check_gradients).
    pub fn in_double(&self) -> Self {
        Self {
            inputs: self.inputs.clone().cast(FloatDType::F64),
            targets: self.targets.map(
                &|values| values.cast(FloatDType::F64),
                &|classes| classes,
                &|weights| weights.cast(FloatDType::F64),
            ),
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

    /// Batches of `size` rows, in order. The last batch has the remaining rows. A single remaining
    /// row joins the batch before it, since batch normalization needs at least two rows.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Self> {
        (0..)
            .map_while(move |index| batch(self.rows(), size, index))
            .map(|rows| self.slice(rows.start, rows.end))
    }

    /// Number of [`batches`](Self::batches).
    pub fn batch_count(&self, size: usize) -> usize {
        batch_count(self.rows(), size)
    }

    /// The same rows on a device, without autodiff. Weights are divided by their mean, so that the scale
    /// of the loss does not depend on the scale of the weights.
    ///
    /// # Errors
    ///
    /// Different numbers of rows, targets and weights; a negative weight; or a mean of the weights
    /// that is not a positive number.
    pub(crate) fn for_training(&self, device: &Device) -> Result<Self, TrainingError> {
        let rows = self.rows();
        check_slices(&self.targets, rows)?;
        let targets = self.targets.rows();
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
            targets: self.targets.map(
                &|values| values.without_autodiff().to_device(device),
                &|classes| classes.without_autodiff().to_device(device),
                &|weights| weights.without_autodiff().to_device(device),
            ),
            weights,
        })
    }
}

/// Checks that each of several targets has a value and a weight of at least 0 for each row.
fn check_slices(targets: &Targets, rows: usize) -> Result<(), TrainingError> {
    let Targets::Several(slices) = targets else {
        return Ok(());
    };
    if slices.is_empty() {
        let reason = "there is no target to predict";
        return Err(TrainingError::Mismatch(reason.to_string()));
    }
    for slice in slices {
        let (targets, weights) = (slice.targets.rows(), slice.weights.dims()[0]);
        if (targets, weights) != (rows, rows) {
            return Err(TrainingError::Mismatch(format!(
                "there are {rows} rows, and a slice of the outputs has {targets} targets and {weights} weights"
            )));
        }
        let lowest: f64 = slice.weights.clone().min().into_scalar();
        if lowest < 0.0 {
            let reason = "the weights of a slice of the outputs must be at least 0";
            return Err(TrainingError::Mismatch(reason.to_string()));
        }
    }
    Ok(())
}

/// The number of batches of `size` rows. A single remaining row joins the batch before it.
fn batch_count(rows: usize, size: usize) -> usize {
    match size {
        0 | 1 => rows,
        size => rows.saturating_sub(1).div_ceil(size).max(1),
    }
}

/// The rows of the batch with this index, counted from 0, of a dataset with `rows` rows; `None` after
/// the last batch.
pub(crate) fn batch(rows: usize, size: usize, index: usize) -> Option<Range<usize>> {
    let size = size.max(1);
    let count = batch_count(rows, size);
    if rows == 0 || index >= count {
        return None;
    }
    let start = index * size;
    let end = match index + 1 == count {
        true => rows,
        false => start + size,
    };
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(rows: usize) -> TensorDataset {
        let device = Device::default();
        let data: Vec<f32> = (0..rows).map(|row| row as f32).collect();
        let inputs = Tensor::from_data(TensorData::new(data, [rows, 1]), &device);
        TensorDataset::regression(inputs.clone(), inputs)
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
