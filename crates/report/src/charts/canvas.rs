//! What all charts share: size, colors, fonts, the range of an axis, and the SVG itself.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::format::tick;

// Placeholders: the style sheet of the page replaces each of these colors by one for the light and one
// for the dark theme.
pub const INK: RGBColor = RGBColor(1, 1, 1);
pub const FAINT: RGBColor = RGBColor(2, 2, 2);
pub const FIRST: RGBColor = RGBColor(3, 3, 3);
pub const SECOND: RGBColor = RGBColor(4, 4, 4);
pub const CARD: RGBColor = RGBColor(5, 5, 5);

/// The width of all charts, in pixels.
pub const WIDTH: u32 = 480;
/// The height of a chart whose height does not depend on its content, in pixels.
pub const HEIGHT: u32 = 300;

/// An error means that the chart cannot be drawn, and is left out.
pub type Drawn = Result<(), Box<dyn std::error::Error>>;
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A chart with a number on both axes.
pub type Chart<'b, 'a> =
    ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws an SVG. Returns `None` if there is nothing that can be drawn.
pub fn draw(height: u32, figure: impl FnOnce(&Area) -> Drawn) -> Option<String> {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        figure(&area).and_then(|()| Ok(area.present()?))
    };
    drawn.ok().map(|()| svg)
}

/// Draws grid lines and axes with names and numbers. `x` and `y` are the names.
pub fn draw_axes<'b, 'a>(
    area: &'b Area<'a>,
    (xs, ys): (&Range<f64>, &Range<f64>),
    x: &str,
    y: &str,
) -> Result<Chart<'b, 'a>, Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(18)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(xs.clone(), ys.clone())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT.mix(0.4))
        .axis_style(FAINT)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|x| tick(*x))
        .y_label_formatter(&|y| tick(*y))
        .label_style(font(14))
        .x_desc(x)
        .y_desc(y)
        .axis_desc_style(font(14))
        .draw()?;
    Ok(chart)
}

/// Whether a number can be drawn on an axis.
pub fn drawable(x: f64) -> bool {
    x.is_finite() && x.abs() < 1e100
}

/// The range from the smallest to the largest number that can be drawn, widened at both ends by
/// `margin` times its width.
pub fn span(numbers: impl Iterator<Item = f64>, margin: f64) -> Result<Range<f64>, &'static str> {
    let (low, high) = numbers
        .filter(|&x| drawable(x))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
    if low > high {
        return Err("nothing to draw");
    }
    let width = high - low;
    let widened = match width > 1e-9 * high.abs().max(1e-300) {
        true => width * margin,
        false => high.abs().max(1.0) * 0.05,
    };
    Ok(low - widened..high + widened)
}

/// The font of labels, with its size in pixels.
pub fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}
