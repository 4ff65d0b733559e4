//! The settings of the page, and those of the library that they stand for.

use backburn::{Bins, Config, Error, KnnFeatures, NumberScale, Preset, TargetTransform};
use backburn_model::{Activation, Initializer, MlpConfig, Normalization};
use backburn_training::{Loss, OptimizerName, ScheduleName, TrainingConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The settings of a network and its training, as the page has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Number of units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation function of the hidden layers.
    pub activation: Activation,
    /// The loss.
    pub loss: Loss,
    /// The optimizer.
    pub optimizer: OptimizerName,
    /// The learning rate before the schedule.
    pub learning_rate: f64,
    /// The schedule of the learning rate, over [`EPOCHS`](Self::EPOCHS) epochs.
    pub schedule: ScheduleName,
    /// Rows in a batch.
    pub batch_size: usize,
    /// The probability that training drops a hidden unit.
    pub dropout: f64,
    /// The normalization of the hidden layers.
    pub normalization: Normalization,
    /// Whether hidden layers add their input to their output.
    pub residual: bool,
    /// How initial weights are drawn.
    pub initializer: Initializer,
    /// The seed of the weights, the row order, and the split into training and validation rows.
    pub seed: u64,
    /// Weight decay.
    pub l2: f64,
    /// The largest norm of the gradient; 0 for any.
    pub clip_norm: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hidden: vec![8, 8],
            activation: Activation::Tanh,
            loss: Loss::Auto,
            optimizer: OptimizerName::Adam,
            learning_rate: 0.01,
            schedule: ScheduleName::Constant,
            batch_size: 16,
            dropout: 0.0,
            normalization: Normalization::None,
            residual: false,
            initializer: Initializer::Auto,
            seed: 0,
            l2: 0.0,
            clip_norm: 0.0,
        }
    }
}

/// The largest number of hidden layers, of units in one, and of weights in all: what a page can draw and train.
const MAX_LAYERS: usize = 64;
const MAX_UNITS: usize = 512;
const MAX_WEIGHTS: usize = 1 << 20;

/// Fewer rows than this have no validation rows.
const MIN_ROWS_TO_VALIDATE: usize = 20;

impl Settings {
    /// The epochs over which a schedule changes the learning rate. With a constant rate, training goes on after them.
    pub const EPOCHS: usize = 500;

    /// The epochs of a run at a constant learning rate.
    const ENDLESS: usize = 100_000;

    /// Reads settings from a JSON object. What it lacks has its default.
    ///
    /// # Errors
    ///
    /// No object, a setting that does not exist, or a value that is not valid. The message names the setting.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::from_json_over(json, Self::default())
    }

    /// Reads settings like [`from_json`](Self::from_json). What the object lacks is as in `defaults`.
    ///
    /// # Errors
    ///
    /// The same as for [`from_json`](Self::from_json).
    pub fn from_json_over(json: &str, defaults: Self) -> Result<Self, Error> {
        let map: Map<String, Value> = serde_json::from_str(json).map_err(|error| {
            Error::Config(format!("the settings are not a JSON object: {error}"))
        })?;
        let mut map: Map<String, Value> = map.into_iter().filter(|(_, v)| !v.is_null()).collect();
        let settings = Self {
            hidden: take(&mut map, "hidden", defaults.hidden)?,
            activation: take(&mut map, "activation", defaults.activation)?,
            loss: shown_loss(take(&mut map, "loss", defaults.loss)?)?,
            optimizer: take(&mut map, "optimizer", defaults.optimizer)?,
            learning_rate: take(&mut map, "learning_rate", defaults.learning_rate)?,
            schedule: take(&mut map, "schedule", defaults.schedule)?,
            batch_size: take(&mut map, "batch_size", defaults.batch_size)?,
            dropout: take(&mut map, "dropout", defaults.dropout)?,
            normalization: take(&mut map, "normalization", defaults.normalization)?,
            residual: take(&mut map, "residual", defaults.residual)?,
            initializer: take(&mut map, "initializer", defaults.initializer)?,
            seed: take(&mut map, "seed", defaults.seed)?,
            l2: take(&mut map, "l2", defaults.l2)?,
            clip_norm: take(&mut map, "clip_norm", defaults.clip_norm)?,
        };
        if let Some(name) = map.keys().next() {
            return Err(Error::Config(format!("{name}: there is no such setting")));
        }
        settings.check()?;
        Ok(settings)
    }

    /// Checks the sizes, which the page limits further than the library.
    fn check(&self) -> Result<(), Error> {
        let refuse = |reason: String| Err(Error::Config(reason));
        if self.hidden.len() > MAX_LAYERS {
            return refuse(format!(
                "hidden: the page shows at most {MAX_LAYERS} hidden layers"
            ));
        }
        if self
            .hidden
            .iter()
            .any(|&units| units == 0 || units > MAX_UNITS)
        {
            return refuse(format!("hidden: a layer has 1 to {MAX_UNITS} units"));
        }
        let weights: usize = self.hidden.windows(2).map(|pair| pair[0] * pair[1]).sum();
        if weights > MAX_WEIGHTS {
            return refuse(format!(
                "hidden: the page trains at most {MAX_WEIGHTS} weights: use fewer units"
            ));
        }
        self.config(MIN_ROWS_TO_VALIDATE)?;
        Ok(())
    }

    /// The settings of the library for a table with this many rows: one network over scaled numbers and one-hot
    /// categories, without features that are derived from other rows.
    ///
    /// # Errors
    ///
    /// A setting that is not valid; the message names it.
    pub fn config(&self, rows: usize) -> Result<Config, Error> {
        let mut config = Config::preset(Preset::Default);
        config.data.validation_fraction = match rows < MIN_ROWS_TO_VALIDATE {
            true => 0.0,
            false => 0.2,
        };
        config.data.numeric_scaler = NumberScale::Standard;
        config.data.bins = Bins::AtMost(0);
        config.data.neighbor_features = false;
        config.data.knn_features = KnnFeatures::Never;
        config.data.target_transform = TargetTransform::Standard;
        config.data.clip_predictions = false;
        config.ensemble.members = backburn::Members::Exactly(1);
        config.network = MlpConfig {
            hidden: self.hidden.clone(),
            activation: self.activation,
            dropout: self.dropout,
            normalization: self.normalization,
            residual: self.residual,
            initializer: self.initializer,
            ..config.network
        };
        let mut training = TrainingConfig {
            epochs: match self.schedule {
                ScheduleName::Constant => Self::ENDLESS,
                _ => Self::EPOCHS,
            },
            batch_size: Some(self.batch_size),
            learning_rate: self.learning_rate.into(),
            loss: self.loss,
            clip_norm: (self.clip_norm != 0.0).then_some(self.clip_norm),
            patience: 0,
            seed: self.seed,
            ..config.training
        };
        training.optimizer.name = self.optimizer;
        training.optimizer.weight_decay = Some(self.l2);
        training.schedule.name = self.schedule;
        config.training = training;
        config.validate()?;
        Ok(config)
    }

    /// The settings of a config, as far as the page has them.
    pub(crate) fn of(config: &Config) -> Self {
        let (network, training) = (&config.network, &config.training);
        let defaults = Self::default();
        Self {
            hidden: network.hidden.clone(),
            activation: network.activation,
            loss: training.loss,
            optimizer: training.optimizer.name,
            learning_rate: training
                .learning_rate
                .fixed()
                .unwrap_or(defaults.learning_rate),
            schedule: training.schedule.name,
            batch_size: training.batch_size.unwrap_or(defaults.batch_size),
            dropout: network.dropout,
            normalization: network.normalization,
            residual: network.residual,
            initializer: network.initializer,
            seed: training.seed,
            l2: training.optimizer.weight_decay.unwrap_or(defaults.l2),
            clip_norm: training.clip_norm.unwrap_or(defaults.clip_norm),
        }
    }

    /// The settings as a JSON object, those alone that differ from `before`.
    pub(crate) fn changed_from(&self, before: &Self) -> Map<String, Value> {
        let object = |settings: &Self| match serde_json::to_value(settings) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let old = object(before);
        let new = object(self).into_iter();
        new.filter(|(name, value)| old.get(name) != Some(value))
            .collect()
    }
}

