//! Findings in words.

use backburn_training::Finding;

use crate::text::setting_option;

/// Findings in sentences with short headings, each with its evidence, and its remedy with the settings as options of
/// the command line.
pub fn findings_in_words(findings: &[Finding]) -> Vec<(&'static str, String)> {
    let lines = findings.iter().flat_map(|finding| {
        let Finding {
            name,
            evidence,
            remedy,
            settings,
            ..
        } = finding;
        let settings: Vec<String> = settings.iter().map(|s| setting_option(s)).collect();
        let settings = match settings.is_empty() {
            true => String::new(),
            false => format!(": {}", settings.join(" ")),
        };
        [
            ("finding", format!("{name}: {evidence}")),
            ("remedy", format!("{remedy}{settings}")),
        ]
    });
    lines.collect()
}
