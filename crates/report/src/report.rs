//! The content of a report.

use backburn::{Forgetting, LearningCurve, NestedScores, Study};
use backburn_explain::{Dependence, Importance, Measure, RowExplanation};
use backburn_training::{Finding, History, LossSurface};

use crate::backpropagation::Backpropagation;
use crate::distribution::Distribution;
use crate::evaluation::Evaluation;

/// The content of the `generator` meta tag in every report. It distinguishes a report, which may be
/// overwritten, from other HTML files.
pub const GENERATOR: &str = concat!("backburn ", env!("CARGO_PKG_VERSION"));

/// Everything that a report shows. [`to_html`](Self::to_html) returns the page, and the
/// [crate's front page](crate) has an example.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The heading, for example `What predicts price`.
    pub title: String,
    /// The name of the target column.
    pub target: String,
    /// The unit of the target, which is written before each amount, such as `$`.
    pub unit: String,
    /// Facts about the data and the network, each with its name. Text between backticks is shown as code.
    pub facts: Vec<(String, String)>,
    /// What was done to the data, in sentences. Text between backticks is shown as code.
    pub notes: Vec<String>,
    /// The distributions of the target and of the most important columns.
    pub distributions: Vec<Distribution>,
    /// Scores, each with a name that says on which rows it was measured.
    pub scores: Vec<(String, String)>,
    /// The number of networks that the model averages; 0 if it is not known.
    pub networks: usize,
    /// The history of the training run, which is that of one network, if there is one.
    pub history: Option<History>,
    /// The name of [`EpochRecord::score`](backburn_training::EpochRecord::score), such as `RMSE`.
    pub score_name: String,
    /// The findings of the diagnosis, or `None` if there was no diagnosis.
    pub findings: Option<Vec<Finding>>,
    /// The loss of the first network around its weights, or a reason why it is not shown, if there are rows with a target.
    pub loss_surface: Option<Result<LossSurface, String>>,
    /// The learning curve, if it was computed.
    pub learning_curve: Option<LearningCurve>,
    /// The search that found the settings, and its scores on outer folds, if there was one.
    pub tuning: Option<(Study, Option<NestedScores>)>,
    /// The scores of earlier tasks, of a model that was trained further on new rows.
    pub forgetting: Option<Forgetting>,
    /// Predictions and actual values, if some rows have a target.
    pub evaluation: Option<Evaluation>,
    /// The importance of each column, largest first, if it was computed.
    pub importance: Option<(Measure, Vec<Importance>)>,
    /// The dependence on the most important columns.
    pub dependence: Vec<Dependence>,
    /// Explanations of single rows, each with a name such as `data row 12`.
    pub rows: Vec<(String, RowExplanation)>,
    /// One row there and back through a network, if there is a row with a target.
    pub backpropagation: Option<Backpropagation>,
    /// The settings of the training run, as the text of a config file. May be empty.
    pub settings: String,
    /// The command that trains the model again. May be empty.
    pub command: String,
    /// The file of the model whose training was continued. Empty for a first training.
    pub continued_from: String,
    /// The reports on the targets, for a model of several. The page has a part for each of them, and says once what is in
    /// this report, such as the network and its training. Empty for a model of one target.
    pub targets: Vec<Report>,
}
