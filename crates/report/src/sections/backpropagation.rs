//! One row there and back through a network.

use std::collections::BTreeSet;

use backburn::text::integer;
use maud::{Markup, html};

use crate::backpropagation::{Backpropagation, TrueClass};
use crate::charts::{self, Connection, Unit};
use crate::figure::{figure, wide_table};
use crate::format::{number, truncate, truncate_middle};
use crate::place::Place;
use crate::strong_paths::{Path, strongest_paths};

/// The largest network that is drawn as a whole, in parameters and in units of a layer.
const PARAMETERS: usize = 300;
const WIDEST: usize = 24;
/// The number of paths that are drawn of a larger network.
const PATHS: usize = 5;
/// The largest number of rows in a table.
const ROWS: usize = 24;

/// The forward pass, the loss, the backward pass and the update of a row.
pub fn backpropagation(view: Option<&Backpropagation>, place: Place) -> Markup {
    let Some(view) = view else {
        return html! {};
    };
    let paths = strongest_paths(&view.network, &view.pass, PATHS);
    let shown = shown_units(view, &paths);
    html! {
        (place.heading("backpropagation", "One row, there and back"))
        p {
            (view.row) " passes forward through "
            @if view.networks > 1 { "the first of the " (view.networks) " networks" } @else { "the network" }
            ", its loss is computed, and the backward pass computes how each weight contributed to it. "
            "The numbers are those after training, without dropout."
        }
        div class="grid" {
            (drawing(view, &shown, !paths.is_empty()))
            (loss(view))
            (units(view, &shown))
            (chain_rule(view))
            @if !paths.is_empty() { (path_table(view, &paths)) }
            (updates(view))
        }
    }
}

/// Whether the whole network is drawn.
fn is_small(view: &Backpropagation) -> bool {
    let layers = &view.network.layers;
    let parameters: usize = layers.iter().map(|l| l.weight.len() + l.bias.len()).sum();
    let widest = layers
        .iter()
        .map(|layer| layer.units.max(layer.inputs))
        .max();
    parameters <= PARAMETERS && widest.is_some_and(|widest| widest <= WIDEST)
}

/// The inputs and the units of each layer that are shown: all of a small network, otherwise those on the strongest
/// paths and those of the selected weight.
fn shown_units(view: &Backpropagation, paths: &[Path]) -> Vec<Vec<usize>> {
    let layers = &view.network.layers;
    let sizes = [view.network.features()].into_iter();
    let sizes: Vec<usize> = sizes
        .chain(layers.iter().map(|layer| layer.units))
        .collect();
    if is_small(view) {
        return sizes.iter().map(|&size| (0..size).collect()).collect();
    }
    let column = |index: usize| -> Vec<usize> {
        let mut units: BTreeSet<usize> = paths.iter().map(|path| path.units[index]).collect();
        match index {
            0 => units.extend([view.selected.from]),
            1 => units.extend([view.selected.to]),
            // Without paths, the first units stand for the others.
            _ if units.is_empty() => units.extend(0..sizes[index].min(PATHS)),
            _ => {}
        }
        units.into_iter().collect()
    };
    (0..sizes.len()).map(column).collect()
}

/// The name of an input (layer 0) or of a unit.
fn unit_name(view: &Backpropagation, layer: usize, unit: usize) -> String {
    let last = view.network.layers.len();
    let names = match layer {
        0 => &view.inputs,
        _ if layer == last => &view.outputs,
        _ => return format!("hidden.{} unit {}", layer - 1, unit + 1),
    };
    let name = names.get(unit).map(|name| truncate_middle(name, 40));
    name.unwrap_or_else(|| format!("unit {}", unit + 1))
}

/// The name for a table.
fn short_name(view: &Backpropagation, layer: usize, unit: usize) -> String {
    truncate_middle(&unit_name(view, layer, unit), 28)
}

/// A number with four significant digits.
fn digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e5).contains(&size) => {
            let decimals = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
            format!("{value:.decimals$}").replace('-', "−")
        }
        _ => format!("{value:.3e}").replacen('-', "−", usize::from(value < 0.0)),
    }
}

