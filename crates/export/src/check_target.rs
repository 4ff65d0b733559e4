//! Targets that cannot be exported.

use backburn::Target;

use crate::error::{ExportError, check_decision};

/// Checks that the outputs of the networks stand for what a file can compute, and that the most likely class is
/// predicted.
///
/// # Errors
///
/// The model predicts quantiles, has a log link, or decides about classes by a threshold or by costs.
pub(crate) fn check_target(target: &Target) -> Result<(), ExportError> {
    match target.distribution() {
        None => check_decision(target),
        Some(distribution) => Err(ExportError::Unsupported {
            part: format!("a model with training.loss={}", distribution.name()),
            advice: "training.loss=auto",
        }),
    }
}
