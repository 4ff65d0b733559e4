//! The commands, run as a user runs them.
//! One program for all of them: each would link all of Burn again.

mod bad_input;
mod checkpoints;
mod commands;
mod common;
mod continual;
mod dashboard;
mod describe;
mod embed;
mod ensembles;
mod export;
mod faults;
mod findings;
mod hostile_files;
mod hostile_models;
mod library;
mod memory;
mod metrics;
mod notes;
mod outputs;
mod playground;
mod predictions;
mod random_tables;
mod report;
mod same_again;
mod scoring;
#[cfg(feature = "serve")]
mod serve;
mod shipping;
mod splits;
mod targets;
mod tune;
mod understanding;
mod unreadable_tables;
