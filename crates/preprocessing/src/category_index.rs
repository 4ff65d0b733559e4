//! The categories of a column by name.

use std::collections::HashMap;

use backburn_table::{Cell, spelling_key};

/// The index of each category by its name. A number or a boolean is also found by a key that all of its
/// spellings share, such as `1` and `1.0`: text files have several spellings, and files with types have one.
#[derive(Debug)]
pub(crate) struct CategoryIndex<'a> {
    by_name: HashMap<&'a str, usize>,
    /// `None` where two categories are spellings of one value.
    by_key: HashMap<String, Option<usize>>,
}

impl<'a> CategoryIndex<'a> {
    pub fn new(categories: &'a [String]) -> Self {
        let names = categories.iter().map(String::as_str).enumerate();
        let mut by_key = HashMap::new();
        for (index, name) in names.clone() {
            if let Some(key) = spelling_key(name) {
                let entry = by_key.entry(key);
                entry.and_modify(|one| *one = None).or_insert(Some(index));
            }
        }
        Self {
            by_name: names.map(|(index, name)| (name, index)).collect(),
            by_key,
        }
    }

    /// The category of a cell; `None` if it is missing or unknown.
    pub fn get(&self, cell: &Cell) -> Option<usize> {
        let name = cell.category()?;
        let same = self.by_name.get(name.as_ref()).copied();
        same.or_else(|| {
            if self.by_key.is_empty() {
                return None;
            }
            self.by_key.get(&spelling_key(&name)?).copied().flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_found_in_any_spelling_of_their_value() {
        let categories =
            |names: &[&str]| -> Vec<String> { names.iter().map(|name| name.to_string()).collect() };
        let old = categories(&[
            "0.0000001",
            "true",
            "1.1",
            "1.10",
            "007",
            "10000000000000000",
        ]);
        let index = CategoryIndex::new(&old);
        assert_eq!(index.get(&Cell::Number(1e-7)), Some(0));
        assert_eq!(index.get(&Cell::Boolean(true)), Some(1));
        assert_eq!(index.get(&Cell::Text("TRUE")), Some(1));
        assert_eq!(index.get(&Cell::Text("1.10")), Some(3));
        assert_eq!(index.get(&Cell::Text("1.100")), None, "either of two");
        assert_eq!(index.get(&Cell::Integer(7)), None, "a code is no number");
        assert_eq!(index.get(&Cell::Number(1e16)), Some(5));
        assert_eq!(index.get(&Cell::Missing), None);
        let ids = categories(&["9007199254740992", "9007199254740993"]);
        let index = CategoryIndex::new(&ids);
        assert_eq!(index.get(&Cell::Integer(9_007_199_254_740_993)), Some(1));
        assert_eq!(index.get(&Cell::Text("9007199254740993")), Some(1));
        assert_eq!(index.get(&Cell::Integer(9_007_199_254_740_994)), None);
    }
}
