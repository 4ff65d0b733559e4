//! The error of an export or an import.

use std::io;
use std::path::PathBuf;

use backburn::text::path_name;
use backburn::{ModelFileError, Target};
use thiserror::Error;

/// A model that cannot be exported, or a file that cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A part of the model has no counterpart in the format.
    #[error("{part} cannot be exported: train with {advice}")]
    Unsupported {
        /// The part.
        part: String,
        /// The setting that avoids it.
        advice: &'static str,
    },
    /// The file would be too large for the format.
    #[error(
        "the ONNX file would have {bytes} bytes, and Protobuf allows 2 GiB: train smaller layers \
         (network.hidden) or fewer networks (ensemble.members)"
    )]
    TooLarge {
        /// The size of the file.
        bytes: usize,
    },
    /// The intervals that were asked for do not exist.
    #[error("{0}")]
    Interval(String),
    /// The file to write is a Backburn model.
    #[error(
        "{}: this is a Backburn model, so it is not overwritten: choose another file with --out",
        path_name(path)
    )]
    ModelInTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The file to import holds no network that can be read.
    #[error("{name}: {reason}")]
    Import {
        /// The file.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The imported model is not valid.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A file cannot be read or written.
    #[error("{}: {error}", path_name(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}

/// Checks that the most likely class is what a model predicts: the exported formats have no other decision.
///
/// # Errors
///
/// The model decides by a threshold or by costs.
pub(crate) fn check_decision(target: &Target) -> Result<(), ExportError> {
    let part = match target.decision() {
        Some(decision) if decision.threshold.is_some() => "the decision threshold of the model",
        Some(decision) if decision.decides() => "the cost matrix that decides about classes",
        _ => return Ok(()),
    };
    Err(ExportError::Unsupported {
        part: part.to_string(),
        advice: "a metric that does not depend on the class, such as --metric auc, and without costs; then apply the \
                 threshold to the exported probabilities",
    })
}

#[cfg(test)]
mod tests {
    use backburn::Decision;

    use super::*;

    #[test]
    fn another_decision_than_the_most_likely_class_is_refused() {
        let with = |decision| {
            check_decision(&Target::Classification {
                column: "y".to_string(),
                classes: vec!["no".to_string(), "yes".to_string()],
                temperature: 1.0,
                decision,
            })
        };
        let positive = Decision {
            positive: Some(1),
            ..Decision::default()
        };
        assert!(with(None).is_ok() && with(Some(positive.clone())).is_ok());
        let threshold = Decision {
            threshold: Some(0.3),
            ..positive
        };
        let error = with(Some(threshold)).unwrap_err().to_string();
        assert!(
            error.starts_with("the decision threshold of the model cannot be exported"),
            "{error}"
        );
        let costs = Decision {
            costs: vec![vec![0.0, 1.0], vec![5.0, 0.0]],
            ..Decision::default()
        };
        assert!(with(Some(costs)).is_err());
    }
}
