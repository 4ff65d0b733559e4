//! The settings of an update.

use backburn_preprocessing::{Distribution, Target};
use backburn_training::Loss;

use crate::config::Config;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::settings::Settings;

/// The settings that a model was trained with, and changes on top. The loss is one that its outputs are made for.
///
/// # Errors
///
/// A setting that is not valid.
pub(crate) fn update_config(model: &SavedModel, changes: &Settings) -> Result<Config, Error> {
    let mut config = changes.clone().over_toml(&model.summary.settings)?;
    let distribution = model.target.distribution();
    config.training.loss = match (&model.target, distribution) {
        (_, Some(Distribution::Quantiles { .. })) => Loss::Quantile,
        (_, Some(Distribution::Poisson { .. })) => Loss::Poisson,
        (_, Some(Distribution::Gamma { .. })) => Loss::Gamma,
        (Target::Classification { .. }, _) if model.config.outputs == 1 => Loss::BinaryCrossEntropy,
        (Target::Classification { .. }, _) => Loss::CrossEntropy,
        (Target::Regression { .. }, _) => match config.training.loss {
            loss @ (Loss::MeanAbsoluteError | Loss::Huber) => loss,
            _ => Loss::MeanSquaredError,
        },
    };
    if let Some(levels) = distribution.and_then(Distribution::levels) {
        config.training.quantiles = levels.to_vec();
    }
    Ok(config)
}
