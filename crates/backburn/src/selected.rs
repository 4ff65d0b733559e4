//! Settings that trials select, and their values.

use backburn_preprocessing::TargetTransform;
use serde::{Deserialize, Serialize};

/// A setting that trials select.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// How the target is transformed.
    TargetTransform,
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures,
}

/// A setting that trials selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    /// How the target is transformed.
    TargetTransform(TargetTransform),
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures(bool),
}
