//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::{GENERATOR, Report};
use crate::sections::{
    backpropagation, data, evaluation, findings, model, rows, tasks, training, tuning,
};

const STYLE: &str = include_str!("style.css");

impl Report {
    /// The report as the text of an HTML file. It needs no other files and runs no scripts.
    pub fn to_html(&self) -> String {
        page(self).into_string()
    }
}

fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(GENERATOR);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (report.title) }
                    p class="faint" { "A multilayer perceptron that predicts " code { (report.target) } ". Report by " (GENERATOR) "." }
                }
                main {
                    @if !report.scores.is_empty() {
                        div class="scores" {
                            @for (name, value) in &report.scores {
                                div class="score" { b { (name) } (value) }
                            }
                        }
                    }
                    (contents(report))
                    (sections(report))
                }
            }
        }
    }
}

fn sections(report: &Report) -> Markup {
    html! {
        (findings(report.findings.as_deref()))
        (data(report))
        (tuning(report))
        (training(report))
        (tasks(report.forgetting.as_ref()))
        (evaluation(report))
        (model(report))
        (rows(report))
        (backpropagation(report.backpropagation.as_ref()))
        (command(report))
    }
}

/// The sections of the page, by the names that links lead to.
fn contents(report: &Report) -> Markup {
    let sections = [
        ("findings", "Findings", true),
        ("data", "Data and network", true),
        ("tuning", "The search for settings", report.tuning.is_some()),
        ("training", "Training", true),
        ("tasks", "Earlier tasks", report.forgetting.is_some()),
        ("evaluation", "Predicted and actual", true),
        ("model", "What the model learned", true),
        ("rows", "Single rows", !report.rows.is_empty()),
        (
            "backpropagation",
            "One row, there and back",
            report.backpropagation.is_some(),
        ),
        ("command", "Train again", true),
    ];
    html! {
        nav aria-label="Contents" {
            @for (id, title, is_there) in sections {
                @if is_there { a href=(format!("#{id}")) { (title) } " " }
            }
        }
    }
}

/// How to train the model again.
fn command(report: &Report) -> Markup {
    html! {
        h2 id="command" { "Train this model again" }
        @if report.command.is_empty() {
            p { "The command that trained this model is not known." }
        } @else {
            p { "This command trains the model again and writes this report:" }
            pre { code { (report.command) } }
        }
        @if !report.settings.is_empty() {
            p { "These are its settings, as a file for " code { "--config" } ":" }
            pre class="settings" { code { (report.settings) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_sections_in_their_order() {
        let html = Report::default().to_html();
        let links = html.split("href=\"#").skip(1);
        let names: Vec<&str> = links.filter_map(|link| link.split('"').next()).collect();
        let places = names
            .iter()
            .map(|name| html.find(&format!("id=\"{name}\"")));
        let places: Option<Vec<usize>> = places.collect();
        let places = places.unwrap();
        assert_eq!(names.len(), html.matches("<h2 id=").count());
        assert!(
            places.len() > 4 && places.is_sorted(),
            "{names:?} {places:?}"
        );
    }
}
