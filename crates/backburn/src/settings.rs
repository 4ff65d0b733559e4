//! Settings from a preset, a TOML file and single assignments.

use std::path::Path;

use backburn_table::nearest_name;
use toml::{Table, Value};

use crate::config::{Config, FROM_THE_TABLE};
use crate::error::Error;
use crate::merge::merged;
use crate::plain_errors::plain_types;
use crate::preset::Preset;
use crate::read_text::read_text;
use crate::text::path_name;

/// Collects settings from files and assignments. Later ones replace earlier ones.
///
/// ```
/// use backburn::{Preset, Settings};
///
/// let config = Settings::new()
///     .toml("[network]\nhidden = [32]\n")?
///     .set("training.epochs=50")?
///     .over(Preset::Default)?;
/// assert_eq!(config.network.hidden, [32]);
/// assert_eq!(config.training.epochs, 50);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Settings(Table);

/// Sections whose keys are names of columns or classes.
const NAMED: [&str; 4] = [
    "columns",
    "class_weights",
    "target_weights",
    "scoring.costs",
];

/// The largest file of settings that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// Settings of earlier versions, and their names now.
const RENAMED: [(&str, &str); 5] = [
    ("data.validation", "data.validation_fraction"),
    ("data.target_scale", "data.target_transform"),
    ("data.numbers", "data.numeric_scaler"),
    ("data.neighbours", "data.neighbor_features"),
    ("data.similar_rows", "data.knn_features"),
];

impl Settings {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trains with the quantile loss for these levels, such as 0.1, 0.5 and 0.9: a network then predicts
    /// quantiles.
    ///
    /// # Errors
    ///
    /// A level that is not a number, or a loss that is set already and is not `quantile`. Levels are checked by
    /// [`over`](Self::over).
    pub fn quantiles(self, levels: &[f64]) -> Result<Self, Error> {
        let set = self
            .0
            .get("training")
            .and_then(|section| section.get("loss"));
        if let Some(loss) = set.and_then(Value::as_str)
            && !["auto", "quantile"].contains(&loss)
        {
            return Err(Error::Config(format!(
                "--quantiles and training.loss={loss}: quantiles have a loss of their own: leave one of the two out"
            )));
        }
        let levels: Vec<String> = levels.iter().map(|level| format!("{level:?}")).collect();
        self.set("training.loss=quantile")?
            .set(&format!("training.quantiles=[{}]", levels.join(", ")))
    }

    /// The settings that the options of a command name: those of the file `--config`, then each of `--set`, the levels
    /// of `--quantiles`, and `--seed`.
    ///
    /// # Errors
    ///
    /// A setting that does not exist or has another type; the message has the option.
    pub fn of_options(
        config: Option<&Path>,
        set: &[String],
        quantiles: &[f64],
        seed: Option<u64>,
    ) -> Result<Self, Error> {
        let mut settings = Self::new();
        if let Some(path) = config {
            let changed = settings.file(path);
            settings = changed.map_err(|error| error.of_option("--config"))?;
        }
        for assignment in set {
            let changed = settings.set(assignment);
            settings = changed.map_err(|error| error.of_option("--set"))?;
        }
        if !quantiles.is_empty() {
            settings = settings.quantiles(quantiles)?;
        }
        match seed {
            Some(seed) => settings.set(&format!("training.seed={seed}")),
            None => Ok(settings),
        }
    }

    /// Adds the settings of a TOML file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or a setting that does not exist or has another type; the message
    /// has the file and the line.
    pub fn file(self, path: &Path) -> Result<Self, Error> {
        let named = |reason: &dyn std::fmt::Display| {
            Error::Config(format!("{}: {reason}", path_name(path)))
        };
        let text = read_text(path, LARGEST).map_err(|error| named(&error))?;
        self.toml(&text).map_err(|error| named(&error))
    }

