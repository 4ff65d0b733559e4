//! The page as a whole.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::format::truncate;
use crate::place::Place;
use crate::report::{GENERATOR, Report};
use crate::sections::{
    backpropagation, data, evaluation, findings, loss_surface, model, rows, tasks, training, tuning,
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
                    p class="faint" { "A multilayer perceptron that predicts " (targets(report)) ". Report by " (GENERATOR) "." }
                }
                main {
                    (scores(report))
                    (contents(report))
                    (sections(report))
                }
            }
        }
    }
}

/// The names of the columns that the model predicts.
fn targets(report: &Report) -> Markup {
    html! {
        @if report.targets.is_empty() { code { (report.target) } }
        @for (index, target) in report.targets.iter().enumerate() {
            @if index > 0 { ", " }
            code { (target.target) }
        }
    }
}

fn scores(report: &Report) -> Markup {
    html! {
        @if !report.scores.is_empty() {
            div class="scores" {
                @for (name, value) in &report.scores {
                    div class="score" {
                        b { (name) }
                        @for (index, part) in value.split(", ").enumerate() {
                            @if index > 0 { ", " }
                            span { (part) }
                        }
                    }
                }
            }
        }
    }
}

fn sections(report: &Report) -> Markup {
    html! {
        (findings(report, Place::Page))
        (data(report, Place::Page))
        (tuning(report))
        (training(report))
        @if report.targets.is_empty() { (predictions(report, Place::Page)) }
        @for (index, target) in report.targets.iter().enumerate() { (part(target, index + 1)) }
        (command(report))
    }
}

/// The part of the page about one of several targets, counted from 1.
fn part(report: &Report, number: usize) -> Markup {
    let place = Place::Part(number);
    html! {
        h2 id=(format!("target-{number}")) { "The target " code { (report.target) } }
        (scores(report))
        (findings(report, place))
        (data(report, place))
        @if report.loss_surface.is_some() {
            (place.heading("loss", "The loss around the weights"))
            div class="grid" { (loss_surface(report)) }
        }
        (predictions(report, place))
    }
}

/// How well the model predicts a target, and by what.
fn predictions(report: &Report, place: Place) -> Markup {
    html! {
        (tasks(report.forgetting.as_ref()))
        (evaluation(report, place))
        (model(report, place))
        (rows(report, place))
        (backpropagation(report.backpropagation.as_ref(), place))
    }
}

/// The sections of the page, by the names that links lead to.
fn contents(report: &Report) -> Markup {
    let is_one = report.targets.is_empty();
    let first = [
        ("findings", "Findings", true),
        ("data", "Data and network", true),
        ("tuning", "The search for settings", report.tuning.is_some()),
        ("training", "Training", true),
        ("tasks", "Earlier tasks", report.forgetting.is_some()),
        ("evaluation", "Predicted and actual", is_one),
        ("model", "What the model learned", is_one),
        ("rows", "Single rows", !report.rows.is_empty()),
        (
            "backpropagation",
            "One row, there and back",
            report.backpropagation.is_some(),
        ),
    ];
    let (command_title, _) = command_words(report);
    html! {
        nav aria-label="Contents" {
            @for (id, title, is_there) in first {
                @if is_there { a href=(format!("#{id}")) { (title) } " " }
            }
            @for (index, target) in report.targets.iter().enumerate() {
                a href=(format!("#target-{}", index + 1)) { "Target " (truncate(&target.target, 40)) } " "
            }
            a href="#command" { (command_title) } " "
        }
    }
}

/// The title of the section with the command, and what the command does.
fn command_words(report: &Report) -> (&'static str, &'static str) {
    match report.continued_from.is_empty() {
        true => (
            "Train again",
            "This command trains the model again and writes this report:",
        ),
        false => (
            "The command",
            "This command continued the training of the model before, and wrote this report:",
        ),
    }
}

/// How to train the model again.
fn command(report: &Report) -> Markup {
    let (_, words) = command_words(report);
    html! {
        h2 id="command" { @if report.continued_from.is_empty() { "Train this model again" } @else { "The command" } }
        @if report.command.is_empty() {
            p { "The command that trained this model is not known." }
        } @else {
            p { (words) }
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
        check_links(&Report::default());
        let targets = ["price", "<rent>"].map(|target| Report {
            target: target.to_string(),
            scores: vec![("test".to_string(), format!("RMSE of {target}"))],
            ..Report::default()
        });
        let report = Report {
            targets: targets.to_vec(),
            ..Report::default()
        };
        check_links(&report);
        let html = report.to_html();
        assert!(html.contains("predicts <code>price</code>, <code>&lt;rent&gt;</code>."));
        let second = html.find("id=\"target-2\"").unwrap();
        let score = html.find("RMSE of &lt;rent&gt;").unwrap();
        let predicted = html.find("<h3 id=\"target-2-evaluation\">").unwrap();
        assert!(second < score && score < predicted, "{html}");
    }

    fn check_links(report: &Report) {
        let html = report.to_html();
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
