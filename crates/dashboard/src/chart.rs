//! A curve as lines of text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use backburn::text::number;

const WIDTH: u16 = 72;
const HEIGHT: u16 = 18;

/// A curve with its axes, as lines of text.
pub fn lines(points: &[(f64, f64)], y: &str, x: &str) -> Vec<String> {
    let [xs, ys] = bounds(points);
    let label = |range: [f64; 2]| [range[0], (range[0] + range[1]) / 2.0, range[1]].map(short);
    let curve = Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .data(points);
    let chart = Chart::new(vec![curve])
        .x_axis(Axis::default().title(x).bounds(xs).labels(label(xs)))
        .y_axis(Axis::default().title(y).bounds(ys).labels(label(ys)));
    let area = Rect::new(0, 0, WIDTH, HEIGHT);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    (0..HEIGHT)
        .map(|row| {
            let cells = (0..WIDTH).map(|column| buffer[(column, row)].symbol());
            cells.collect::<String>().trim_end().to_string()
        })
        .collect()
}

/// A number without zeros at its end.
fn short(value: f64) -> String {
    let text = number(value);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// The smallest and the largest finite number, along x and along y.
pub(crate) fn bounds(points: &[(f64, f64)]) -> [[f64; 2]; 2] {
    let range = |numbers: &mut dyn Iterator<Item = f64>| {
        let [low, high] = numbers
            .filter(|number| number.is_finite())
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| {
                [low.min(x), high.max(x)]
            });
        match low < high {
            true => [low, high],
            false if low.is_finite() => [low - 0.5, low + 0.5],
            false => [0.0, 1.0],
        }
    };
    [
        range(&mut points.iter().map(|point| point.0)),
        range(&mut points.iter().map(|point| point.1)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_drawn_between_its_axes() {
        let points: Vec<(f64, f64)> = (0..50).map(|x| (f64::from(x), f64::from(x * x))).collect();
        let lines = lines(&points, "square", "number");
        assert_eq!(lines.len(), usize::from(HEIGHT));
        let text = lines.join("\n");
        for words in ["square", "number", "2,401", "49"] {
            assert!(text.contains(words), "no {words} in {text}");
        }
        assert!(
            text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)),
            "{text}"
        );
        assert_eq!(bounds(&[(1.0, f64::NAN)]), [[0.5, 1.5], [0.0, 1.0]]);
    }
}
