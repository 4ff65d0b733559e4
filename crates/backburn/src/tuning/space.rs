//! The settings that a search may change.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use toml::{Table, Value};

use super::range::{Position, SettingRange};
use crate::config::Config;
use crate::error::Error;
use crate::plain_errors::plain_types;
use crate::preset::Preset;
use crate::read_text::read_text;
use crate::settings::{Settings, line_of};
use crate::text::path_name;

/// The largest file of a search space that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Settings that a search cannot change, or sections of them.
const FIXED: [&str; 5] = [
    "ensemble.",
    "training.seed",
    "training.loss",
    "data.validation_fraction",
    "data.refit",
];

/// Values of settings, by their dotted names.
pub type Values = BTreeMap<String, Value>;

/// The settings that a search may change, and the range of each. The [default](Self::default) is in
/// `default_space.toml`, which [`SearchSpace::DEFAULT`] holds.
///
/// ```
/// use backburn::SearchSpace;
///
/// let space = SearchSpace::toml("[network]\ndropout = { uniform = [0.0, 0.5] }\n")?;
/// assert_eq!(space.names().collect::<Vec<_>>(), ["network.dropout"]);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchSpace {
    parameters: BTreeMap<String, Parameter>,
}

/// A setting of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Parameter {
    pub range: SettingRange,
    /// The settings, each with its values, with which this one is searched. Empty for always.
    pub when: BTreeMap<String, Vec<Value>>,
}

