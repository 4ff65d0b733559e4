//! The settings of a run: defaults, then the config file, then `--set`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use backburn_model::MlpConfig;
use backburn_tabular::{Bins, ColumnKind, EncoderOptions, NumberScale, TargetScale, nearest_name};
use backburn_training::TrainingConfig;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::args::RunArgs;
use crate::error::Error;
use crate::members::Members;

/// A set of settings to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Preset {
    /// Trains in seconds, and is a little less accurate
    Fast,
    /// What no preset gives: up to eight networks as one, by how many rows there are
    #[default]
    Default,
    /// The most accurate: many networks as one, in minutes
    Best,
}

impl Preset {
    /// The config file. That of the default has every setting, explained; the others have those that
    /// differ from it.
    pub fn file(self) -> &'static str {
        match self {
            Self::Fast => include_str!("presets/fast.toml"),
            Self::Default => include_str!("presets/default.toml"),
            Self::Best => include_str!("presets/best.toml"),
        }
    }

    fn table(self) -> Table {
        let parse = |text: &str| text.parse::<Table>().expect("presets are TOML");
        merged(parse(Self::Default.file()), parse(self.file()))
    }
}

/// Every setting. What a config file leaves out is as in the preset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    #[serde(default)]
    pub data: DataConfig,
    /// What columns are, where that is not to be found out.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnKind>,
    /// How much the rows of a class count, by its name.
    #[serde(default)]
    pub class_weights: BTreeMap<String, f64>,
    #[serde(default)]
    pub network: MlpConfig,
    #[serde(default)]
    pub training: TrainingConfig,
    #[serde(default)]
    pub ensemble: EnsembleConfig,
}

/// How many networks make a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnsembleConfig {
    /// Networks, whose outputs are averaged.
    pub members: Members,
    /// Parts of the rows, of which each network leaves another one out.
    pub folds: usize,
    /// How many times as wide as in the config the hidden layers of each network are, by turns.
    pub widths: Vec<usize>,
}

impl EnsembleConfig {
    /// The hidden layers of a network, by its number from 0.
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

/// How rows become examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The share of rows that choose the best epoch instead of being trained on.
    pub validation: f64,
    /// Whether a network that is the best on these is trained once more with them.
    pub refit: bool,
    /// How numbers to predict are scaled for the network.
    pub target_scale: TargetScale,
    /// Whether no number outside those of the training rows is predicted.
    pub clip_predictions: bool,
    /// Whether every class counts the same, however many rows it has.
    pub balance_classes: bool,
    /// See [`EncoderOptions`].
    pub numbers: NumberScale,
    /// See [`EncoderOptions`].
    pub bins: Bins,
    /// See [`Encoder::with_imputer`](backburn_tabular::Encoder::with_imputer).
    pub impute: bool,
    /// See [`Encoder::with_neighbours`](backburn_tabular::Encoder::with_neighbours).
    pub neighbours: bool,
    /// See [`Encoder::with_similar_rows`](backburn_tabular::Encoder::with_similar_rows).
    pub similar_rows: SimilarRows,
    /// See [`EncoderOptions`].
    pub one_hot_max: usize,
    /// See [`EncoderOptions`].
    pub embedding_dimension: usize,
}

/// Whether the rows nearest in all numeric columns are an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SimilarRows {
    /// If small networks do better by it.
    Auto,
    Always,
    Never,
}

impl DataConfig {
    pub fn encoder(&self) -> EncoderOptions {
        EncoderOptions {
            numbers: self.numbers,
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
            validation: 0.1,
            refit: false,
            target_scale: TargetScale::Auto,
            clip_predictions: true,
            balance_classes: false,
            numbers: encoder.numbers,
            bins: encoder.bins,
            impute: true,
            neighbours: true,
            similar_rows: SimilarRows::Auto,
            one_hot_max: encoder.one_hot_max,
            embedding_dimension: encoder.embedding_dimension,
        }
    }
}

/// As finely as a column can be cut: each bin is an input.
const MOST_BINS: usize = 1024;

/// More networks than this take more time than they bring.
const MOST_MEMBERS: usize = 1000;

/// What the network takes from the table.
const FROM_THE_TABLE: [&str; 3] = ["inputs", "outputs", "embeddings"];

impl RunConfig {
    /// Puts together the settings that the command line asks for.
    pub fn from_args(args: &RunArgs) -> Result<Self, Error> {
        let mut table = match &args.config {
            Some(path) => read(path)?,
            None => Table::new(),
        };
        for assignment in &args.set {
            let usage = |reason: String| Error::Usage(format!("--set {assignment}: {reason}"));
            set(&mut table, assignment).map_err(usage)?;
            parse(&table).map_err(usage)?;
        }
        let mut config = over(args.preset, table).map_err(Error::Usage)?;
        if let Some(seed) = args.seed {
            config.training.seed = seed;
        }
        config.validate()?;
        Ok(config)
    }

