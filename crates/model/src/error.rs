//! The error of an invalid network config, and the checks that several configs share.

use thiserror::Error;

/// A setting of a network has a value that is not valid.
///
/// ```
/// use backburn_model::MlpConfig;
///
/// let error = MlpConfig::new(3, 1).with_dropout(1.5).validate().unwrap_err();
/// assert_eq!(error.field, "dropout");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("network.{field}: {reason}")]
pub struct ConfigError {
    /// The name of the field in the config, for example `dropout`.
    pub field: &'static str,
    /// What is wrong with its value, and which values are valid.
    pub reason: String,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self {
            field,
            reason: reason.into(),
        }
    }
}

/// Refuses a network without outputs.
pub(crate) fn check_outputs(outputs: usize) -> Result<(), ConfigError> {
    match outputs {
        0 => Err(ConfigError::new(
            "outputs",
            "there is no output: give at least 1",
        )),
        _ => Ok(()),
    }
}

/// Refuses a hidden layer without units.
pub(crate) fn check_hidden(hidden: &[usize]) -> Result<(), ConfigError> {
    match hidden.iter().position(|&units| units == 0) {
        Some(layer) => {
            let reason = format!("layer {} has no units: give at least 1", layer + 1);
            Err(ConfigError::new("hidden", reason))
        }
        None => Ok(()),
    }
}

/// Refuses a dropout probability outside `[0, 1)`.
pub(crate) fn check_dropout(dropout: f64) -> Result<(), ConfigError> {
    match (0.0..1.0).contains(&dropout) {
        true => Ok(()),
        false => {
            let reason = format!("must be at least 0 and below 1, and is {dropout}");
            Err(ConfigError::new("dropout", reason))
        }
    }
}
