//! The course of training.

use std::ops::Range;

use backburn::LearningCurve;
use backburn::text::count;
use backburn_training::{History, LayerReport, LossSurface};
use maud::{Markup, html};

use crate::charts::{self, Lines, Scale};
use crate::figure::figure;
use crate::format::number;
use crate::report::Report;

/// How training went.
pub fn training(report: &Report) -> Markup {
    let history = report
        .history
        .as_ref()
        .filter(|history| !history.epochs.is_empty());
    html! {
        h2 id="training" { "Training" }
        @if history.is_some() && report.networks > 1 {
            p {
                "The curves and the layers are those of one of the " (report.networks) " networks, the one that was diagnosed. "
                "Each network has its own epochs, and keeps the weights of its best one."
            }
        }
        @if history.is_some() && !report.targets.is_empty() {
            p { "The loss is the sum of the losses of the targets, each multiplied by its weight." }
        }
        div class="grid" {
            @match history {
                None => p { "There is no history of the training run, so its curves and gradients cannot be shown." },
                Some(history) => {
                    (loss_curve(history))
                    @if !report.score_name.is_empty() { (score_curve(history, &report.score_name)) }
                    (gradients(history))
                    (updates(history))
                }
            }
            @if let Some(curve) = &report.learning_curve { (learning_curve(curve)) }
            (loss_surface(report))
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
    let mut curves = vec![("training".to_string(), training)];
    let best = epochs
        .iter()
        .rev()
        .find(|e| e.best && e.validation_loss.is_some());
    let mut text = "The mean loss of the training rows in each epoch.".to_string();
    if !validation.is_empty() {
        curves.push(("validation".to_string(), validation));
        text = "The mean loss of the training rows and of the validation rows in each epoch. The vertical line is the \
            best epoch, which the validation rows select."
            .to_string();
    }
    let svg = charts::lines(&Lines {
        x: "epoch",
        scale: Scale::Whole,
        y: "loss",
        curves,
        mark: best.map(|e| (e.epoch as f64, format!("best: epoch {}", e.epoch))),
        ..Lines::default()
    });
    figure("loss", "Loss", &text, svg)
}

fn score_curve(history: &History, name: &str) -> Markup {
    let scores: Vec<(f64, f64)> = history
        .epochs
        .iter()
        .filter_map(|e| Some((e.epoch as f64, e.score.filter(|s| s.is_finite())?)))
        .collect();
    let svg = match scores.is_empty() {
        true => None,
        false => charts::lines(&Lines {
            x: "epoch",
            scale: Scale::Whole,
            y: name,
            curves: vec![(String::new(), scores)],
            ..Lines::default()
        }),
    };
    let text = format!("The {name} on the validation rows after each epoch.");
    figure("score", "Score", &text, svg)
}

fn gradients(history: &History) -> Markup {
    let strongest = history
        .epochs
        .iter()
        .flat_map(|epoch| epoch.layers.iter().map(|l| l.gradient_mean_abs))
        .filter(|gradient| gradient.is_finite())
        .fold(0.0, f64::max);
    let top = strongest.max(1e-30).log10().ceil();
    let svg = layers(history, &(top - 6.0..top), |layer| layer.gradient_mean_abs);
    let text = "The mean absolute gradient of each layer, from the first layer at the top to the output. The darkest \
        color is a millionth of the largest gradient or less: there, the gradient vanishes.";
    figure("gradients", "Gradients", text, svg)
}

fn updates(history: &History) -> Markup {
    let svg = layers(history, &(-6.0..0.0), |layer| layer.update_ratio);
    let text = "The size of a training step relative to the size of the weights, for each layer. A thousandth, the \
        middle of the scale, is usual. A layer whose row is dark does not learn.";
    figure("updates", "Updates", text, svg)
}

/// A heat map with a row for each layer and a column for each epoch.
fn layers(
    history: &History,
    range: &Range<f64>,
    value: impl Fn(&LayerReport) -> f64,
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
    // Both axes start at zero, so that small random differences look small.
    let top = |numbers: &mut dyn Iterator<Item = f64>| 1.1 * numbers.fold(0.0, f64::max);
    let rows = top(&mut curve.points.iter().map(|point| point.0 as f64));
    let errors = top(&mut curve.points.iter().map(|point| point.1));
    let svg = charts::lines(&Lines {
        x: "rows trained on",
        y: &curve.measure,
        curves: vec![(String::new(), points)],
        dots: true,
        range: (rows > 0.0 && errors > 0.0 && errors < 1e100).then_some((0.0..rows, 0.0..errors)),
        ..Lines::default()
    });
    let text = "The error of single networks trained on fewer rows, measured on rows that none of them was trained \
        on. If it still falls steeply at the end, more rows would help. Without a test table, these are validation rows, \
        which also select the best epoch: the errors are then too low to compare with the scores above.";
    figure("learning-curve", "Learning curve", text, svg)
}

/// The loss around the weights of the first network, or why it is not drawn.
pub fn loss_surface(report: &Report) -> Markup {
    html! {
        @match &report.loss_surface {
            Some(Ok(surface)) => (surface_figure(surface, report.networks)),
            Some(Err(reason)) => p class="faint" { "The loss surface is not drawn: " (reason) "." },
            None => {}
        }
    }
}

fn surface_figure(surface: &LossSurface, networks: usize) -> Markup {
    let finite = surface.losses.iter().filter(|loss| loss.is_finite());
    let lowest = finite.copied().fold(f64::INFINITY, f64::min);
    let center = number(surface.center());
    let svg = charts::contours(&charts::Surface {
        heights: &surface.losses,
        side: LossSurface::SIDE,
        x: "first direction",
        y: "second direction",
        middle: format!("the trained network: loss {center}"),
    });
    let network = match networks > 1 {
        true => "the first network",
        false => "the network",
    };
    let text = format!(
        "The mean loss of {network} on {} when its weights are moved along two random directions. The point in the middle \
         is the trained network, with a loss of {center}; the lowest loss in the picture is {}. At distance 1, the weights \
         into each unit are moved by their own length. A wide dark area is a flat minimum: small changes of the weights \
         hardly change the loss. If the point is not in the darkest area, training ended beside a minimum, or the minimum of \
         these rows is elsewhere than that of the training rows.",
        count(surface.rows, "row"),
        number(lowest),
    );
    figure("loss-surface", "Loss surface", &text, svg)
}
