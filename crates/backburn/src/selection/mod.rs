//! Selection of settings by trial networks.

mod knn_features;
mod target_transform;
mod trials;

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::event::{Selected, Selection};
use crate::job::Job;
use trials::Errors;

/// The smallest number of rows for trials.
const MIN_ROWS: usize = 100;

/// The first step of selecting a setting.
pub(crate) enum Step {
    /// The value is known without trials.
    Known(Selected),
    /// Trials are needed.
    Trials(Vec<Job>),
}

/// The trials that a setting needs, on these rows of a dataset.
pub(crate) fn step(
    selection: Selection,
    run: &str,
    data: &Dataset,
    rows: &[usize],
    config: &Config,
) -> Result<Step, Error> {
    match selection {
        Selection::TargetTransform => target_transform::step(run, data, rows, config),
        Selection::KnnFeatures => knn_features::step(run, data, rows, config),
    }
}

/// The setting with the better errors. `errors` has an error for each of `jobs`.
pub(crate) fn choose(selection: Selection, jobs: &[Job], errors: &[f64]) -> Selected {
    let errors = Errors::new(jobs, errors);
    match selection {
        Selection::TargetTransform => target_transform::choose(&errors),
        Selection::KnnFeatures => knn_features::choose(&errors),
    }
}

/// A config with the selected setting.
pub(crate) fn with_selected(mut config: Config, selected: Selected) -> Config {
    match selected {
        Selected::TargetTransform(transform) => config.data.target_transform = transform,
        Selected::KnnFeatures(used) => {
            config.data.knn_features = match used {
                true => KnnFeatures::Always,
                false => KnnFeatures::Never,
            };
        }
    }
    config
}
