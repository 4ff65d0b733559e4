//! The settings that a saved model was trained with.

use backburn::{Preset, SavedModel, Settings, TrainingConfig};
use backburn_training::{Criterion, Loss};

/// The settings of the training of a model, or the defaults where its file has none of this version.
pub(crate) fn training_settings(model: &SavedModel) -> TrainingConfig {
    let settings = Settings::new().toml(&model.summary.settings);
    let config = settings.and_then(|settings| settings.over(Preset::Default));
    config.map(|config| config.training).unwrap_or_default()
}

/// The loss of the training of a model.
pub(crate) fn criterion(model: &SavedModel) -> Criterion {
    let mut criterion = training_settings(model).criterion();
    if model.target.class_names().is_some() && model.config.outputs == 1 {
        criterion.loss = Loss::BinaryCrossEntropy;
    }
    criterion
}
