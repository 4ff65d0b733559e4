//! The state of an optimizer, as a checkpoint keeps it.

use rand_xoshiro::Xoshiro256PlusPlus;

/// The state of an optimizer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OptimizerRecord {
    /// The state of a [`FusedOptimizer`](crate::FusedOptimizer).
    Fused {
        /// Updates so far.
        steps: i32,
        /// The momentum or the mean gradient of each parameter.
        first: Vec<f32>,
        /// The mean squared gradient of each parameter.
        second: Vec<f32>,
        /// The random number generators of dropout.
        dropout: Vec<Xoshiro256PlusPlus>,
    },
    /// Burn's record of its optimizer.
    Burn(Vec<u8>),
}
