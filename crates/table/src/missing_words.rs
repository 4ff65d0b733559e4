//! Words that stand for missing values beside the usual ones.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// Words that count as missing in all columns, beside those that always do in a text file. A word
/// that is a number also stands for the same number written otherwise: `-999` for `-999.0`. It is stored
/// as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct MissingWords {
    /// In the order in which they were added.
    words: Vec<String>,
    texts: HashSet<String>,
    /// The bits of the words that are numbers.
    numbers: HashSet<u64>,
}

/// Words that no one writes for a category: SQL's mark of a missing value and errors of a
/// spreadsheet. They count as missing wherever they occur.
pub(crate) const NEVER_VALUES: [&str; 8] = [
    "\\N", "#DIV/0!", "#REF!", "#VALUE!", "#NUM!", "#NAME?", "#NULL!", "(null)",
];

/// The words that count as missing among numbers, dates and times have at most this many bytes.
const MAX_AMONG: usize = 14;

/// Words that count as missing among numbers, dates and times, in lower case.
const AMONG_VALUES: [&str; 34] = [
    "-",
    "--",
    "---",
    ".",
    "..",
    "...",
    "–",
    "—",
    "…",
    "?",
    "??",
    "*",
    "na",
    "n.a.",
    "n.a",
    "n/a",
    "#n/a",
    "nan",
    "nat",
    "nil",
    "none",
    "null",
    "nd",
    "n/d",
    "unknown",
    "undefined",
    "tbd",
    "tba",
    "missing",
    "not available",
    "not applicable",
    "<na>",
    "(blank)",
    "[null]",
];

/// Whether text among numbers, dates and times stands for a missing value.
pub(crate) fn is_missing_among_values(text: &str) -> bool {
    // Most texts here are values, and no word begins with a digit.
    text.len() <= MAX_AMONG
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && (NEVER_VALUES.contains(&text)
            || AMONG_VALUES
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text)))
}

impl MissingWords {
    /// These words, each once, without surrounding white space.
    pub fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut unique = Self::default();
        for word in words {
            unique.add(word.into().trim());
        }
        unique
    }

    /// Adds a word.
    pub(crate) fn add(&mut self, word: &str) {
        if self.texts.insert(word.to_string()) {
            self.words.push(word.to_string());
            self.numbers.extend(word.parse().ok().and_then(bits));
        }
    }

    /// The words.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether text is one of the words.
    pub fn contains(&self, text: &str) -> bool {
        self.texts.contains(text)
            || (!self.numbers.is_empty()
                && text
                    .parse()
                    .is_ok_and(|number| self.contains_number(number)))
    }

    /// Whether one of the words is this number.
    pub fn contains_number(&self, number: f64) -> bool {
        bits(number).is_some_and(|bits| self.numbers.contains(&bits))
    }
}

/// What equal numbers have in common; `None` for NaN, which equals nothing.
fn bits(number: f64) -> Option<u64> {
    (!number.is_nan()).then(|| (number + 0.0).to_bits())
}

impl From<Vec<String>> for MissingWords {
    fn from(words: Vec<String>) -> Self {
        let mut unique = Self::default();
        for word in &words {
            unique.add(word);
        }
        unique
    }
}

impl From<MissingWords> for Vec<String> {
    fn from(words: MissingWords) -> Self {
        words.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_missing_however_it_is_written() {
        let words = MissingWords::new(["-999", " none given ", "-999"]);
        assert_eq!(words.words(), ["-999", "none given"]);
        assert!(words.contains("-999.0") && words.contains("none given"));
        assert!(words.contains_number(-999.0) && !words.contains_number(999.0));
        assert!(!words.contains("None given") && !words.contains(""));
        let zero = MissingWords::new(["-0", "nan"]);
        assert!(zero.contains("0.0") && zero.contains_number(0.0) && zero.contains("nan"));
        assert!(!zero.contains("NaN") && !zero.contains_number(f64::NAN));
    }

    #[test]
    fn words_are_stored_as_a_list() {
        let words: MissingWords = serde_json::from_str(r#"["-999","none","-999"]"#).unwrap();
        assert_eq!(words, MissingWords::new(["-999", "none"]));
        assert!(words.contains("-999.0"));
        assert_eq!(serde_json::to_string(&words).unwrap(), r#"["-999","none"]"#);
    }

    #[test]
    fn a_million_words_take_no_long_time() {
        let words = MissingWords::new((0..1_000_000).map(|n| format!("word {n}")));
        let started = std::time::Instant::now();
        let found = (0..200_000).filter(|n| words.contains(&format!("word {}", n * 10)));
        assert_eq!(found.count(), 100_000);
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }

    #[test]
    fn dashes_and_errors_are_missing_among_numbers() {
        for text in [
            "-", "--", ".", "#DIV/0!", "\\N", "na", "N.A.", "Unknown", "NaT", "TBD",
        ] {
            assert!(is_missing_among_values(text), "{text}");
        }
        for text in ["", "x", "Namibia", "0", "<0.5"] {
            assert!(!is_missing_among_values(text), "{text}");
        }
    }
}
