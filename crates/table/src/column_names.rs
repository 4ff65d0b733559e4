//! Names for columns: unique, and without characters that cannot be seen.

use std::collections::{HashMap, HashSet};

use crate::read_options::ReadOptions;

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

/// Leaves characters that cannot be seen out of names, such as zero-width spaces and byte order marks, and makes
/// non-breaking spaces plain ones. Returns a note on the names. Those that the options name stay, such as those of a model,
/// unless the model has the name without such characters; so does a name that would be that of another column.
pub(crate) fn without_hidden(names: &mut [String], options: &ReadOptions) -> Option<String> {
    const SHOWN: usize = 4;
    if names.iter().all(|name| name.is_ascii()) {
        return None;
    }
    let mut all: HashSet<String> = names.iter().cloned().collect();
    let mut changed = Vec::new();
    let known = &options.known_columns;
    for name in names.iter_mut().filter(|name| !name.is_ascii()) {
        let seen = visible_name(name);
        let stays = options.names(name) && (known.contains(name) || !known.contains(&seen));
        if seen != *name && !stays && all.insert(seen.clone()) {
            // A column without a name gets one.
            changed.extend((!seen.is_empty()).then(|| format!("`{seen}`")));
            *name = seen;
        }
    }
    let first = changed.first()?;
    let what = "invisible characters and non-breaking spaces";
    Some(match changed.len() {
        1 => format!("the name of column {first} is read without {what}"),
        2..=SHOWN => format!(
            "names of columns are read without {what}: {}",
            changed.join(", ")
        ),
        count => format!(
            "the names of {count} columns are read without {what}: {}, …",
            changed[..SHOWN].join(", ")
        ),
    })
}

/// A name without the characters that cannot be seen, such as zero-width spaces.
pub fn visible_name(name: &str) -> String {
    let seen: String = seen_characters(name).collect();
    seen.trim_matches(is_end).to_string()
}

/// Whether a character is left out at both ends of a name. Inside a name, the last two join letters of Persian, Hindi and
/// emoji.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200c}' | '\u{200d}')
}

/// The characters of a name that can be seen, with plain spaces.
fn seen_characters(name: &str) -> impl Iterator<Item = char> + '_ {
    let is_hidden = |c: &char| {
        matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
    };
    let seen = name.chars().filter(move |c| !is_hidden(c));
    seen.map(|c| match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
        c => c,
    })
}

/// Whether a field of a header is the name of a column.
pub(crate) fn is_name(field: &[u8], name: &str) -> bool {
    let is_seen = || {
        // Most texts differ in the first character.
        let text = std::str::from_utf8(field).unwrap_or_default();
        let mut seen = seen_characters(text).skip_while(|c| is_end(*c));
        name.chars().all(|c| seen.next() == Some(c)) && seen.all(is_end)
    };
    let may_be_seen = field.len() > name.len() && !field.is_ascii();
    field.trim_ascii() == name.as_bytes() || (may_be_seen && is_seen())
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
    use super::*;

    #[test]
    fn empty_and_repeated_names_become_unique() {
        let names = ["a", "", "a", "a.1", "a"].map(str::to_string);
        assert_eq!(
            unique_names(names.to_vec()),
            ["a", "column_2", "a.2", "a.1", "a.3"]
        );
    }

    #[test]
    fn characters_that_cannot_be_seen_are_no_part_of_a_name() {
        let read = |names: &[&str], known: &[&str]| {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
            let options = ReadOptions {
                known_columns: known.iter().map(|name| (*name).to_string()).collect(),
                ..ReadOptions::default()
            };
            let note = without_hidden(&mut names, &options);
            (names.join("|"), note)
        };
        let (names, note) = read(&["\u{200b}price", "unit\u{a0}cost\u{feff}", "größe"], &[]);
        assert_eq!(names, "price|unit cost|größe");
        assert!(note.unwrap().ends_with(": `price`, `unit cost`"));
        let (names, note) = read(&["\u{200b}price"], &[]);
        assert_eq!(names, "price");
        assert!(
            note.unwrap()
                .starts_with("the name of column `price` is read")
        );
        assert_eq!(read(&["\u{200b}", "x"], &[]), ("|x".to_string(), None));
        // Two names do not become one.
        let (names, _) = read(&["\u{200b}price", "price\u{200b}"], &[]);
        assert_eq!(names, "price|price\u{200b}");
        for (names, known) in [
            (&["\u{200b}price", "price"][..], &[][..]),
            (&["\u{200b}price"], &["\u{200b}price"]),
            (&["می\u{200c}شود", "x"], &[]),
        ] {
            assert_eq!(read(names, known), (names.join("|"), None));
        }
        // A model has the name as it is seen, and an option the one in the file.
        let mut names = vec!["\u{200b}n".to_string()];
        let options = ReadOptions {
            known_columns: vec!["n".to_string()],
            columns: Some(vec!["n".to_string(), "\u{200b}n".to_string()]),
            ..ReadOptions::default()
        };
        assert!(without_hidden(&mut names, &options).is_some());
        assert_eq!(names, ["n"]);
        assert!(is_name("\u{feff}price".as_bytes(), "price") && is_name(b" price ", "price"));
        assert!(is_name("\u{61c}price".as_bytes(), "price"));
        assert!(is_name(" \u{200b}größe\u{a0}\u{feff}".as_bytes(), "größe"));
        assert!(is_name("unit\u{a0}cost".as_bytes(), "unit cost"));
        assert!(!is_name("prices".as_bytes(), "price") && !is_name("größe".as_bytes(), "gre"));
        assert!(!is_name("price\u{200b}s".as_bytes(), "price"));
        assert!(
            !is_name("\u{200b}pric\u{200b}".as_bytes(), "price")
                && !is_name(b"\xff\xffprice", "price")
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
