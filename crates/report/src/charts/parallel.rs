//! Parallel coordinates.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Area, Drawn, FAINT, FIRST, INK, SECOND, draw, drawable, font};
use crate::format::truncate;

/// An axis: its name, and its labels, each with its place from 0 at the bottom to 1 at the top.
pub struct Axis {
    pub name: String,
    pub labels: Vec<(f64, String)>,
}

/// A line: its place on each axis from 0 to 1, where it has one, and how strong it is from 0 to 1.
pub struct Line {
    pub places: Vec<Option<f64>>,
    pub strength: f64,
    /// Whether it is drawn in another color, above the others.
    pub is_marked: bool,
}

const TOP: i32 = 34;
const BOTTOM: i32 = 20;
/// The height of an axis, in pixels.
const LENGTH: i32 = 150;
/// The number of axes in a row. The last of a row is the first of the next one.
const IN_A_ROW: usize = 4;

/// Draws a vertical axis for each setting, and a line for each trial. Many axes are drawn in several rows, each
/// with the last axis, which shows the result.
pub fn parallel_coordinates(axes: &[Axis], lines: &[Line]) -> Option<String> {
    let (last, others) = axes.split_last()?;
    let rows: Vec<Vec<usize>> = (0..others.len())
        .collect::<Vec<_>>()
        .chunks(IN_A_ROW - 1)
        .map(|chunk| [chunk, &[others.len()]].concat())
        .collect();
    let row_height = TOP + LENGTH + BOTTOM;
    draw(row_height as u32 * rows.len() as u32, |area| {
        if lines.is_empty() || rows.is_empty() {
            return Err("nothing to draw".into());
        }
        for (index, row) in rows.iter().enumerate() {
            let top = index as i32 * row_height + TOP;
            let axes: Vec<&Axis> = row
                .iter()
                .map(|&axis| others.get(axis).unwrap_or(last))
                .collect();
            draw_lines(area, row, lines, top)?;
            draw_axes(area, &axes, top)?;
        }
        Ok(())
    })
}

/// The horizontal place of an axis in its row, in pixels.
fn across(axis: usize) -> i32 {
    const WIDTHS: i32 = super::canvas::WIDTH as i32;
    let width = WIDTHS / IN_A_ROW as i32;
    width * axis as i32 + 14
}

/// The vertical place of a number from 0 to 1 on an axis, in pixels.
fn down(place: f64, top: i32) -> i32 {
    top + ((1.0 - place.clamp(0.0, 1.0)) * f64::from(LENGTH)) as i32
}

fn draw_lines(area: &Area, row: &[usize], lines: &[Line], top: i32) -> Drawn {
    let (marked, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.is_marked);
    for line in others.into_iter().chain(marked) {
        let style = match line.is_marked {
            true => SECOND.stroke_width(3),
            false => FIRST
                .mix(0.1 + 0.6 * line.strength.clamp(0.0, 1.0))
                .stroke_width(1),
        };
        // A line is interrupted where it has no place on an axis.
        let points = row.iter().enumerate().map(|(index, &axis)| {
            let place = line.places.get(axis).copied().flatten()?;
            drawable(place).then(|| (across(index), down(place, top)))
        });
        let points: Vec<Option<(i32, i32)>> = points.collect();
        for pair in points.windows(2) {
            if let [Some(from), Some(to)] = pair {
                area.draw(&PathElement::new([*from, *to], style))?;
            }
        }
    }
    Ok(())
}

fn draw_axes(area: &Area, axes: &[&Axis], top: i32) -> Drawn {
    for (index, axis) in axes.iter().enumerate() {
        let x = across(index);
        let ends = [(x, down(1.0, top)), (x, down(0.0, top))];
        area.draw(&PathElement::new(ends, INK.stroke_width(1)))?;
        let name = font(13).pos(Pos::new(HPos::Left, VPos::Bottom));
        let text = truncate(&axis.name, 17);
        area.draw(&Text::new(text, (x - 10, top - 10), name))?;
        for (place, label) in &axis.labels {
            let y = down(*place, top);
            area.draw(&PathElement::new(
                [(x - 3, y), (x + 3, y)],
                FAINT.stroke_width(1),
            ))?;
            let style = font(12).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(truncate(label, 14), (x + 6, y), style))?;
        }
    }
    Ok(())
}
