//! The search for the best settings: a space, trials, a sampler, successive halving, and the score of it all.

mod halving;
mod importance;
mod nested;
mod range;
mod sampler;
#[cfg(feature = "clap")]
mod search_args;
mod space;
mod study;
mod study_file;
mod tpe;
mod trial;
mod tuned;
mod tuner;

pub use importance::SettingImportance;
pub use nested::NestedScores;
pub use range::SettingRange;
pub use sampler::Sampler;
#[cfg(feature = "clap")]
pub use search_args::SearchArgs;
pub use space::SearchSpace;
pub use study::Study;
pub use study_file::StudyFile;
pub use trial::{Trial, TrialReport};
pub use tuned::{Tuned, TuningFiles};
pub use tuner::Tuner;
