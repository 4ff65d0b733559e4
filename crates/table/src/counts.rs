//! Different texts and how often each occurs.

use std::collections::BTreeMap;

use crate::format_note::Examples;

/// Texts and how often each occurs.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub texts: BTreeMap<String, usize>,
    pub total: usize,
}

/// Different texts that are counted one by one.
const MAX_TEXTS: usize = 10_000;

impl Counts {
    pub fn add(&mut self, text: &str) {
        self.total += 1;
        if let Some(count) = self.texts.get_mut(text) {
            *count += 1;
        } else if self.texts.len() < MAX_TEXTS {
            self.texts.insert(text.to_string(), 1);
        }
    }

    pub fn examples(&self) -> Examples {
        let texts = self.texts.iter().map(|(text, n)| (text.clone(), *n));
        let mut examples = Examples::new(texts);
        examples.total = self.total;
        examples
    }
}

/// The first different texts and how often each occurs, where most values are counted and few shown.
#[derive(Debug, Default)]
pub(crate) struct FirstTexts {
    texts: Vec<(String, usize)>,
    pub total: usize,
}

impl FirstTexts {
    pub fn add(&mut self, text: &str) {
        const SHOWN: usize = 3;
        self.total += 1;
        if let Some((_, count)) = self.texts.iter_mut().find(|(known, _)| known == text) {
            *count += 1;
        } else if self.texts.len() < SHOWN {
            self.texts.push((text.to_string(), 1));
        }
    }

    pub fn examples(&self) -> Examples {
        let mut examples = Examples::new(self.texts.iter().cloned());
        examples.total = self.total;
        examples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted() {
        let (mut all, mut first) = (Counts::default(), FirstTexts::default());
        for text in ["a", "b", "c", "d", "d", "a"] {
            all.add(text);
            first.add(text);
        }
        assert_eq!((all.total, first.total), (6, 6));
        assert_eq!(all.examples().to_string(), "`a` 2, `d` 2, `b` 1, `c` 1");
        assert_eq!(first.examples().to_string(), "`a` 2, `b` 1, `c` 1, …");
    }
}
