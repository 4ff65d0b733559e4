//! Classes of one or two rows.

use crate::warning::Warning;

/// A class with this many rows or fewer is rare.
const MAX_ROWS: usize = 2;

/// A warning about the classes of one or two rows, if there are any; `classes` are all classes with their
/// numbers of rows.
pub(crate) fn rare_classes(
    target: &str,
    classes: impl IntoIterator<Item = (String, usize)>,
) -> Option<Warning> {
    let is_rare = |(_, rows): &(String, usize)| (1..=MAX_ROWS).contains(rows);
    let rare: Vec<(String, usize)> = classes.into_iter().filter(is_rare).collect();
    (!rare.is_empty()).then(|| Warning::RareClasses {
        target: target.to_string(),
        classes: rare,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_one_or_two_rows_are_rare() {
        let rows = |rows: &[usize]| {
            let classes = rows.iter().map(|rows| (format!("c{rows}"), *rows));
            rare_classes("y", classes)
        };
        assert_eq!(rows(&[3, 0, 40]), None);
        let Some(Warning::RareClasses { target, classes }) = rows(&[1, 3, 2]) else {
            panic!("no warning");
        };
        assert_eq!(target, "y");
        assert_eq!(classes, [("c1".to_string(), 1), ("c2".to_string(), 2)]);
    }
}
