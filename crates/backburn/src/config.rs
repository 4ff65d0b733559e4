//! The settings of a fit.

use std::collections::BTreeMap;

use backburn_model::{MlpConfig, Normalization};
use backburn_preprocessing::{Bins, EncoderOptions, NumberScale, TargetTransform, Task};
use backburn_table::ColumnKind;
use backburn_training::{Loss, TrainingConfig};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::error::Error;
use crate::members::Members;
use crate::preset::Preset;
use crate::scoring_config::ScoringConfig;
use crate::target_weights::check_target_weights;

/// Every setting of a fit. [`Config::default`] is the preset [`Preset::Default`].
///
/// ```
/// use backburn::{Config, Preset};
///
/// let mut config = Config::preset(Preset::Fast);
/// config.network.hidden = vec![32, 32];
/// config.training.epochs = 10;
/// config.validate()?;
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How rows are encoded as inputs and targets.
    pub data: DataConfig,
    /// The kinds of columns whose kind is not inferred, by the name of the column.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnKind>,
    /// The weight of the rows of a class in the loss, by the name of the class. The default is 1.
    #[serde(default)]
    pub class_weights: BTreeMap<String, f64>,
    /// The weight of each of several targets in the loss, by the name of the column; from 0.001 to 1000. Unless set, it
    /// is 1, or twice the share of the rows that have the target, if that is less.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub target_weights: BTreeMap<String, f64>,
    /// The network.
    pub network: MlpConfig,
    /// Loss, optimizer, schedule, epochs.
    pub training: TrainingConfig,
    /// How many networks are averaged, and how they differ.
    pub ensemble: EnsembleConfig,
    /// The metric that selects the best epoch and the settings, and how probabilities become a class.
    #[serde(default, skip_serializing_if = "ScoringConfig::is_default")]
    pub scoring: ScoringConfig,
}

/// How many networks are averaged, and how they differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnsembleConfig {
    /// The number of networks whose outputs are averaged.
    pub members: Members,
    /// The number of folds into which the rows are divided. Each network uses another fold as its validation rows.
    pub folds: usize,
    /// Factors of the widths of the hidden layers. Network `i` has the factor `widths[i % widths.len()]`.
    pub widths: Vec<usize>,
}

impl EnsembleConfig {
    /// The hidden layers of network `member`, from 0.
    pub fn hidden(&self, member: usize, hidden: &[usize]) -> Vec<usize> {
        let width = self.widths.get(member % self.widths.len().max(1));
        let width = width.copied().unwrap_or(1);
        hidden.iter().map(|u| u.saturating_mul(width)).collect()
    }
}

impl Default for EnsembleConfig {
    fn default() -> Self {
        Self {
            members: Members::Auto,
            folds: 8,
            widths: vec![2, 1],
        }
    }
}

/// How rows are encoded as inputs and targets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The fraction of rows that are held out for validation. The validation loss chooses the best epoch.
    pub validation_fraction: f64,
    /// Whether a single network is trained a second time, on all rows, for as many epochs as the best epoch took.
    pub refit: bool,
    /// How a numeric target is transformed for the network.
    pub target_transform: TargetTransform,
    /// Whether predictions stay within the range of the training targets.
    pub clip_predictions: bool,
    /// Whether the network learns the difference of a numeric target from its linear trend over the column of the time.
    #[serde(skip_serializing_if = "is_false")]
    pub trend: bool,
    /// Whether every class has the same total weight, however many rows it has.
    pub balance_classes: bool,
    /// The scaler of numeric columns.
    pub numeric_scaler: NumberScale,
    /// The number of quantile bins of each numeric column (a piecewise linear encoding).
    pub bins: Bins,
    /// Whether a missing value is imputed from the other columns of its row, in columns with at most two missing
    /// values in training. See [`Encoder::with_imputer`](backburn_preprocessing::Encoder::with_imputer).
    pub impute: bool,
    /// Whether pairs of numeric columns are searched in which the mean target of the nearest rows is a feature. See
    /// [`Encoder::with_neighbor_features`](backburn_preprocessing::Encoder::with_neighbor_features).
    pub neighbor_features: bool,
    /// Whether the mean target of the rows that are nearest in all numeric columns is a feature. See
    /// [`Encoder::with_knn_features`](backburn_preprocessing::Encoder::with_knn_features).
    pub knn_features: KnnFeatures,
    /// The largest number of categories for one-hot encoding. A column with more categories is embedded.
    pub one_hot_max: usize,
    /// The length of the vector of an embedded category; 0 derives it from the number of categories.
    pub embedding_dimension: usize,
}

/// Whether the mean target of the rows nearest in all numeric columns is a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KnnFeatures {
    /// If it lowers the cross-validated error of trial networks.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl DataConfig {
    /// The options of the encoder.
    pub fn encoder(&self) -> EncoderOptions {
        EncoderOptions {
            numbers: self.numeric_scaler,
            bins: self.bins,
            one_hot_max: self.one_hot_max,
            embedding_dimension: self.embedding_dimension,
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        let encoder = EncoderOptions::default();
        Self {
            validation_fraction: 0.1,
            refit: false,
            target_transform: TargetTransform::Auto,
            clip_predictions: true,
            trend: false,
            balance_classes: false,
            numeric_scaler: encoder.numbers,
            bins: encoder.bins,
            impute: true,
            neighbor_features: true,
            knn_features: KnnFeatures::Auto,
            one_hot_max: encoder.one_hot_max,
            embedding_dimension: encoder.embedding_dimension,
        }
    }
}

