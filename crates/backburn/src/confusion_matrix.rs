//! A confusion matrix as text.

use crate::text::shown;

/// A confusion matrix as lines of text, with columns of equal width: a header with the predicted classes,
/// then a line for each actual class. `counts` has a row for each actual class.
///
/// ```
/// let classes = ["no".to_string(), "yes".to_string()];
/// let lines = backburn::confusion_matrix(&[vec![8, 1], vec![0, 3]], &classes);
/// assert_eq!(lines[0], "actual      no     yes  (predicted)");
/// assert_eq!(lines[1], "no           8       1");
/// ```
pub fn confusion_matrix(counts: &[Vec<usize>], classes: &[String]) -> Vec<String> {
    let names: Vec<String> = classes.iter().map(|name| shown(name)).collect();
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.max().unwrap_or(0).max(6);
    let header: Vec<String> = names.iter().map(|name| format!("{name:>width$}")).collect();
    let header = header.join("  ");
    let mut lines = vec![format!("{:width$}  {header}  (predicted)", "actual")];
    for (name, row) in names.iter().zip(counts) {
        let counts: Vec<String> = row.iter().map(|count| format!("{count:>width$}")).collect();
        lines.push(format!("{name:width$}  {}", counts.join("  ")));
    }
    lines
}