    /// Adds settings in TOML.
    ///
    /// # Errors
    ///
    /// A setting that does not exist or has another type; the message has the line.
    pub fn toml(self, text: &str) -> Result<Self, Error> {
        let wrong = |error: toml::de::Error| Error::Config(plain_types(&error.to_string()));
        let table: Table = text.parse().map_err(wrong)?;
        if let Err((key, reason)) = check_keys(&table) {
            let line = line_of(text, &key).map_or(String::new(), |line| format!("line {line}: "));
            return Err(Error::Config(format!("{line}{reason}")));
        }
        // Parsing the text, and not the table, gives errors with line numbers.
        toml::from_str::<Complete>(text).map_err(wrong)?;
        Ok(Self(merged(self.0, table)))
    }

    /// Adds one setting by its dotted name: `training.epochs=50`.
    ///
    /// # Errors
    ///
    /// A setting that does not exist or has another type.
    pub fn set(mut self, assignment: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Config(format!("{assignment}: {reason}"));
        set(&mut self.0, assignment).map_err(wrong)?;
        check_keys(&self.0).map_err(|(_, reason)| wrong(reason))?;
        parse(&self.0).map_err(wrong)?;
        Ok(self)
    }

    /// The dotted names of all settings.
    pub fn names() -> Vec<String> {
        all_names()
    }

    /// The dotted name of the setting that an option looks like: `training.epochs` for `--epochs=50`.
    pub fn like_option(option: &str) -> Option<String> {
        let option = option.trim_start_matches('-');
        let name = option.split('=').next().unwrap_or_default();
        let name = name.replace('-', "_");
        let mut names = Self::names().into_iter();
        names.find(|setting| setting.rsplit('.').next() == Some(&name))
    }

    /// These settings, and others where these have none.
    pub(crate) fn or(self, others: Self) -> Self {
        Self(merged(others.0, self.0))
    }

    /// The settings in a TOML text, such as those of a saved model, with these on top. If the text is not one of this
    /// version, the defaults take its place.
    ///
    /// # Errors
    ///
    /// The first setting that is not valid, and why.
    pub(crate) fn over_toml(self, text: &str) -> Result<Config, Error> {
        let lower: Table = text.parse().unwrap_or_default();
        let config = parse(&merged(lower, self.0.clone())).or_else(|_| parse(&self.0));
        let config = config.map_err(Error::Config)?;
        config.validate()?;
        Ok(config)
    }

    /// The settings of a preset with these on top.
    ///
    /// # Errors
    ///
    /// The first setting that is not valid, and why.
    pub fn over(self, preset: Preset) -> Result<Config, Error> {
        let config = parse(&merged(preset.table(), self.0)).map_err(Error::Config)?;
        config.validate()?;
        Ok(config)
    }
}

/// The settings with a default for each section, to parse a part of them.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Complete {
    #[serde(default)]
    data: crate::config::DataConfig,
    #[serde(default)]
    columns: std::collections::BTreeMap<String, backburn_table::ColumnKind>,
    #[serde(default)]
    class_weights: std::collections::BTreeMap<String, f64>,
    #[serde(default)]
    target_weights: std::collections::BTreeMap<String, f64>,
    #[serde(default)]
    network: backburn_model::MlpConfig,
    #[serde(default)]
    training: backburn_training::TrainingConfig,
    #[serde(default)]
    ensemble: crate::config::EnsembleConfig,
    #[serde(default)]
    scoring: crate::scoring_config::ScoringConfig,
}

fn parse(table: &Table) -> Result<Config, String> {
    merged(Preset::Default.table(), table.clone())
        .try_into()
        .map_err(|error: toml::de::Error| plain_types(error.message()))
}

/// Every setting with a value: the preset's file, with the settings that have no default.
fn all_settings() -> Table {
    let uncommented = Preset::Default.file().replace("\n#: ", "\n");
    uncommented.parse().unwrap_or_default()
}

/// The dotted names of all settings.
fn all_names() -> Vec<String> {
    fn collect(path: &str, table: &Table, names: &mut Vec<String>) {
        for (name, value) in table {
            let name = match path.is_empty() {
                true => name.clone(),
                false => format!("{path}.{name}"),
            };
            match value {
                Value::Table(inner) => collect(&name, inner, names),
                _ => names.push(name),
            }
        }
    }
    let mut names = Vec::new();
    collect("", &all_settings(), &mut names);
    names
}

/// Checks that every key is a setting. The error has the key and what is wrong with it.
fn check_keys(table: &Table) -> Result<(), (String, String)> {
    check_level("", table, &all_settings())
}

