//! Sentences for the values that the library returns.

use std::path::Path;

use backburn::text::{count, escaped, integer, shown};
use backburn::{Dataset, Finding, Table};
use backburn_report::quoted;

use super::console::Console;

/// Describes a dataset: table, columns, notes, target.
pub fn describe(data: &Dataset, test: Option<&Table>, console: Console) {
    let table = data.table();
    let mut words = format!("{}: {}", table.name(), count(table.rows(), "row"));
    if let Some(test) = test {
        words += &format!(", {} to test", count(test.rows(), "row"));
    }
    console.detail("data", words);
    console.paragraph("columns", data.columns_by_kind());
    for warning in data.warnings() {
        console.paragraph("note", warning);
    }
    let target = format!("{} ({})", shown(data.target()), data.task());
    console.detail("target", target);
}

/// Prints findings, each with its evidence and its remedy.
pub fn findings(findings: &[Finding], console: Console) {
    for finding in findings {
        let Finding {
            name,
            evidence,
            remedy,
            settings,
            ..
        } = finding;
        console.paragraph("finding", format!("{name}: {evidence}"));
        let settings: Vec<String> = settings
            .iter()
            .map(|s| format!("--set {}", quoted(s)))
            .collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(": {}", settings.join(" ")),
        };
        console.paragraph("remedy", format!("{remedy}{settings}"));
    }
}

/// A path as an argument to copy.
pub fn path(path: &Path) -> String {
    let text = path.display().to_string();
    // A path that begins with a dash would be read as an option.
    match text.starts_with('-') {
        true => quoted(&format!("./{text}")),
        false => quoted(&text),
    }
}

/// A file name from a model, safe to print. A long name keeps its end, which distinguishes files.
pub fn file_name(name: &str) -> String {
    const MAX_CHARS: usize = 60;
    let safe = escaped(name).replace('\n', "\\n");
    let length = safe.chars().count();
    match length > MAX_CHARS {
        true => format!(
            "…{}",
            safe.chars().skip(length - MAX_CHARS).collect::<String>()
        ),
        false => safe,
    }
}

/// A count of rows with its noun, for titles.
pub fn rows(rows: usize) -> String {
    format!("{} rows", integer(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_path_stays() {
        let path = format!("/data/{}/houses.csv", "x".repeat(80));
        assert!(file_name(&path).ends_with("/houses.csv"));
        assert_eq!(file_name(&path).chars().count(), 61);
        assert_eq!(file_name("a\nb.csv"), "a\\nb.csv");
    }
}
