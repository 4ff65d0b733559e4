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
