//! What is known about a run beside its history.

use backburn_model::MlpConfig;

use crate::config::TrainingConfig;

/// What is known about a run beside its history. All fields are optional.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiagnosisContext<'a> {
    /// The settings of the network, if it is a plain one. Remedies then leave out what is set already.
    pub network: Option<&'a MlpConfig>,
    /// The settings of training, for the same purpose.
    pub training: Option<&'a TrainingConfig>,
    /// The mean loss on the training rows of a prediction by the nearest other rows. It is needed to
    /// find underfitting.
    pub nearest_rows_loss: Option<f64>,
}
