//! The commands, one a file.

pub mod compare;
pub mod config;
pub mod evaluate;
pub mod example;
pub mod explain;
pub mod find_lr;
pub mod gradcheck;
pub mod inspect;
pub mod predict;
pub mod train;