fn drawing(view: &Backpropagation, shown: &[Vec<usize>], has_paths: bool) -> Markup {
    let columns: Vec<(String, Vec<Unit>)> = shown
        .iter()
        .enumerate()
        .map(|(column, units)| {
            let heading = match column {
                0 => "inputs".to_string(),
                _ if column + 1 == shown.len() => "output".to_string(),
                _ => format!("hidden.{}", column - 1),
            };
            let units = units.iter().map(|&unit| Unit {
                name: unit_name(view, column, unit),
                title: unit_title(view, column, unit),
            });
            (heading, units.collect())
        })
        .collect();
    let connections = connections(view, shown);
    let text = match has_paths {
        _ if is_small(view) => "All units and weights.",
        true => {
            "The network is too large to draw, so these are the units on the paths along which most of the \
            gradient flows."
        }
        false => "The network is too large to draw, so these are some of its units.",
    };
    let text = format!(
        "{text} A wide line is a weight with a large derivative of the loss; blue weights are positive, orange ones \
         negative."
    );
    let svg = charts::layers(&columns, &connections);
    figure("backpropagation", "The network", &text, svg)
}

/// What a unit computed, as a tooltip.
fn unit_title(view: &Backpropagation, column: usize, unit: usize) -> String {
    let name = unit_name(view, column, unit);
    match column {
        0 => format!("{name}: {}", digits(view.pass.features[unit])),
        _ => {
            let layer = &view.pass.layers[column - 1];
            let (z, a, delta) = (layer.z[unit], layer.output[unit], layer.delta[unit]);
            let (z, a, delta) = (digits(z), digits(a), digits(delta));
            format!("{name}: weighted sum {z}, activation {a}, δ {delta}")
        }
    }
}

fn connections(view: &Backpropagation, shown: &[Vec<usize>]) -> Vec<Connection> {
    let mut found = Vec::new();
    for (index, layer) in view.network.layers.iter().enumerate() {
        for (from, &input) in shown[index].iter().enumerate() {
            for (to, &unit) in shown[index + 1].iter().enumerate() {
                let place = layer.place(input, unit);
                let (weight, gradient) = (layer.weight[place], view.gradients[index].weight[place]);
                let names = (
                    unit_name(view, index, input),
                    unit_name(view, index + 1, unit),
                );
                found.push(Connection {
                    column: index,
                    from,
                    to,
                    share: gradient.abs(),
                    is_negative: weight < 0.0,
                    title: format!(
                        "{} → {}: weight {}, ∂loss/∂w {}",
                        names.0,
                        names.1,
                        digits(weight),
                        digits(gradient)
                    ),
                });
            }
        }
    }
    let largest = found.iter().map(|line| line.share).fold(0.0, f64::max);
    if largest > 0.0 {
        found.iter_mut().for_each(|line| line.share /= largest);
    }
    found
}

/// The prediction, the loss, and both after the update.
fn loss(view: &Backpropagation) -> Markup {
    let text = "A step of plain gradient descent on this row alone changes all weights by −learning rate · ∂loss/∂w.";
    let calibrated = view.true_class.filter(|class| class.temperature != 1.0);
    let predicted = match view.networks {
        0 | 1 => "predicted",
        _ => "predicted by this network",
    };
    // A number may have the limit of predictions beside it.
    let longest = if view.true_class.is_some() { 24 } else { 48 };
    let short = |text: &str| truncate(text, longest);
    html! {
        figure data-figure="row-loss" {
            figcaption {
                b { "The loss, and after a step" }
                (text)
                @if calibrated.is_some() {
                    " The loss is computed from the probability of the network. Predictions have the calibrated one, "
                    "for which the outputs are divided by the temperature."
                }
            }
            (wide_table("The loss, now and after a step", "numbers", html! {
                tr { td {} th { "now" } th { "after the step" } }
                tr { td { (predicted) } td { (short(&view.predicted)) } td { (short(&view.predicted_after)) } }
                tr { td { "actual" } td { (short(&view.actual)) } td {} }
                @if let Some(class) = &view.true_class { (probability(class)) }
                @if let Some(class) = &calibrated { (calibrated_probability(class)) }
                tr { td { "loss" } td { (digits(view.loss)) } td { (digits(view.loss_after)) } }
                tr { td { "learning rate" } td { (digits(view.learning_rate)) } td {} }
            }))
            p class="formula" { "loss = " (view.loss_formula) }
        }
    }
}

