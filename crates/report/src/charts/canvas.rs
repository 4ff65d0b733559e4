//! An SVG image: shapes, texts and tooltips. Colors and fonts are in the style sheet of the page.

use std::fmt::Write;

use crate::format::{on_one_line, truncate, truncate_middle};

/// The width of all charts, in units of the image. A unit is a little less than a pixel on a phone.
pub const WIDTH: f64 = 400.0;
/// The height of a chart whose height does not depend on its content.
pub const HEIGHT: f64 = 260.0;
/// The width of a character of a wide font, about.
const CHARACTER: f64 = 7.8;

/// An SVG image that grows shape by shape. Each shape has a class of the style sheet. A title is shown as a tooltip;
/// an empty one is left out.
pub struct Canvas {
    shapes: String,
    height: f64,
}

impl Canvas {
    /// An empty image.
    pub fn new(height: f64) -> Self {
        Self {
            shapes: String::new(),
            height,
        }
    }

    /// A line from one point to another.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64), title: &str) {
        let title = title_element(title);
        let _ = write!(
            self.shapes,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\">{title}</line>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A line from one point to another whose width and opacity show a weight between 0 and 1.
    pub fn weighted_line(
        &mut self,
        class: &str,
        from: (f64, f64),
        to: (f64, f64),
        (share, title): (f64, &str),
    ) {
        let title = title_element(title);
        let (width, opacity) = (0.5 + 3.5 * share, 0.25 + 0.65 * share);
        let _ = write!(
            self.shapes,
            "<line class=\"{class}\" stroke-width=\"{width:.1}\" opacity=\"{opacity:.2}\" x1=\"{:.1}\" y1=\"{:.1}\" \
             x2=\"{:.1}\" y2=\"{:.1}\">{title}</line>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A line from one point to another with an opacity between 0 and 1.
    pub fn faint_line(
        &mut self,
        class: &str,
        from: (f64, f64),
        to: (f64, f64),
        (opacity, title): (f64, &str),
    ) {
        let title = title_element(title);
        let _ = write!(
            self.shapes,
            "<line class=\"{class}\" opacity=\"{opacity:.2}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\">\
             {title}</line>",
            from.0, from.1, to.0, to.1
        );
    }

    /// Lines from point to point.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut list = String::new();
        for (x, y) in points {
            let _ = write!(list, "{x:.1},{y:.1} ");
        }
        let _ = write!(
            self.shapes,
            "<polyline class=\"{class}\" points=\"{}\"/>",
            list.trim_end()
        );
    }

    /// A rectangle between two opposite corners.
    pub fn bar(&mut self, class: &str, from: (f64, f64), to: (f64, f64), title: &str) {
        self.filled_bar(class, "", from, to, title);
    }

    /// A rectangle with its own color, such as `#440154`, or with that of its class if it is empty.
    pub fn filled_bar(
        &mut self,
        class: &str,
        color: &str,
        from: (f64, f64),
        to: (f64, f64),
        title: &str,
    ) {
        let fill = match color {
            "" => String::new(),
            color => format!(" fill=\"{color}\""),
        };
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
        let title = title_element(title);
        let _ = write!(
            self.shapes,
            "<rect class=\"{class}\"{fill} x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">{title}</rect>"
        );
    }

    /// Polygons with the same color, such as `#440154`, as one shape: no seams are seen where they touch.
    pub fn area(&mut self, class: &str, color: &str, polygons: &[Vec<(f64, f64)>]) {
        let mut outline = String::new();
        for polygon in polygons {
            for (index, (x, y)) in polygon.iter().enumerate() {
                let command = if index == 0 { 'M' } else { 'L' };
                let _ = write!(outline, "{command}{x:.1} {y:.1}");
            }
            outline.push('Z');
        }
        let _ = write!(
            self.shapes,
            "<path class=\"{class}\" fill=\"{color}\" d=\"{outline}\"/>"
        );
    }

    /// A circle.
    pub fn circle(&mut self, class: &str, center: (f64, f64), radius: f64, title: &str) {
        let title = title_element(title);
        let _ = write!(
            self.shapes,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\">{title}</circle>",
            center.0, center.1
        );
    }

    /// A text whose start, middle or end is at a point.
    pub fn text(&mut self, anchor: Anchor, (x, y): (f64, f64), text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        let _ = write!(
            self.shapes,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    /// The image as SVG. `label` says what it shows, for screen readers.
    pub fn svg(self, label: &str) -> String {
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"{}\">{}</svg>",
            self.height,
            escaped(label),
            self.shapes
        )
    }
}

/// Which part of a text is at its point.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// The width of a text, about.
pub fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// The start of a text that fits a width.
pub fn fitted(text: &str, width: f64) -> String {
    truncate(text, fitting_chars(width))
}

/// The start and the end of a text that fit a width.
pub fn fitted_middle(text: &str, width: f64) -> String {
    truncate_middle(text, fitting_chars(width))
}

/// The number of characters that fit a width.
pub fn fitting_chars(width: f64) -> usize {
    (width / CHARACTER).max(2.0) as usize
}

fn title_element(title: &str) -> String {
    match title {
        "" => String::new(),
        title => format!("<title>{}</title>", escaped(title)),
    }
}

fn escaped(text: &str) -> String {
    on_one_line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut canvas = Canvas::new(10.0);
        canvas.text(Anchor::Start, (0.0, 0.0), "<b>\"&\u{202e}");
        canvas.circle("dot", (1.0, 2.0), 3.0, "<i>");
        let svg = canvas.svg("\"");
        assert!(
            svg.contains(">&lt;b&gt;&quot;&amp;\\u{202e}</text>"),
            "{svg}"
        );
        assert!(svg.contains("<title>&lt;i&gt;</title>"), "{svg}");
        assert!(svg.contains("aria-label=\"&quot;\""), "{svg}");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(fitted("a short name", 200.0), "a short name");
        assert_eq!(fitted("a long name", 40.0), "a lo…");
    }
}
