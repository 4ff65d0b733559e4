//! Charts as SVG text.

mod bars;
mod canvas;
mod heat_map;
mod lines;
mod parallel;
mod scatter;

pub use bars::{Bar, bars};
pub use heat_map::heat_map;
pub use lines::{Lines, lines};
pub use parallel::{Axis, Line, parallel_coordinates};
pub use scatter::{Reference, scatter};
