//! The versions of the format of model files.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The version of the file format that this program writes for one target whose prediction intervals do not depend on
/// the row, and the newest of such files that it reads.
pub const FORMAT_VERSION: u64 = 7;

/// The version of the files of several targets, which are told from others by their further targets.
const SEVERAL_TARGETS: u64 = 8;

/// The version of the files whose prediction intervals depend on the row: they are told from others by the scale of the
/// errors of a target. A program that does not know it would give intervals of wrong widths.
const ERROR_SCALE: u64 = 9;

/// The version of the files with or without a scale of errors, and with so many further targets.
pub(crate) fn format_version(has_error_scale: bool, further: usize) -> u64 {
    match (has_error_scale, further) {
        (true, _) => ERROR_SCALE,
        (false, 0) => FORMAT_VERSION,
        (false, _) => SEVERAL_TARGETS,
    }
}

/// The version of a file, with what it depends on.
#[derive(Deserialize)]
pub(crate) struct Version {
    pub format_version: u64,
    #[serde(default)]
    target: TargetParts,
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
    /// The newest version of files with these parts that this program reads.
    pub fn supported(&self) -> u64 {
        let further = self.further.iter().map(|further| &further.target);
        let mut targets = [&self.target].into_iter().chain(further);
        let has_error_scale = targets.any(|target| target.error_scale.is_some());
        format_version(has_error_scale, self.further.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_depends_on_the_parts_of_the_file() {
        let supported = |json: &str| serde_json::from_str::<Version>(json).unwrap().supported();
        assert_eq!(supported(r#"{"format_version": 3}"#), 7);
        let one = r#"{"format_version": 7, "target": {"task": "regression"}}"#;
        assert_eq!(supported(one), 7);
        let several = r#"{"format_version": 8, "target": {}, "further": [{"target": {}}]}"#;
        assert_eq!(supported(several), 8);
        let scaled = r#"{"format_version": 9, "target": {"error_scale": {"knots": []}}}"#;
        assert_eq!(supported(scaled), 9);
        let second = r#"{"format_version": 9, "target": {},
            "further": [{"target": {"error_scale": {}}}]}"#;
        assert_eq!(supported(second), 9);
        assert_eq!(format_version(false, 0), FORMAT_VERSION);
    }
}
