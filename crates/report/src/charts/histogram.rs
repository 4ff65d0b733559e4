//! Histograms.

use std::ops::Range;

use backburn::text::bound;

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
    let text = |value: f64| match scale {
        Scale::Dates => date_text(value),
        Scale::Whole => bound(value.round()),
        _ => number(value),
    };
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (low, high) = (
            range.start + bin as f64 * width,
            range.start + (bin + 1) as f64 * width,
        );
        let values = match scale {
            Scale::Whole if width == 1.0 => text((low + high) / 2.0),
            _ => format!("{} to {}", text(low), text(high)),
        };
        let title = format!("{values}: {count} {y}");
        let (from, to) = (frame.at((low, 0.0)), frame.at((high, count as f64)));
        canvas.bar("bar c0", from, (to.0 - 1.0, to.1), &title);
    }
    Some(canvas.svg(&format!("the number of {y} by {x}")))
}
