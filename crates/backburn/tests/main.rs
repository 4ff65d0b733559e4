//! The library through its public interface.
//! One program for all of them: each would link all of Burn again.

mod checkpoints;
mod continual;
mod conventions;
mod distributions;
mod embeddings;
mod fit;
mod honest_scores;
mod intervals;
mod jobs;
mod metrics;
mod splits;
mod stopping;
mod target_files;
mod targets;
mod tuning;
