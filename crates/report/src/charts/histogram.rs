//! Histograms.

use std::ops::Range;

use backburn::text::{bound, grouped, integer};

use super::axis::Scale;
use super::calendar::date_text;
use super::canvas::Canvas;
use super::frame::{Axes, Frame};
use crate::format::number;

/// The height of a histogram.
const HEIGHT: f64 = 170.0;

/// Draws a bar for each bin of equal width in a range. `x` and `y` are the names of the axes. Returns `None` if all
/// bins are empty.
pub fn histogram(
    counts: &[usize],
    range: &Range<f64>,
    (x, y): (&str, &str),
    scale: Scale,
) -> Option<String> {
    let largest = counts.iter().copied().max().unwrap_or_default();
    if largest == 0 {
        return None;
    }
    let mut canvas = Canvas::new(HEIGHT);
    let axes = Axes {
        x,
        y,
        scale,
        xs: range.clone(),
        ys: 0.0..largest as f64 * 1.05,
    };
    let frame = Frame::draw(&mut canvas, &axes, 0.0, HEIGHT);
    let width = (range.end - range.start) / counts.len() as f64;
    let at = |bin: usize| range.start + bin as f64 * width;
    let alike = |bin: usize| number(at(bin)) == number(at(bin + 1));
    let are_alike = (0..counts.len()).any(alike);
    let text = |value: f64| match scale {
        Scale::Dates => date_text(value),
        Scale::Whole => bound(value.round()),
        Scale::Numbers if are_alike => precise(value, width),
        Scale::Numbers => number(value),
    };
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (low, high) = (at(bin), at(bin + 1));
        let values = match scale {
            Scale::Whole if width == 1.0 => text((low + high) / 2.0),
            _ => format!("{} to {}", text(low), text(high)),
        };
        let unit = match count {
            1 => y.trim_end_matches('s'),
            _ => y,
        };
        let title = format!("{values}: {} {unit}", integer(count));
        let (from, to) = (frame.at((low, 0.0)), frame.at((high, count as f64)));
        canvas.bar("bar c0", from, (to.0 - 1.0, to.1), &title);
    }
    Some(canvas.svg(&format!("the number of {y} by {x}")))
}

/// A number with so many decimals that the step to the next one has two digits.
fn precise(value: f64, step: f64) -> String {
    let decimals = (1.0 - step.log10().floor()).clamp(0.0, 12.0) as usize;
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{}", grouped(value.abs(), decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_bins_differ() {
        let range = -93.7..-93.6;
        let svg = histogram(&[3, 1, 0, 1234], &range, ("", "rows"), Scale::Numbers).unwrap();
        for title in [
            "<title>−93.700 to −93.675: 3 rows</title>",
            "<title>−93.675 to −93.650: 1 row</title>",
            "<title>−93.625 to −93.600: 1,234 rows</title>",
        ] {
            assert!(svg.contains(title), "no {title} in {svg}");
        }
        let svg = histogram(&[1, 1], &(0.0..100.0), ("", "rows"), Scale::Numbers).unwrap();
        assert!(svg.contains("<title>0 to 50: 1 row</title>"), "{svg}");
    }
}
