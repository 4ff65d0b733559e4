//! Unique names for columns.

use std::collections::{HashMap, HashSet};

/// Gives every column a name of its own: an empty name becomes `column_N`, with `N` counted from 1,
/// and a repeated name gets `.1`, `.2` and so on, as in pandas.
pub(crate) fn unique_names(names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut next = HashMap::new();
    let all: HashSet<String> = names.iter().cloned().collect();
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let base = match name.is_empty() {
                true => format!("column_{}", index + 1),
                false => name,
            };
            let mut unique = base.clone();
            // Equal names continue where the last of them ended: a header of them takes linear time.
            let number = next.entry(base.clone()).or_insert(1_usize);
            while seen.contains(&unique) || (unique != base && all.contains(&unique)) {
                unique = format!("{base}.{number}");
                *number += 1;
            }
            seen.insert(unique.clone());
            unique
        })
        .collect()
}

/// The names that occur more than once, in order; an empty name does not count.
pub(crate) fn repeated_names(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        match counts.get_mut(&name) {
            None => {
                counts.insert(name, 1);
            }
            Some(count) => {
                *count += 1;
                if *count == 2 {
                    repeated.push(name);
                }
            }
        }
    }
    repeated
}

#[cfg(test)]
mod tests {
    use super::{repeated_names, unique_names};

    #[test]
    fn empty_and_repeated_names_become_unique() {
        let names = ["a", "", "a", "a.1", "a"].map(str::to_string);
        assert_eq!(
            unique_names(names.to_vec()),
            ["a", "column_2", "a.2", "a.1", "a.3"]
        );
    }

    #[test]
    fn repeated_names_are_listed_once() {
        let names = ["a", "", "b", "", "a", "c", "b", "a"].map(str::to_string);
        assert_eq!(repeated_names(names.into_iter()), ["a", "b"]);
    }

    #[test]
    fn many_equal_names_take_linear_time() {
        let names = unique_names(vec!["a".to_string(); 100_000]);
        assert_eq!(names[99_999], "a.99999");
        // Names that look like those that are made are no worse.
        let mut taken: Vec<String> = (1..50_000).map(|n| format!("a.{n}")).collect();
        taken.extend(vec!["a".to_string(); 50_000]);
        assert_eq!(unique_names(taken).last().unwrap(), "a.99998");
        let twice = (0..200_000).map(|n| format!("b{}", n % 100_000));
        assert_eq!(repeated_names(twice).len(), 100_000);
    }
}
