//! The arguments of a command that searches for settings.

use std::path::PathBuf;

use super::sampler::Sampler;
use super::space::SearchSpace;
use super::tuner::Tuner;
use crate::config::Config;
use crate::error::Error;
use crate::parse::outer_folds;

/// The arguments of a command that searches for settings, about the search.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Search")]
pub struct SearchArgs {
    /// The number of trials: each tries one combination of settings
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub trials: u16,
    /// The settings to search and their ranges, a TOML file [default: those in docs/tuning.md]
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,
    /// How the settings of the next trials are chosen: tpe (tree-structured Parzen estimator) or random
    #[arg(long, value_name = "NAME", default_value_t)]
    pub sampler: Sampler,
    /// The number of folds: all trials are scored on the first, and the better ones on the others too
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: u16,
    /// The number of outer folds, which score the search on rows that it does not use; it is repeated for each; 0 for
    /// none
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = outer_folds)]
    pub outer_folds: usize,
}

impl SearchArgs {
    /// A tuner with these arguments and the space that was read.
    pub fn tuner(&self, config: Config, space: SearchSpace) -> Tuner {
        Tuner {
            space,
            trials: self.trials.into(),
            folds: self.folds.into(),
            sampler: self.sampler,
            ..Tuner::new(config)
        }
    }

    /// The space to search.
    ///
    /// # Errors
    ///
    /// Those of [`SearchSpace::file`].
    pub fn search_space(&self) -> Result<SearchSpace, Error> {
        SearchSpace::of_option("--space", self.space.as_deref())
    }
}
