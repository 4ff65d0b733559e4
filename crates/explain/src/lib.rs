//! What a trained network learned, by column of the table that it learned from.
//!
//! An [`Explainer`] takes a saved model and rows of a table. Its
//! [`importance`](Explainer::importance) says how much worse predictions become without each column,
//! its [`dependence`](Explainer::dependence) what they do as one column varies, and its
//! [`explain_rows`](Explainer::explain_rows) what each column of a single row adds. Categories, dates and
//! missing values are explained as the columns that they are, however many numbers the network gets
//! for them.

mod attribution;
mod dependence;
mod explainer;
mod importance;

pub use attribution::{Contribution, RowExplanation};
pub use dependence::{Dependence, Point};
pub use explainer::Explainer;
pub use importance::{Importance, Measure};
