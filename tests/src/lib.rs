//! Tests across the crates, through their public interfaces, and the README's own lines.

/// Compiled and run by `cargo test --doc`.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