impl SearchSpace {
    /// The file of the default space.
    pub const DEFAULT: &'static str = include_str!("default_space.toml");

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a search space; the message has the file and the line.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let named = |reason: &dyn std::fmt::Display| {
            Error::Config(format!("{}: {reason}", path_name(path)))
        };
        let text = read_text(path, LARGEST).map_err(|error| named(&error))?;
        Self::toml(&text).map_err(|error| named(&error))
    }

    /// Reads the file of an option of the command line, such as `--space`; the default space without one.
    ///
    /// # Errors
    ///
    /// As for [`file`](Self::file); the message begins with the option.
    pub fn of_option(option: &str, path: Option<&Path>) -> Result<Self, Error> {
        match path {
            Some(path) => Self::file(path).map_err(|error| error.of_option(option)),
            None => Ok(Self::default()),
        }
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// A setting that does not exist, a range that is none, or a value that the setting cannot have; the message has
    /// the line.
    pub fn toml(text: &str) -> Result<Self, Error> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| Error::Config(error.to_string()))?;
        let mut parameters = BTreeMap::new();
        let space = collect("", &table, &mut parameters)
            .map(|()| Self { parameters })
            .and_then(|space| space.check().map(|()| space));
        space.map_err(|(key, reason)| {
            let line = line_of(text, &key).map_or(String::new(), |line| format!("line {line}: "));
            let named = match reason.starts_with(&key) {
                true => reason,
                false => format!("{key}: {reason}"),
            };
            Error::Config(format!("{line}{named}"))
        })
    }

    /// The names of the settings, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(String::as_str)
    }

    /// The range of a setting.
    pub fn range(&self, name: &str) -> Option<&SettingRange> {
        self.parameters.get(name).map(|parameter| &parameter.range)
    }

    /// Where the value of a setting is in its range, from 0 to 1, of the settings of a trial. Choices are evenly spaced.
    pub fn place(&self, name: &str, settings: &Values) -> Option<f64> {
        let range = self.range(name)?;
        let last = range.choices().map_or(1, |choices| choices - 1);
        match range.position(settings.get(name)?)? {
            Position::Number(number) => Some(number),
            Position::Choice(choice) => Some(choice as f64 / last as f64),
        }
    }

    /// The values at the ends of a range, or all choices, each with its place from 0 to 1.
    pub fn labels(&self, name: &str) -> Vec<(f64, String)> {
        let ends = self.range(name).map(SettingRange::ends).unwrap_or_default();
        let last = ends.len().saturating_sub(1).max(1) as f64;
        let place = |(index, value): (usize, &Value)| {
            let text = value.as_str().map_or(value.to_string(), str::to_string);
            (index as f64 / last, text)
        };
        ends.iter().enumerate().map(place).collect()
    }

    /// The settings that do not depend on others, then those that do.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&String, &Parameter)> {
        let depends = |(_, parameter): &(&String, &Parameter)| !parameter.when.is_empty();
        let first = self.parameters.iter().filter(move |p| !depends(p));
        first.chain(self.parameters.iter().filter(depends))
    }

    /// The values that a config has of these settings, as far as they are in their ranges.
    pub(crate) fn values_of(&self, config: &Config) -> Values {
        let table = Table::try_from(config).unwrap_or_default();
        let mut values = Values::new();
        for (name, parameter) in self.parameters() {
            let value = find(&table, name).filter(|value| {
                parameter.range.position(value).is_some() && parameter.is_active(&values)
            });
            if let Some(value) = value {
                values.insert(name.clone(), value.clone());
            }
        }
        values
    }

    /// The first problem: the name of the setting and what is wrong with it.
    fn check(&self) -> Result<(), (String, String)> {
        if self.parameters.is_empty() {
            let reason = "there is no setting with a range, such as network.dropout = \
                          { uniform = [0.0, 0.5] }";
            return Err(("the search space".to_string(), reason.to_string()));
        }
        for (name, parameter) in &self.parameters {
            let wrong = |reason: String| Err((name.clone(), reason));
            if let Err(reason) = parameter.range.check() {
                return wrong(reason.to_string());
            }
            if FIXED.iter().any(|fixed| name.starts_with(fixed)) {
                return wrong("a search cannot change this setting".to_string());
            }
            for value in parameter.range.ends() {
                let values = Values::from([(name.clone(), value)]);
                if let Err(error) = with_values(&Config::default(), &values) {
                    return wrong(error.to_string());
                }
            }
            for (parent, values) in &parameter.when {
                let found = self.parameters.get(parent);
                let Some(found) = found.filter(|found| found.when.is_empty()) else {
                    return wrong(format!(
                        "`when` has `{parent}`, which is not searched, or has a `when` too"
                    ));
                };
                let known = |value: &Value| {
                    found.range.choices().is_some() && found.range.position(value).is_some()
                };
                if values.is_empty() || !values.iter().all(known) {
                    return wrong(format!(
                        "`when` has values that are not among the choices of `{parent}`"
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Default for SearchSpace {
    fn default() -> Self {
        Self::toml(Self::DEFAULT).expect("the default space is a search space")
    }
}

impl Parameter {
    /// Whether the setting is searched where others have these values.
    pub fn is_active(&self, values: &Values) -> bool {
        self.when.iter().all(|(parent, allowed)| {
            values
                .get(parent)
                .is_some_and(|value| allowed.contains(value))
        })
    }
}

/// A config with other values of some settings.
///
/// # Errors
///
/// A value that the setting cannot have.
pub(crate) fn with_values(config: &Config, values: &Values) -> Result<Config, Error> {
    let mut settings = Settings::new().toml(&config.to_toml())?;
    for (name, value) in values {
        settings = settings.set(&format!("{name}={value}"))?;
    }
    settings.over(Preset::Default)
}

/// Collects the ranges of a table and of the tables in it. `path` is its dotted name.
fn collect(
    path: &str,
    table: &Table,
    parameters: &mut BTreeMap<String, Parameter>,
) -> Result<(), (String, String)> {
    for (name, value) in table {
        let key = match path.is_empty() {
            true => name.clone(),
            false => format!("{path}.{name}"),
        };
        let Value::Table(inner) = value else {
            let reason = "a range was expected, such as { uniform = [0.0, 0.5] }";
            return Err((key, reason.to_string()));
        };
        if inner
            .keys()
            .any(|name| SettingRange::KINDS.contains(&name.as_str()))
        {
            let parameter = parameter(inner).map_err(|reason| (key.clone(), reason))?;
            parameters.insert(key, parameter);
        } else {
            collect(&key, inner, parameters)?;
        }
    }
    Ok(())
}

/// The setting of a table such as `{ uniform = [0.0, 0.5] }`.
fn parameter(table: &Table) -> Result<Parameter, String> {
    let mut table = table.clone();
    let wrong = |error: toml::de::Error| plain_types(error.message());
    let when = match table.remove("when") {
        Some(when) => when.try_into().map_err(wrong)?,
        None => BTreeMap::new(),
    };
    if table.len() != 1 {
        let kinds = SettingRange::KINDS.join(", ");
        return Err(format!("it must have one of {kinds}, and perhaps `when`"));
    }
    // A whole number may be a bound of other numbers.
    for (kind, value) in &mut table {
        if let Value::Array(values) = value
            && kind.ends_with("uniform")
        {
            for value in values {
                if let Value::Integer(whole) = value {
                    *value = Value::Float(*whole as f64);
                }
            }
        }
    }
    let range = Value::Table(table).try_into().map_err(wrong)?;
    Ok(Parameter { range, when })
}

/// The value of a dotted name.
fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
        None => table.get(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_space_is_valid_and_has_the_default_settings() {
        let space = SearchSpace::default();
        let values = space.values_of(&Config::default());
        assert_eq!(values["training.learning_rate"], Value::Float(0.002));
        assert_eq!(values["network.activation"], "silu".into());
        // It depends on the number of rows.
        assert!(!values.contains_key("training.batch_size"));
        let same = with_values(&Config::default(), &values).unwrap();
        assert_eq!(same, Config::default());
    }

    #[test]
    fn a_wrong_space_says_where_and_what() {
        for (text, message) in [
            ("", "there is no setting with a range"),
            (
                "[network]\ndropuot = { uniform = [0, 1] }",
                "line 2: network.dropuot=0.0: there is no setting",
            ),
            (
                "[network]\ndropout = { uniform = [0.5, 0.1] }",
                "line 2: network.dropout: must be two numbers, the lower one first",
            ),
            (
                "[network]\ndropout = { uniform = [0.5, 2.0] }",
                "line 2: network.dropout",
            ),
            (
                "[network]\ndropout = 0.5",
                "line 2: network.dropout: a range was expected",
            ),
            (
                "[network]\ndropout = { uniform = [0, 0.5], log_uniform = [0, 1] }",
                "it must have one of",
            ),
            (
                "[network]\nactivation = { choices = [\"relu\", \"rleu\"] }",
                "`rleu`",
            ),
            (
                "[ensemble]\nfolds = { integer = [2, 5] }",
                "line 2: ensemble.folds: a search cannot change this setting",
            ),
            (
                "[training.optimizer]\nmomentum = { uniform = [0, 0.9], when = { \"training.optimizer.name\" = [\"sgd\"] } }",
                "`when` has `training.optimizer.name`, which is not searched",
            ),
        ] {
            let error = SearchSpace::toml(text).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_place_is_between_the_ends() {
        let space = SearchSpace::default();
        let settings = Values::from([
            ("network.dropout".to_string(), Value::Float(0.25)),
            ("data.bins".to_string(), Value::Integer(16)),
        ]);
        assert_eq!(space.place("network.dropout", &settings), Some(0.5));
        assert_eq!(space.place("data.bins", &settings), Some(0.5));
        assert_eq!(space.place("network.hidden", &settings), None);
        let labels = space.labels("data.bins");
        let texts: Vec<&str> = labels.iter().map(|label| label.1.as_str()).collect();
        assert_eq!(texts, ["0", "16", "auto"]);
        let ends = space.labels("network.dropout");
        assert_eq!(ends, [(0.0, "0.0".to_string()), (1.0, "0.5".to_string())]);
    }

    #[test]
    fn a_setting_may_depend_on_another_one() {
        let space = SearchSpace::toml(
            "[training.optimizer]\n\
             name = { choices = [\"sgd\", \"adam\"] }\n\
             momentum = { uniform = [0, 0.9], when = { \"training.optimizer.name\" = [\"sgd\"] } }\n",
        );
        let space = space.unwrap();
        let names: Vec<&String> = space.parameters().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["training.optimizer.name", "training.optimizer.momentum"]
        );
        let parameter = &space.parameters["training.optimizer.momentum"];
        let name = |name: &str| Values::from([(names[0].clone(), name.into())]);
        assert!(parameter.is_active(&name("sgd")));
        assert!(!parameter.is_active(&name("adam")));
        assert!(!parameter.is_active(&Values::new()));
    }
}
