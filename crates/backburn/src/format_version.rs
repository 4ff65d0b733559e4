//! The version of the format of a model file, and what each version says about the file.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model_file_error::ModelFileError;

/// The version of the file format that this program writes for one target whose prediction intervals do not depend on
/// the row.
pub const FORMAT_VERSION: u64 = 7;

/// The version of the files of several targets.
const SEVERAL_TARGETS: u64 = 8;

/// The version of the files, of one target or several, that have a scale of the errors of a target: their prediction
/// intervals depend on the row. It is the newest version that this program reads.
const ERROR_SCALE: u64 = 9;

/// The version of the files with or without a scale of errors, and with so many targets after the first.
pub(crate) fn format_version(has_error_scale: bool, further: usize) -> u64 {
    match (has_error_scale, further) {
        (true, _) => ERROR_SCALE,
        (false, 0) => FORMAT_VERSION,
        (false, _) => SEVERAL_TARGETS,
    }
}

/// What of the metadata decides which versions a file can have.
#[derive(Deserialize)]
struct Version {
    format_version: u64,
    #[serde(default)]
    target: TargetParts,
    /// The targets after the first.
    #[serde(default)]
    further: Vec<FurtherParts>,
}

#[derive(Deserialize, Default)]
struct TargetParts {
    error_scale: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct FurtherParts {
    #[serde(default)]
    target: TargetParts,
}

impl Version {
    fn has_error_scale(&self) -> bool {
        let further = self.further.iter().map(|further| &further.target);
        let mut targets = [&self.target].into_iter().chain(further);
        targets.any(|target| target.error_scale.is_some())
    }

    /// What the file has and its version does not have, or the other way round.
    fn contradiction(&self) -> Option<&'static str> {
        let expected = format_version(self.has_error_scale(), self.further.len());
        match (self.format_version.max(FORMAT_VERSION), expected) {
            (version, expected) if version == expected => None,
            (ERROR_SCALE, _) => Some("have a scale of errors, and it has none"),
            (_, ERROR_SCALE) => Some("have no scale of errors, and it has one"),
            (SEVERAL_TARGETS, _) => Some("have several targets, and it has one"),
            _ => Some("have one target, and it has several"),
        }
    }
}

/// Checks that this program reads a file with this metadata, and that the file has what its version says. `name` is what
/// the message calls the file.
///
/// # Errors
///
/// A later version, or a version that the content contradicts.
pub(crate) fn check_version(name: &str, metadata: &str) -> Result<(), ModelFileError> {
    let damaged = |reason: String| ModelFileError::Damaged {
        name: name.to_string(),
        reason,
    };
    let found: Version =
        serde_json::from_str(metadata).map_err(|error| damaged(error.to_string()))?;
    let version = found.format_version;
    if version > ERROR_SCALE {
        return Err(ModelFileError::Newer {
            name: name.to_string(),
            version,
            supported: ERROR_SCALE,
        });
    }
    match found.contradiction() {
        None => Ok(()),
        Some(reason) => Err(damaged(format!("files of format {version} {reason}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(metadata: &str) -> Result<(), String> {
        check_version("m", metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn a_version_says_what_a_file_has() {
        for metadata in [
            r#"{"format_version": 1}"#,
            r#"{"format_version": 7, "members": 2}"#,
            r#"{"format_version": 7, "target": {"task": "regression"}, "further": []}"#,
            r#"{"format_version": 8, "target": {}, "further": [{"target": {}}]}"#,
            r#"{"format_version": 9, "target": {"error_scale": {"knots": []}}}"#,
            r#"{"format_version": 9, "further": [{"target": {"error_scale": {}}}]}"#,
        ] {
            assert_eq!(checked(metadata), Ok(()), "{metadata}");
        }
        for (metadata, reason) in [
            (
                r#"{"format_version": 7, "further": [{}, {}]}"#,
                "files of format 7 have one target, and it has several",
            ),
            (
                r#"{"format_version": 3, "further": [{}]}"#,
                "files of format 3 have one target, and it has several",
            ),
            (
                r#"{"format_version": 8}"#,
                "files of format 8 have several targets, and it has one",
            ),
            (
                r#"{"format_version": 7, "target": {"error_scale": {}}}"#,
                "files of format 7 have no scale of errors, and it has one",
            ),
            (
                r#"{"format_version": 9, "further": [{}]}"#,
                "files of format 9 have a scale of errors, and it has none",
            ),
        ] {
            let expected = format!("m: this model is damaged: {reason}");
            assert_eq!(checked(metadata), Err(expected), "{metadata}");
        }
        assert_eq!(
            checked(r#"{"format_version": 10}"#).unwrap_err(),
            "m: this model has format 10, and this program reads up to 9: update it"
        );
        assert!(checked("{}").unwrap_err().contains("damaged"));
    }
}
