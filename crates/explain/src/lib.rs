//! Explanations of a trained model, by column of its table.
//!
//! An [`Explainer`] takes a saved model and the rows of a table. It answers three questions:
//!
//! | Question | Method | In scikit-learn |
//! | --- | --- | --- |
//! | Which columns does the model need? | [`importance`](Explainer::importance) | `permutation_importance` |
//! | How does the prediction vary with one column? | [`dependence`](Explainer::dependence) | `partial_dependence` |
//! | Why does this row have this prediction? | [`explain_rows`](Explainer::explain_rows) | (SHAP and similar packages) |
//!
//! Categories, dates and missing values are explained as the columns that they are in the table, even
//! if the encoder turns them into several numbers.
//!
//! ```no_run
//! use backburn_explain::Explainer;
//! use backburn::SavedModel;
//! use backburn_table::{ReadOptions, Table};
//! use burn::tensor::Device;
//!
//! let device = Device::default();
//! let model = SavedModel::load("houses.safetensors", &device)?;
//! let table = Table::read("houses.csv", &ReadOptions::default())?;
//! let explainer = Explainer::new(&model, &table, &device)?;
//!
//! // The rise of the error when a column is shuffled, over 5 repeats with seed 0.
//! let (measure, importances) = explainer.importance(5, 0)?;
//! for importance in &importances {
//!     println!("{}: {measure:?} rises by {}", importance.column, importance.mean);
//! }
//! // The thirteenth row alone. This computes neither importance nor dependence.
//! for row in explainer.explain_rows(&[12]) {
//!     println!("{} instead of {}", row.prediction, row.baseline);
//!     for part in row.leading(5..=10).shown {
//!         println!("{:+} for {}", part.amount, part.column);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attribution;
mod dependence;
mod explainer;
mod explanation;
mod importance;
mod integrated_gradients;
mod row_explanation;
mod text;

pub use dependence::{Dependence, Point};
pub use explainer::Explainer;
pub use explanation::{ExplainOptions, Explanation};
pub use importance::{Importance, Measure};
pub use row_explanation::{Contribution, LeadingContributions, Rest, RowExplanation};
