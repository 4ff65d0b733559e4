//! Scatter charts.

use super::axis::Scale;
use super::canvas::{Canvas, HEIGHT};
use super::frame::{Axes, Frame, drawable, span};

/// Draws a point for each row, with a tooltip, and a reference line. `x` and `y` are the names of the axes.
pub fn scatter(
    points: &[(f64, f64, String)],
    x: &str,
    y: &str,
    reference: Reference,
) -> Option<String> {
    let xs = span(points.iter().map(|p| p.0), 0.03)?;
    let mut ys = span(points.iter().map(|p| p.1), 0.06)?;
    if reference == Reference::Zero {
        ys = ys.start.min(0.0)..ys.end.max(0.0);
    }
    let line = match reference {
        Reference::Zero => [(xs.start, 0.0), (xs.end, 0.0)],
        Reference::Equal => {
            let (low, high) = (xs.start.max(ys.start), xs.end.min(ys.end));
            [(low, low), (high.max(low), high.max(low))]
        }
    };
    let mut canvas = Canvas::new(HEIGHT);
    let axes = Axes {
        x,
        y,
        scale: Scale::Numbers,
        xs,
        ys,
    };
    let frame = Frame::draw(&mut canvas, &axes, 0.0, HEIGHT);
    for (x, y, title) in points.iter().filter(|p| drawable(p.0) && drawable(p.1)) {
        canvas.circle("point", frame.at((*x, *y)), 2.5, title);
    }
    canvas.line("reference", frame.at(line[0]), frame.at(line[1]), "");
    Some(canvas.svg(&format!("{y} over {x}")))
}

/// The reference line of a [`scatter`] chart.
#[derive(Clone, Copy, PartialEq)]
pub enum Reference {
    /// Where both coordinates are equal.
    Equal,
    /// Where the vertical coordinate is zero.
    Zero,
}
