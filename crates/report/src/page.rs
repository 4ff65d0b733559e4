//! The page.

use backburn_explain::{Dependence, Measure, RowExplanation};
use backburn_training::{Finding, History};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::charts::{self, Bar, Level, Lines};
use crate::evaluation::{Outcome, reliability, roc};
use crate::words::{cut, number, quoted, signed};
use crate::{Evaluation, GENERATOR, LearningCurve, Report};

const STYLE: &str = include_str!("style.css");
/// Points in a scatter plot, at most.
const POINTS: usize = 1500;
/// Rows in a table of the worst.
const WORST: usize = 8;
/// Columns in the chart of importance, and in the table of an explained row.
const COLUMNS: usize = 15;

pub fn page(report: &Report) -> Markup {
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
                    p class="faint" { "A multilayer perceptron that predicts " code { (report.target) } ", by " (GENERATOR) }
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
                (training(report))
                (evaluation(report))
                (learned(report))
                (rows(report))
                h2 { "Again" }
                @if report.command.is_empty() {
                    p { "The command that made this model is not known." }
                } @else {
                    p { "This command makes all of this again:" }
                    pre { code { (report.command) } }
                }
                @if !report.settings.is_empty() {
                    p { "Its settings, as a file for " code { "--config" } ":" }
                    pre { code { (report.settings) } }
                }
            }
        }
    }
}

fn figure(name: &str, title: &str, text: &str, svg: Option<String>) -> Markup {
    html! {
        figure data-figure=(name) {
            figcaption { b { (title) } (text) }
            @match svg {
                Some(svg) => (PreEscaped(svg)),
                None => p class="faint" { "There is nothing here that could be drawn." },
            }
        }
    }
}

fn findings(findings: Option<&[Finding]>) -> Markup {
    html! {
        h2 { "Findings" }
        @match findings {
            None => p { "What training was like is not known: there is no history of it." },
            Some([]) => div class="finding healthy" { "Nothing was found to be wrong with the training run or the table." },
            Some(findings) => @for finding in findings {
                div class="finding" {
                    h3 { (capitalized(&finding.name.to_string())) }
                    p { (with_names(&capitalized(&finding.evidence))) "." }
                    p { b { "Remedy: " } (finding.remedy) "." }
                    @if !finding.settings.is_empty() {
                        p { @for setting in &finding.settings { code { "--set " (quoted(setting)) } " " } }
                    }
                }
            },
        }
    }
}

fn data(report: &Report) -> Markup {
    html! {
        h2 { "The data and the network" }
        dl { @for (name, value) in &report.facts { dt { (name) } dd { (value) } } }
        @if !report.notes.is_empty() {
            ul { @for note in &report.notes { li { (with_names(note)) } } }
        }
    }
}

fn training(report: &Report) -> Markup {
    let history = report
        .history
        .as_ref()
        .filter(|history| !history.epochs.is_empty());
    html! {
        h2 { "Training" }
        div class="grid" {
            @match history {
                None => p { "There is no history of the training run, and so no curves and no gradient flow." },
                Some(history) => {
                    (loss_curve(history))
                    (score_curve(history, &report.score_name))
                    (gradient_flow(history))
                    (update_flow(history))
                }
            }
            @if let Some(curve) = &report.learning_curve { (learning_curve(curve)) }
        }
    }
}

fn loss_curve(history: &History) -> Markup {
    let epochs = &history.epochs;
    let training = epochs
        .iter()
        .map(|e| (e.epoch as f64, e.training_loss))
        .collect();
    let validation: Vec<(f64, f64)> = epochs
        .iter()
        .filter_map(|e| Some((e.epoch as f64, e.validation_loss?)))
        .collect();
    let mut curves = vec![("training", training)];
    let chosen = epochs
        .iter()
        .rev()
        .find(|e| e.best && e.validation_loss.is_some());
    let best = chosen.map(|e| e.epoch as f64);
    let mut text = "The mean loss of each epoch".to_string();
    if !validation.is_empty() {
        curves.push(("validation", validation));
        text += ", and on the rows that choose the best one (the vertical line)";
    }
    let svg = charts::lines(&Lines {
        x: "epoch",
        y: "loss",
        curves,
        mark: best,
        ..Lines::default()
    });
    figure("loss", "Loss", &(text + "."), svg)
}

