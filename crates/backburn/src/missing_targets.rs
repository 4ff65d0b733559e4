//! Tables that lack some of several targets.

use backburn_preprocessing::Target;
use backburn_table::{Table, TableError};

use crate::text::{column_option, shown};

/// Checks that a table to score has the columns of all targets of a model, each with a value. One target alone is not
/// checked here.
///
/// # Errors
///
/// The message names the targets that are missing and says how to score the others.
pub(crate) fn check_scored(table: &Table, targets: &[&Target]) -> Result<(), TableError> {
    if targets.len() < 2 {
        return Ok(());
    }
    let (scored, others): (Vec<&Target>, Vec<&Target>) = targets
        .iter()
        .copied()
        .partition(|target| Target::known_rows(table, target.column(), target.task()).is_ok());
    let Some(first) = others.first() else {
        return Ok(());
    };
    let names: Vec<&str> = scored.iter().map(|target| target.column()).collect();
    let to_do = match names.is_empty() {
        true => "score a table that has values of them".to_string(),
        false => {
            let option = column_option("--target", &names.join(","));
            format!("to score the other targets, pass {option}")
        }
    };
    let others: Vec<&str> = others.iter().map(|target| target.column()).collect();
    check_columns(table, &others, &to_do)?;
    Err(match table.no_values(first.column()) {
        TableError::Unusable { name, reason } => TableError::Unusable {
            name,
            reason: format!("{reason}: {to_do}"),
        },
        error => error,
    })
}

/// Checks that a table has the columns of targets.
///
/// # Errors
///
/// The message names the targets that are missing, says `to_do`, and lists the columns that there are.
pub(crate) fn check_columns(
    table: &Table,
    targets: &[&str],
    to_do: &str,
) -> Result<(), TableError> {
    let missing = targets.iter().filter(|name| !table.has_column(name));
    let missing: Vec<&str> = missing.copied().collect();
    let (first, what) = match missing.as_slice() {
        [] => return Ok(()),
        [one] => (one, "it is a target".to_string()),
        [first, ..] => {
            let names = missing.iter().map(|name| format!("`{}`", shown(name)));
            let names: Vec<String> = names.collect();
            (
                first,
                format!("the targets {} are missing", names.join(", ")),
            )
        }
    };
    Err(match table.no_column(first) {
        TableError::NoColumn {
            name,
            column,
            advice,
        } => {
            let columns = advice.map(|columns| format!("; {columns}"));
            TableError::NoColumn {
                name,
                column,
                advice: Some(format!("{what}: {to_do}{}", columns.unwrap_or_default())),
            }
        }
        error => error,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    fn check(csv: &'static str, targets: &[&str]) -> Result<(), String> {
        let options = ReadOptions::default();
        let table = Table::from_reader("t.csv", Cursor::new(csv), &options).unwrap();
        let of_classes = |column: &&str| Target::Classification {
            column: (*column).to_string(),
            classes: vec!["no".to_string(), "yes".to_string()],
            temperature: 1.0,
            decision: None,
        };
        let targets: Vec<Target> = targets.iter().map(of_classes).collect();
        let targets: Vec<&Target> = targets.iter().collect();
        check_scored(&table, &targets).map_err(|error| error.to_string())
    }

    #[test]
    fn missing_columns_are_named_and_the_others_can_be_scored() {
        let csv = "x,sold,let\n1,yes,\n2,no,\n";
        assert_eq!(check(csv, &["sold", "x"]), Ok(()));
        assert_eq!(check(csv, &["rented"]), Ok(()));
        let one = check(csv, &["sold", "rented", "x"]).unwrap_err();
        assert_eq!(
            one,
            "t.csv has no column `rented`; it is a target: to score the other targets, pass --target sold,x; \
             the columns are `x`, `sold`, `let`"
        );
        let all = check(csv, &["rented", "new"]).unwrap_err();
        assert_eq!(
            all,
            "t.csv has no column `rented`; the targets `rented`, `new` are missing: score a table that has values of \
             them; the columns are `x`, `sold`, `let`"
        );
        let empty = check(csv, &["sold", "let"]).unwrap_err();
        assert_eq!(
            empty,
            "t.csv: target `let` has no values: to score the other targets, pass --target sold"
        );
        // An empty column is not named as one of those to score.
        let both = check(csv, &["let", "x", "rented"]).unwrap_err();
        assert!(both.contains("`rented`; it is a target: "), "{both}");
        assert!(both.contains("pass --target x; "), "{both}");
    }
}
