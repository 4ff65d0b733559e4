//! Sets of settings to start from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::merge::merged;

/// A set of settings to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// One small network: trains in seconds, and is slightly less accurate.
    Fast,
    /// An ensemble of up to eight networks, depending on the number of rows.
    #[default]
    Default,
    /// An ensemble of sixteen networks: the most accurate; trains in minutes.
    Best,
}

impl Preset {
    /// All presets, the fastest first.
    pub const ALL: [Self; 3] = [Self::Fast, Self::Default, Self::Best];

    /// The preset's config file. The file of the default has every setting with an explanation; the
    /// others have only the settings that differ from it.
    pub fn file(self) -> &'static str {
        match self {
            Self::Fast => include_str!("presets/fast.toml"),
            Self::Default => include_str!("presets/default.toml"),
            Self::Best => include_str!("presets/best.toml"),
        }
    }

    /// The name that the command line and config files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Best => "best",
        }
    }

    /// What it is good for, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Fast => "One small network: trains in seconds, and is slightly less accurate",
            Self::Default => "An ensemble of up to eight networks, depending on the number of rows",
            Self::Best => "An ensemble of sixteen networks: the most accurate; trains in minutes",
        }
    }

    /// Every setting of the preset.
    pub(crate) fn table(self) -> Table {
        let parse = |text: &str| text.parse::<Table>().expect("presets are TOML");
        merged(parse(Self::Default.file()), parse(self.file()))
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| format!("`{name}` is not a preset; use one of: fast, default, best"))
    }
}