/// The row of the probability that the loss is computed from.
fn probability(class: &TrueClass) -> Markup {
    html! {
        tr {
            td { "probability of the true class" }
            td { (digits(class.now.of_outputs)) }
            td { (digits(class.after.of_outputs)) }
        }
    }
}

/// The row of the same probability as predictions have it.
fn calibrated_probability(class: &TrueClass) -> Markup {
    html! {
        tr {
            td { "calibrated with temperature " (number(class.temperature)) }
            td { (digits(class.now.calibrated)) }
            td { (digits(class.after.calibrated)) }
        }
    }
}

/// The numbers of the shown units.
fn units(view: &Backpropagation, shown: &[Vec<usize>]) -> Markup {
    let units = shown.iter().enumerate().skip(1);
    let units = units.flat_map(|(layer, units)| units.iter().map(move |&unit| (layer, unit)));
    let units: Vec<(usize, usize)> = units.collect();
    html! {
        figure data-figure="row-units" {
            figcaption { b { "Forward and backward" } "For each unit the weighted sum with the bias, the activation, the slope of the activation function, and δ, the derivative of the loss with respect to the weighted sum. δ is also the derivative with respect to the bias." }
            (wide_table("The numbers of the units", "numbers", html! {
                tr { th { "unit" } th { "sum" } th { "activation" } th { "slope" } th { "δ" } }
                @for &(layer, unit) in units.iter().take(ROWS) {
                    @let numbers = &view.pass.layers[layer - 1];
                    tr {
                        td { (short_name(view, layer, unit)) }
                        td { (digits(numbers.z[unit])) }
                        td { (digits(numbers.output[unit])) }
                        td { (digits(numbers.slope[unit])) }
                        td { (digits(numbers.delta[unit])) }
                    }
                }
            }))
            @if units.len() > ROWS {
                p class="faint" { "The first " (ROWS) " of " (units.len()) " units." }
            }
        }
    }
}

/// The chain rule of the selected weight, with its numbers.
fn chain_rule(view: &Backpropagation) -> Markup {
    let (from, to) = (view.selected.from, view.selected.to);
    let (layer, numbers) = (&view.network.layers[0], &view.pass.layers[0]);
    let place = layer.place(from, to);
    let (weight, gradient) = (layer.weight[place], view.gradients[0].weight[place]);
    let (input, delta) = (view.pass.features[from], numbers.delta[to]);
    let names = (unit_name(view, 0, from), unit_name(view, 1, to));
    html! {
        figure data-figure="chain-rule" {
            figcaption {
                b { "The chain rule of one weight" }
                "Of all weights of the first layer, that of " bdi { (names.0) } " in " bdi { (names.1) } " has the largest derivative."
            }
            p class="formula" { "∂loss/∂w = δ · input = " (digits(delta)) " · " (digits(input)) " = " (digits(gradient)) }
            (delta_formula(view, to))
            p class="formula" { "by finite differences: " (digits(view.selected.finite_difference)) }
            p class="formula" {
                "new w = w − learning rate · ∂loss/∂w = " (digits(weight)) " − " (digits(view.learning_rate)) " · "
                (digits(gradient)) " = " (digits(weight - view.learning_rate * gradient))
            }
        }
    }
}

