//! Parallel coordinates.

use super::canvas::{Anchor, Canvas, WIDTH, fitted};
use super::frame::drawable;

/// An axis: its name, and its labels, each with its place from 0 at the bottom to 1 at the top.
pub struct Axis {
    pub name: String,
    pub labels: Vec<(f64, String)>,
}

/// A line: its place on each axis from 0 to 1, where it has one, how strong it is from 0 to 1, and its tooltip.
pub struct Line {
    pub places: Vec<Option<f64>>,
    pub strength: f64,
    pub title: String,
    /// Whether it is drawn in another color, above the others.
    pub is_marked: bool,
}

/// The space above an axis for its name, and below it.
const TOP: f64 = 32.0;
const BOTTOM: f64 = 18.0;
/// The height of an axis.
const LENGTH: f64 = 140.0;
const ROW: f64 = TOP + LENGTH + BOTTOM;
/// The number of axes in a row. The last of a row is the one that shows the result.
const IN_A_ROW: usize = 3;
/// The space for the name of an axis.
const NAME: f64 = WIDTH / IN_A_ROW as f64 - 8.0;

/// Draws a vertical axis for each setting, and a line for each trial. Many axes are drawn in several rows, each
/// with the last axis, which shows the result. Returns `None` if there is nothing to draw.
pub fn parallel_coordinates(axes: &[Axis], lines: &[Line]) -> Option<String> {
    let (last, others) = axes.split_last()?;
    let settings: Vec<usize> = (0..others.len()).collect();
    let rows: Vec<Vec<usize>> = settings
        .chunks(IN_A_ROW - 1)
        .map(|chunk| [chunk, &[others.len()]].concat())
        .collect();
    if lines.is_empty() || rows.is_empty() {
        return None;
    }
    let mut canvas = Canvas::new(ROW * rows.len() as f64);
    for (index, row) in rows.iter().enumerate() {
        let top = ROW * index as f64 + TOP;
        draw_lines(&mut canvas, row, lines, top);
        draw_axes(&mut canvas, row.iter().map(|&axis| &axes[axis]), top);
    }
    Some(canvas.svg(&format!("{} of each trial by its settings", last.name)))
}

/// The horizontal place of an axis in its row.
fn across(axis: usize) -> f64 {
    WIDTH / IN_A_ROW as f64 * axis as f64 + 8.0
}

/// The vertical place of a number from 0 to 1 on an axis.
fn down(place: f64, top: f64) -> f64 {
    top + (1.0 - place.clamp(0.0, 1.0)) * LENGTH
}

fn draw_lines(canvas: &mut Canvas, row: &[usize], lines: &[Line], top: f64) {
    let (marked, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.is_marked);
    for line in others.into_iter().chain(marked) {
        let (class, opacity) = match line.is_marked {
            true => ("trial best", 1.0),
            false => ("trial", 0.1 + 0.6 * line.strength.clamp(0.0, 1.0)),
        };
        // A line is interrupted where it has no place on an axis.
        let points = row.iter().enumerate().map(|(index, &axis)| {
            let place = line.places.get(axis).copied().flatten()?;
            drawable(place).then(|| (across(index), down(place, top)))
        });
        let points: Vec<Option<(f64, f64)>> = points.collect();
        for pair in points.windows(2) {
            if let [Some(from), Some(to)] = pair {
                canvas.faint_line(class, *from, *to, (opacity, line.title.as_str()));
            }
        }
    }
}

fn draw_axes<'a>(canvas: &mut Canvas, axes: impl Iterator<Item = &'a Axis>, top: f64) {
    for (index, axis) in axes.enumerate() {
        let x = across(index);
        canvas.line("axis", (x, down(1.0, top)), (x, down(0.0, top)), &axis.name);
        canvas.text(
            Anchor::Start,
            (x - 6.0, top - 12.0),
            &fitted(&axis.name, NAME),
        );
        for (place, label) in &axis.labels {
            let y = down(*place, top);
            canvas.line("grid", (x - 3.0, y), (x + 3.0, y), "");
            canvas.text(
                Anchor::Start,
                (x + 6.0, y + 4.5),
                &fitted(label, NAME - 6.0),
            );
        }
    }
}
