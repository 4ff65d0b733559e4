//! Targets that cannot be predicted.

use backburn_table::{Table, TableError};

use crate::text::shown;

/// Checks that a column exists once, and that its values can be read at all.
///
/// # Errors
///
/// The column does not exist, stands more than once in the header, or holds values of a type that is no number, text, boolean or date.
pub(crate) fn check_target(table: &Table, target: &str) -> Result<(), TableError> {
    let column = table.column(target)?;
    if table.repeated_names().iter().any(|name| name == target) {
        return Err(table.unusable(format!(
            "the header has the target `{}` more than once: give each column a name of its own",
            shown(target)
        )));
    }
    match column.unreadable() {
        None => Ok(()),
        Some(holds) => Err(table.unusable(format!(
            "target `{}` holds {holds}, which cannot be predicted: choose a column of numbers, text or \
             booleans, or convert the column first",
            shown(target)
        ))),
    }
}
