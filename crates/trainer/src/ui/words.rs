//! Sentences for the values that the library returns.

use std::path::Path;

use backburn::text::{count, integer, shown};
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

/// A count of rows with its noun, for titles.
pub fn rows(rows: usize) -> String {
    format!("{} rows", integer(rows))
}