    /// The settings of a preset.
    pub fn of_preset(preset: Preset) -> Result<Self, Error> {
        over(Some(preset), Table::new()).map_err(Error::Usage)
    }

    /// These settings with those that the number of rows decides.
    pub fn for_rows(mut self, rows: usize) -> Self {
        let EnsembleConfig {
            members, widths, ..
        } = &mut self.ensemble;
        // Many narrow networks are as good as wider ones where rows are few.
        if *members == Members::Auto && members.of(rows) > 4 {
            *widths = vec![1];
        }
        // Without validation rows, or with a refit, it is one network that was asked for.
        *members = match self.data.refit || self.data.validation == 0.0 {
            true => Members::Exactly(members.count()),
            false => Members::Exactly(members.of(rows)),
        };
        self
    }

    fn validate(&self) -> Result<(), Error> {
        let usage = |reason: &str| Err(Error::Usage(reason.to_string()));
        if !(0.0..1.0).contains(&self.data.validation) {
            return usage("data.validation: must be at least 0 and below 1");
        }
        if self.data.bins.of(0) > MOST_BINS {
            return usage(&format!("data.bins: must be at most {MOST_BINS}"));
        }
        if !(1..=MOST_MEMBERS).contains(&self.ensemble.members.count()) {
            let reason = format!("ensemble.members: must be from 1 to {MOST_MEMBERS}");
            return usage(&reason);
        }
        if self.ensemble.folds < 2 {
            return usage("ensemble.folds: must be at least 2");
        }
        let widths = &self.ensemble.widths;
        if widths.is_empty() || widths.contains(&0) {
            return usage("ensemble.widths: must hold numbers from 1 on");
        }
        if let Some((class, _)) = self
            .class_weights
            .iter()
            .find(|(_, weight)| !weight.is_finite() || **weight <= 0.0)
        {
            return usage(&format!("class_weights.{class}: must be above 0"));
        }
        self.network.validate()?;
        for member in 0..self.ensemble.widths.len() {
            let hidden = self.ensemble.hidden(member, &self.network.hidden);
            let valid = self.network.clone().with_hidden(hidden).validate();
            valid.map_err(|error| Error::Usage(format!("ensemble.widths: {}", error.reason)))?;
        }
        self.training
            .validate()
            .map_err(|error| Error::Usage(error.to_string()))
    }

    /// Makes sure, where a number is to be predicted, that nothing is asked of its classes.
    pub fn refuse_settings_of_classes(&self) -> Result<(), Error> {
        let asked = [
            ("class_weights", !self.class_weights.is_empty()),
            ("data.balance_classes", self.data.balance_classes),
            (
                "training.label_smoothing",
                self.training.label_smoothing > 0.0,
            ),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            Some((setting, _)) => Err(Error::Usage(format!(
                "{setting}: this is for classes, and the target is a number"
            ))),
            None => Ok(()),
        }
    }

    /// The settings as a config file.
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

fn read(path: &Path) -> Result<Table, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::Usage(format!("--config {}: {error}", path.display())))?;
    let usage = |reason: String| Error::Usage(format!("--config {}: {reason}", path.display()));
    // Parsed once by itself, errors point at their line.
    toml::from_str::<RunConfig>(&text).map_err(|error| usage(error.to_string()))?;
    let table = text
        .parse()
        .map_err(|error: toml::de::Error| usage(error.to_string()))?;
    parse(&table).map_err(usage)?;
    Ok(table)
}

/// Settings on top of those of a preset.
fn over(preset: Option<Preset>, table: Table) -> Result<RunConfig, String> {
    parse(&merged(preset.unwrap_or_default().table(), table))
}

/// The values of both tables, those of `upper` where both have one.
fn merged(mut lower: Table, upper: Table) -> Table {
    for (name, value) in upper {
        let value = match (lower.remove(&name), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => Value::Table(merged(lower, upper)),
            (_, value) => value,
        };
        lower.insert(name, value);
    }
    lower
}

fn parse(table: &Table) -> Result<RunConfig, String> {
    if let Some(Value::Table(network)) = table.get("network")
        && let Some(field) = FROM_THE_TABLE.iter().find(|f| network.contains_key(**f))
    {
        return Err(format!(
            "network.{field}: follows from the table, and cannot be set"
        ));
    }
    table
        .clone()
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_string())
}

