//! Tests across the crates, through their public interfaces.
//! One program for all of them: each would link all of Burn again.

mod attribution;
mod chain_rule;
mod checkpoint;
mod diagnosis;
mod ensembles;
mod explain;
mod folds;
mod fused;
mod fuzzing;
mod golden;
mod gradients;
mod history;
mod imports;
mod imputer;
mod knn_features;
mod model_file;
mod published;
mod pytorch;
mod range_test;
mod rows;
mod scoring;
mod soak;
mod training;
