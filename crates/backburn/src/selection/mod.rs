//! Settings that trial networks choose.

mod knn_features;
mod target_transform;
mod trials;

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::event::{Selected, Selection};
use crate::job::Job;
use crate::model_file::SavedModel;
use trials::Errors;

/// Fewer rows tell nothing.
const MIN_ROWS: usize = 100;

/// What is known of a setting before any trial.
pub(crate) enum Step {
    /// The setting.
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

/// The setting that the errors of the trials speak for; `errors[candidate][fold]`.
pub(crate) fn choose(selection: Selection, jobs: &[Job], errors: &[f64]) -> Selected {
    let errors = Errors::new(jobs, errors);
    match selection {
        Selection::TargetTransform => target_transform::choose(&errors),
        Selection::KnnFeatures => knn_features::choose(&errors),
    }
}

/// A config whose selections are those of a model: nothing is left to trials.
pub(crate) fn as_in(model: &SavedModel, mut config: Config) -> Config {
    if let Some(transform) = model.target.transform() {
        config.data.target_transform = transform;
    }
    // Features of more than two columns are those of all numeric columns.
    let mut features = model.encoder.knn_features.iter();
    let used = features.any(|feature| feature.columns.len() > 2);
    with_selected(config, Selected::KnnFeatures(used))
}

/// A config with the setting that was chosen.
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
