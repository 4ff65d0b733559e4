//! Categories whose names differ only in case or spaces.

use std::collections::{BTreeMap, HashMap};

use crate::column_statistics::ColumnStatistics;
use crate::error::TableError;
use crate::format_note::FormatNote;
use crate::table::Table;

/// Categories that the note shows.
const SHOWN: usize = 3;

/// A note on categories whose names differ only in case or spaces, with the rows of each.
pub(crate) fn similar_categories(
    table: &Table,
    name: &str,
    found: &ColumnStatistics,
) -> Result<Option<FormatNote>, TableError> {
    let mut first: HashMap<String, bool> = HashMap::with_capacity(found.texts.len());
    for text in &found.texts {
        let again = first
            .entry(folded(text))
            .and_modify(|several| *several = true);
        again.or_insert(false);
    }
    if !first.values().any(|several| *several) {
        return Ok(None);
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for cell in table.column(name)?.cells() {
        let Some(text) = cell.category() else {
            continue;
        };
        if let Some(count) = counts.get_mut(text.as_ref()) {
            *count += 1;
        } else if first.get(&folded(&text)) == Some(&true) {
            counts.insert(text.into_owned(), 1);
        }
    }
    Ok(similar_names(name, counts))
}

/// A note on names of categories, each with its rows, that differ only in case or spaces; `None` if
/// there are none.
pub fn similar_names(
    column: &str,
    names: impl IntoIterator<Item = (String, usize)>,
) -> Option<FormatNote> {
    let mut groups: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    for (name, rows) in names {
        let group = groups.entry(folded(&name)).or_default();
        group.push((with_spaces_shown(&name), rows));
    }
    let mut groups: Vec<_> = groups
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    for group in &mut groups {
        group.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
    let rows = |group: &Vec<(String, usize)>| group.iter().map(|(_, rows)| rows).sum::<usize>();
    groups.sort_by_key(|group| std::cmp::Reverse(rows(group)));
    let of = groups.len();
    groups.truncate(SHOWN);
    (of > 0).then(|| FormatNote::SimilarCategories {
        column: column.to_string(),
        groups,
        of,
    })
}

/// What names that differ only in case or spaces have in common.
fn folded(name: &str) -> String {
    let unseen = |c: &char| !matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    let mut folded = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().filter(unseen).flat_map(char::to_lowercase));
    }
    folded
}

/// A name in which spaces of other kinds are seen.
fn with_spaces_shown(name: &str) -> String {
    let is_unseen = |c: char| {
        c != ' ' && (c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}'))
    };
    let shown = |c: char| match is_unseen(c) {
        true => c.escape_default().collect(),
        false => String::from(c),
    };
    name.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_options::ReadOptions;

    fn names(names: &[(&str, usize)]) -> Option<String> {
        let names = names
            .iter()
            .map(|(name, rows)| ((*name).to_string(), *rows));
        similar_names("c", names).map(|note| note.to_string())
    }

    #[test]
    fn names_that_differ_in_case_or_spaces_are_shown() {
        let said = names(&[
            ("Yes", 3),
            ("yes", 40),
            ("No", 5),
            ("New York", 1),
            ("New\u{a0}York", 2),
        ]);
        let said = said.unwrap();
        assert!(said.contains("spellings of 2 categories"), "{said}");
        assert!(
            said.contains("(`yes` 40, `Yes` 3; `New\\u{a0}York` 2, `New York` 1)"),
            "{said}"
        );
        assert_eq!(
            names(&[("Yes", 3), ("No", 5), ("", 1), ("Straße", 1)]),
            None
        );
    }

    #[test]
    fn rows_of_a_table_are_counted() {
        let csv = "c,y\nRed,1\nred ,2\nRED,3\nred,4\nblue,5\n";
        let table = Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default()).unwrap();
        let found = ColumnStatistics::of(&table, "c").unwrap();
        let note = similar_categories(&table, "c", &found).unwrap().unwrap();
        let said = note.to_string();
        assert!(said.contains("(`red` 2, `RED` 1, `Red` 1)"), "{said}");
        let csv = "c,y\nRed,1\nblue,5\n";
        let table = Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default()).unwrap();
        let found = ColumnStatistics::of(&table, "c").unwrap();
        assert_eq!(similar_categories(&table, "c", &found).unwrap(), None);
    }
}
