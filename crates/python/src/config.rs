//! The settings of a fit.

use backburn::{Preset, Settings};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::error::exception;

/// Sections whose keys are names of columns or classes.
const NAMED: [&str; 2] = ["columns", "class_weights"];

/// A section that is set as a whole.
const WHOLE: &str = "scoring.costs";

/// Every setting of a fit: those of a preset, with settings in TOML and in JSON on top.
///
/// `toml` is the text of a config file. `settings` is a JSON object whose keys are names of settings with dots
/// (`"training.epochs"`) or names of sections with an object of settings. A setting that is null is not set.
#[pyclass(frozen, module = "backburn._backburn")]
pub struct Config(pub backburn::Config);

#[pymethods]
impl Config {
    #[new]
    #[pyo3(signature = (preset="default", *, toml=None, settings=None))]
    fn new(preset: &str, toml: Option<&str>, settings: Option<&str>) -> PyResult<Self> {
        let preset: Preset = preset
            .parse()
            .map_err(|reason| PyValueError::new_err(format!("preset: {reason}")))?;
        let mut all = Settings::new();
        if let Some(text) = toml {
            all = all.toml(text).map_err(exception)?;
        }
        for assignment in assignments(settings.unwrap_or("{}"))? {
            all = all.set(&assignment).map_err(exception)?;
        }
        Ok(Self(all.over(preset).map_err(exception)?))
    }

    /// The names of all settings, with dots: `training.epochs`.
    #[staticmethod]
    fn names() -> Vec<String> {
        Settings::names()
    }

    /// The settings as the text of a config file.
    fn to_toml(&self) -> String {
        self.0.to_toml()
    }

    /// The settings as a JSON object of sections.
    fn to_json(&self) -> PyResult<String> {
        let json = serde_json::to_string(&self.0);
        json.map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// The settings of a JSON object as assignments `KEY=VALUE`.
fn assignments(json: &str) -> PyResult<Vec<String>> {
    let wrong = |reason: String| PyValueError::new_err(format!("settings: {reason}"));
    let value: Value = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    if !value.is_object() {
        return Err(wrong("expected a JSON object".to_string()));
    }
    let mut all = Vec::new();
    collect("", &value, &mut all).map_err(wrong)?;
    Ok(all)
}

fn collect(path: &str, value: &Value, all: &mut Vec<String>) -> Result<(), String> {
    match value {
        Value::Null => {}
        Value::Object(members) if path != WHOLE => {
            for (name, member) in members {
                let name = match NAMED.contains(&path) {
                    true => format!("\"{name}\""),
                    false => name.clone(),
                };
                let path = match path.is_empty() {
                    true => name,
                    false => format!("{path}.{name}"),
                };
                collect(&path, member, all)?;
            }
        }
        value => {
            let value = toml::Value::try_from(value).map_err(|error| format!("{path}: {error}"))?;
            all.push(format!("{path}={value}"));
        }
    }
    Ok(())
}
