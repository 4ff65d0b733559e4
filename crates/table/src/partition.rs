//! Columns that the names of folders give to the files in them: `year=2024`.

use std::path::Path;

use crate::cell::Cell;

/// Names and values; `None` is a missing value.
pub(crate) type Partitions = Vec<(String, Option<String>)>;

/// What Hive writes for a missing value.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns that the names of folders give.
pub(crate) fn of_path(folder: &Path) -> Partitions {
    let names = folder.components();
    let names = names.filter_map(|name| of_folder(name.as_os_str().to_str()?));
    names.collect()
}

/// The column that the name of a folder gives. No value but Hive's own stands for a missing one.
pub(crate) fn of_folder(folder: &str) -> Option<(String, Option<String>)> {
    let (name, value) = folder.split_once('=')?;
    let is_missing = value == MISSING || value.is_empty();
    (!name.is_empty()).then(|| (decoded(name), (!is_missing).then(|| decoded(value))))
}

/// A name in which some characters are written as `%20`.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |index: usize| {
            let digit = after.get(index).copied().map(char::from);
            digit.and_then(|digit| digit.to_digit(16))
        };
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_string())
}

/// Whether a cell of a file has the value that the name of its folder gives, however it is written. A missing
/// one does not contradict.
pub(crate) fn agrees(cell: &Cell, value: Option<&str>) -> bool {
    let Some(value) = value else {
        return *cell == Cell::Missing;
    };
    let value = Cell::Text(value);
    match *cell {
        Cell::Missing => true,
        Cell::Text(text) if value == Cell::Text(text) => true,
        Cell::Boolean(truth) => value.boolean() == Some(truth),
        _ if cell.number().is_some() => cell.number() == value.number(),
        _ if cell.date().is_some() => cell.date() == value.date(),
        _ => cell.boolean().is_some() && cell.boolean() == value.boolean(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_decoded() {
        let value = |value: &str| Some(("a b".to_string(), Some(value.to_string())));
        assert_eq!(of_folder("a%20b=x%3Dy"), value("x=y"));
        assert_eq!(of_folder("a b=New%20York"), value("New York"));
        assert_eq!(of_folder("a b=S%C3%A3o%2FP"), value("São/P"));
        assert_eq!(of_folder("a b=100%"), value("100%"));
        assert_eq!(of_folder("a b=%+1"), value("%+1"));
        assert_eq!(of_folder("a b=NA"), value("NA"));
        for missing in ["a=__HIVE_DEFAULT_PARTITION__", "a="] {
            assert_eq!(of_folder(missing), Some(("a".to_string(), None)));
        }
        assert_eq!(of_folder("plain"), None);
        assert_eq!(of_folder("=x"), None);
        let path = Path::new("sales/year=2024/month=01/1.csv");
        assert_eq!(of_path(path).len(), 2);
    }

    #[test]
    fn values_agree_however_they_are_written() {
        for (cell, value) in [
            (Cell::Integer(2024), "2024"),
            (Cell::Number(2024.0), "2024"),
            (Cell::Text("2024.0"), "2024"),
            (Cell::Text("01"), "1"),
            (Cell::Text("New York"), "New York"),
            (Cell::Date(86_400.0), "1970-01-02"),
            (Cell::Text("1970/01/02"), "1970-01-02"),
            (Cell::Boolean(true), "true"),
            (Cell::Missing, "x"),
        ] {
            assert!(agrees(&cell, Some(value)), "{cell:?} {value}");
        }
        for (cell, value) in [
            (Cell::Integer(2023), "2024"),
            (Cell::Text("2023"), "2024"),
            (Cell::Text("york"), "New York"),
            (Cell::Date(0.0), "1970-01-02"),
            (Cell::Boolean(true), "false"),
            (Cell::Boolean(true), "x"),
        ] {
            assert!(!agrees(&cell, Some(value)), "{cell:?} {value}");
        }
        assert!(agrees(&Cell::Missing, None) && !agrees(&Cell::Integer(1), None));
    }
}
