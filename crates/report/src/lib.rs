//! The report: a trained network and how it came about, as one HTML file that needs nothing else.
//!
//! [`Report`] holds what there is to show, and [`Report::to_html`] lays it out. What is absent is said to
//! be, and nothing that comes from a table or a model is taken for markup.

mod charts;
mod evaluation;
mod page;
mod words;

use backburn_explain::{Dependence, Importance, Measure, RowExplanation};
use backburn_training::{Finding, History};

pub use evaluation::{Evaluation, Outcome};
pub use words::{grouped, quoted};

/// What tells a report from other files.
pub const GENERATOR: &str = concat!("backburn ", env!("CARGO_PKG_VERSION"));

/// Everything that a report shows.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What was learned, as a heading.
    pub title: String,
    /// The column that is predicted.
    pub target: String,
    /// Put in front of amounts of the target, such as `$`.
    pub unit: String,
    /// Facts about the data and the network, with their names.
    pub facts: Vec<(String, String)>,
    /// What was done to the data.
    pub notes: Vec<String>,
    /// Scores, with what they are of.
    pub scores: Vec<(String, String)>,
    /// What training was like, if that is known.
    pub history: Option<History>,
    /// The name of [`EpochRecord::score`](backburn_training::EpochRecord::score).
    pub score_name: String,
    /// What is wrong, if it was looked for.
    pub findings: Option<Vec<Finding>>,
    /// The score by the number of rows trained on, if that was worked out.
    pub learning_curve: Option<LearningCurve>,
    /// Predictions beside what is true, if that is known of some rows.
    pub evaluation: Option<Evaluation>,
    /// How much each column is needed.
    pub importance: Option<(Measure, Vec<Importance>)>,
    /// What predictions do as a column varies, for the columns most needed.
    pub dependence: Vec<Dependence>,
    /// Single rows explained, each with what it is called.
    pub rows: Vec<(String, RowExplanation)>,
    /// The settings, as a config file.
    pub settings: String,
    /// The command that makes it all again.
    pub command: String,
}

/// How the error falls with the number of rows trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCurve {
    /// What the error is, such as `RMSE`.
    pub measure: String,
    /// Rows, and the error of the network that learned from so many.
    pub points: Vec<(usize, f64)>,
}

impl Report {
    /// The HTML file.
    pub fn to_html(&self) -> String {
        page::page(self).into_string()
    }
}
