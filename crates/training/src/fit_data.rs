//! The rows of a training run.

use burn::tensor::Device;

use crate::{TensorDataset, TrainingError};

/// The rows of a training run, checked and moved to the device that it runs on.
pub(crate) struct FitData {
    /// That device, without autodiff.
    pub device: Device,
    /// At least one row.
    pub training: TensorDataset,
    /// `None`, or at least one row.
    pub validation: Option<TensorDataset>,
}

impl FitData {
    /// # Errors
    ///
    /// No training row, or rows, targets and weights of different lengths.
    pub fn new(
        training: &TensorDataset,
        validation: Option<&TensorDataset>,
    ) -> Result<Self, TrainingError> {
        if training.rows() == 0 {
            return Err(TrainingError::NoRows);
        }
        let device = training.inputs.device().without_autodiff();
        Ok(Self {
            training: training.for_training(&device)?,
            validation: validation
                .filter(|rows| rows.rows() > 0)
                .map(|rows| rows.for_training(&device))
                .transpose()?,
            device,
        })
    }

    /// The rows whose loss selects the best epoch: the validation rows, or the training rows if
    /// there are none.
    pub fn selection_rows(&self) -> &TensorDataset {
        self.validation.as_ref().unwrap_or(&self.training)
    }
}
