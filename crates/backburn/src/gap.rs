//! The time between training rows and the rows that they predict.

use std::fmt;
use std::str::FromStr;

/// The least time between the last training row and the first row that it predicts, in the unit of the column
/// with the time.
///
/// ```
/// use backburn::Gap;
///
/// assert_eq!("7d".parse(), Ok(Gap::Seconds(604_800.0)));
/// assert_eq!("2".parse(), Ok(Gap::Number(2.0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gap {
    /// For a column of numbers.
    Number(f64),
    /// For a column of dates.
    Seconds(f64),
}

const UNITS: [(char, f64); 5] = [
    ('s', 1.0),
    ('m', 60.0),
    ('h', 3600.0),
    ('d', 86_400.0),
    ('w', 604_800.0),
];

impl Gap {
    /// The gap as a number, whatever its unit is.
    pub(crate) fn number(self) -> f64 {
        match self {
            Self::Number(number) | Self::Seconds(number) => number,
        }
    }
}

impl FromStr for Gap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit = UNITS
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
        let (number, seconds) = unit.unwrap_or((text, 1.0));
        let number = number.trim().parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        match (number, unit) {
            (Some(number), None) => Ok(Self::Number(number)),
            (Some(number), Some(_)) => Ok(Self::Seconds(number * seconds)),
            (None, _) => Err(
                "a number of at least 0; for dates with s, m, h, d or w, such as 12h or 7d"
                    .to_string(),
            ),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Seconds(seconds) => {
                // A week is said as 7 days, which most people write.
                let mut units = UNITS.iter().rev().filter(|(unit, _)| *unit != 'w');
                let whole = units.find(|(_, unit)| seconds % unit == 0.0 && *seconds > 0.0);
                let (unit, of_unit) = whole.unwrap_or(&UNITS[0]);
                write!(f, "{}{unit}", seconds / of_unit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_number_or_has_a_unit_of_time() {
        for (text, gap) in [
            ("0", Gap::Number(0.0)),
            ("2.5", Gap::Number(2.5)),
            ("90s", Gap::Seconds(90.0)),
            ("12h", Gap::Seconds(43_200.0)),
            ("7d", Gap::Seconds(604_800.0)),
        ] {
            assert_eq!(text.parse::<Gap>(), Ok(gap));
            assert_eq!(gap.to_string(), text);
        }
        let weeks: Gap = "2w".parse().unwrap();
        assert_eq!(weeks.to_string(), "14d");
        for text in ["", "d", "-1", "-1d", "soon", "inf", "nan", "7 weeks"] {
            assert!(text.parse::<Gap>().is_err(), "{text}");
        }
    }
}
