//! Charts of horizontal bars.

use std::ops::Range;

use super::axis::{Scale, spaced_ticks};
use super::canvas::{Anchor, Canvas, WIDTH, fitted, text_width};
use super::frame::{drawable, span};
use super::names::fitted_names;
use crate::format::number;

/// A bar.
pub struct Bar {
    pub name: String,
    /// The value of the column that the bar is named after; may be empty.
    pub value: String,
    /// Where the bar starts: 0, or in a waterfall the end of the bar above.
    pub from: f64,
    /// Where the bar ends.
    pub to: f64,
    /// The length of the line to both sides of the bar's end; 0 draws none.
    pub spread: f64,
    /// The text at the end of the bar; may be empty.
    pub text: String,
}

impl Bar {
    /// A bar from 0.
    pub fn new(name: String, length: f64, spread: f64) -> Self {
        Self {
            name,
            value: String::new(),
            from: 0.0,
            to: length,
            spread,
            text: String::new(),
        }
    }

    /// The name with the value.
    fn label(&self) -> String {
        match self.value.is_empty() {
            true => self.name.clone(),
            false => format!("{} = {}", self.name, self.value),
        }
    }
}

/// The height of a bar with its space.
const ROW: f64 = 22.0;
/// The space for the names of bars, and for those of the steps of a waterfall.
const NAMES: f64 = 136.0;
const STEPS: f64 = 178.0;
/// The largest number of numbers at the axis, about.
const TICKS: usize = 5;

/// Draws bars from 0, each with its name, from top to bottom. `x` is the name of the horizontal axis.
pub fn bars(bars: &[Bar], x: &str) -> Option<String> {
    let ends = bars
        .iter()
        .flat_map(|bar| [bar.to - bar.spread, bar.to + bar.spread, bar.to, 0.0]);
    let xs = span(ends, 0.04)?;
    let xs = match bars.iter().all(|bar| bar.to - bar.spread >= 0.0) {
        true => 0.0..xs.end.max(0.0),
        false => xs.start.min(0.0)..xs.end.max(0.0),
    };
    Some(draw(bars, (x, NAMES), &xs, |_| "bar c0"))
}

/// Draws a waterfall: each bar starts where the one above ends. A bar that goes up has another color than one that goes
/// down. The first and the last bar, which start at the lower end of the axis, are totals.
pub fn waterfall(bars: &[Bar], x: &str) -> Option<String> {
    let steps = bars
        .get(1..bars.len().saturating_sub(1))
        .unwrap_or_default();
    let ends = steps.iter().flat_map(|bar| [bar.from, bar.to]);
    let totals = bars.first().into_iter().chain(bars.last());
    let xs = span(ends.chain(totals.map(|bar| bar.to)), 0.08)?;
    // The texts of the bars stand beyond their ends.
    let widest = bars
        .iter()
        .map(|bar| text_width(&bar.text))
        .fold(0.0, f64::max)
        + 8.0;
    let share = (widest / (WIDTH - STEPS - 12.0)).min(0.5);
    let width = (xs.end - xs.start) / (1.0 - share);
    let xs = xs.start..xs.start + width;
    let class = |index: usize| match bars[index].to >= bars[index].from {
        _ if index == 0 || index + 1 == bars.len() => "bar total",
        true => "bar up",
        false => "bar down",
    };
    let drawn: Vec<Bar> = bars
        .iter()
        .enumerate()
        .map(|(index, bar)| Bar {
            name: bar.name.clone(),
            value: bar.value.clone(),
            from: match index == 0 || index + 1 == bars.len() {
                true => xs.start,
                false => bar.from,
            },
            text: bar.text.clone(),
            to: bar.to,
            spread: 0.0,
        })
        .collect();
    Some(draw(&drawn, (x, STEPS), &xs, class))
}

