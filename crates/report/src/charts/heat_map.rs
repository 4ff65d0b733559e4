//! Heat maps.

use std::ops::Range;

use super::axis::{Scale, ticks};
use super::canvas::{Anchor, Canvas, WIDTH, fitted};
use super::shade::shade;

/// The space for the names of the rows.
const NAMES: f64 = 76.0;
/// The largest number of columns that are drawn, and of cells.
const COLUMNS: usize = 100;
const CELLS: usize = 1200;
/// The largest height of all rows.
const TALLEST: f64 = 700.0;

/// Draws numbers as colors, with a color scale below. Each row has a name.
///
/// The numbers are decimal logarithms. `range` holds those of the darkest and the brightest color. Columns are numbered
/// from `first`, and `x` is the name of their axis. Returns `None` if there is no number.
pub fn heat_map(
    rows: &[(String, Vec<f64>)],
    range: &Range<f64>,
    first: usize,
    x: &str,
) -> Option<String> {
    let columns = rows.first().map_or(0, |(_, values)| values.len());
    if columns == 0 {
        return None;
    }
    let row_height = (TALLEST / rows.len() as f64).min(22.0);
    let bottom = row_height * rows.len() as f64;
    let mut canvas = Canvas::new(bottom + 80.0);
    let step = columns
        .div_ceil((CELLS / rows.len()).clamp(30, COLUMNS))
        .max(1);
    let place = |column: f64| NAMES + column / columns as f64 * (WIDTH - NAMES - 12.0);
    let named = (18.0 / row_height).ceil() as usize;
    for (row, (name, values)) in rows.iter().enumerate() {
        let top = row_height * row as f64;
        if row % named == 0 {
            let name = fitted(name, NAMES - 6.0);
            canvas.text(
                Anchor::End,
                (NAMES - 6.0, top + row_height / 2.0 + 5.0),
                &name,
            );
        }
        let cells = values.iter().enumerate().step_by(step);
        for (column, value) in cells.filter(|(_, value)| !value.is_nan()) {
            let end = (column + step).min(columns) as f64;
            let color = shade((value - range.start) / (range.end - range.start));
            let title = format!("{name}, {x} {}: {:.1e}", first + column, 10f64.powf(*value));
            // A seam between cells would show the background.
            let to = (place(end) + 0.3, top + row_height + 0.3);
            canvas.filled_bar("cell", &color, (place(column as f64), top), to, &title);
        }
    }
    let numbers = first as f64..(first + columns - 1).max(first + 1) as f64;
    let ticks = ticks(&numbers, 5, Scale::Whole).into_iter();
    for (number, text) in ticks.filter(|(number, _)| *number < (first + columns) as f64) {
        let middle = place(number - first as f64 + 0.5);
        canvas.text(Anchor::Middle, (middle, bottom + 17.0), &text);
    }
    canvas.text(Anchor::End, (NAMES - 6.0, bottom + 17.0), x);
    draw_scale(&mut canvas, range, bottom + 34.0);
    Some(canvas.svg(&format!("a heat map over {x}")))
}

/// Draws the color scale, with the powers of ten at both ends.
fn draw_scale(canvas: &mut Canvas, range: &Range<f64>, top: f64) {
    let parts = 40;
    let (left, width) = (NAMES, WIDTH - NAMES - 12.0);
    for part in 0..parts {
        let color = shade(f64::from(part) / f64::from(parts - 1));
        let start = left + width * f64::from(part) / f64::from(parts);
        let end = left + width * f64::from(part + 1) / f64::from(parts) + 0.3;
        canvas.filled_bar("cell", &color, (start, top), (end, top + 12.0), "");
    }
    let text = |power: f64| match power == 0.0 {
        true => "1".to_string(),
        false => format!("1e{power:.0}"),
    };
    canvas.text(Anchor::Start, (left, top + 30.0), &text(range.start));
    canvas.text(Anchor::End, (left + width, top + 30.0), &text(range.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_powers_of_ten() {
        let rows = [("hidden.0".to_string(), vec![-3.0, -2.0])];
        let svg = heat_map(&rows, &(-6.0..-0.0), 1, "epoch").unwrap();
        assert!(
            svg.contains(">1e-6</text>") && svg.contains(">1</text>"),
            "{svg}"
        );
        assert!(!svg.contains("1e-0"), "{svg}");
        // A single epoch has no second one at its axis.
        let one = [("hidden.0".to_string(), vec![-3.0])];
        let svg = heat_map(&one, &(-6.0..0.0), 1, "epoch").unwrap();
        assert!(
            svg.contains(">1</text>") && !svg.contains(">2</text>"),
            "{svg}"
        );
        assert!(heat_map(&[], &(-6.0..0.0), 1, "epoch").is_none());
    }
}
