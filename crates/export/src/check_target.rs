//! Targets that cannot be exported.

use backburn::{SavedModel, Target};

use crate::error::{ExportError, check_decision};

/// Checks that the outputs of the networks stand for what a file can compute, and that the most likely class is
/// predicted.
///
/// # Errors
///
/// The model has a trend, predicts quantiles, has a log link, or decides about classes by a threshold or by costs.
pub(crate) fn check_target(model: &SavedModel) -> Result<(), ExportError> {
    if let Some(time) = model.encoder.trend() {
        return Err(ExportError::Unsupported {
            part: format!("the trend of the target over `{time}`"),
            advice: "data.trend=false",
        });
    }
    check_outputs(&model.target)
}

fn check_outputs(target: &Target) -> Result<(), ExportError> {
    match target.distribution() {
        None => check_decision(target),
        Some(distribution) => Err(ExportError::Unsupported {
            part: format!("a model with training.loss={}", distribution.name()),
            advice: "training.loss=auto",
        }),
    }
}
