//! Marks behind numbers that change their value: `1.2M`, `340 KB`, `57.05N`.

use serde::{Deserialize, Serialize};

/// What the marks behind the numbers of a column stand for, where they differ and belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberScale {
    /// `K`, `M`, `B` and words such as `million`, `Mio.` and `crore`.
    Magnitude,
    /// `B`, `KB`, `MB`, `GB` and `TB`: thousands of bytes.
    Bytes,
    /// Degrees to the north and east, and negative ones to the south and west.
    Compass,
}

/// What a mark does to its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Factor {
    /// The power of ten.
    pub exponent: u8,
    pub negative: bool,
}

impl NumberScale {
    /// What a mark does to its number; `None` if it is none of this scale.
    pub(crate) fn factor(self, mark: &str) -> Option<Factor> {
        let key = mark_key(mark);
        let exponent = match self {
            Self::Magnitude => magnitude(&key),
            Self::Bytes => bytes(&key),
            Self::Compass => {
                return direction(&key).map(|(negative, _)| Factor {
                    exponent: 0,
                    negative,
                });
            }
        };
        exponent.map(|exponent| Factor {
            exponent,
            negative: false,
        })
    }

    /// The scale that marks share, by their keys; `bare` numbers have none. A single mark is a unit, unless
    /// it plainly stands for a magnitude and numbers without it are there as well.
    pub(crate) fn of(marks: &[&str], bare: usize) -> Option<Self> {
        let keys: Vec<String> = marks.iter().map(|mark| mark_key(mark)).collect();
        let all = |of: fn(&str) -> Option<u8>| keys.iter().all(|key| of(key).is_some());
        match keys.as_slice() {
            [] => None,
            [key] => {
                let is_letter = key.len() == 1 && !matches!(marks[0], "k" | "K" | "M" | "B");
                (bare > 0 && magnitude(key).is_some() && !is_letter).then_some(Self::Magnitude)
            }
            _ if all(magnitude) => Some(Self::Magnitude),
            _ if all(bytes) => Some(Self::Bytes),
            [first, rest @ ..] => {
                let (_, axis) = direction(first)?;
                let mut others = rest.iter().map(|key| direction(key));
                let same = others.all(|found| found.is_some_and(|(_, other)| other == axis));
                same.then_some(Self::Compass)
            }
        }
    }

    /// The marks in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Magnitude => "signs for thousands and millions",
            Self::Bytes => "units of bytes",
            Self::Compass => "directions of the compass",
        }
    }
}

/// Whether a word stands for a power of ten beside a currency: `$1.2M`, `3 Mio. €`.
pub(crate) fn magnitude_of(word: &str) -> Option<u8> {
    magnitude(&mark_key(word))
}

/// What the spellings of one mark have in common: `Kg`, `kg.` and `kg`; `year` and `years`; `1st`, `2nd`.
pub(crate) fn mark_key(mark: &str) -> String {
    let lower = mark.trim_end_matches('.').to_lowercase();
    if matches!(lower.as_str(), "st" | "nd" | "rd" | "th") {
        return "th".to_string();
    }
    let is_plural = lower.len() > 2 && lower.is_ascii() && !lower.ends_with("ss");
    match lower.strip_suffix('s').filter(|_| is_plural) {
        Some(single) => single.to_string(),
        None => lower,
    }
}

fn magnitude(key: &str) -> Option<u8> {
    Some(match key {
        "k" | "thousand" | "tsd" => 3,
        "lac" | "lakh" => 5,
        "m" | "mn" | "mln" | "mio" | "mill" | "million" => 6,
        "cr" | "crore" => 7,
        "b" | "bn" | "mrd" | "mld" | "milliard" | "billion" => 9,
        "tn" | "trillion" => 12,
        _ => return None,
    })
}

fn bytes(key: &str) -> Option<u8> {
    Some(match key {
        "b" | "byte" => 0,
        "kb" => 3,
        "mb" => 6,
        "gb" => 9,
        "tb" => 12,
        _ => return None,
    })
}

/// Whether a direction makes its number negative, and whether it is to the north or south.
fn direction(key: &str) -> Option<(bool, bool)> {
    Some(match key.trim_start_matches(['°', ' ']) {
        "n" => (false, true),
        "s" => (true, true),
        "e" => (false, false),
        "w" => (true, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_belong_together_have_a_scale() {
        use NumberScale::*;
        for (marks, bare, expected) in [
            (&["K", "M"][..], 0, Some(Magnitude)),
            (&["Lac", "Cr"], 0, Some(Magnitude)),
            (&["Mio.", "Mrd."], 3, Some(Magnitude)),
            (&["K"], 5, Some(Magnitude)),
            (&["M"], 0, None),
            (&["m"], 5, None),
            (&["million"], 5, Some(Magnitude)),
            (&["KB", "MB", "B"], 0, Some(Bytes)),
            (&["N", "S"], 0, Some(Compass)),
            (&["° E", "° W"], 0, Some(Compass)),
            (&["N", "E"], 0, None),
            (&["kg", "lb"], 0, None),
            (&["km", "m"], 0, None),
            (&["CR", "DR"], 0, None),
            (&[], 5, None),
        ] {
            assert_eq!(NumberScale::of(marks, bare), expected, "{marks:?}");
        }
    }

    #[test]
    fn spellings_of_one_mark_have_one_key() {
        for (one, other) in [
            ("Kg", "kg."),
            ("year", "Years"),
            ("st", "nd"),
            ("USD", "usd"),
            ("lbs", "lb"),
        ] {
            assert_eq!(mark_key(one), mark_key(other), "{one}");
        }
        for (one, other) in [("ms", "m"), ("kg", "g"), ("s", ""), ("glass", "glas")] {
            assert_ne!(mark_key(one), mark_key(other), "{one}");
        }
    }

    #[test]
    fn marks_have_factors() {
        let factor =
            |scale: NumberScale, mark| scale.factor(mark).map(|f| (f.exponent, f.negative));
        assert_eq!(factor(NumberScale::Magnitude, "M"), Some((6, false)));
        assert_eq!(factor(NumberScale::Magnitude, "Mrd."), Some((9, false)));
        assert_eq!(factor(NumberScale::Bytes, "kB"), Some((3, false)));
        assert_eq!(factor(NumberScale::Compass, "° S"), Some((0, true)));
        assert_eq!(factor(NumberScale::Compass, "K"), None);
    }
}
