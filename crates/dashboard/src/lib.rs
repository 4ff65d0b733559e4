//! Draws the training of a network in a terminal.
//!
//! [`TrainingView`] is a ratatui widget that gets the events of a fit. [`lines`] draws a curve as lines of
//! text; both draw into buffers only. [`Screen`] is the whole terminal with this widget, and reads keys.
//!
//! ```
//! use backburn_dashboard::TrainingView;
//! use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};
//!
//! let view = TrainingView::new("price", "$");
//! let area = Rect::new(0, 0, 80, 24);
//! let mut buffer = Buffer::empty(area);
//! view.render(area, &mut buffer);
//! ```

mod chart;
mod screen;
mod view;

pub use chart::lines;
pub use screen::{Screen, release_terminal};
pub use view::TrainingView;