fn score_curve(history: &History, name: &str) -> Markup {
    let scores: Vec<(f64, f64)> = history
        .epochs
        .iter()
        .filter_map(|e| Some((e.epoch as f64, e.score?)))
        .collect();
    let svg = match scores.is_empty() {
        true => None,
        false => charts::lines(&Lines {
            x: "epoch",
            y: name,
            curves: vec![(name, scores)],
            ..Lines::default()
        }),
    };
    let text = format!("The {name} of the validation rows after each epoch.");
    figure("score", "Score", &text, svg)
}

fn gradient_flow(history: &History) -> Markup {
    let strongest = history
        .epochs
        .iter()
        .flat_map(|epoch| epoch.layers.iter().map(|l| l.gradient_mean_abs))
        .filter(|gradient| gradient.is_finite())
        .fold(0.0, f64::max);
    let top = strongest.max(1e-30).log10().ceil();
    let svg = layers(history, &(top - 6.0..top), |layer| layer.gradient_mean_abs);
    let text = "The mean absolute gradient in each layer, from input (top) to output, in powers of ten. \
        In the darkest it is a millionth of the strongest, and vanishes.";
    figure("gradients", "Gradient flow", text, svg)
}

fn update_flow(history: &History) -> Markup {
    let svg = layers(history, &(-6.0..0.0), |layer| layer.update_ratio);
    let text = "How much of its weights' size a step changes in each layer, in powers of ten. The middle, \
        a thousandth, is usual; a dark band is a layer that does not learn.";
    figure("updates", "Updates", text, svg)
}

fn layers(
    history: &History,
    range: &std::ops::Range<f64>,
    value: impl Fn(&backburn_training::LayerReport) -> f64,
) -> Option<String> {
    let first = history.epochs.first()?;
    let rows: Vec<(String, Vec<f64>)> = (0..first.layers.len())
        .map(|layer| {
            let values = history.epochs.iter().map(|epoch| {
                epoch
                    .layers
                    .get(layer)
                    .map_or(f64::NAN, |l| value(l).log10())
            });
            (first.layers[layer].layer.clone(), values.collect())
        })
        .collect();
    charts::heat_map(&rows, range, first.epoch, "epoch")
}

fn learning_curve(curve: &LearningCurve) -> Markup {
    let points = curve
        .points
        .iter()
        .map(|&(rows, error)| (rows as f64, error))
        .collect();
    // From zero, so that chance looks as small as it is.
    let top = |numbers: &mut dyn Iterator<Item = f64>| 1.1 * numbers.fold(0.0, f64::max);
    let rows = top(&mut curve.points.iter().map(|point| point.0 as f64));
    let errors = top(&mut curve.points.iter().map(|point| point.1));
    let svg = charts::lines(&Lines {
        x: "rows trained on",
        y: &curve.measure,
        curves: vec![("", points)],
        dots: true,
        range: (rows > 0.0 && errors > 0.0 && errors < 1e100).then_some((0.0..rows, 0.0..errors)),
        ..Lines::default()
    });
    let text = "The error of networks that learned from fewer rows, on rows that none learned from. Where it \
        still falls steeply, more rows would help.";
    figure("learning-curve", "Learning curve", text, svg)
}