/// Sets one value by its dotted key.
fn set(table: &mut Table, assignment: &str) -> Result<(), String> {
    // The name of a column or a class may itself hold dots and equals signs.
    let named = ["columns.", "class_weights."]
        .iter()
        .any(|s| assignment.starts_with(s));
    let halves = match named {
        true => assignment.rsplit_once('='),
        false => assignment.split_once('='),
    };
    let (key, text) = halves.ok_or("write it as KEY=VALUE, such as training.epochs=50")?;
    let (key, text) = (key.trim(), text.trim());
    // What is no TOML by itself is text that lacks its quotes.
    let parsed = format!("value = {text}").parse::<Table>().ok();
    let value = parsed
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_string()));
    let mut names: Vec<&str> = match key.split_once('.') {
        Some((section @ ("columns" | "class_weights"), name)) => {
            let quoted = name
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'));
            vec![section, quoted.unwrap_or(name)]
        }
        _ => key.split('.').collect(),
    };
    let last = names.pop().unwrap_or_default();
    let known = |name: &str| {
        let sections = [
            "data",
            "columns",
            "class_weights",
            "network",
            "training",
            "ensemble",
        ];
        nearest_name(name, sections.into_iter())
    };
    let mut section = table;
    for name in names {
        let entry = section
            .entry(name)
            .or_insert_with(|| Value::Table(Table::new()));
        section = match entry {
            Value::Table(inner) => inner,
            _ => return Err(format!("`{name}` is a value, not a section")),
        };
    }
    if key.split_once('.').is_none() {
        let hint = known(key).map_or(String::new(), |near| format!(" (as in {near}.…)"));
        return Err(format!("a key has a section and a name{hint}"));
    }
    section.insert(last.to_string(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use backburn_model::Activation;

    fn with(set: &[&str]) -> Result<RunConfig, Error> {
        RunConfig::from_args(&RunArgs {
            set: set.iter().map(|s| (*s).to_string()).collect(),
            ..RunArgs::default()
        })
    }

    #[test]
    fn the_template_is_complete_and_holds_the_defaults() {
        assert_eq!(parse(&Preset::Default.table()), Ok(with(&[]).unwrap()));
        // Settings without a default stand there as comments.
        let uncommented = Preset::Default.file().replace("\n#: ", "\n");
        let table: Table = uncommented.parse().unwrap();
        let every: RunConfig = parse(&table).unwrap();
        let complete = Table::try_from(&every).unwrap();
        for (section, values) in &complete {
            for key in values.as_table().unwrap().keys() {
                let from_table = section == "network" && FROM_THE_TABLE.contains(&key.as_str());
                let named = table[section].as_table().unwrap().contains_key(key);
                assert!(
                    named || from_table,
                    "{section}.{key} is not in the template"
                );
            }
        }
        for key in ["optimizer", "schedule"] {
            let complete = complete["training"][key].as_table().unwrap();
            for name in complete.keys() {
                let named = table["training"][key]
                    .as_table()
                    .unwrap()
                    .contains_key(name);
                assert!(named, "training.{key}.{name} is not in the template");
            }
        }
    }

    #[test]
    fn presets_are_what_the_default_is_but_for_their_settings() {
        for preset in [Preset::Fast, Preset::Best] {
            let args = RunArgs {
                preset: Some(preset),
                set: vec!["network.activation=relu".to_string()],
                ..RunArgs::default()
            };
            let config = RunConfig::from_args(&args).unwrap();
            assert_ne!(config, with(&["network.activation=relu"]).unwrap());
            assert_eq!(config.network.activation, Activation::Relu);
            let file: Table = preset.file().parse().unwrap();
            let default = Preset::Default.table();
            for (section, values) in &file {
                for (key, value) in values.as_table().unwrap() {
                    assert_ne!(default[section].get(key), Some(value), "{section}.{key}");
                }
            }
        }
    }

    #[test]
    fn settings_are_set_by_dotted_names() {
        let config = with(&[
            "training.epochs=7",
            "network.hidden=[3, 4]",
            "network.activation=leaky_relu(0.2)",
            "training.optimizer.name=sgd",
            "columns.a.b=ignored",
        ])
        .unwrap();
        assert_eq!(config.training.epochs, 7);
        assert_eq!(config.network.hidden, [3, 4]);
        assert_eq!(config.network.activation.to_string(), "leaky_relu(0.2)");
        assert_eq!(config.columns["a.b"], ColumnKind::Ignored);
    }

    #[test]
    fn a_wrong_setting_says_what_and_why() {
        for (set, message) in [
            ("training.epoch=7", "unknown field `epoch`"),
            ("training.epochs=many", "invalid type: string \"many\""),
            ("training.epochs=0", "training.epochs: must be at least 1"),
            ("network.inputs=3", "follows from the table"),
            ("network.activation=rleu", "`rleu` is no activation"),
            ("epochs=3", "a key has a section and a name"),
            ("training.epochs", "write it as KEY=VALUE"),
            ("data.validation=1", "data.validation"),
            ("data.bins=1000000000000", "data.bins: must be at most 1024"),
            ("data.numbers=rank", "unknown variant `rank`"),
        ] {
            let error = with(&[set]).unwrap_err();
            assert!(error.to_string().contains(message), "{set}: {error}");
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn a_config_survives_being_written_and_read() {
        let config = with(&["training.clip_norm=1.0", "network.hidden=[]"]).unwrap();
        let table: Table = config.to_toml().parse().unwrap();
        assert_eq!(parse(&table).unwrap(), config);
    }
}
