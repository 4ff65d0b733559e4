//! Scatter charts.

use plotters::prelude::*;

use super::canvas::{FIRST, HEIGHT, INK, draw, draw_axes, drawable, span};

/// Draws a point for each row, and a reference line. `x` and `y` are the names of the axes.
pub fn scatter(points: &[(f64, f64)], x: &str, y: &str, reference: Reference) -> Option<String> {
    draw(HEIGHT, |area| {
        let xs = span(points.iter().map(|p| p.0), 0.03)?;
        let mut ys = span(points.iter().map(|p| p.1), 0.06)?;
        if reference == Reference::Zero {
            ys = ys.start.min(0.0)..ys.end.max(0.0);
        }
        let mut chart = draw_axes(area, (&xs, &ys), x, y)?;
        let style = FIRST.mix(0.45).filled();
        let finite = points.iter().filter(|p| drawable(p.0) && drawable(p.1));
        chart.draw_series(finite.map(|&point| Circle::new(point, 3, style)))?;
        let line = match reference {
            Reference::Zero => [(xs.start, 0.0), (xs.end, 0.0)],
            Reference::Equal => {
                let (low, high) = (xs.start.max(ys.start), xs.end.min(ys.end));
                [(low, low), (high, high)]
            }
        };
        chart.draw_series([PathElement::new(line, INK.stroke_width(1))])?;
        Ok(())
    })
}

/// The reference line of a [`scatter`] chart.
#[derive(Clone, Copy, PartialEq)]
pub enum Reference {
    /// Where both coordinates are equal.
    Equal,
    /// Where the vertical coordinate is zero.
    Zero,
}
