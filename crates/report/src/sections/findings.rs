//! The findings of the diagnosis.

use backburn::text::setting_option;
use backburn_training::Finding;
use maud::{Markup, html};

use crate::figure::with_code;
use crate::place::Place;
use crate::report::Report;

/// The findings of the diagnosis, and the remedies. A part about a target has those of this target alone.
pub fn findings(report: &Report, place: Place) -> Markup {
    let findings = report.findings.as_deref();
    if matches!((findings, place), (None | Some([]), Place::Part(_))) {
        return html! {};
    }
    let mut of_targets = report
        .targets
        .iter()
        .filter_map(|target| target.findings.as_ref());
    let are_of_targets = of_targets.any(|own| !own.is_empty());
    html! {
        (place.heading("findings", "Findings"))
        @match findings {
            None => p { "The training run was not diagnosed, or its history is not known." },
            Some([]) => {
                @if are_of_targets {
                    p { "The findings are in the parts about the targets." }
                } @else {
                    div class="finding healthy" { "The diagnosis found no problem in the training run or the table." }
                }
            }
            Some(findings) => {
                @for finding in findings { (one(finding, place)) }
            }
        }
    }
}

fn one(finding: &Finding, place: Place) -> Markup {
    html! {
        div class="finding" {
            (place.subheading(&capitalized(&finding.name.to_string())))
            p { (with_code(&capitalized(&finding.evidence))) "." }
            p { b { "Remedy: " } (finding.remedy) "." }
            @if !finding.settings.is_empty() {
                p { @for setting in &finding.settings { code { (setting_option(setting)) } " " } }
            }
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
