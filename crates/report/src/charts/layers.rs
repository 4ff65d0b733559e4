//! The picture of a network: a column of units for each layer, and its weights.

use super::canvas::{Anchor, Canvas, WIDTH, fitted, text_width};

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
/// The space for the names of the inputs and of the outputs.
const NAMES: f64 = 110.0;

/// Draws columns of units, each with its heading, and the weights between them. Returns `None` without units.
pub fn layers(columns: &[(String, Vec<Unit>)], connections: &[Connection]) -> Option<String> {
    let highest = columns.iter().map(|(_, units)| units.len()).max()?;
    if highest == 0 || columns.len() < 2 {
        return None;
    }
    let height = ROW * highest as f64 + 30.0;
    let mut canvas = Canvas::new(height);
    let last = columns.len() - 1;
    let gap = (WIDTH - 2.0 * NAMES) / last as f64;
    let place = |column: usize, unit: usize| {
        let units = columns[column].1.len();
        let top = 24.0 + ROW * (highest - units) as f64 / 2.0;
        (NAMES + gap * column as f64, top + ROW * (unit as f64 + 0.5))
    };
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
    for (column, (heading, units)) in columns.iter().enumerate() {
        let (x, _) = place(column, 0);
        let half = text_width(heading) / 2.0;
        let middle = x.max(half).min(WIDTH - half);
        // Headings of many layers would overlap.
        if column == 0 || column == last || gap >= 58.0 {
            canvas.text(Anchor::Middle, (middle, 14.0), heading);
        }
        for (unit, drawn) in units.iter().enumerate() {
            let (x, y) = place(column, unit);
            canvas.circle("unit", (x, y), 7.0, &drawn.title);
            let name = fitted(&drawn.name, NAMES - 14.0);
            match column {
                0 => canvas.text(Anchor::End, (x - 11.0, y + 4.5), &name),
                _ if column == last => canvas.text(Anchor::Start, (x + 11.0, y + 4.5), &name),
                _ => {}
            }
        }
    }
    Some(canvas.svg("the layers of the network and its weights"))
}
