//! How a model was trained and what it scored, as the model file keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::continual::Memory;
use crate::row_sample::RowSample;
use crate::trade_off::TradeOff;

/// How a model was trained, for people to read; predictions do not depend on it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The program and its version.
    pub program: String,
    /// The table.
    pub table: String,
    /// Number of training rows.
    pub training_rows: usize,
    /// Number of validation rows, which selected the best epoch.
    pub validation_rows: usize,
    /// The epoch whose weights these are.
    pub best_epoch: usize,
    /// Number of epochs that were trained.
    pub epochs: usize,
    /// The seed.
    pub seed: u64,
    /// The backend.
    pub device: String,
    /// Scores on the validation rows, by metric.
    pub validation: BTreeMap<String, f64>,
    /// The standard errors of these scores. Empty in models of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub validation_errors: BTreeMap<String, f64>,
    /// The scores of a constant prediction on the same rows. Empty in models of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub validation_constant: BTreeMap<String, f64>,
    /// Scores on a test set, if there was one.
    pub test: Option<TestScore>,
    /// The settings of training, as TOML.
    pub settings: String,
    /// The name of the metric that selected the best epoch, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The column with the weights of the training rows, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// What different decision thresholds do on the validation rows, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_off: Option<TradeOff>,
    /// A sample of the training and validation rows. Empty in models of earlier versions.
    #[serde(default, skip_serializing_if = "RowSample::is_empty")]
    pub row_sample: RowSample,
    /// What the model keeps for further learning, if that was asked for. Predictions do not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// Scores on a test set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestScore {
    /// The table.
    pub table: String,
    /// Number of rows.
    pub rows: usize,
    /// Scores by metric.
    pub scores: BTreeMap<String, f64>,
}
