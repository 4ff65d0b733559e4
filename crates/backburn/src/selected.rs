//! Settings that trials select, and their values.

use std::fmt;

use backburn_preprocessing::TargetTransform;
use serde::{Deserialize, Serialize};

/// A setting that trials select. As text, it is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// How the target is transformed.
    TargetTransform,
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures,
}

/// A setting that trials selected. As text, it is the name and the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selected {
    /// How the target is transformed.
    TargetTransform(TargetTransform),
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures(bool),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TargetTransform => "target transform",
            Self::KnnFeatures => "k-NN features",
        })
    }
}

impl fmt::Display for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, which) = match self {
            Self::TargetTransform(TargetTransform::Log) => (Selection::TargetTransform, "log"),
            Self::TargetTransform(_) => (Selection::TargetTransform, "standard"),
            Self::KnnFeatures(true) => (Selection::KnnFeatures, "used"),
            Self::KnnFeatures(false) => (Selection::KnnFeatures, "not used"),
        };
        write!(f, "{what}: {which}, by cross-validation of small networks")
    }
}
