//! Charts of curves.

use std::ops::Range;

use plotters::prelude::*;

use super::canvas::{
    CARD, Chart, Drawn, FAINT, FIRST, HEIGHT, INK, SECOND, draw, draw_axes, drawable, font, span,
};

/// A chart of curves that share their axes.
#[derive(Default)]
pub struct Lines<'a> {
    /// The name of the horizontal axis.
    pub x: &'a str,
    /// The name of the vertical axis.
    pub y: &'a str,
    /// The curves, each with its name. With a single curve there is no legend, so the name is unused.
    pub curves: Vec<(&'a str, Vec<(f64, f64)>)>,
    /// Where to draw a vertical line.
    pub mark: Option<f64>,
    /// Whether to draw a line from corner to corner.
    pub diagonal: bool,
    /// Whether to draw a dot at each point.
    pub dots: bool,
    /// The ranges of both axes, if they do not follow from the points.
    pub range: Option<(Range<f64>, Range<f64>)>,
}

/// Draws a chart of curves. Returns `None` if there is no point that can be drawn.
pub fn lines(lines: &Lines) -> Option<String> {
    draw(HEIGHT, |area| {
        let all = || lines.curves.iter().flat_map(|(_, points)| points.iter());
        let (xs, ys) = match &lines.range {
            Some((xs, ys)) => (xs.clone(), ys.clone()),
            None => (
                span(all().map(|point| point.0), 0.0)?,
                span(all().map(|point| point.1), 0.06)?,
            ),
        };
        let mut chart = draw_axes(area, (&xs, &ys), lines.x, lines.y)?;
        if lines.diagonal {
            let ends = [(xs.start, ys.start), (xs.end, ys.end)];
            chart.draw_series([PathElement::new(ends, FAINT.stroke_width(1))])?;
        }
        if let Some(x) = lines.mark {
            let ends = [(x, ys.start), (x, ys.end)];
            chart.draw_series([PathElement::new(ends, FAINT.stroke_width(1))])?;
        }
        draw_curves(&mut chart, lines)?;
        if lines.curves.len() > 1 {
            // The corner that the curves of a loss or of a ROC chart leave free.
            let corner = match lines.diagonal {
                true => SeriesLabelPosition::LowerRight,
                false => SeriesLabelPosition::UpperRight,
            };
            chart
                .configure_series_labels()
                .position(corner)
                .background_style(CARD.mix(0.85))
                .label_font(font(14))
                .draw()?;
        }
        Ok(())
    })
}

/// Draws each curve, with its name in the legend if there are several.
fn draw_curves(chart: &mut Chart<'_, '_>, lines: &Lines) -> Drawn {
    for ((name, points), color) in lines.curves.iter().zip([FIRST, SECOND, INK, FAINT]) {
        let points = points
            .iter()
            .copied()
            .filter(|&(x, y)| drawable(x) && drawable(y));
        if lines.dots || points.clone().count() == 1 {
            let dots = points
                .clone()
                .map(|point| Circle::new(point, 4, color.filled()));
            chart.draw_series(dots)?;
        }
        let series = chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
        if lines.curves.len() > 1 {
            series.label(*name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
            });
        }
    }
    Ok(())
}
