//! The search for settings.

use backburn::text::{count, number};
use backburn::{NestedScores, Study, Trial};
use maud::{Markup, html};

use crate::charts::{self, Axis, Bar, Line};
use crate::figure::{figure, wide_table};
use crate::report::Report;

/// How the settings were found, if they were searched.
pub fn tuning(report: &Report) -> Markup {
    html! {
        @if let Some((study, nested)) = &report.tuning {
            h2 id="tuning" { "The search for settings" }
            p { "The best of " (study.trials.len()) " trials is " (study.best_in_words()) "." }
            (honest(nested.as_ref()))
            div class="grid" {
                (parallel_coordinates(study))
                (importance(study))
                (best(study))
            }
        }
    }
}

fn honest(nested: Option<&NestedScores>) -> Markup {
    html! {
        @match nested {
            Some(nested) => {
                p { "On rows that neither chose settings nor trained: " (nested.to_string()) "." }
                @if let Some(gain) = nested.gain_in_words() {
                    p { "Gained: " (gain) "." }
                }
            }
            None => p { "The error of the best trial chose it, so it is too low. There is no score of other rows." },
        }
    }
}

fn parallel_coordinates(study: &Study) -> Markup {
    let names: Vec<&str> = study.space.names().collect();
    // Ranks, since a few trials fail badly. All trials have the first fold.
    let mut errors: Vec<f64> = study.trials.iter().map(|trial| trial.error_on(1)).collect();
    errors.sort_by(f64::total_cmp);
    let last = errors.len().saturating_sub(1).max(1) as f64;
    let rank = |trial: &Trial| {
        let better = errors
            .iter()
            .filter(|error| **error < trial.error_on(1))
            .count();
        better as f64 / last
    };
    let best = study.best();
    let line = |(index, trial): (usize, &Trial)| {
        let places = names
            .iter()
            .map(|name| study.space.place(name, &trial.settings));
        Line {
            places: places.chain([Some(rank(trial))]).collect(),
            strength: 1.0 - rank(trial),
            title: format!(
                "trial {}: {} {}",
                index + 1,
                study.measure,
                error_text(trial.error_on(1))
            ),
            is_marked: best == Some(index),
        }
    };
    let lines: Vec<Line> = study.trials.iter().enumerate().map(line).collect();
    let text = format!(
        "A line for each trial, through its value of each setting. The last axis of each row is the {} on the first \
         fold, spread by rank with the best at the bottom. Better trials have stronger lines, and the best one has \
         another color. A setting matters where the strong lines meet.",
        study.measure
    );
    figure(
        "parallel-coordinates",
        "Trials",
        &text,
        charts::parallel_coordinates(&axes(study, &errors), &lines),
    )
}

/// An axis for each setting, and the last one for the errors, which are in ascending order.
fn axes(study: &Study, errors: &[f64]) -> Vec<Axis> {
    let names: Vec<&str> = study.space.names().collect();
    let settings = names.iter().map(|name| Axis {
        name: short_name(name, &names).to_string(),
        labels: study.space.labels(name),
    });
    let ends = [(0.0, errors.first()), (1.0, errors.last())];
    let labels = ends
        .into_iter()
        .filter_map(|(place, error)| Some((place, error_text(*error?))));
    let error = Axis {
        name: study.measure.to_string(),
        labels: labels.collect(),
    };
    settings.chain([error]).collect()
}

