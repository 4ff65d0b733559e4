//! One of several targets that has a single value.

use backburn_table::{Table, TableError};

use crate::text::{count, shown};

/// Checks that a column has two different values. One without any value is not checked here.
///
/// # Errors
///
/// The table has no such column, or the column has a single value; the message says what to do where there are other
/// targets.
pub(crate) fn check_values_differ(table: &Table, target: &str) -> Result<(), TableError> {
    let column = table.column(target)?;
    let mut known = column.cells().filter_map(|cell| cell.category());
    let Some(first) = known.next() else {
        return Ok(());
    };
    let mut rows = 1;
    for value in known {
        if value != first {
            return Ok(());
        }
        rows += 1;
    }
    Err(table.unusable(format!(
        "target `{}` has a single value, \"{}\", in {}: there is nothing to learn: leave it out of --target",
        shown(target),
        shown(&first),
        count(rows, "row")
    )))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    #[test]
    fn a_single_value_is_named_with_its_rows() {
        let csv = "x,a,b,c,d\n1,7.5,yes,,2\n2,7.5,,,\n3,,yes,,3\n";
        let table = Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap();
        let check = |target: &str| {
            let checked = check_values_differ(&table, target);
            checked.map_err(|error| error.to_string())
        };
        for (target, value) in [("a", "7.5"), ("b", "yes")] {
            let expected = format!(
                "t.csv: target `{target}` has a single value, \"{value}\", in 2 rows: there is nothing to learn: leave it \
                 out of --target"
            );
            assert_eq!(check(target), Err(expected));
        }
        assert_eq!(check("c"), Ok(()));
        assert_eq!(check("d"), Ok(()));
    }
}
