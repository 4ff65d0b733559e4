//! Classes of a table that a model does not know.

use std::collections::BTreeMap;

use backburn_preprocessing::Target;
use backburn_table::{Table, TableError};

use crate::error::Error;
use crate::text::{MAX_NAMES, count, shown};

/// The classes of a table that the model does not know, each with its number of rows. Empty for regression.
///
/// # Errors
///
/// The table does not have the column.
pub(crate) fn unknown_classes(
    table: &Table,
    target: &Target,
    known: &[Option<usize>],
) -> Result<BTreeMap<String, usize>, TableError> {
    let mut unknown = BTreeMap::new();
    let cells = table.column(target.column())?.cells();
    for (cell, _) in cells.zip(known).filter(|(_, known)| known.is_none()) {
        if let Some(class) = cell.category() {
            match unknown.get_mut(class.as_ref()) {
                Some(rows) => *rows += 1,
                None => {
                    unknown.insert(class.into_owned(), 1);
                }
            }
        }
    }
    Ok(unknown)
}

/// The error of a table without a row to score. `are_weightless` says that all rows with a target have the weight 0.
pub(crate) fn nothing_to_score(
    table: &Table,
    target: &Target,
    unknown: &BTreeMap<String, usize>,
    are_weightless: bool,
) -> Error {
    let reason = match target {
        _ if are_weightless => {
            let column = target.column();
            format!("every row that has a value of `{column}` to score has weight 0")
        }
        Target::Classification { classes, .. } if !unknown.is_empty() => {
            no_known_class(unknown, classes)
        }
        _ => format!("no row has a value of `{}` to score", target.column()),
    };
    Error::Failed(format!("{}: {reason}", table.name()))
}

/// Says that no row has a class that the model knows, with the spellings of both.
fn no_known_class(unknown: &BTreeMap<String, usize>, known: &[String]) -> String {
    format!(
        "no row has a class that the model knows: the table has {}; the model {}",
        list(unknown.keys().map(|class| format!("`{}`", shown(class)))),
        list(known.iter().map(|class| format!("`{}`", shown(class))))
    )
}

/// A sentence about rows whose class the model does not know.
pub(crate) fn unknown_note(unknown: &BTreeMap<String, usize>) -> Option<String> {
    let rows: usize = unknown.values().sum();
    let classes = unknown
        .iter()
        .map(|(class, rows)| format!("`{}` {rows}", shown(class)));
    (rows > 0).then(|| {
        format!(
            "{} skipped: the model does not know their class ({})",
            count(rows, "row"),
            list(classes)
        )
    })
}

fn list(names: impl Iterator<Item = String>) -> String {
    let mut names = names.peekable();
    let mut first: Vec<String> = names.by_ref().take(MAX_NAMES).collect();
    if names.peek().is_some() {
        first.push("…".to_string());
    }
    first.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_shown() {
        let unknown = BTreeMap::from([("<=50K.".to_string(), 3), (">50K.".to_string(), 1)]);
        let known = ["<=50K".to_string(), ">50K".to_string()];
        assert_eq!(
            no_known_class(&unknown, &known),
            "no row has a class that the model knows: the table has `<=50K.`, `>50K.`; the model `<=50K`, \
             `>50K`"
        );
        assert_eq!(
            unknown_note(&unknown).unwrap(),
            "4 rows skipped: the model does not know their class (`<=50K.` 3, `>50K.` 1)"
        );
        assert_eq!(unknown_note(&BTreeMap::new()), None);
        let many = (0..20).map(|n| (n.to_string(), 1)).collect();
        assert!(unknown_note(&many).unwrap().ends_with(", …)"));
    }
}
