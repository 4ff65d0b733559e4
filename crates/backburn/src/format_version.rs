//! The version of the format of a model file, and what each version says about the file.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model_file_error::ModelFileError;

/// The version of the file format that this program writes for one target, without a trend, whose prediction intervals do
/// not depend on the row.
pub const FORMAT_VERSION: u64 = 7;

/// The version of the files of several targets.
const SEVERAL_TARGETS: u64 = 8;

/// The version of the files, of one target or several, that have a scale of the errors of a target: their prediction
/// intervals depend on the row.
const ERROR_SCALE: u64 = 9;

/// The version of the files that have a trend of the target over time, with or without a scale of errors. It is the newest
/// version that this program reads.
const TREND: u64 = 10;

/// What decides the version of a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct VersionParts {
    /// Whether a target has a scale of errors.
    pub error_scale: bool,
    /// Whether the encoder has a trend.
    pub trend: bool,
    /// The number of targets after the first.
    pub further: usize,
}

impl VersionParts {
    /// The version of the files with these parts.
    pub fn version(self) -> u64 {
        match (self.trend, self.error_scale, self.further) {
            (true, _, _) => TREND,
            (false, true, _) => ERROR_SCALE,
            (false, false, 0) => FORMAT_VERSION,
            (false, false, _) => SEVERAL_TARGETS,
        }
    }
}

/// What of the metadata decides which versions a file can have.
#[derive(Deserialize)]
struct Version {
    format_version: u64,
    #[serde(default)]
    encoder: EncoderParts,
    #[serde(default)]
    target: TargetParts,
    /// The targets after the first.
    #[serde(default)]
    further: Vec<FurtherParts>,
}

#[derive(Deserialize, Default)]
struct EncoderParts {
    #[serde(default)]
    columns: Vec<ColumnParts>,
}

#[derive(Deserialize)]
struct ColumnParts {
    #[serde(default)]
    kind: String,
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
    fn parts(&self) -> VersionParts {
        let further = self.further.iter().map(|further| &further.target);
        let mut targets = [&self.target].into_iter().chain(further);
        let mut columns = self.encoder.columns.iter();
        VersionParts {
            error_scale: targets.any(|target| target.error_scale.is_some()),
            trend: columns.any(|column| column.kind == "trend"),
            further: self.further.len(),
        }
    }

    /// What the file has and its version does not have, or the other way round.
    fn contradiction(&self) -> Option<&'static str> {
        let parts = self.parts();
        // Files with a trend had the version of files without it at first.
        let without_trend = VersionParts {
            trend: false,
            ..parts
        };
        let version = self.format_version.max(FORMAT_VERSION);
        let expected = without_trend.version();
        match (version, expected) {
            (version, _) if version == parts.version() => None,
            (TREND, _) => Some("have a trend, and it has none"),
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
    if version > TREND {
        return Err(ModelFileError::Newer {
            name: name.to_string(),
            version,
            supported: TREND,
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
            r#"{"format_version": 10, "encoder": {"columns": [{"kind": "trend", "slope": 1}]}}"#,
            r#"{"format_version": 10, "encoder": {"columns": [{"kind": "trend"}]}, "target": {"error_scale": {}}}"#,
            // As files with a trend were written at first.
            r#"{"format_version": 7, "encoder": {"columns": [{"kind": "trend"}, {"kind": "numeric"}]}}"#,
            r#"{"format_version": 9, "encoder": {"columns": [{"kind": "trend"}]}, "target": {"error_scale": {}}}"#,
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
            (
                r#"{"format_version": 10, "encoder": {"columns": [{"kind": "numeric"}]}}"#,
                "files of format 10 have a trend, and it has none",
            ),
            (
                r#"{"format_version": 7, "encoder": {"columns": [{"kind": "trend"}]}, "target": {"error_scale": 1}}"#,
                "files of format 7 have no scale of errors, and it has one",
            ),
        ] {
            let expected = format!("m: this model is damaged: {reason}");
            assert_eq!(checked(metadata), Err(expected), "{metadata}");
        }
        assert_eq!(
            checked(r#"{"format_version": 11}"#).unwrap_err(),
            "m: this model has format 11, and this program reads up to 10: update it"
        );
        assert!(checked("{}").unwrap_err().contains("damaged"));
    }
}
