//! The core of the playground, run natively.
//! One program for all of them: each would link all of Burn again.

mod gradients;
mod tables;
mod training;
