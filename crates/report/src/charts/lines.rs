//! Charts of curves.

use std::ops::Range;

use super::axis::Scale;
use super::calendar::date_text;
use super::canvas::{Anchor, Canvas, HEIGHT, text_width};
use super::frame::{Axes, Frame, draw_legend, drawable, span};
use crate::format::number;

/// A chart of curves that share their axes.
#[derive(Default)]
pub struct Lines<'a> {
    /// The name of the horizontal axis.
    pub x: &'a str,
    /// What the numbers of the horizontal axis are.
    pub scale: Scale,
    /// The name of the vertical axis.
    pub y: &'a str,
    /// The curves, each with its name. Without names there is no legend.
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
    /// Where to draw a vertical line, and its text.
    pub mark: Option<(f64, String)>,
    /// Whether to draw a line from corner to corner.
    pub diagonal: bool,
    /// Whether to draw a dot at each point.
    pub dots: bool,
    /// Further text for the tooltips of the points of the first curve; may be shorter than it.
    pub notes: Vec<String>,
    /// Further numbers that the vertical axis reaches.
    pub reach: &'a [f64],
    /// The ranges of both axes, if they do not follow from the points.
    pub range: Option<(Range<f64>, Range<f64>)>,
}

/// The classes of the curves.
const CLASSES: [&str; 4] = ["curve c0", "curve c1", "curve c2", "curve c3"];
/// The largest number of points of a curve, and of points with a tooltip.
const POINTS: usize = 400;
const TOOLTIPS: usize = 100;

/// Draws a chart of curves. Returns `None` if there is no point that can be drawn.
pub fn lines(lines: &Lines) -> Option<String> {
    let all = || lines.curves.iter().flat_map(|(_, points)| points.iter());
    let (xs, ys) = match &lines.range {
        Some((xs, ys)) => (xs.clone(), ys.clone()),
        None => (
            span(all().map(|point| point.0), 0.0)?,
            span(
                all()
                    .map(|point| point.1)
                    .chain(lines.reach.iter().copied()),
                0.06,
            )?,
        ),
    };
    let names = lines.curves.iter().zip(CLASSES);
    let names = names.filter(|((name, _), _)| !name.is_empty());
    let names: Vec<(String, &str)> = names.map(|((n, _), class)| (n.clone(), class)).collect();
    // Legends of several lines make the chart higher.
    let long: usize = names.iter().map(|(name, _)| name.chars().count() + 6).sum();
    let height = HEIGHT + 18.0 * (long / 50) as f64;
    let mut canvas = Canvas::new(height);
    let top = match names.is_empty() {
        true => 0.0,
        false => draw_legend(&mut canvas, &names),
    };
    let axes = Axes {
        x: lines.x,
        y: lines.y,
        scale: lines.scale,
        xs,
        ys,
    };
    let frame = Frame::draw(&mut canvas, &axes, top, height);
    draw_references(&mut canvas, &frame, lines);
    for (curve, ((_, points), class)) in lines.curves.iter().zip(CLASSES).enumerate() {
        let notes: &[String] = match curve {
            0 => &lines.notes,
            _ => &[],
        };
        draw_curve(
            &mut canvas,
            &frame,
            lines,
            (points.as_slice(), notes),
            class,
        );
    }
    Some(canvas.svg(&format!("{} over {}", lines.y, lines.x)))
}

/// Draws the diagonal and the vertical line.
fn draw_references(canvas: &mut Canvas, frame: &Frame, lines: &Lines) {
    let (xs, ys) = (frame.xs(), frame.ys());
    if lines.diagonal {
        let high = xs.end.min(ys.end);
        canvas.line(
            "reference",
            frame.at((0.0, 0.0)),
            frame.at((high, high)),
            "",
        );
    }
    if let Some((x, text)) = &lines.mark {
        let top = frame.at((*x, ys.end));
        canvas.line("reference", frame.at((*x, ys.start)), top, text);
        let is_right = *x > (xs.start + xs.end) / 2.0;
        // In the line of the vertical axis' name, where no curve is.
        let (anchor, x) = match is_right {
            true => (Anchor::End, top.0 - 5.0),
            false => (Anchor::Start, (top.0 + 5.0).max(text_width(lines.y) + 18.0)),
        };
        canvas.text(anchor, (x, top.1 - 13.0), text);
    }
}

/// Draws a curve, with tooltips at some of its points.
fn draw_curve(
    canvas: &mut Canvas,
    frame: &Frame,
    lines: &Lines,
    (points, notes): (&[(f64, f64)], &[String]),
    class: &str,
) {
    let known = points.iter().enumerate();
    let known = known.filter(|(_, (x, y))| drawable(*x) && drawable(*y));
    let known: Vec<(usize, (f64, f64))> = known.map(|(index, point)| (index, *point)).collect();
    let places: Vec<(f64, f64)> = known.iter().map(|(_, point)| frame.at(*point)).collect();
    canvas.path(class, &thinned(&places, POINTS));
    let has_dots = lines.dots || known.len() == 1;
    let color = class.trim_start_matches("curve ");
    let (dot, radius) = match has_dots {
        true => (format!("dot {color}"), 3.5),
        false => ("hit".to_string(), 5.0),
    };
    let step = match has_dots {
        true => 1,
        false => known.len().div_ceil(TOOLTIPS).max(1),
    };
    for ((index, (x, y)), place) in known.iter().zip(&places).step_by(step) {
        let x = match lines.scale {
            Scale::Dates => date_text(*x),
            Scale::Whole => format!("{x:.0}"),
            Scale::Numbers => number(*x),
        };
        let note = notes.get(*index).map_or("", String::as_str);
        let title = format!("{} {x}: {} {}{note}", lines.x, lines.y, number(*y));
        canvas.circle(&dot, *place, radius, &title);
    }
}

/// At most about `most` evenly spaced points, the last one among them.
fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(most).max(1);
    let mut thinned: Vec<(f64, f64)> = points.iter().copied().step_by(step).collect();
    if points.len() % step != 1 && step > 1 {
        thinned.extend(points.last());
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_ends() {
        let points: Vec<(f64, f64)> = (0..1001).map(|i| (f64::from(i), 0.0)).collect();
        let thin = thinned(&points, 400);
        assert!(thin.len() <= 402, "{}", thin.len());
        assert_eq!((thin[0].0, thin[thin.len() - 1].0), (0.0, 1000.0));
        assert_eq!(thinned(&points[..3], 400).len(), 3);
    }

    #[test]
    fn the_vertical_axis_reaches_further_numbers() {
        let chart = |reach: &'static [f64]| Lines {
            curves: vec![(String::new(), vec![(0.0, 1.0), (1.0, 2.0)])],
            reach,
            ..Lines::default()
        };
        assert!(!lines(&chart(&[])).unwrap().contains(">100</text>"));
        assert!(lines(&chart(&[100.0])).unwrap().contains(">100</text>"));
    }

    #[test]
    fn points_that_cannot_be_drawn_are_left_out() {
        let curve = |points| Lines {
            curves: vec![(String::new(), points)],
            ..Lines::default()
        };
        assert!(lines(&curve(vec![(f64::NAN, 1.0)])).is_none());
        let svg = lines(&curve(vec![(1.0, 2.0), (2.0, f64::INFINITY), (3.0, 4.0)])).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