/// A setting that is off is left out, so that the settings in model files stay as they were before there was a trend.
fn is_false(setting: &bool) -> bool {
    !setting
}

/// The largest number of bins of a column: each bin is an input.
const MAX_BINS: usize = 1024;

/// The largest number of networks of an ensemble.
const MAX_MEMBERS: usize = 1000;

/// Fields of the network that follow from the table.
pub(crate) const FROM_THE_TABLE: [&str; 5] =
    ["inputs", "outputs", "embeddings", "increasing", "offset"];

impl Config {
    /// The settings of a preset.
    pub fn preset(preset: Preset) -> Self {
        let table = preset.table();
        table.try_into().expect("presets are complete")
    }

    /// These settings with those that depend on the number of rows resolved: `ensemble.members =
    /// "auto"` becomes a number.
    pub fn for_rows(mut self, rows: usize) -> Self {
        let EnsembleConfig {
            members, widths, ..
        } = &mut self.ensemble;
        // On few rows, many narrow networks are as good as wide ones.
        if *members == Members::Auto && members.of(rows) > 4 {
            *widths = vec![1];
        }
        // Without validation rows, or with a refit, there is one network.
        *members = match self.data.refit || self.data.validation_fraction == 0.0 {
            true => Members::Exactly(members.count()),
            false => Members::Exactly(members.of(rows)),
        };
        self
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// The first setting that is not valid, and why.
    pub fn validate(&self) -> Result<(), Error> {
        let usage = |reason: &str| Err(Error::Config(reason.to_string()));
        if !(0.0..1.0).contains(&self.data.validation_fraction) {
            return usage("data.validation_fraction: must be at least 0 and below 1");
        }
        if self.data.bins.of(0) > MAX_BINS {
            return usage(&format!("data.bins: must be at most {MAX_BINS}"));
        }
        if !(1..=MAX_MEMBERS).contains(&self.ensemble.members.count()) {
            let reason = format!("ensemble.members: must be from 1 to {MAX_MEMBERS}");
            return usage(&reason);
        }
        if self.ensemble.folds < 2 {
            return usage("ensemble.folds: must be at least 2");
        }
        let widths = &self.ensemble.widths;
        if widths.is_empty() || widths.contains(&0) {
            return usage("ensemble.widths: must be a list of one or more factors of at least 1");
        }
        let is_wrong = |weight: f64| !weight.is_finite() || weight <= 0.0;
        let mut weights = self.class_weights.iter();
        if let Some((name, _)) = weights.find(|(_, weight)| is_wrong(**weight)) {
            return usage(&format!(
                "class_weights.{name}: must be a finite number above 0"
            ));
        }
        check_target_weights(&self.target_weights)?;
        self.scoring.validate()?;
        self.network.validate()?;
        for member in 0..self.ensemble.widths.len() {
            let hidden = self.ensemble.hidden(member, &self.network.hidden);
            let valid = self.network.clone().with_hidden(hidden).validate();
            valid.map_err(|error| Error::Config(format!("ensemble.widths: {}", error.reason)))?;
        }
        if self.training.averaged_networks().is_some()
            && self.network.normalization == Normalization::Batch
        {
            return usage(
                "training.weight_averaging: the running means of network.normalization=batch are not those of averaged \
                 weights: use layer or none",
            );
        }
        self.training
            .validate()
            .map_err(|error| Error::Config(error.to_string()))
    }

    /// Checks that no setting for several targets is used.
    pub(crate) fn check_one_target(&self) -> Result<(), Error> {
        match self.target_weights.keys().next() {
            None => Ok(()),
            Some(target) => Err(Error::Config(format!(
                "target_weights.{target}: this setting is for several targets, and there is one"
            ))),
        }
    }

    /// Checks that the loss is for this task and, for regression, that no setting for classes is used.
    pub(crate) fn check_task(&self, task: Task) -> Result<(), Error> {
        self.scoring.check_task(task)?;
        let of_classes = match self.training.loss {
            Loss::Auto => None,
            Loss::CrossEntropy | Loss::BinaryCrossEntropy => Some(true),
            _ => Some(false),
        };
        let problem = match (task, of_classes) {
            (Task::Regression, Some(true)) => "for classification, and the target is numeric",
            (Task::Classification, Some(false)) => "for regression, and the target is a class",
            (Task::Classification, _) => return Ok(()),
            (Task::Regression, _) => return self.check_regression(),
        };
        Err(Error::Config(format!(
            "training.loss: this loss is {problem}: use auto"
        )))
    }

    fn check_regression(&self) -> Result<(), Error> {
        let transform = self.data.target_transform;
        let has_transform = !matches!(transform, TargetTransform::Auto | TargetTransform::None);
        if self.training.loss.has_log_link() && has_transform {
            return Err(Error::Config(
                "data.target_transform: the losses poisson and gamma have a log link in place of a transform: \
                 leave it at auto"
                    .to_string(),
            ));
        }
        let asked = [
            ("class_weights", !self.class_weights.is_empty()),
            ("data.balance_classes", self.data.balance_classes),
            (
                "training.label_smoothing",
                self.training.label_smoothing > 0.0,
            ),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            Some((setting, _)) => Err(Error::Config(format!(
                "{setting}: this setting is only for classification, and the target is numeric"
            ))),
            None => Ok(()),
        }
    }

    /// The settings as a config file (TOML).
    pub fn to_toml(&self) -> String {
        let mut table = Table::try_from(self).unwrap_or_default();
        if let Some(Value::Table(network)) = table.get_mut("network") {
            for field in FROM_THE_TABLE {
                network.remove(field);
            }
        }
        table.to_string()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::preset(Preset::Default)
    }
}
