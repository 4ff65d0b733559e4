//! Warnings about the classes of a target.

use backburn_preprocessing::Target;

use crate::rare_classes::rare_classes;
use crate::warning::Warning;

/// Warnings about the classes of rows.
pub(crate) fn warnings_about_classes(target: &Target, of_row: &[usize]) -> Vec<Warning> {
    let Target::Classification {
        column, classes, ..
    } = target
    else {
        return Vec::new();
    };
    if let Some(warning) = numbers_as_classes(column, classes, of_row.len()) {
        return vec![warning];
    }
    let rare = rare_classes(column, class_counts(target, of_row));
    rare.into_iter().collect()
}

/// The classes with their numbers of rows.
pub(crate) fn class_counts(target: &Target, of_row: &[usize]) -> Vec<(String, usize)> {
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
