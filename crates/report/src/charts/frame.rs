//! The rectangle that a chart is drawn in, with its axes.

use std::ops::Range;

use super::axis::{Scale, spaced_ticks, ticks};
use super::canvas::{Anchor, Canvas, WIDTH, fitted, text_width};

/// A rectangle with a number on both axes.
pub struct Frame {
    xs: Range<f64>,
    ys: Range<f64>,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The axes of a chart.
pub struct Axes<'a> {
    /// The name of the horizontal axis.
    pub x: &'a str,
    /// The name of the vertical axis.
    pub y: &'a str,
    /// What the numbers of the horizontal axis are.
    pub scale: Scale,
    /// The range of the horizontal axis.
    pub xs: Range<f64>,
    /// The range of the vertical axis.
    pub ys: Range<f64>,
}

/// The height of a line of text.
const LINE: f64 = 18.0;
/// The space below a frame for the numbers of the horizontal axis, and for its name.
const NUMBERS: f64 = 22.0;
const NAME: f64 = 18.0;
/// The least space for the numbers of the vertical axis. The frames of most charts then begin at the same place.
const LEAST: f64 = 32.0;

impl Frame {
    /// Draws axes, grid lines, numbers and names between two heights of the canvas. The name of the vertical axis is
    /// above it, so that it is not turned.
    pub fn draw(canvas: &mut Canvas, axes: &Axes, top: f64, bottom: f64) -> Self {
        let rows = ticks(&axes.ys, 6, Scale::Numbers);
        let widest = rows.iter().map(|(_, text)| text_width(text));
        let below = match axes.x.is_empty() {
            true => NUMBERS,
            false => NUMBERS + NAME,
        };
        let frame = Self {
            xs: axes.xs.clone(),
            ys: axes.ys.clone(),
            left: widest.fold(LEAST, f64::max) + 8.0,
            right: WIDTH - 12.0,
            top: top + LINE + 8.0,
            bottom: bottom - below,
        };
        canvas.text(Anchor::Start, (0.0, top + 13.0), &fitted(axes.y, WIDTH));
        for (number, text) in rows {
            let y = frame.y(number);
            canvas.line("grid", (frame.left, y), (frame.right, y), "");
            canvas.text(Anchor::End, (frame.left - 6.0, y + 4.5), &text);
        }
        let width = frame.right - frame.left;
        for (number, text) in spaced_ticks(&axes.xs, 5, axes.scale, width) {
            let x = frame.x(number);
            canvas.line("grid", (x, frame.top), (x, frame.bottom), "");
            let half = text_width(&text) / 2.0;
            let x = x.min(WIDTH - half).max(half);
            canvas.text(Anchor::Middle, (x, frame.bottom + 16.0), &text);
        }
        let middle = (frame.left + frame.right) / 2.0;
        let name = fitted(axes.x, WIDTH - frame.left);
        canvas.text(Anchor::Middle, (middle, frame.bottom + 34.0), &name);
        frame
    }

    /// The place of a number on the horizontal axis.
    pub fn x(&self, number: f64) -> f64 {
        let share = (number - self.xs.start) / (self.xs.end - self.xs.start);
        self.left + share.clamp(-0.5, 1.5) * (self.right - self.left)
    }

    /// The place of a number on the vertical axis.
    pub fn y(&self, number: f64) -> f64 {
        let share = (number - self.ys.start) / (self.ys.end - self.ys.start);
        self.bottom - share.clamp(-0.5, 1.5) * (self.bottom - self.top)
    }

    /// The place of a point.
    pub fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x(x), self.y(y))
    }

    /// The range of the horizontal axis.
    pub fn xs(&self) -> Range<f64> {
        self.xs.clone()
    }

    /// The range of the vertical axis.
    pub fn ys(&self) -> Range<f64> {
        self.ys.clone()
    }
}

/// Draws the names of curves, each with a sample of its class, in lines from the top of the canvas. Returns the height
/// below them.
pub fn draw_legend(canvas: &mut Canvas, names: &[(String, &str)]) -> f64 {
    const SAMPLE: f64 = 26.0;
    let (mut x, mut y) = (0.0, 0.0);
    for (name, class) in names {
        let name = fitted(name, WIDTH - SAMPLE);
        let width = SAMPLE + text_width(&name) + 14.0;
        if x > 0.0 && x + width > WIDTH {
            (x, y) = (0.0, y + LINE);
        }
        canvas.line(class, (x, y + 9.0), (x + 20.0, y + 9.0), "");
        canvas.text(Anchor::Start, (x + SAMPLE, y + 13.5), &name);
        x += width;
    }
    y + LINE + 6.0
}

/// Whether a number can be drawn on an axis.
pub fn drawable(x: f64) -> bool {
    x.is_finite() && x.abs() < 1e100
}

/// The range from the smallest to the largest number that can be drawn, widened at both ends by `margin` times its
/// width; `None` if there is no such number.
pub fn span(numbers: impl Iterator<Item = f64>, margin: f64) -> Option<Range<f64>> {
    let numbers = numbers.filter(|&x| drawable(x));
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low > high {
        return None;
    }
    let width = high - low;
    let widened = match width > 1e-9 * high.abs().max(1e-300) {
        true => width * margin,
        false => high.abs().max(1.0) * 0.05,
    };
    Some(low - widened..high + widened)
}
