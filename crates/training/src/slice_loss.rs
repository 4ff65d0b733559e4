//! The loss of several targets: the sum of their losses, each for a slice of the outputs.

use burn::tensor::Tensor;

use crate::loss::{Criterion, Loss, scalar};
use crate::targets::{TargetSlice, Targets};

impl Loss {
    /// The loss of one of several targets: this one if it is for such targets, or else their default.
    pub(crate) fn for_slice(self, has_classes: bool) -> Self {
        let is_for_classes = matches!(self, Self::CrossEntropy | Self::BinaryCrossEntropy);
        match (has_classes, is_for_classes) {
            (true, false) => Self::CrossEntropy,
            (false, true) => Self::MeanSquaredError,
            (false, false) if self == Self::Auto => Self::MeanSquaredError,
            _ => self,
        }
    }
}

impl Criterion {
    /// This criterion with the loss of one of several targets.
    pub(crate) fn for_slice(&self, has_classes: bool) -> Self {
        Self {
            loss: self.loss.for_slice(has_classes),
            ..self.clone()
        }
    }

    /// The sum of the mean losses of several targets.
    pub(crate) fn sum_of_slices(
        &self,
        outputs: Tensor<2>,
        slices: &[TargetSlice],
        weights: Option<&Tensor<1>>,
    ) -> Tensor<1> {
        let mut start = 0;
        let losses = slices.iter().map(|slice| {
            let columns = start..start + slice.outputs;
            start = columns.end;
            let of_slice = weights_of(slice, weights);
            let outputs = outputs.clone().slice_dim(1, columns);
            let criterion = self.for_slice(has_classes(slice));
            criterion.forward(outputs, &slice.targets, Some(&of_slice))
        });
        let sum = losses.reduce(|sum, loss| sum + loss);
        sum.unwrap_or_else(|| outputs.sum() * 0.0)
    }

    /// The sum of the losses of a constant prediction for each of several targets.
    pub(crate) fn constant_of_slices(
        &self,
        slices: &[TargetSlice],
        weights: Option<&Tensor<1>>,
    ) -> f64 {
        let losses = slices.iter().map(|slice| {
            let of_slice = weights_of(slice, weights);
            let mean = scalar(of_slice.clone().mean());
            let criterion = self.for_slice(has_classes(slice));
            match mean > 0.0 {
                true => mean * criterion.constant(&slice.targets, Some(&(of_slice / mean))),
                false => 0.0,
            }
        });
        losses.sum()
    }

    /// Checks that each of several targets fits its slice of the outputs, and that the slices are all outputs.
    pub(crate) fn check_slices(
        &self,
        outputs: usize,
        slices: &[TargetSlice],
    ) -> Result<(), String> {
        let wanted: usize = slices.iter().map(|slice| slice.outputs).sum();
        if wanted != outputs {
            return Err(format!(
                "the targets take {wanted} outputs, and the network has {outputs}"
            ));
        }
        slices.iter().try_for_each(|slice| {
            let criterion = self.for_slice(has_classes(slice));
            criterion.check(slice.outputs, &slice.targets)
        })
    }
}

/// The weights of a slice in rows that have weights themselves.
fn weights_of(slice: &TargetSlice, weights: Option<&Tensor<1>>) -> Tensor<1> {
    match weights {
        None => slice.weights.clone(),
        Some(weights) => slice.weights.clone() * weights.clone(),
    }
}

fn has_classes(slice: &TargetSlice) -> bool {
    matches!(slice.targets, Targets::Classes(_))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int};

    use super::*;

    fn criterion(loss: Loss) -> Criterion {
        Criterion {
            loss,
            huber_delta: 1.0,
            label_smoothing: 0.0,
            quantiles: Vec::new(),
        }
    }

    /// A number that the last row lacks, and a class.
    fn slices(device: &Device) -> Vec<TargetSlice> {
        let classes = Tensor::<1, Int>::from_data([1, 0, 1], device);
        vec![
            TargetSlice {
                outputs: 1,
                targets: Targets::Values(Tensor::from_floats([[1.0], [3.0], [0.0]], device)),
                weights: Tensor::from_floats([1.5, 1.5, 0.0], device),
            },
            TargetSlice {
                outputs: 2,
                targets: Targets::Classes(classes),
                weights: Tensor::from_floats([2.0, 2.0, 2.0], device),
            },
        ]
    }

    #[test]
    fn the_loss_is_the_weighted_sum_of_the_losses() {
        let device = Device::default();
        let outputs = [[0.5, 0.5, -1.0], [1.0, 2.0, 0.1], [9.0, -0.3, 0.8]];
        let outputs = Tensor::<2>::from_floats(outputs, &device);
        let targets = Targets::Several(slices(&device));
        let loss = scalar(criterion(Loss::Auto).forward(outputs.clone(), &targets, None));
        // The mean of the two rows that have the number.
        let of_number = (0.25 + 4.0) / 2.0;
        let classes = Targets::Classes(Tensor::from_data([1, 0, 1], &device));
        let logits = outputs.slice_dim(1, 1..3);
        let of_class = scalar(criterion(Loss::CrossEntropy).forward(logits, &classes, None));
        let difference = (loss - of_number - 2.0 * of_class).abs();
        assert!(difference < 1e-6 * loss.abs().max(1.0), "{loss}");
    }

    #[test]
    fn a_constant_is_the_mean_of_the_rows_that_have_the_target() {
        let device = Device::default();
        let slices = slices(&device);
        let number = Targets::Several(slices[..1].to_vec());
        let loss = criterion(Loss::Auto).constant(&number, None);
        // The mean is 2.
        assert!((loss - 1.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn a_loss_of_the_other_kind_gives_way_to_the_default() {
        assert_eq!(Loss::Huber.for_slice(false), Loss::Huber);
        assert_eq!(Loss::Huber.for_slice(true), Loss::CrossEntropy);
        assert_eq!(Loss::CrossEntropy.for_slice(false), Loss::MeanSquaredError);
        assert_eq!(Loss::Auto.for_slice(true), Loss::CrossEntropy);
    }

    #[test]
    fn slices_have_to_be_all_outputs() {
        let device = Device::default();
        let targets = Targets::Several(slices(&device));
        assert_eq!(criterion(Loss::Auto).check(3, &targets), Ok(()));
        let error = criterion(Loss::Auto).check(4, &targets).unwrap_err();
        assert_eq!(error, "the targets take 3 outputs, and the network has 4");
    }
}
