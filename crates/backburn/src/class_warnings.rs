//! Warnings about the classes of a target.

use backburn_preprocessing::Target;
use backburn_table::{ColumnKind, similar_names};

use crate::rare_classes::rare_classes;
use crate::warning::Warning;

/// Warnings about the classes of rows; `kind` is that of the column of the target.
pub(crate) fn warnings_about_classes(
    target: &Target,
    of_row: &[usize],
    kind: Option<ColumnKind>,
) -> Vec<Warning> {
    let Target::Classification {
        column, classes, ..
    } = target
    else {
        return Vec::new();
    };
    let rare = || rare_classes(column, class_counts(target, of_row));
    let warning = numbers_as_classes(column, classes, of_row.len()).or_else(rare);
    let mut warnings: Vec<Warning> = warning.into_iter().collect();
    // Words for booleans are compared as text where they are classes.
    if kind == Some(ColumnKind::Boolean) {
        let similar = similar_names(column, class_counts(target, of_row));
        warnings.extend(similar.map(Warning::Reading));
    }
    warnings
}

/// The classes with their numbers of rows.
fn class_counts(target: &Target, of_row: &[usize]) -> Vec<(String, usize)> {
    let Target::Classification { classes, .. } = target else {
        return Vec::new();
    };
    let mut rows = vec![0; classes.len()];
    for &class in of_row {
        rows[class] += 1;
    }
    classes.iter().cloned().zip(rows).collect()
}

/// A warning about numbers that are predicted as classes, although most of them differ.
fn numbers_as_classes(target: &str, classes: &[String], rows: usize) -> Option<Warning> {
    const FEW_CLASSES: usize = 10;
    let are_numbers = classes.iter().all(|class| class.parse::<f64>().is_ok());
    let many = classes.len() > FEW_CLASSES && 2 * classes.len() > rows;
    (are_numbers && many).then(|| Warning::NumbersAsClasses {
        target: target.to_string(),
        classes: classes.len(),
        rows,
    })
}
