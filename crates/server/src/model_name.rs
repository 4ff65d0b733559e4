//! The name and the version of a model.

/// The name and the version of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelName {
    pub name: String,
    /// How many models have been served by this name.
    pub version: u64,
}