fn evaluation(report: &Report) -> Markup {
    let Some(evaluation) = report.evaluation.as_ref().filter(|e| e.is_whole()) else {
        return html! {
            h2 { "Predicted and actual" }
            p { "There is no row of which both a prediction and the truth are known." }
        };
    };
    html! {
        h2 { "Predicted and actual" }
        p { "On " (evaluation.rows) "." }
        @match &evaluation.outcome {
            Outcome::Values { predicted, actual } => (values(report, evaluation, predicted, actual)),
            Outcome::Classes { classes, probabilities, actual } => {
                (classification(evaluation, classes, probabilities, actual))
            }
        }
    }
}

fn values(report: &Report, evaluation: &Evaluation, predicted: &[f64], actual: &[f64]) -> Markup {
    let step = actual.len().div_ceil(POINTS).max(1);
    let pairs = || {
        actual
            .iter()
            .copied()
            .zip(predicted.iter().copied())
            .step_by(step)
    };
    let beside: Vec<(f64, f64)> = pairs().collect();
    let residuals: Vec<(f64, f64)> = pairs().map(|(a, p)| (p, a - p)).collect();
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    worst.sort_by(|&a, &b| {
        let miss = |row: usize| (actual[row] - predicted[row]).abs();
        miss(b).total_cmp(&miss(a))
    });
    let amount = |value: f64| format!("{}{}", report.unit, number(value));
    html! {
        div class="grid" {
            (figure(
                "predicted", "Predicted against actual", "Each row is a point; on the line it was predicted right.",
                charts::scatter(&beside, "actual", "predicted", Level::Equal)
            ))
            (figure(
                "residuals", "Residuals", "What is true minus what was predicted. A bend or a funnel is something that the network missed.",
                charts::scatter(&residuals, "predicted", "actual − predicted", Level::Zero)
            ))
            figure data-figure="worst" {
                figcaption { b { "The worst rows" } "Where to look for wrong data, or for what no column says." }
                div class="wide" { table class="numbers" {
                    tr { th { "data row" } th { "predicted" } th { "actual" } th { "missed by" } }
                    @for &row in worst.iter().take(WORST) {
                        tr {
                            td { (evaluation.places[row]) }
                            td { (amount(predicted[row])) }
                            td { (amount(actual[row])) }
                            td { (signed(actual[row] - predicted[row], &report.unit)) }
                        }
                    }
                } }
            }
        }
    }
}