fn draw(
    bars: &[Bar],
    (x, names): (&str, f64),
    xs: &Range<f64>,
    class: impl Fn(usize) -> &'static str,
) -> String {
    let bottom = ROW * bars.len() as f64 + 4.0;
    let mut canvas = Canvas::new(bottom + 40.0);
    let place = |number: f64| {
        let share = (number - xs.start) / (xs.end - xs.start);
        names + share.clamp(0.0, 1.0) * (WIDTH - names - 12.0)
    };
    for (number, text) in spaced_ticks(xs, TICKS, Scale::Numbers, WIDTH - names - 12.0) {
        let x = place(number);
        canvas.line("grid", (x, 0.0), (x, bottom), "");
        let at = x.min(WIDTH - text_width(&text) / 2.0);
        canvas.text(Anchor::Middle, (at, bottom + 16.0), &text);
    }
    let middle = (names + WIDTH) / 2.0;
    canvas.text(
        Anchor::Middle,
        (middle, bottom + 34.0),
        &fitted(x, WIDTH - names),
    );
    let labels = labels(bars, names - 8.0);
    for (index, (bar, label)) in bars.iter().zip(&labels).enumerate() {
        let top = ROW * index as f64 + 4.0;
        canvas.text(Anchor::End, (names - 6.0, top + 13.0), label);
        if !drawable(bar.from) || !drawable(bar.to) || !drawable(bar.spread) {
            continue;
        }
        let value = match bar.text.is_empty() {
            true => number(bar.to),
            false => bar.text.clone(),
        };
        let title = format!("{}: {value}", bar.label());
        let (from, to) = (place(bar.from), place(bar.to));
        canvas.bar(class(index), (from, top), (to, top + ROW - 6.0), &title);
        if bar.spread > 0.0 {
            let (low, high) = (place(bar.to - bar.spread), place(bar.to + bar.spread));
            let y = top + ROW / 2.0 - 3.0;
            canvas.line("spread", (low, y), (high, y), &title);
        }
        let end = from.max(to) + 5.0;
        canvas.text(Anchor::Start, (end, top + 13.0), &bar.text);
    }
    canvas.svg(x)
}

/// The texts before the bars, as far as they fit. A long name leaves half of the width to its value.
fn labels(bars: &[Bar], width: f64) -> Vec<String> {
    let value = |bar: &Bar| match bar.value.is_empty() {
        true => String::new(),
        false => {
            let space = (width - text_width(&bar.name)).max(width / 2.0);
            fitted(&format!(" = {}", bar.value), space)
        }
    };
    let values: Vec<String> = bars.iter().map(value).collect();
    let names = bars.iter().zip(&values);
    let names = names.map(|(bar, value)| (bar.name.as_str(), width - text_width(value)));
    let names = fitted_names(&names.collect::<Vec<_>>());
    names
        .into_iter()
        .zip(values)
        .map(|(name, value)| name + &value)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_of_a_waterfall_have_colors_and_texts() {
        let bar = |from: f64, to: f64, text: &str| Bar {
            name: "a".to_string(),
            value: String::new(),
            from,
            to,
            spread: 0.0,
            text: text.to_string(),
        };
        let all = [
            bar(0.0, 5.0, "5"),
            bar(5.0, 8.0, "+3"),
            bar(8.0, 7.0, "−1"),
            bar(0.0, 7.0, "7"),
        ];
        let svg = waterfall(&all, "price").unwrap();
        assert_eq!(svg.matches("bar total").count(), 2);
        assert_eq!(
            (
                svg.matches("bar up").count(),
                svg.matches("bar down").count()
            ),
            (1, 1)
        );
        assert!(svg.contains(">+3</text>"), "{svg}");
        assert!(bars(&[], "rise").is_none());
    }

    #[test]
    fn a_long_name_leaves_space_to_the_value() {
        let bar = |name: &str, value: &str| Bar {
            value: value.to_string(),
            ..Bar::new(name.to_string(), 1.0, 0.0)
        };
        let bars = [
            bar("flipper_length_of_the_bird", "186"),
            bar("year", "2007"),
            bar("total", ""),
        ];
        let labels = labels(&bars, STEPS - 8.0);
        assert!(labels[0].starts_with("flipper_"), "{labels:?}");
        assert!(labels[0].ends_with("… = 186"), "{labels:?}");
        assert_eq!(labels[1..], ["year = 2007", "total"]);
    }
}
