//! Targets that cannot be exported.

use backburn::Target;

use crate::error::ExportError;

/// Checks that the outputs of the networks stand for what a file can compute.
///
/// # Errors
///
/// The model predicts quantiles, or has a log link.
pub(crate) fn check_target(target: &Target) -> Result<(), ExportError> {
    match target.distribution() {
        None => Ok(()),
        Some(distribution) => Err(ExportError::Unsupported {
            part: format!("a model with training.loss={}", distribution.name()),
            advice: "training.loss=auto",
        }),
    }
}
