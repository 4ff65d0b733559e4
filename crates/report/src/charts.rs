//! The figures, as SVG.
//!
//! Colors here are names: the page's style sheet says what each looks like, in light and in dark.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::words::{cut, tick};

pub const INK: RGBColor = RGBColor(1, 1, 1);
pub const FAINT: RGBColor = RGBColor(2, 2, 2);
pub const FIRST: RGBColor = RGBColor(3, 3, 3);
pub const SECOND: RGBColor = RGBColor(4, 4, 4);
const CARD: RGBColor = RGBColor(5, 5, 5);

const WIDTH: u32 = 480;
const HEIGHT: u32 = 300;

/// Why a figure cannot be drawn; it is then left out.
type Drawn = Result<(), Box<dyn std::error::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Curves that share their axes.
#[derive(Default)]
pub struct Lines<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// Each with its name.
    pub curves: Vec<(&'a str, Vec<(f64, f64)>)>,
    /// A vertical line there.
    pub mark: Option<f64>,
    /// A line from corner to corner.
    pub diagonal: bool,
    /// A dot at each point.
    pub dots: bool,
    pub range: Option<(Range<f64>, Range<f64>)>,
}

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
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(18)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(xs.clone(), ys.clone())?;
        mesh(&mut chart, lines.x, lines.y)?;
        if lines.diagonal {
            let ends = [(xs.start, ys.start), (xs.end, ys.end)];
            chart.draw_series([PathElement::new(ends, FAINT.stroke_width(1))])?;
        }
        if let Some(x) = lines.mark {
            let ends = [(x, ys.start), (x, ys.end)];
            chart.draw_series([PathElement::new(ends, FAINT.stroke_width(1))])?;
        }
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
        if lines.curves.len() > 1 {
            // Losses fall, and what is above the diagonal is above it.
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

/// Points, with a line through those where both are equal.
pub fn scatter(points: &[(f64, f64)], x: &str, y: &str, level: Level) -> Option<String> {
    draw(HEIGHT, |area| {
        let xs = span(points.iter().map(|p| p.0), 0.03)?;
        let mut ys = span(points.iter().map(|p| p.1), 0.06)?;
        if level == Level::Zero {
            ys = ys.start.min(0.0)..ys.end.max(0.0);
        }
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(18)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(xs.clone(), ys.clone())?;
        mesh(&mut chart, x, y)?;
        let style = FIRST.mix(0.45).filled();
        let finite = points.iter().filter(|p| drawable(p.0) && drawable(p.1));
        chart.draw_series(finite.map(|&point| Circle::new(point, 3, style)))?;
        let line = match level {
            Level::Zero => [(xs.start, 0.0), (xs.end, 0.0)],
            Level::Equal => {
                let (low, high) = (xs.start.max(ys.start), xs.end.min(ys.end));
                [(low, low), (high, high)]
            }
        };
        chart.draw_series([PathElement::new(line, INK.stroke_width(1))])?;
        Ok(())
    })
}

/// The line in a [`scatter`].
#[derive(Clone, Copy, PartialEq)]
pub enum Level {
    Equal,
    Zero,
}

/// A bar.
pub struct Bar {
    pub name: String,
    pub length: f64,
    /// To both sides of the end.
    pub spread: f64,
}

/// Horizontal bars, each with a name, from the top.
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
            SegmentValue::CenterOf(place) if (0..count).contains(place) => {
                cut(&bars[(count - 1 - place) as usize].name, 20)
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
        let whole = |bar: &&Bar| drawable(bar.length) && drawable(bar.spread);
        for (index, bar) in bars.iter().enumerate().filter(|(_, bar)| whole(bar)) {
            let place = count - 1 - index as i32;
            let (low, high) = (SegmentValue::Exact(place), SegmentValue::Exact(place + 1));
            let mut shape =
                Rectangle::new([(0.0, low), (bar.length, high)], FIRST.mix(0.75).filled());
            shape.set_margin(4, 4, 0, 0);
            chart.draw_series([shape])?;
            if bar.spread > 0.0 {
                let middle = SegmentValue::CenterOf(place);
                let ends = [
                    (bar.length - bar.spread, middle.clone()),
                    (bar.length + bar.spread, middle),
                ];
                chart.draw_series([PathElement::new(ends, INK.stroke_width(2))])?;
            }
        }
        Ok(())
    })
}

