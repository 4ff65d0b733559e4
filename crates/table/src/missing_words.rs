//! Words that stand for missing values beside the usual ones.

use serde::{Deserialize, Serialize};

/// Words that count as missing in all columns, beside those that always do in a text file. A word
/// that is a number also stands for the same number written otherwise: `-999` for `-999.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MissingWords {
    words: Vec<String>,
}

/// Words that no one writes for a category: SQL's mark of a missing value and errors of a
/// spreadsheet. They count as missing wherever they occur.
pub(crate) const NEVER_VALUES: [&str; 8] = [
    "\\N", "#DIV/0!", "#REF!", "#VALUE!", "#NUM!", "#NAME?", "#NULL!", "(null)",
];

/// Words that count as missing among numbers, dates and times, in lower case.
const AMONG_VALUES: [&str; 29] = [
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
    "nil",
    "none",
    "null",
    "nd",
    "n/d",
    "unknown",
    "missing",
    "not available",
    "not applicable",
    "<na>",
    "(blank)",
];

/// Whether text among numbers, dates and times stands for a missing value.
pub(crate) fn is_missing_among_values(text: &str) -> bool {
    let lower = || text.to_ascii_lowercase();
    NEVER_VALUES.contains(&text) || (text.len() <= 14 && AMONG_VALUES.contains(&lower().as_str()))
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
        if !self.words.iter().any(|known| known == word) {
            self.words.push(word.to_string());
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
        self.words.iter().any(|word| word == text)
            || text
                .parse()
                .is_ok_and(|number| self.contains_number(number))
    }

    /// Whether one of the words is this number.
    pub fn contains_number(&self, number: f64) -> bool {
        let same = |word: &String| word.parse::<f64>().is_ok_and(|word| word == number);
        self.words.iter().any(same)
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
    }

    #[test]
    fn dashes_and_errors_are_missing_among_numbers() {
        for text in ["-", "--", ".", "#DIV/0!", "\\N", "na", "N.A.", "Unknown"] {
            assert!(is_missing_among_values(text), "{text}");
        }
        for text in ["", "x", "Namibia", "0", "<0.5"] {
            assert!(!is_missing_among_values(text), "{text}");
        }
    }
}
