//! The settings of an update.

use backburn_preprocessing::{Distribution, Target};
use backburn_training::Loss;
use toml::{Table, Value};

use crate::config::Config;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::settings::Settings;

/// The settings that a model was trained with, and changes on top. The loss is one that its outputs are made for.
///
/// # Errors
///
/// A setting that is not valid, or a change that the networks or the encoder of the model would not take part in.
pub(crate) fn update_config(model: &SavedModel, changes: &Settings) -> Result<Config, Error> {
    let before = Settings::new().over_toml(&model.summary.settings)?;
    let mut config = changes.clone().over_toml(&model.summary.settings)?;
    if let Some(name) = fixed_setting(&before, &config) {
        return Err(fixed(&name));
    }
    let asked = config.training.loss;
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
    if asked != before.training.loss && asked != config.training.loss && asked != Loss::Auto {
        return Err(fixed("training.loss"));
    }
    if let Some(levels) = distribution.and_then(Distribution::levels) {
        config.training.quantiles = levels.to_vec();
    }
    Ok(config)
}

/// The sections that an update may change.
const FREE_SECTIONS: [&str; 3] = ["training", "class_weights", "scoring"];
/// The settings of the section `data` that an update may change.
const FREE_DATA: [&str; 2] = ["validation_fraction", "balance_classes"];

/// The first setting that differs and is part of the fitted model.
fn fixed_setting(before: &Config, after: &Config) -> Option<String> {
    let table = |config: &Config| config.to_toml().parse::<Table>().unwrap_or_default();
    let (before, after) = (table(before), table(after));
    // A setting that is off may be left out of its table.
    changed_setting(&before, &after).or_else(|| changed_setting(&after, &before))
}

/// The first setting in `new` that differs from that in `old` and is part of the fitted model.
fn changed_setting(old: &Table, new: &Table) -> Option<String> {
    for (section, new) in new {
        let old = old.get(section);
        if FREE_SECTIONS.contains(&section.as_str()) || old == Some(new) {
            continue;
        }
        let Value::Table(settings) = new else {
            return Some(section.clone());
        };
        let old = old.and_then(Value::as_table);
        for (name, value) in settings {
            let is_free = section == "data" && FREE_DATA.contains(&name.as_str());
            if !is_free && old.and_then(|old| old.get(name)) != Some(value) {
                return Some(format!("{section}.{name}"));
            }
        }
    }
    None
}

fn fixed(name: &str) -> Error {
    Error::Config(format!(
        "{name}: an update keeps this setting of the model: leave it out, or train a new model"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn settings_of_the_fitted_model_are_found() {
        let before = Config::preset(Preset::Fast);
        for (setting, expected) in [
            ("training.epochs=3", None),
            ("data.validation_fraction=0.3", None),
            ("data.balance_classes=true", None),
            ("network.hidden=[7]", Some("network.hidden")),
            ("data.one_hot_max=2", Some("data.one_hot_max")),
            ("columns.a=\"categorical\"", Some("columns.a")),
        ] {
            let settings = Settings::new().set(setting).unwrap();
            let after = settings.over(Preset::Fast).unwrap();
            let found = fixed_setting(&before, &after);
            assert_eq!(found.as_deref(), expected, "{setting}");
        }
    }

    #[test]
    fn a_trend_that_is_turned_off_is_found() {
        let after = Config::preset(Preset::Fast);
        let mut before = after.clone();
        before.data.trend = true;
        let found = fixed_setting(&before, &after);
        assert_eq!(found.as_deref(), Some("data.trend"));
    }
}
