//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::with_code;
use crate::report::{GENERATOR, Report};
use crate::sections::{evaluation, findings, model, rows, training, tuning};

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
                @if !report.scores.is_empty() {
                    div class="scores" {
                        @for (name, value) in &report.scores {
                            div class="score" { b { (name) } (value) }
                        }
                    }
                }
                (findings(report.findings.as_deref()))
                (data(report))
                (tuning(report))
                (training(report))
                (evaluation(report))
                (model(report))
                (rows(report))
                (command(report))
            }
        }
    }
}

/// What the network was trained on, and its shape.
fn data(report: &Report) -> Markup {
    html! {
        h2 { "The data and the network" }
        dl { @for (name, value) in &report.facts { dt { (name) } dd { (value) } } }
        @if !report.notes.is_empty() {
            ul { @for note in &report.notes { li { (with_code(note)) } } }
        }
    }
}

/// How to train the model again.
fn command(report: &Report) -> Markup {
    html! {
        h2 { "Train this model again" }
        @if report.command.is_empty() {
            p { "The command that trained this model is not known." }
        } @else {
            p { "This command trains the model again and writes this report:" }
            pre { code { (report.command) } }
        }
        @if !report.settings.is_empty() {
            p { "These are its settings, as a file for " code { "--config" } ":" }
            pre { code { (report.settings) } }
        }
    }
}
