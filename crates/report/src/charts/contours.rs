//! Filled contours of a surface.

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, WIDTH};
use super::frame::{Axes, Frame};
use super::shade::shade;
use crate::format::number;

/// A surface over a square grid.
pub struct Surface<'a> {
    /// The heights: for each place on the vertical axis, from the lowest one, those on the horizontal axis.
    pub heights: &'a [f64],
    /// The number of places on an axis, which go from -1 to 1; at least 2.
    pub side: usize,
    /// The names of the axes.
    pub x: &'a str,
    pub y: &'a str,
    /// The tooltip of the point in the middle.
    pub middle: String,
}

/// The number of colors.
const BANDS: usize = 10;
/// The share of the heights that lie below the highest level. Heights at the corners may be many times as high.
const SHARE: f64 = 0.9;
/// The height of the frame with its axes, and of the color scale.
const FRAME: f64 = 390.0;
const BAR: f64 = 46.0;

type Point = (f64, f64);

/// Draws a surface as filled contours, from dark for the lowest to bright for the highest, with a color scale below.
/// `None` if it is flat or not finite.
///
/// The heights of the contours are at squared distances above the lowest one, so that those of a parabola are equally far
/// apart.
pub fn contours(surface: &Surface) -> Option<String> {
    let levels = levels(surface.heights)?;
    let mut canvas = Canvas::new(FRAME + BAR);
    let axes = Axes {
        x: surface.x,
        y: surface.y,
        scale: Scale::Numbers,
        xs: -1.0..1.0,
        ys: -1.0..1.0,
    };
    let frame = Frame::draw(&mut canvas, &axes, 0.0, FRAME);
    canvas.filled_bar(
        "cell",
        &shade(0.0),
        frame.at((-1.0, -1.0)),
        frame.at((1.0, 1.0)),
        "",
    );
    for (band, level) in levels.iter().enumerate().skip(1) {
        let polygons = above(surface, *level);
        let polygons: Vec<Vec<Point>> = polygons
            .into_iter()
            .map(|polygon| polygon.into_iter().map(|point| frame.at(point)).collect())
            .collect();
        canvas.area("cell", &color(band), &polygons);
    }
    canvas.circle("unit", frame.at((0.0, 0.0)), 4.0, &surface.middle);
    draw_scale(&mut canvas, &levels);
    Some(canvas.svg(&format!("contours over {} and {}", surface.x, surface.y)))
}

