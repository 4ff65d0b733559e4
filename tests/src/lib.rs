//! Tests across the crates, through their public interfaces, in `tests/`.
