//! The commands, one a file.

pub mod config;
pub mod evaluate;
pub mod example;
pub mod inspect;
pub mod predict;
pub mod train;