fn check_level(path: &str, table: &Table, known: &Table) -> Result<(), (String, String)> {
    for (name, value) in table {
        let key = match path.is_empty() {
            true => name.clone(),
            false => format!("{path}.{name}"),
        };
        if NAMED.contains(&key.as_str()) {
            continue;
        }
        match (value, known.get(name)) {
            (Value::Table(inner), Some(Value::Table(known))) => check_level(&key, inner, known)?,
            (_, Some(_)) => {}
            (value, None) => {
                // Of an unknown section, the first setting shows what was meant.
                let inner = value.as_table().and_then(|inner| inner.keys().next());
                let reason = unknown(&inner.map_or(key.clone(), |name| format!("{key}.{name}")));
                return Err((key, reason));
            }
        }
    }
    Ok(())
}

/// The error message for a key that is not a setting, with what may have been meant.
fn unknown(key: &str) -> String {
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == key) {
        return format!("`{key}` is now called `{new}`");
    }
    if let Some(field) = key.strip_prefix("network.")
        && FROM_THE_TABLE.contains(&field)
    {
        return format!("{key}: this value follows from the table and cannot be set");
    }
    let names = all_names();
    let (_, last) = key.rsplit_once('.').unwrap_or(("", key));
    // The right name in the wrong section, or without a section.
    let elsewhere = names
        .iter()
        .find(|name| name.rsplit('.').next() == Some(last));
    let near = || nearest_name(key, names.iter().map(String::as_str));
    let near_last = || {
        let last_parts = names.iter().filter_map(|name| name.rsplit('.').next());
        let near = nearest_name(last, last_parts)?;
        names
            .iter()
            .find(|name| name.ends_with(&format!(".{near}")))
            .cloned()
    };
    match elsewhere.cloned().or_else(near).or_else(near_last) {
        Some(name) => format!("there is no setting `{key}`: did you mean `{name}`?"),
        None => format!("there is no setting `{key}`"),
    }
}

/// The line of a dotted key in a TOML text, counted from 1.
pub(crate) fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut section = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            section = format!("{name}.");
            if key == name {
                return Some(index + 1);
            }
        } else if let Some((name, _)) = line.split_once('=')
            && format!("{section}{}", name.trim()) == key
        {
            return Some(index + 1);
        }
    }
    None
}