/// The lower end of each band.
fn levels(heights: &[f64]) -> Option<Vec<f64>> {
    let mut finite: Vec<f64> = heights.iter().copied().filter(|h| h.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let lowest = *finite.first()?;
    let highest = finite[((finite.len() - 1) as f64 * SHARE) as usize];
    let height = highest - lowest;
    if !(height.is_finite() && height > 1e-9 * lowest.abs().max(f64::MIN_POSITIVE)) {
        return None;
    }
    let levels = (0..BANDS).map(|band| {
        let share = band as f64 / (BANDS - 1) as f64;
        lowest + height * share * share
    });
    Some(levels.collect())
}

fn color(band: usize) -> String {
    shade(band as f64 / (BANDS - 1) as f64)
}

/// The part of a surface at or above a level, as polygons that touch and do not overlap. A height that is not a number is
/// above every level.
fn above(surface: &Surface, level: f64) -> Vec<Vec<Point>> {
    let side = surface.side;
    let place = |index: usize| 2.0 * index as f64 / (side - 1) as f64 - 1.0;
    let height = |x: usize, y: usize| {
        let height = surface.heights.get(y * side + x).copied();
        height.filter(|h| h.is_finite()).unwrap_or(f64::MAX) - level
    };
    let mut polygons = Vec::new();
    for y in 0..side - 1 {
        // The first of the cells before this one that are completely above the level.
        let mut run: Option<usize> = None;
        let rectangle = |from: usize, to: usize| {
            let (left, right) = (place(from), place(to));
            let (bottom, top) = (place(y), place(y + 1));
            vec![(left, bottom), (right, bottom), (right, top), (left, top)]
        };
        for x in 0..side - 1 {
            let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
            let corners = corners.map(|(x, y)| ((place(x), place(y)), height(x, y)));
            if corners.iter().all(|(_, height)| *height >= 0.0) {
                run.get_or_insert(x);
                continue;
            }
            polygons.extend(run.take().map(|from| rectangle(from, x)));
            let polygon = clipped(&corners);
            if polygon.len() > 2 {
                polygons.push(polygon);
            }
        }
        polygons.extend(run.map(|from| rectangle(from, side - 1)));
    }
    polygons
}

/// The part of a polygon whose height is at least 0, by linear interpolation along its edges (Sutherland and Hodgman, 1974).
fn clipped(corners: &[(Point, f64)]) -> Vec<Point> {
    let mut polygon = Vec::new();
    for (index, &(from, from_height)) in corners.iter().enumerate() {
        let (to, to_height) = corners[(index + 1) % corners.len()];
        if from_height >= 0.0 {
            polygon.push(from);
        }
        if (from_height >= 0.0) != (to_height >= 0.0) {
            let share = from_height / (from_height - to_height);
            let between = |from: f64, to: f64| from + share * (to - from);
            polygon.push((between(from.0, to.0), between(from.1, to.1)));
        }
    }
    polygon
}

/// Draws the colors, with the heights of the lowest, a middle and the highest level.
fn draw_scale(canvas: &mut Canvas, levels: &[f64]) {
    let (left, width) = (40.0, WIDTH - 52.0);
    let place = |band: usize| left + width * band as f64 / levels.len() as f64;
    for band in 0..levels.len() {
        let to = (place(band + 1) + 0.3, FRAME + 12.0);
        canvas.filled_bar("cell", &color(band), (place(band), FRAME), to, "");
    }
    let (middle, last) = (levels.len() / 2, levels.len() - 1);
    let texts = [
        (Anchor::Start, place(0), number(levels[0])),
        (Anchor::Middle, place(middle), number(levels[middle])),
        (
            Anchor::End,
            place(last + 1),
            format!("≥ {}", number(levels[last])),
        ),
    ];
    for (anchor, x, text) in texts {
        canvas.text(anchor, (x, FRAME + 30.0), &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 21;

    fn surface(heights: &[f64]) -> Surface<'_> {
        Surface {
            heights,
            side: SIDE,
            x: "first",
            y: "second",
            middle: "here".to_string(),
        }
    }

    /// Heights of a function of both axes.
    fn heights(function: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let place = |index: usize| index as f64 / 10.0 - 1.0;
        let places = (0..SIDE * SIDE).map(|index| (place(index % SIDE), place(index / SIDE)));
        places.map(|(x, y)| function(x, y)).collect()
    }

    /// The area of a polygon.
    fn area(polygon: &[Point]) -> f64 {
        let next = polygon.iter().cycle().skip(1);
        let pairs = polygon.iter().zip(next);
        pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
    }

    #[test]
    fn the_part_above_a_level_has_its_area() {
        let area_above = |function: fn(f64, f64) -> f64, level: f64| -> f64 {
            let heights = heights(function);
            let polygons = above(&surface(&heights), level);
            polygons.iter().map(|polygon| area(polygon)).sum()
        };
        // A plane is interpolated exactly.
        assert!((area_above(|x, _| x, 0.25) - 1.5).abs() < 1e-9);
        assert!((area_above(|x, y| x + y, 0.0) - 2.0).abs() < 1e-9);
        // All but a circle of radius 0.7.
        let outside = 4.0 - std::f64::consts::PI * 0.49;
        let found = area_above(|x, y| x * x + y * y, 0.49);
        assert!((found - outside).abs() < 0.02, "{found} {outside}");
        assert_eq!(area_above(|x, _| x, 2.0), 0.0);
        let whole = area_above(|x, y| if x > 0.9 && y > 0.9 { f64::NAN } else { 5.0 }, 1.0);
        assert!((whole - 4.0).abs() < 1e-9);
    }

    #[test]
    fn contours_of_a_parabola_are_equally_far_apart() {
        let heights = heights(|x, y| 3.0 + x * x + y * y);
        let levels = levels(&heights).unwrap();
        let radii: Vec<f64> = levels.iter().map(|level| (level - 3.0).sqrt()).collect();
        assert_eq!((levels.len(), radii[0]), (BANDS, 0.0));
        for pair in radii.windows(2) {
            assert!((pair[1] - pair[0] - radii[1]).abs() < 1e-6, "{radii:?}");
        }
    }

    #[test]
    fn a_surface_is_one_area_for_each_color() {
        let heights = heights(|x, y| x * x + 2.0 * y * y);
        let svg = contours(&surface(&heights)).unwrap();
        assert_eq!(svg.matches("<path").count(), BANDS - 1);
        assert!(
            svg.contains("<title>here</title>") && svg.contains("≥ "),
            "{svg}"
        );
        assert!(svg.len() < 100_000, "{}", svg.len());
        assert_eq!(contours(&surface(&[1.0; SIDE * SIDE])), None);
        assert_eq!(contours(&surface(&[f64::NAN; SIDE * SIDE])), None);
    }
}
