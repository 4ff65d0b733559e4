//! How a model that is trained further keeps what it learned before.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::number_text::number_text;

/// How a model that is trained further keeps what it learned before: by replay of old rows, by elastic weight
/// consolidation, by both, or by neither. As text, `replay`, `ewc`, `replay,ewc` or `none`; `replay=5000` sets the number of rows, and
/// `ewc=100` the strength.
///
/// ```
/// use backburn::Remember;
///
/// let remember: Remember = "replay=5000,ewc".parse()?;
/// assert_eq!((remember.replay, remember.ewc), (Some(5000), Some(10.0)));
/// assert_eq!(remember.to_string(), "replay=5000,ewc=10");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remember {
    /// The largest number of old rows that the model file keeps, and trains on again with each update. `None` keeps
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<usize>,
    /// The strength of elastic weight consolidation, above 0. `None` turns it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ewc: Option<f64>,
}

impl Remember {
    /// The number of rows of `replay` without a number.
    pub const REPLAY_ROWS: usize = 1000;
    /// The strength of `ewc` without a number. That of the Laplace approximation is 1, which protects too little.
    pub const EWC_STRENGTH: f64 = 10.0;
    /// The largest number of rows that may be kept.
    pub const MOST_ROWS: usize = 1_000_000;

    /// Nothing is protected. The model file still keeps some rows that are not trained on, to measure forgetting.
    pub const NONE: Self = Self {
        replay: None,
        ewc: None,
    };

    /// Replay of 1000 rows.
    pub const REPLAY: Self = Self {
        replay: Some(Self::REPLAY_ROWS),
        ewc: None,
    };

    /// Elastic weight consolidation with strength 10.
    pub const EWC: Self = Self {
        replay: None,
        ewc: Some(Self::EWC_STRENGTH),
    };

    /// Whether the numbers are valid. Those of a file may be anything.
    pub(crate) fn is_usable(&self) -> bool {
        self.replay
            .is_none_or(|rows| (1..=Self::MOST_ROWS).contains(&rows))
            && self.ewc.is_none_or(is_strength)
    }
}

fn is_strength(strength: f64) -> bool {
    strength > 0.0 && strength <= 1e9
}

impl FromStr for Remember {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut remember = Self::NONE;
        if text == "none" {
            return Ok(remember);
        }
        for part in text.split(',') {
            let (name, number) = match part.split_once('=') {
                Some((name, number)) => (name.trim(), Some(number.trim())),
                None => (part.trim(), None),
            };
            match name {
                "replay" => {
                    let rows = number.map_or(Some(Self::REPLAY_ROWS), |rows| rows.parse().ok());
                    let rows = rows.filter(|rows| (1..=Self::MOST_ROWS).contains(rows));
                    let wrong = || "replay= takes a number of rows from 1 to 1,000,000".to_string();
                    remember.replay = Some(rows.ok_or_else(wrong)?);
                }
                "ewc" => {
                    let strength = number.map_or(Some(Self::EWC_STRENGTH), |n| n.parse().ok());
                    let strength = strength.filter(|strength| is_strength(*strength));
                    let wrong = || "ewc= takes a number above 0, such as 100".to_string();
                    remember.ewc = Some(strength.ok_or_else(wrong)?);
                }
                _ => {
                    return Err(
                        "use replay, ewc, replay,ewc or none; replay=5000 sets the number of rows, \
                         and ewc=100 the strength"
                            .to_string(),
                    );
                }
            }
        }
        Ok(remember)
    }
}

impl fmt::Display for Remember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replay = self.replay.map(|rows| format!("replay={rows}"));
        let ewc = self.ewc.map(|n| format!("ewc={}", number_text(n)));
        let parts: Vec<String> = replay.into_iter().chain(ewc).collect();
        match parts.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&parts.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_value_agree() {
        for (text, expected) in [
            ("none", Remember::NONE),
            ("replay=1000", Remember::REPLAY),
            ("ewc=10", Remember::EWC),
            (
                "replay=7,ewc=0.5",
                Remember {
                    replay: Some(7),
                    ewc: Some(0.5),
                },
            ),
        ] {
            assert_eq!(text.parse::<Remember>().unwrap(), expected);
            assert_eq!(expected.to_string(), text);
            assert!(expected.is_usable());
        }
        assert_eq!("replay".parse::<Remember>().unwrap(), Remember::REPLAY);
    }

    #[test]
    fn other_text_is_refused() {
        for (text, expected) in [
            ("all", "use replay, ewc"),
            ("", "use replay, ewc"),
            ("replay=0", "a number of rows"),
            ("replay=-1", "a number of rows"),
            ("ewc=0", "above 0"),
            ("ewc=NaN", "above 0"),
            ("none,ewc", "use replay, ewc"),
        ] {
            let error = text.parse::<Remember>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