/// How δ of a unit of the first layer follows from those of the next one.
fn delta_formula(view: &Backpropagation, unit: usize) -> Markup {
    let numbers = &view.pass.layers[0];
    let (Some(next), Some(after)) = (view.network.layers.get(1), view.pass.layers.get(1)) else {
        return html! {
            p class="formula" { "δ = ∂loss/∂output = " (digits(numbers.delta[unit])) }
        };
    };
    let of_unit = |to: usize| (next.weight[next.place(unit, to)], after.delta[to]);
    let mut terms: Vec<(f64, f64)> = (0..next.units).map(of_unit).collect();
    terms.sort_by(|a, b| (b.0 * b.1).abs().total_cmp(&(a.0 * a.1).abs()));
    let (shown, others) = terms.split_at(terms.len().min(4));
    let product =
        |(weight, delta): &(f64, f64)| format!("({} · {})", digits(*weight), digits(*delta));
    let mut sum = shown.iter().map(product).collect::<Vec<_>>().join(" + ");
    if !others.is_empty() {
        let rest: f64 = others.iter().map(|(weight, delta)| weight * delta).sum();
        sum += &format!(" + {} of {} other units", digits(rest), others.len());
    }
    let further = match numbers.slope[unit] * numbers.output_delta[unit] == numbers.delta[unit] {
        true => "",
        false => ", through the normalization",
    };
    html! {
        p class="formula" { "∂loss/∂activation = Σ w · δ of the next layer = " (sum) " = " (digits(numbers.output_delta[unit])) }
        p class="formula" {
            "δ = slope · ∂loss/∂activation = " (digits(numbers.slope[unit])) " · " (digits(numbers.output_delta[unit]))
            (further) " = " (digits(numbers.delta[unit]))
        }
    }
}

fn path_table(view: &Backpropagation, paths: &[Path]) -> Markup {
    let names = |path: &Path| {
        let units = path.units.iter().enumerate();
        let names = units.map(|(layer, &unit)| short_name(view, layer, unit));
        names.collect::<Vec<String>>()
    };
    html! {
        figure data-figure="paths" {
            figcaption { b { "The strongest paths" } "The product along each path is its part of the derivative with respect to its first weight: the input, times each slope, times each further weight, times δ of the output." }
            (wide_table("The strongest paths", "paths", html! {
                tr { th { "path" } th { "product" } }
                @for path in paths {
                    tr {
                        td {
                            @for (index, name) in names(path).into_iter().enumerate() {
                                @if index > 0 { " → " }
                                bdi { (name) }
                            }
                        }
                        td { (digits(path.product)) }
                    }
                }
            }))
        }
    }
}

/// The weights with the largest derivatives, before and after the step.
fn updates(view: &Backpropagation) -> Markup {
    let layers = view.gradients.iter().enumerate();
    let all = layers.flat_map(|(layer, gradient)| {
        let places = gradient.weight.iter().enumerate();
        places.map(move |(place, &gradient)| (layer, place, gradient))
    });
    let mut all: Vec<(usize, usize, f64)> = all.collect();
    all.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let count = all.len();
    all.truncate(ROWS / 2);
    html! {
        figure data-figure="row-updates" {
            figcaption { b { "The largest updates" } "The weights with the largest derivatives, of " (integer(count)) "." }
            (wide_table("The weights with the largest derivatives", "numbers", html! {
                tr { th { "weight" } th { "∂loss/∂w" } th { "now" } th { "after" } }
                @for &(layer, place, gradient) in &all {
                    @let weights = &view.network.layers[layer];
                    @let (from, to) = (place / weights.units, place % weights.units);
                    tr {
                        td { bdi { (short_name(view, layer, from)) } " → " bdi { (short_name(view, layer + 1, to)) } }
                        td { (digits(gradient)) }
                        td { (digits(weights.weight[place])) }
                        td { (digits(weights.weight[place] - view.learning_rate * gradient)) }
                    }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.2500"),
            (-12.3456, "−12.35"),
            (1234.56, "1235"),
            (-0.00001, "−1.000e-5"),
            (2e7, "2.000e7"),
        ] {
            assert_eq!(digits(value), text);
        }
    }
}
