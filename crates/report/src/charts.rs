//! Charts as SVG text.

mod axis;
mod bars;
mod calendar;
mod canvas;
mod contours;
mod frame;
mod heat_map;
mod histogram;
mod layers;
mod lines;
mod names;
mod parallel;
mod scatter;
mod shade;

pub use axis::Scale;
pub use bars::{Bar, bars, waterfall};
pub use contours::{Surface, contours};
pub use heat_map::heat_map;
pub use histogram::histogram;
pub use layers::{Connection, Unit, layers};
pub use lines::{Lines, lines};
pub use parallel::{Axis, Line, parallel_coordinates};
pub use scatter::{Reference, scatter};