fn classification(
    evaluation: &Evaluation,
    classes: &[String],
    probabilities: &[f64],
    actual: &[usize],
) -> Markup {
    /// Classes whose curves and cells can be told apart.
    const SHOWN: usize = 12;
    let width = classes.len();
    let likeliest: Vec<usize> = probabilities
        .chunks_exact(width)
        .map(|row| (0..width).fold(0, |best, c| if row[c] > row[best] { c } else { best }))
        .collect();
    let mut confusion = vec![vec![0usize; width]; width];
    for (&class, &predicted) in actual.iter().zip(&likeliest) {
        confusion[class][predicted] += 1;
    }
    let of_class = |class: usize| -> Vec<f64> {
        probabilities
            .iter()
            .skip(class)
            .step_by(width)
            .copied()
            .collect()
    };
    const CURVES: usize = 4;
    let more_classes = match width > CURVES {
        true => " The first four classes.",
        false => "",
    };
    // Of two classes, one curve says it all.
    let followed = if width == 2 { 1..2 } else { 0..width };
    let curves: Vec<(String, Vec<(f64, f64)>)> = followed
        .filter_map(|class| {
            let is_class: Vec<bool> = actual.iter().map(|&a| a == class).collect();
            Some((cut(&classes[class], 18), roc(&of_class(class), &is_class)?))
        })
        .take(CURVES)
        .collect();
    let curves = curves
        .iter()
        .map(|(name, curve)| (name.as_str(), curve.clone()))
        .collect::<Vec<_>>();
    let roc = (!curves.is_empty()).then(|| {
        charts::lines(&Lines {
            x: "false positives",
            y: "true positives",
            curves,
            diagonal: true,
            range: Some((0.0..1.0, 0.0..1.02)),
            ..Lines::default()
        })
    });
    let bins = reliability(probabilities, width, actual);
    let reliability = charts::lines(&Lines {
        x: "how sure the model was",
        y: "how often it was right",
        curves: vec![("", bins)],
        diagonal: true,
        dots: true,
        range: Some((0.0..1.0, 0.0..1.02)),
        ..Lines::default()
    });
    let mut worst: Vec<usize> = (0..actual.len()).collect();
    let given = |row: usize| probabilities[row * width + actual[row]];
    worst.sort_by(|&a, &b| given(a).total_cmp(&given(b)));
    html! {
        div class="grid" {
            figure data-figure="confusion" {
                figcaption { b { "Confusion matrix" } "Rows are what is true, columns what was predicted." }
                @if width > SHOWN {
                    p class="faint" { (width) " classes are too many for a table; the model's " code { "evaluate --json" } " has the numbers." }
                } @else {
                    div class="wide" { table class="confusion numbers" {
                        tr { th {} @for name in classes { th { (cut(name, 14)) } } }
                        @for (class, counts) in confusion.iter().enumerate() {
                            tr {
                                th { (cut(&classes[class], 18)) }
                                @for (predicted, count) in counts.iter().enumerate() {
                                    td class=[(predicted == class).then_some("right")] { (count) }
                                }
                            }
                        }
                    } }
                }
            }
            (figure(
                "roc", "ROC curve", &format!("Hits over false alarms, as the model is asked to be less and less sure. The diagonal is guessing.{more_classes}"),
                roc.flatten()
            ))
            (figure(
                "reliability", "Reliability", "On the diagonal, the model's probabilities can be taken at their word.",
                reliability
            ))
            figure data-figure="worst" {
                figcaption { b { "The worst rows" } "Those whose true class was thought least likely." }
                div class="wide" { table class="numbers" {
                    tr { th { "data row" } th { "predicted" } th { "actual" } th { "given to it" } }
                    @for &row in worst.iter().take(WORST) {
                        tr {
                            td { (evaluation.places[row]) }
                            td { (cut(&classes[likeliest[row]], 24)) }
                            td { (cut(&classes[actual[row]], 24)) }
                            td { (number(given(row) * 100.0)) " %" }
                        }
                    }
                } }
            }
        }
    }
}

fn learned(report: &Report) -> Markup {
    let what = match &report.importance {
        Some((Measure::Rmse, _)) => "How much the root mean squared error rises",
        Some((Measure::LogLoss, _)) => "How much the log loss rises",
        Some((Measure::Change, _)) | None => "How much predictions change",
    };
    let text = format!(
        "{what} when a column's values are shuffled among the rows; the dark line is the spread over repeats."
    );
    html! {
        h2 { "What the model learned" }
        @match &report.importance {
            Some((_, columns)) if !columns.is_empty() => {
                div class="grid" {
                    (figure("importance", "Importance", &text, {
                        let bars: Vec<Bar> = columns.iter().take(COLUMNS).map(|i| Bar {
                            name: i.column.clone(),
                            length: i.mean,
                            spread: i.std,
                        }).collect();
                        charts::bars(&bars, &format!("{}rise", if report.unit.is_empty() { String::new() } else { format!("{} ", report.unit) }))
                    }))
                    @for dependence in &report.dependence { (dependence_figure(report, dependence)) }
                }
                @if columns.len() > COLUMNS {
                    p class="faint" { "The " (COLUMNS) " columns most needed, of " (columns.len()) "." }
                }
            }
            Some(_) => p { "With a single row to score there is nothing to shuffle, and so no importance." },
            None => p { "What the columns do was not looked into." },
        }
    }
}

