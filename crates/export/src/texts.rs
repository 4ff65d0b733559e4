//! Text as whole numbers: the index of a category, and booleans.

use std::collections::{HashMap, HashSet};

use backburn_table::{Cell, spelling_key};

use crate::attributes::Attribute;
use crate::graph::{Kind, Value};

/// Words of which each may be written in lower case, in capitals, or with a capital first.
const TRUE: [&str; 4] = ["true", "yes", "t", "y"];
const FALSE: [&str; 4] = ["false", "no", "f", "n"];
/// Words for missing values in a text file. NaN may have a sign and other cases.
const MISSING: [&str; 16] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "None", "n/a", "null", "?",
];

/// The texts that the graph knows, each with a whole number.
#[derive(Debug, Default)]
struct Known {
    texts: Vec<String>,
    numbers: Vec<i64>,
    all: HashSet<String>,
}

impl Known {
    /// Adds a text, unless it is known.
    fn add(&mut self, text: impl Into<String>, number: i64) {
        let text = text.into();
        if self.all.insert(text.clone()) {
            self.texts.push(text);
            self.numbers.push(number);
        }
    }

    /// Adds the words for missing values.
    fn add_missing(&mut self, words: &[String], number: i64) {
        for word in MISSING {
            self.add(word, number);
        }
        for sign in ["", "-", "+"] {
            for word in ["nan", "NaN", "NAN", "Nan"] {
                self.add(format!("{sign}{word}"), number);
            }
        }
        for word in words {
            self.add(word.as_str(), number);
        }
    }

    /// The whole number of each text, and `other` for all other texts.
    fn look_up<'g>(self, texts: Value<'g>, other: i64) -> Value<'g> {
        let attributes = [
            ("keys_strings", Attribute::Texts(self.texts)),
            ("values_int64s", Attribute::Ints(self.numbers)),
            ("default_int64", Attribute::Int(other)),
        ];
        let graph = texts.graph;
        graph.with("LabelEncoder", &[texts], &attributes, Kind::Int)
    }
}

/// The index of each text among the categories. Another text that stands for a missing value gets the number
/// `missing`, and all other texts get `unseen`. `words` stand for missing values beside the usual ones.
pub(crate) fn category_index<'g>(
    texts: Value<'g>,
    categories: &[String],
    words: &[String],
    missing: i64,
    unseen: i64,
) -> Value<'g> {
    let mut known = Known::default();
    for (index, category) in categories.iter().enumerate() {
        if !words.contains(category) {
            known.add(category.as_str(), index as i64);
        }
    }
    known.add_missing(words, missing);
    for (spelling, index) in spellings(categories) {
        known.add(spelling, index as i64);
    }
    known.look_up(texts, unseen)
}

/// Other usual spellings of categories that are numbers or booleans: `1.0` for `1`, `TRUE` for `True`. Where
/// two categories are spellings of one value, it has no other spelling.
fn spellings(categories: &[String]) -> Vec<(String, usize)> {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, category) in categories.iter().enumerate() {
        if let Some(key) = spelling_key(category) {
            by_key.entry(key).or_default().push(index);
        }
    }
    let mut spellings = Vec::new();
    for (index, category) in categories.iter().enumerate() {
        let Some(key) = spelling_key(category) else {
            continue;
        };
        let is_whole = |text: &str| Cell::Text(text).category().as_deref() != Some(text);
        let with_point = [format!("{category}.0"), format!("{key}.0")];
        // These are the same category, even if another one is the same number.
        let same = with_point.into_iter().filter(|text| is_whole(text));
        spellings.extend(same.map(|text| (text, index)));
        if by_key.get(&key).is_some_and(|indices| indices.len() == 1) {
            let cases = [key.to_lowercase(), key.to_uppercase(), key];
            spellings.extend(cases.map(|text| (text, index)));
        }
    }
    spellings
}

/// Booleans as 0 and 1, and as -1 where they are missing or not booleans.
pub(crate) fn booleans(texts: Value<'_>) -> Value<'_> {
    let mut known = Known::default();
    for (words, number) in [(FALSE, 0), (TRUE, 1)] {
        for word in words {
            let capital = format!("{}{}", word[..1].to_uppercase(), &word[1..]);
            for text in [word.to_string(), word.to_uppercase(), capital] {
                known.add(text, number);
            }
        }
    }
    known.look_up(texts, -1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn numbers_and_booleans_have_further_spellings() {
        let found = spellings(&texts(&["3", "True", "0.10", "x", "1.5", "1.50"]));
        for (text, index) in [("3.0", 0), ("true", 1), ("TRUE", 1), ("0.1", 2)] {
            assert!(found.contains(&(text.to_string(), index)), "{text}");
        }
        assert!(found.iter().all(|(_, index)| *index < 3), "{found:?}");
    }
}
