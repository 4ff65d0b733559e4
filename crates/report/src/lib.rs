//! A report about a trained network: one HTML file that loads nothing from outside.
//!
//! The report shows how training went, how predictions compare with actual values, and what the model
//! learned. Use it to show a model to somebody else, or to look for problems yourself.
//!
//! Fill a [`Report`] with whatever is known, and write [`Report::to_html`] to a file. The page says
//! where something is unknown. All text from tables and models is escaped.
//!
//! ```
//! use backburn_report::{Evaluation, Outcome, Report};
//!
//! let report = Report {
//!     title: "What predicts price".to_string(),
//!     target: "price".to_string(),
//!     unit: "$".to_string(),
//!     scores: vec![("RMSE on 2 test rows".to_string(), "0.5".to_string())],
//!     evaluation: Some(Evaluation {
//!         rows: "2 test rows".to_string(),
//!         row_numbers: vec![1, 2],
//!         outcome: Outcome::Values {
//!             predicted: vec![10.5, 7.0],
//!             actual: vec![11.0, 7.5],
//!         },
//!     }),
//!     ..Report::default()
//! };
//! let html = report.to_html();
//! assert!(html.starts_with("<!DOCTYPE html>"));
//! ```

mod backpropagation;
mod charts;
mod distribution;
mod evaluation;
mod explained_model;
mod figure;
mod format;
mod loss_surface;
mod model_json;
mod model_report;
mod model_summary;
mod page;
mod place;
mod report;
mod report_file;
mod sections;
mod strong_paths;
mod targets_report;
mod training_report;
mod training_rows;
mod training_settings;
mod tuning_report;
mod update_report;

pub use backpropagation::{Backpropagation, ClassProbability, SelectedWeight, TrueClass};
pub use distribution::{Distribution, DistributionValues};
pub use evaluation::{Evaluation, Outcome};
pub use explained_model::ExplainedModel;
pub use model_json::{model_json, models_json};
pub use model_report::{EvaluatedRows, layers, target_transform};
pub use model_summary::{column_summary, model_summary};
pub use report::{GENERATOR, Report};
pub use report_file::ReportFile;
pub use training_report::{Scores, TrainingReportOptions};
pub use training_rows::training_rows_note;