fn dependence_figure(report: &Report, dependence: &Dependence) -> Markup {
    let numbers: Vec<(f64, f64)> = dependence
        .points
        .iter()
        .filter_map(|point| Some((point.number?, point.mean)))
        .collect();
    let mut text_of_categories = "";
    let missing = dependence
        .points
        .iter()
        .find(|point| point.value.is_empty());
    let amount = |value: f64| match &dependence.class {
        None => format!("{}{}", report.unit, number(value)),
        Some(_) => format!("{} %", number(value * 100.0)),
    };
    let y = match &dependence.class {
        None => format!("mean {}", cut(&report.target, 24)),
        Some(class) => format!("p({})", cut(class, 24)),
    };
    const CATEGORIES: usize = 12;
    if numbers.is_empty() && dependence.points.len() >= CATEGORIES {
        text_of_categories = " Of many categories, the commonest.";
    }
    let svg = match numbers.len() {
        0 => {
            let bars: Vec<Bar> = dependence
                .points
                .iter()
                .map(|point| Bar {
                    name: if point.value.is_empty() {
                        "missing".to_string()
                    } else {
                        point.value.clone()
                    },
                    length: point.mean,
                    spread: 0.0,
                })
                .collect();
            charts::bars(&bars, &y)
        }
        _ => charts::lines(&Lines {
            x: &cut(&dependence.column, 40),
            y: &y,
            curves: vec![("", numbers.clone())],
            dots: true,
            ..Lines::default()
        }),
    };
    let what = match &dependence.class {
        None => "prediction".to_string(),
        Some(class) => format!("probability of {}", cut(class, 24)),
    };
    let mut text = format!("The mean {what} if every row had this value.{text_of_categories}");
    if let (Some(missing), false) = (missing, numbers.is_empty()) {
        text += &format!(" Where it is missing: {}.", amount(missing.mean));
    }
    figure(
        "dependence",
        &format!("By {}", cut(&dependence.column, 60)),
        &text,
        svg,
    )
}

fn rows(report: &Report) -> Markup {
    html! {
        @if !report.rows.is_empty() {
            h2 { "Single rows explained" }
            p { "From the prediction for an average row to that for this one: what each column adds, by integrated gradients." }
            div class="grid" {
                @for (name, row) in &report.rows { (explained_row(report, name, row)) }
            }
        }
    }
}

fn explained_row(report: &Report, name: &str, row: &RowExplanation) -> Markup {
    const SHOWN: usize = 8;
    let amount = |value: f64| match &row.class {
        None => format!("{}{}", report.unit, number(value)),
        Some(_) => format!("{} %", number(value * 100.0)),
    };
    let change = |value: f64| match &row.class {
        None => signed(value, &report.unit),
        Some(_) => format!("{} points", signed(value * 100.0, "")),
    };
    let color = |value: f64| if value < 0.0 { "minus" } else { "plus" };
    let rest: f64 = row.contributions.iter().skip(SHOWN).map(|c| c.amount).sum();
    html! {
        div class="row" data-figure="row" {
            h3 { (name) ": " (amount(row.prediction)) @if let Some(class) = &row.class { " for " (cut(class, 40)) } }
            table {
                tr { th { "an average row" } th {} th { (amount(row.baseline)) } }
                @for part in row.contributions.iter().take(SHOWN) {
                    tr {
                        td { (cut(&part.column, 40)) }
                        td { (part.value.as_deref().map_or("missing".to_string(), |v| cut(v, 30))) }
                        td class=(color(part.amount)) { (change(part.amount)) }
                    }
                }
                @if row.has_remainder() {
                    tr {
                        td { "no column: the activation function jumps" }
                        td {}
                        td class=(color(row.remainder)) { (change(row.remainder)) }
                    }
                }
                @if row.contributions.len() > SHOWN {
                    tr {
                        td { "the other " (row.contributions.len() - SHOWN) }
                        td {}
                        td class=(color(rest)) { (change(rest)) }
                    }
                }
            }
        }
    }
}

/// Text in which names stand between backticks.
fn with_names(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
