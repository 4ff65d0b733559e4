//! Sentences for the values that the library returns.

use std::fmt;

use backburn::text::{count, setting_option, shown};
use backburn::{Dataset, Finding, Table};

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
    notes(data.warnings(), console);
    let target = format!("{} ({})", shown(data.target()), data.task());
    console.detail("target", target);
    if let Some(splits) = data.splits_in_words() {
        console.detail("splits", splits);
    }
}

/// Prints notes.
pub fn notes(notes: &[impl fmt::Display], console: Console) {
    for note in notes {
        console.paragraph("note", note);
    }
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
        let settings: Vec<String> = settings.iter().map(|s| setting_option(s)).collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(": {}", settings.join(" ")),
        };
        console.paragraph("remedy", format!("{remedy}{settings}"));
    }
}
