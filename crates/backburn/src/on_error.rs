//! What happens with a row that cannot be used, as an argument.

/// What to do with a bad row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OnError {
    /// Stop at the first such row
    #[default]
    Stop,
    /// Skip it with a message
    Skip,
}