/// Sets one value by its dotted key.
fn set(table: &mut Table, assignment: &str) -> Result<(), String> {
    // The name of a column or a class may contain dots and equals signs.
    let named = NAMED.iter().any(|section| {
        let rest = assignment.strip_prefix(section);
        rest.is_some_and(|rest| rest.starts_with('.'))
    });
    let halves = match named {
        true => assignment.rsplit_once('='),
        false => assignment.split_once('='),
    };
    let (key, text) = halves.ok_or("write it as KEY=VALUE, such as training.epochs=50")?;
    let (key, text) = (key.trim(), text.trim());
    // A value that is not TOML is text without quotes.
    let parsed = format!("value = {text}").parse::<Table>().ok();
    let value = parsed
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_string()));
    let mut names: Vec<&str> = match key.split_once('.') {
        Some((section, name)) if NAMED.contains(&section) => {
            let quoted = name
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'));
            vec![section, quoted.unwrap_or(name)]
        }
        Some(_) => key.split('.').collect(),
        None => return Err(unknown(key)),
    };
    let last = names.pop().unwrap_or_default();
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
    section.insert(last.to_string(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use backburn_model::Activation;
    use backburn_table::ColumnKind;

    fn with(assignments: &[&str]) -> Result<Config, Error> {
        let mut settings = Settings::new();
        for assignment in assignments {
            settings = settings.set(assignment)?;
        }
        settings.over(Preset::Default)
    }

    #[test]
    fn an_option_may_look_like_a_setting() {
        let like = |option: &str| Settings::like_option(option);
        assert_eq!(like("--epochs=50").unwrap(), "training.epochs");
        assert_eq!(like("--learning-rate").unwrap(), "training.learning_rate");
        assert_eq!(like("--no-such-option"), None);
    }

    #[test]
    fn quantiles_do_not_replace_a_loss_that_is_set() {
        let quantiles = |loss: &str| {
            let set = Settings::new().set(&format!("training.loss={loss}"));
            set.unwrap().quantiles(&[0.1, 0.9])
        };
        let error = quantiles("poisson").unwrap_err().to_string();
        assert!(
            error.starts_with("--quantiles and training.loss=poisson"),
            "{error}"
        );
        assert!(quantiles("quantile").is_ok());
        assert!(Settings::new().quantiles(&[0.5]).is_ok());
    }

    #[test]
    fn the_default_file_is_complete_and_holds_the_defaults() {
        assert_eq!(Config::default(), with(&[]).unwrap());
        let table = all_settings();
        let every: Config = table.clone().try_into().unwrap();
        let complete = Table::try_from(&every).unwrap();
        for (section, values) in &complete {
            for key in values.as_table().unwrap().keys() {
                let from_table = section == "network" && FROM_THE_TABLE.contains(&key.as_str());
                let named = table[section].as_table().unwrap().contains_key(key);
                assert!(named || from_table, "{section}.{key} is not in the file");
            }
        }
        for key in ["optimizer", "schedule"] {
            let complete = complete["training"][key].as_table().unwrap();
            for name in complete.keys() {
                let file = table["training"][key].as_table().unwrap();
                assert!(
                    file.contains_key(name),
                    "training.{key}.{name} is not in the file"
                );
            }
        }
    }

    #[test]
    fn presets_differ_from_the_default_in_what_their_files_say() {
        for preset in [Preset::Fast, Preset::Best] {
            let settings = Settings::new().set("network.activation=relu").unwrap();
            let config = settings.over(preset).unwrap();
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
    fn a_wrong_setting_says_what_is_wrong_and_what_was_meant() {
        for (set, message) in [
            ("training.epoch=7", "did you mean `training.epochs`?"),
            ("trainin.epochs=7", "did you mean `training.epochs`?"),
            ("epochs=3", "did you mean `training.epochs`?"),
            (
                "data.neighbours=false",
                "is now called `data.neighbor_features`",
            ),
            ("training.epochs=many", "invalid type: string \"many\""),
            ("training.epochs=0", "training.epochs: must be at least 1"),
            ("network.inputs=3", "follows from the table"),
            ("network.activation=rleu", "`rleu`"),
            (
                "training.weight_averaging=0",
                "training.weight_averaging: must be at least 1",
            ),
            ("training.epochs", "write it as KEY=VALUE"),
            ("data.validation_fraction=1", "data.validation_fraction"),
            ("data.bins=1000000000000", "data.bins: must be at most 1024"),
            ("data.numeric_scaler=rank", "unknown variant `rank`"),
        ] {
            let error = with(&[set]).unwrap_err();
            assert!(error.to_string().contains(message), "{set}: {error}");
            assert!(matches!(error, Error::Config(_)));
        }
    }

    #[test]
    fn averaged_weights_have_no_batch_normalization() {
        let averaging = "training.weight_averaging=3";
        let error = with(&[averaging, "network.normalization=batch"]).unwrap_err();
        assert!(error.to_string().contains("use layer or none"), "{error}");
        with(&["training.weight_averaging=1", "network.normalization=batch"]).unwrap();
        let config = with(&[averaging, "network.normalization=layer"]).unwrap();
        assert_eq!(config.training.weight_averaging, Some(3));
        // The settings of a model that is trained without it are written as before.
        assert!(!Config::default().to_toml().contains("averaging"));
    }

    #[test]
    fn a_wrong_setting_in_a_file_has_its_line() {
        let wrong = "[network]\nhidden = [3]\n\n[data]\nsimilar_rows = \"never\"\n";
        let error = Settings::new().toml(wrong).unwrap_err().to_string();
        assert_eq!(
            error,
            "line 5: `data.similar_rows` is now called `data.knn_features`"
        );
        let error = Settings::new().toml("[network]\nhidden = 3\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn a_config_survives_being_written_and_read() {
        let config = with(&["training.clip_norm=1.0", "network.hidden=[]"]).unwrap();
        let read = Settings::new().toml(&config.to_toml()).unwrap();
        assert_eq!(read.over(Preset::Default).unwrap(), config);
    }
}
