//! Heat maps.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Area, Drawn, FAINT, WIDTH, draw, font};
use crate::format::truncate;

/// Draws numbers as colors, with a color scale below. Each row has a name.
///
/// The numbers are decimal logarithms. `range` holds those of the darkest and the brightest color.
/// Columns are numbered from `first`, and `x` is the name of their axis.
pub fn heat_map(
    rows: &[(String, Vec<f64>)],
    range: &Range<f64>,
    first: usize,
    x: &str,
) -> Option<String> {
    const MAX_COLUMNS: usize = 120;
    let height = 110 + (22 * rows.len() as u32).min(900);
    draw(height, |area| {
        let columns = rows.first().map_or(0, |(_, values)| values.len());
        let step = columns.div_ceil(MAX_COLUMNS).max(1);
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
        let name = |segment: &SegmentValue<i32>| row_name(segment, rows);
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
            let row = last - index as i32;
            let (low, high) = (SegmentValue::Exact(row), SegmentValue::Exact(row + 1));
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
        draw_scale(&scale, range)
    })
}

/// The name of the row at a place on the vertical axis, which goes up from the last row.
fn row_name(segment: &SegmentValue<i32>, rows: &[(String, Vec<f64>)]) -> String {
    let last = rows.len() as i32 - 1;
    match segment {
        SegmentValue::CenterOf(row) if (0..=last).contains(row) => {
            truncate(&rows[(last - row) as usize].0, 11)
        }
        _ => String::new(),
    }
}

/// Draws the color scale, with the powers of ten at both ends.
fn draw_scale(area: &Area, range: &Range<f64>) -> Drawn {
    let parts = 40;
    let (left, width) = (92, WIDTH as i32 - 92 - 18);
    for part in 0..parts {
        let color = shade(f64::from(part) / f64::from(parts - 1));
        let start = left + width * part / parts;
        let end = left + width * (part + 1) / parts;
        area.draw(&Rectangle::new([(start, 4), (end, 16)], color.filled()))?;
    }
    for (x, value, side) in [
        (left, range.start, HPos::Left),
        (left + width, range.end, HPos::Right),
    ] {
        let style = font(14).pos(Pos::new(side, VPos::Top));
        let text = format!("1e{}", value as i32);
        area.draw(&Text::new(text, (x, 22), style))?;
    }
    Ok(())
}

/// The color of a number in `[0, 1]`, from dark purple over green to yellow. It interpolates the color
/// map viridis of matplotlib, which is also readable in gray.
fn shade(share: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 5] = [
        (68.0, 1.0, 84.0),
        (59.0, 82.0, 139.0),
        (33.0, 145.0, 140.0),
        (94.0, 201.0, 98.0),
        (253.0, 231.0, 37.0),
    ];
    let position = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let stop = (position as usize).min(STOPS.len() - 2);
    let (a, b, t) = (STOPS[stop], STOPS[stop + 1], position - stop as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * t) as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}
