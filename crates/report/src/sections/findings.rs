//! The findings of the diagnosis.

use backburn::text::setting_option;
use backburn_training::Finding;
use maud::{Markup, html};

use crate::figure::with_code;

/// The findings of the diagnosis, and the remedies.
pub fn findings(findings: Option<&[Finding]>) -> Markup {
    html! {
        h2 id="findings" { "Findings" }
        @match findings {
            None => p { "There was no diagnosis, because the training run has no history." },
            Some([]) => div class="finding healthy" { "The diagnosis found no problem in the training run or the table." },
            Some(findings) => @for finding in findings {
                div class="finding" {
                    h3 { (capitalized(&finding.name.to_string())) }
                    p { (with_code(&capitalized(&finding.evidence))) "." }
                    p { b { "Remedy: " } (finding.remedy) "." }
                    @if !finding.settings.is_empty() {
                        p { @for setting in &finding.settings { code { (setting_option(setting)) } " " } }
                    }
                }
            },
        }
    }
}

/// Text with its first letter in upper case.
fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
