//! The sections of the page.

mod backpropagation;
mod classification;
mod data;
mod evaluation;
mod findings;
mod model;
mod rows;
mod tasks;
mod training;
mod tuning;

pub use backpropagation::backpropagation;
pub use data::data;
pub use evaluation::evaluation;
pub use findings::findings;
pub use model::model;
pub use rows::rows;
pub use tasks::tasks;
pub use training::{loss_surface, training};
pub use tuning::tuning;
