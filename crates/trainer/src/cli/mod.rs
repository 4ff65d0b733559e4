//! The command line: its arguments, and a file for each command.

pub mod args;
pub mod compare;
pub mod config;
mod dataset;
pub mod describe;
pub mod embed;
pub mod evaluate;
pub mod example;
pub mod explain;
pub mod export;
pub mod find_lr;
pub mod gradcheck;
pub mod import;
pub mod inspect;
mod model_args;
pub mod neighbors;
pub mod playground;
pub mod predict;
pub mod report;
pub mod resume;
mod saving;
#[cfg(feature = "serve")]
pub mod serve;
pub mod shell;
mod table_args;
pub mod train;
pub mod tune;
mod values;