/// Takes a setting out of the object.
fn take<T: DeserializeOwned>(
    map: &mut Map<String, Value>,
    name: &str,
    default: T,
) -> Result<T, Error> {
    match map.remove(name) {
        None => Ok(default),
        Some(value) => {
            serde_json::from_value(value).map_err(|error| Error::Config(format!("{name}: {error}")))
        }
    }
}

/// Checks that the page can show a loss.
fn shown_loss(loss: Loss) -> Result<Loss, Error> {
    match loss {
        Loss::Quantile => {
            let reason = "loss: the page does not show the quantile loss; choose another one";
            Err(Error::Config(reason.to_string()))
        }
        loss => Ok(loss),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_json_and_the_library() {
        let json = r#"{"hidden": [5, 3], "activation": "gelu", "optimizer": "sgd", "learning_rate": 0.5,
            "schedule": "cosine", "batch_size": 7, "dropout": 0.25, "normalization": "layer", "residual": true,
            "initializer": "orthogonal", "seed": 3, "l2": 0.125, "clip_norm": 2.0, "loss": null}"#;
        let settings = Settings::from_json(json).unwrap();
        assert_eq!(settings.hidden, [5, 3]);
        assert_eq!(Settings::of(&settings.config(100).unwrap()), settings);
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(Settings::from_json(&json).unwrap(), settings);
        assert_eq!(Settings::from_json("{}").unwrap(), Settings::default());
    }

    #[test]
    fn an_invalid_setting_is_named() {
        for (json, message) in [
            ("[]", "not a JSON object"),
            (r#"{"hiden": [8]}"#, "hiden: there is no such setting"),
            (r#"{"hidden": "8"}"#, "hidden: invalid type"),
            (r#"{"hidden": [0]}"#, "hidden: a layer has 1 to"),
            (r#"{"hidden": [100000]}"#, "hidden: a layer has 1 to"),
            (
                r#"{"activation": "rleu"}"#,
                "activation: `rleu` is no activation (did you mean `relu`?)",
            ),
            (
                r#"{"learning_rate": "fast"}"#,
                "learning_rate: invalid type",
            ),
            (r#"{"learning_rate": -1}"#, "learning_rate: must be above 0"),
            (r#"{"batch_size": 0}"#, "batch_size: must be at least 1"),
            (r#"{"dropout": 1}"#, "dropout"),
            (r#"{"seed": -1}"#, "seed: invalid value"),
            (r#"{"l2": -1}"#, "weight_decay: must be at least 0"),
            (r#"{"clip_norm": -1}"#, "clip_norm: must be above 0"),
        ] {
            let error = Settings::from_json(json).unwrap_err().to_string();
            assert!(error.contains(message), "{json}: {error}");
        }
    }

    #[test]
    fn only_changes_are_listed() {
        let before = Settings::default();
        let after = Settings {
            residual: true,
            ..before.clone()
        };
        let changed = serde_json::to_string(&after.changed_from(&before)).unwrap();
        assert_eq!(changed, r#"{"residual":true}"#);
    }
}