/// Rows of powers of ten as colors, each row with its name; the columns are `first` and following.
/// `range` is what the darkest and the brightest color stand for.
pub fn heat_map(
    rows: &[(String, Vec<f64>)],
    range: &Range<f64>,
    first: usize,
    x: &str,
) -> Option<String> {
    const MOST_COLUMNS: usize = 120;
    let height = 110 + (22 * rows.len() as u32).min(900);
    draw(height, |area| {
        let columns = rows.first().map_or(0, |(_, values)| values.len());
        let step = columns.div_ceil(MOST_COLUMNS).max(1);
        let (map, scale) = area.split_vertically(height - 44);
        let mut chart = ChartBuilder::on(&map)
            .margin(8)
            .margin_right(18)
            .x_label_area_size(40)
            .y_label_area_size(84)
            .build_cartesian_2d(
                first as f64..(first + columns) as f64,
                (0..rows.len() as i32 - 1).into_segmented(),
            )?;
        let last = rows.len() as i32 - 1;
        let name = |segment: &SegmentValue<i32>| match segment {
            SegmentValue::CenterOf(place) if (0..=last).contains(place) => {
                cut(&rows[(last - place) as usize].0, 11)
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(FAINT)
            .x_labels(6)
            .y_labels(rows.len().min(24))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&name)
            .label_style(font(14))
            .x_desc(x)
            .axis_desc_style(font(14))
            .draw()?;
        for (index, (_, values)) in rows.iter().enumerate() {
            let place = last - index as i32;
            let (low, high) = (SegmentValue::Exact(place), SegmentValue::Exact(place + 1));
            let cells = values
                .iter()
                .enumerate()
                .step_by(step)
                .filter(|(_, v)| !v.is_nan());
            chart.draw_series(cells.map(|(column, value)| {
                let start = (first + column) as f64;
                let end = (start + step as f64).min((first + columns) as f64);
                let color = shade((value - range.start) / (range.end - range.start));
                Rectangle::new([(start, low.clone()), (end, high.clone())], color.filled())
            }))?;
        }
        // What the colors mean.
        let parts = 40;
        let (left, width) = (92, WIDTH as i32 - 92 - 18);
        for part in 0..parts {
            let color = shade(f64::from(part) / f64::from(parts - 1));
            let start = left + width * part / parts;
            let end = left + width * (part + 1) / parts;
            scale.draw(&Rectangle::new([(start, 4), (end, 16)], color.filled()))?;
        }
        for (place, value, side) in [
            (left, range.start, HPos::Left),
            (left + width, range.end, HPos::Right),
        ] {
            let style = font(14).pos(Pos::new(side, VPos::Top));
            let text = format!("1e{}", value as i32);
            scale.draw(&Text::new(text, (place, 22), style))?;
        }
        Ok(())
    })
}

fn mesh<'a>(
    chart: &mut ChartContext<
        'a,
        SVGBackend<'a>,
        Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
    >,
    x: &str,
    y: &str,
) -> Drawn {
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
    Ok(())
}

/// An SVG of the width of all figures; `None` if there is nothing that can be drawn.
fn draw(height: u32, figure: impl FnOnce(&Area) -> Drawn) -> Option<String> {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        figure(&area).and_then(|()| Ok(area.present()?))
    };
    drawn.ok().map(|()| svg)
}

/// Whether a number can have a place on an axis.
fn drawable(x: f64) -> bool {
    x.is_finite() && x.abs() < 1e100
}

/// From the least to the largest of the finite numbers, a little widened.
fn span(numbers: impl Iterator<Item = f64>, margin: f64) -> Result<Range<f64>, &'static str> {
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

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// A color scale that reads on light and on dark, and in grey: dark blue, green, yellow.
fn shade(share: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 5] = [
        (68.0, 1.0, 84.0),
        (59.0, 82.0, 139.0),
        (33.0, 145.0, 140.0),
        (94.0, 201.0, 98.0),
        (253.0, 231.0, 37.0),
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let stop = (place as usize).min(STOPS.len() - 2);
    let (a, b, t) = (STOPS[stop], STOPS[stop + 1], place - stop as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * t) as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
