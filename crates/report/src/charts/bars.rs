//! Bar charts.

use plotters::coord::ranged1d::SegmentedCoord;
use plotters::coord::types::{RangedCoordf64, RangedCoordi32};
use plotters::prelude::*;

use super::canvas::{Drawn, FAINT, FIRST, INK, draw, drawable, font, span};
use crate::format::{tick, truncate};

/// A chart with a number on the horizontal axis, and a row for each bar.
type BarChart<'a> =
    ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, SegmentedCoord<RangedCoordi32>>>;

/// A bar.
pub struct Bar {
    pub name: String,
    pub length: f64,
    /// The length of the line to both sides of the bar's end; 0 draws none.
    pub spread: f64,
}

/// Draws horizontal bars, each with its name, from top to bottom. `x` is the name of the horizontal
/// axis.
pub fn bars(bars: &[Bar], x: &str) -> Option<String> {
    let height = 60 + 26 * bars.len() as u32;
    draw(height, |area| {
        let ends = bars.iter().flat_map(|bar| {
            [
                bar.length - bar.spread,
                bar.length + bar.spread,
                bar.length,
                0.0,
            ]
        });
        let xs = span(ends, 0.04)?;
        let xs = xs.start.min(0.0)..xs.end.max(0.0);
        let count = bars.len() as i32;
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(18)
            .x_label_area_size(44)
            .y_label_area_size(150)
            .build_cartesian_2d(xs, (0..count - 1).into_segmented())?;
        let name = |segment: &SegmentValue<i32>| match segment {
            SegmentValue::CenterOf(row) if (0..count).contains(row) => {
                truncate(&bars[(count - 1 - row) as usize].name, 20)
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(FAINT.mix(0.4))
            .axis_style(FAINT)
            .x_labels(5)
            .y_labels(bars.len())
            .x_label_formatter(&|x| tick(*x))
            .y_label_formatter(&name)
            .label_style(font(14))
            .x_desc(x)
            .axis_desc_style(font(14))
            .draw()?;
        for (index, bar) in bars.iter().enumerate() {
            draw_bar(&mut chart, bar, count - 1 - index as i32)?;
        }
        Ok(())
    })
}

/// Draws a bar in a row of the chart, counted from the bottom, and its spread.
fn draw_bar(chart: &mut BarChart<'_>, bar: &Bar, row: i32) -> Drawn {
    if !drawable(bar.length) || !drawable(bar.spread) {
        return Ok(());
    }
    let (low, high) = (SegmentValue::Exact(row), SegmentValue::Exact(row + 1));
    let mut shape = Rectangle::new([(0.0, low), (bar.length, high)], FIRST.mix(0.75).filled());
    shape.set_margin(4, 4, 0, 0);
    chart.draw_series([shape])?;
    if bar.spread > 0.0 {
        let middle = SegmentValue::CenterOf(row);
        let ends = [
            (bar.length - bar.spread, middle.clone()),
            (bar.length + bar.spread, middle),
        ];
        chart.draw_series([PathElement::new(ends, INK.stroke_width(2))])?;
    }
    Ok(())
}
