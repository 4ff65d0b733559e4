//! Exposures: how much of what is counted a row could have, such as the time that it was observed.

use backburn_table::{CellError, Table};

use crate::config::Config;
use crate::error::Error;
use crate::text::{column_option, shown};

/// Checks that the column of exposures, if there is one, has a number above 0 in every row, and is not the
/// column of another role.
///
/// # Errors
///
/// There is no such column, it is the target or the weight, or one of its values is not a number above 0.
pub(crate) fn check_exposures(
    table: &Table,
    column: Option<&str>,
    others: [Option<&str>; 2],
) -> Result<(), Error> {
    let Some(column) = column else {
        return Ok(());
    };
    if others.contains(&Some(column)) {
        let reason = "it is the target or the weight: it cannot be the exposure as well";
        return Err(Error::Config(format!("`{column}`: {reason}")));
    }
    for (row, cell) in table.column(column)?.cells().enumerate() {
        let is_exposure = |number: &f64| number.is_finite() && *number > 0.0;
        if cell.number().filter(is_exposure).is_none() {
            return Err(Error::Table(table.cell_error(CellError {
                column: column.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: "exposures, which are numbers above 0 (the program takes their logarithm)",
            })));
        }
    }
    Ok(())
}

/// Checks that a dataset with exposures is learned with a log link.
///
/// # Errors
///
/// The loss has none.
pub(crate) fn check_loss(offset: Option<&str>, config: &Config) -> Result<(), Error> {
    match offset {
        Some(column) if !config.training.loss.has_log_link() => Err(Error::Config(format!(
            "--offset `{column}`: an exposure needs a log link: add --set training.loss=poisson (counts) or \
             --set training.loss=gamma (amounts above 0)"
        ))),
        _ => Ok(()),
    }
}

/// Checks that a dataset of a comparison has no exposures.
///
/// # Errors
///
/// It has, and no method of a comparison has a log link.
pub(crate) fn check_compared(offset: Option<&str>) -> Result<(), Error> {
    match offset {
        None => Ok(()),
        Some(column) => Err(Error::Config(format!(
            "--offset `{}`: an exposure needs a log link, which no method of compare has: leave it out, or \
             cross-validate a model with it: train --set training.loss=poisson {} --folds 5",
            shown(column),
            column_option("--offset", column)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_has_no_exposures() {
        assert!(check_compared(None).is_ok());
        let error = check_compared(Some("years")).unwrap_err().to_string();
        assert!(error.contains("--offset years --folds 5"), "{error}");
    }
}
