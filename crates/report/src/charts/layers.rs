//! The picture of a network: a column of units for each layer, and its weights.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::canvas::{Anchor, Canvas, WIDTH, fitted_middle, text_width};
use super::names::fitted_names;

/// A unit, or an input.
pub struct Unit {
    /// The text beside it; may be empty.
    pub name: String,
    /// The tooltip.
    pub title: String,
}

/// A weight between two units.
pub struct Connection {
    /// The column of the unit that it starts from, counted from 0.
    pub column: usize,
    /// The unit in this column.
    pub from: usize,
    /// The unit in the next column.
    pub to: usize,
    /// The size, as a share of the largest one; it is the width of the line.
    pub share: f64,
    /// Whether it is negative; this is the color of the line.
    pub is_negative: bool,
    /// The tooltip.
    pub title: String,
}

/// The height of a unit with its space.
const ROW: f64 = 26.0;
/// The height of a line of headings.
const HEADING: f64 = 18.0;
/// The space for the names of the inputs, of few and of many columns, and for those of the outputs.
const INPUTS: RangeInclusive<f64> = 60.0..=158.0;
const INPUTS_OF_MANY: RangeInclusive<f64> = 60.0..=126.0;
const FEW_COLUMNS: usize = 4;
const OUTPUTS: RangeInclusive<f64> = 60.0..=104.0;
/// The space for a unit beside its name.
const UNIT: f64 = 14.0;

/// Draws columns of units, each with its heading, and the weights between them. Returns `None` without units.
pub fn layers(columns: &[(String, Vec<Unit>)], connections: &[Connection]) -> Option<String> {
    let highest = columns.iter().map(|(_, units)| units.len()).max()?;
    if highest == 0 || columns.len() < 2 {
        return None;
    }
    let last = columns.len() - 1;
    let limits = match columns.len() <= FEW_COLUMNS {
        true => INPUTS,
        false => INPUTS_OF_MANY,
    };
    let (left, right) = (
        space(&columns[0].1, limits),
        space(&columns[last].1, OUTPUTS),
    );
    let gap = (WIDTH - left - right) / last as f64;
    let widest = columns.iter().map(|(heading, _)| text_width(heading));
    let heading_width = widest.fold(0.0, f64::max) + 6.0;
    // Headings that would overlap are in two lines in turn. Those of many layers are left out.
    let lines: usize = if gap < heading_width { 2 } else { 1 };
    let has_heading =
        |column: usize| column == 0 || column == last || gap * lines as f64 >= heading_width;
    let above = HEADING * lines as f64 + 6.0;
    let mut canvas = Canvas::new(above + ROW * highest as f64 + 6.0);
    let place = |column: usize, unit: usize| {
        let units = columns[column].1.len();
        let top = above + ROW * (highest - units) as f64 / 2.0;
        (left + gap * column as f64, top + ROW * (unit as f64 + 0.5))
    };
    draw_connections(&mut canvas, connections, place);
    for (column, (heading, units)) in columns.iter().enumerate() {
        let (x, _) = place(column, 0);
        let half = text_width(heading) / 2.0;
        let middle = x.max(half).min(WIDTH - half);
        if has_heading(column) {
            let line = (column % lines) as f64;
            canvas.text(Anchor::Middle, (middle, 14.0 + HEADING * line), heading);
        }
        for (unit, drawn) in units.iter().enumerate() {
            canvas.circle("unit", place(column, unit), 7.0, &drawn.title);
        }
    }
    for (unit, name) in names(&columns[0].1, left).iter().enumerate() {
        let (x, y) = place(0, unit);
        canvas.text(Anchor::End, (x - 11.0, y + 4.5), name);
    }
    for (unit, name) in names(&columns[last].1, right).iter().enumerate() {
        let (x, y) = place(last, unit);
        canvas.text(Anchor::Start, (x + 11.0, y + 4.5), name);
    }
    Some(canvas.svg("the layers of the network and its weights"))
}

fn draw_connections(
    canvas: &mut Canvas,
    connections: &[Connection],
    place: impl Fn(usize, usize) -> (f64, f64),
) {
    for line in connections {
        let class = if line.is_negative {
            "weight negative"
        } else {
            "weight positive"
        };
        let (from, to) = (
            place(line.column, line.from),
            place(line.column + 1, line.to),
        );
        canvas.weighted_line(
            class,
            from,
            to,
            (line.share.clamp(0.0, 1.0), line.title.as_str()),
        );
    }
}

/// The space beside a column of units for their names.
fn space(units: &[Unit], limits: RangeInclusive<f64>) -> f64 {
    let widest = units.iter().map(|unit| text_width(&unit.name));
    let widest = widest.fold(0.0, f64::max) + UNIT;
    widest.clamp(*limits.start(), *limits.end())
}

/// The names of units, as far as they fit a space beside them: their starts and ends, if these tell them apart.
fn names(units: &[Unit], space: f64) -> Vec<String> {
    let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    let width = space - UNIT;
    let cut: Vec<String> = names
        .iter()
        .map(|name| fitted_middle(name, width))
        .collect();
    let shown = cut.iter().collect::<HashSet<_>>().len();
    match shown == names.iter().collect::<HashSet<_>>().len() {
        true => cut,
        false => {
            let names = names.into_iter().map(|name| (name, width));
            fitted_names(&names.collect::<Vec<_>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_long_names_are_shown() {
        let unit = |name: &str| Unit {
            name: name.to_string(),
            title: String::new(),
        };
        let column = "answer to the question of the survey";
        let bins = [1, 2].map(|bin| unit(&format!("{column}: bin {bin}")));
        assert_eq!(names(&bins, 126.0), ["answer … bin 1", "answer … bin 2"]);
    }

    #[test]
    fn headings_of_narrow_columns_are_in_two_lines() {
        let column = |heading: &str| {
            let unit = Unit {
                name: "a long name of an input".to_string(),
                title: String::new(),
            };
            (heading.to_string(), vec![unit])
        };
        let heights = |headings: &[&str]| -> Vec<bool> {
            let columns: Vec<_> = headings.iter().map(|heading| column(heading)).collect();
            let svg = layers(&columns, &[]).unwrap();
            ["y=\"14.0\"", "y=\"32.0\""]
                .map(|line| svg.contains(line))
                .to_vec()
        };
        assert_eq!(heights(&["inputs", "hidden.0", "output"]), [true, false]);
        let four = ["inputs", "hidden.0", "hidden.1", "output"];
        assert_eq!(heights(&four), [true, true]);
        assert!(layers(&[column("inputs")], &[]).is_none());
    }
}