/// The end of a setting's name that tells it apart from the others: `dropout` of `network.dropout`, but `optimizer.name`.
fn short_name<'a>(name: &'a str, all: &[&str]) -> &'a str {
    let ends = |end: &str| {
        let same = all.iter().filter(|other| {
            let before = other.strip_suffix(end);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        same.count()
    };
    let dots = name
        .rmatch_indices('.')
        .map(|(place, _)| &name[place + 1..]);
    let mut short = dots.filter(|end| *end != "name" && ends(end) == 1);
    short.next().unwrap_or(name)
}

fn error_text(error: f64) -> String {
    match error.is_finite() {
        true => number(error),
        false => "failed".to_string(),
    }
}

fn importance(study: &Study) -> Markup {
    let names: Vec<&str> = study.space.names().collect();
    let bars: Vec<Bar> = study
        .importance()
        .into_iter()
        .map(|importance| {
            let name = short_name(&importance.setting, &names);
            Bar::new(name.to_string(), importance.share, 0.0)
        })
        .collect();
    let text = "The share of the differences between trials that each setting explains on its own (eta squared of the \
        Kruskal–Wallis test, by ranks of the error on the first fold). Of few trials, it is uncertain.";
    let svg = match bars.is_empty() {
        true => None,
        false => charts::bars(&bars, "share of the differences"),
    };
    figure("setting-importance", "Importance of settings", text, svg)
}

/// The settings of the first and of the best trial.
fn best(study: &Study) -> Markup {
    let Some(best) = study.best() else {
        return html! {};
    };
    let (start, best) = (&study.trials[0], &study.trials[best]);
    let value = |trial: &Trial, name: &str| match trial.settings.get(name) {
        Some(value) => value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string),
        None => "default".to_string(),
    };
    let folds = best.errors.len();
    html! {
        figure data-figure="best-settings" {
            figcaption { b { "The settings at the start and of the best trial" } }
            (wide_table("The settings at the start and of the best trial", "settings", html! {
                tr { th { "setting" } th { "at the start" } th { "best" } }
                @for name in study.space.names() {
                    tr { td { code { (name) } } td { (value(start, name)) } td { (value(best, name)) } }
                }
                tr {
                    td { (study.measure) " on " (count(folds, "fold")) }
                    td { (error_text(start.error_on(folds))) }
                    td { (error_text(best.error())) }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use backburn::{Config, SearchSpace};

    use super::*;

    fn study(trials: Vec<Trial>) -> Study {
        Study {
            space: SearchSpace::default(),
            start: Config::default(),
            trials,
            planned: 3,
            folds: 1,
            measure: "RMSE",
            is_finished: true,
        }
    }

    fn page(study: Study) -> String {
        let report = Report {
            tuning: Some((study, None)),
            ..Report::default()
        };
        tuning(&report).into_string()
    }

    #[test]
    fn trials_are_lines_through_all_settings() {
        let space = SearchSpace::toml("[network]\ndropout = { uniform = [0, 0.5] }\n").unwrap();
        let trial = |dropout: &str, error: f64| Trial {
            settings: [("network.dropout".to_string(), dropout.parse().unwrap())].into(),
            errors: vec![error],
            seconds: 1.0,
        };
        let mut study = study(vec![
            trial("0.1", 2.0),
            trial("0.5", 1.0),
            trial("0.3", f64::INFINITY),
        ]);
        study.space = space;
        let html = page(study);
        assert!(html.contains("data-figure=\"parallel-coordinates\""));
        assert!(
            html.contains("trial 2: RMSE 1.0000 on 1 of 1 folds"),
            "{html}"
        );
        // One line for each trial, between two axes.
        assert_eq!(html.matches("class=\"trial").count(), 3, "{html}");
        assert_eq!(html.matches("class=\"axis\"").count(), 2, "{html}");
        assert!(
            html.contains("<title>trial 3: RMSE failed</title>"),
            "{html}"
        );
        assert!(html.contains("network.dropout") && html.contains("0.5"));
        assert!(
            html.contains("There are no values to draw."),
            "of three trials"
        );
    }

    #[test]
    fn names_of_settings_are_short_where_they_differ() {
        let all = [
            "network.dropout",
            "training.optimizer.name",
            "training.schedule.name",
            "data.bins",
            "other.bins",
        ];
        let short = all.map(|name| short_name(name, &all));
        let expected = [
            "dropout",
            "optimizer.name",
            "schedule.name",
            "data.bins",
            "other.bins",
        ];
        assert_eq!(short, expected);
    }

    #[test]
    fn a_search_without_a_result_is_shown_too() {
        let failed = Trial {
            settings: Default::default(),
            errors: vec![f64::INFINITY],
            seconds: 0.0,
        };
        assert!(page(study(vec![failed])).contains("no trial could be trained"));
        assert_eq!(tuning(&Report::default()).into_string(), "");
    }
}
