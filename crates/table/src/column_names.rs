//! Unique names for columns.

use std::collections::HashSet;

/// Gives every column a name of its own: an empty name becomes `column_N`, with `N` counted from 1,
/// and a repeated name gets `.1`, `.2` and so on, as in pandas.
pub(crate) fn unique_names(names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
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
            let mut number = 1;
            while seen.contains(&unique) || (unique != base && all.contains(&unique)) {
                unique = format!("{base}.{number}");
                number += 1;
            }
            seen.insert(unique.clone());
            unique
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unique_names;

    #[test]
    fn empty_and_repeated_names_become_unique() {
        let names = ["a", "", "a", "a.1", "a"].map(str::to_string);
        assert_eq!(
            unique_names(names.to_vec()),
            ["a", "column_2", "a.2", "a.1", "a.3"]
        );
    }
}
