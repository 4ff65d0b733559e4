//! The versions of the format of model files.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model_file_error::ModelFileError;

/// The version of the file format that this program writes for one target.
pub const FORMAT_VERSION: u64 = 7;

/// The version of the files of several targets, the newest that this program reads.
pub(crate) const SEVERAL_TARGETS_VERSION: u64 = 8;

/// What of the metadata decides which versions a file can have.
#[derive(Deserialize)]
struct Version {
    format_version: u64,
    /// The targets after the first.
    #[serde(default)]
    further: Vec<IgnoredAny>,
}

/// Checks that this program reads a file with this metadata, and that the file has several targets if its version says
/// so, and one if not. `name` is what the message calls the file.
///
/// # Errors
///
/// A later version, or a version that the targets contradict.
pub(crate) fn check_version(name: &str, metadata: &str) -> Result<(), ModelFileError> {
    let damaged = |reason: String| ModelFileError::Damaged {
        name: name.to_string(),
        reason,
    };
    let Version {
        format_version: version,
        further,
    } = serde_json::from_str(metadata).map_err(|error| damaged(error.to_string()))?;
    if version > SEVERAL_TARGETS_VERSION {
        return Err(ModelFileError::Newer {
            name: name.to_string(),
            version,
            supported: SEVERAL_TARGETS_VERSION,
        });
    }
    match (version == SEVERAL_TARGETS_VERSION, further.is_empty()) {
        (true, true) => Err(damaged(format!(
            "files of format {version} have several targets, and it has one"
        ))),
        (false, false) => {
            let targets = further.len() + 1;
            Err(damaged(format!(
                "files of format {version} have one target, and it has {targets}"
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(metadata: &str) -> Result<(), String> {
        check_version("m", metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn a_version_says_how_many_targets_there_are() {
        for metadata in [
            r#"{"format_version": 1}"#,
            r#"{"format_version": 7, "members": 2}"#,
            r#"{"format_version": 7, "further": []}"#,
            r#"{"format_version": 8, "further": [{}]}"#,
        ] {
            assert_eq!(checked(metadata), Ok(()), "{metadata}");
        }
        for (metadata, reason) in [
            (
                r#"{"format_version": 7, "further": [{}, {}]}"#,
                "m: this model is damaged: files of format 7 have one target, and it has 3",
            ),
            (
                r#"{"format_version": 8}"#,
                "m: this model is damaged: files of format 8 have several targets, and it has one",
            ),
            (
                r#"{"format_version": 9, "further": [{}]}"#,
                "m: this model has format 9, and this program reads up to 8: update it",
            ),
            (
                r#"{"format_version": 9}"#,
                "m: this model has format 9, and this program reads up to 8: update it",
            ),
        ] {
            assert_eq!(checked(metadata), Err(reason.to_string()), "{metadata}");
        }
        assert!(checked("{}").unwrap_err().contains("damaged"));
    }
}
