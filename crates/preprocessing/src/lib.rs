//! Preprocessing: tables to numbers, and outputs of a network to predictions.
//!
//! An [`Encoder`] is fitted on the training rows and encodes rows of a table as rows of numbers, as
//! scikit-learn's `ColumnTransformer` does: scalers, bins ([`Bins`]), one-hot and embedding encoders
//! ([`ColumnEncoder`]), an [`Imputer`], and k-NN features ([`KnnTargetEncoder`]). A [`Target`] transforms the
//! column to predict, turns outputs of a network into [`Predictions`], and calibrates them.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use backburn_preprocessing::{Encoder, EncoderOptions, Target, Task};
//! use backburn_table::{ReadOptions, Schema, Table};
//!
//! let csv = "size,street,price\n120,Elm,300\n95,Oak,240\n140,Elm,330\n";
//! let table = Table::from_reader("houses.csv", csv.as_bytes(), &ReadOptions::default())?;
//! let schema = Schema::infer(&table, &BTreeMap::new())?;
//! let rows = [0, 1, 2];
//! let options = EncoderOptions::default();
//! let (encoder, _) = Encoder::fit(&table, &schema, &["price"], &rows, &options)?;
//! let inputs = encoder.encode(&table)?;
//! assert_eq!(inputs.len(), 3 * encoder.width());
//!
//! let target = Target::fit(&table, "price", Task::Regression, &rows, &rows)?;
//! assert_eq!(target.predictions(&[0.0], 1).labels(), ["290"]);
//! # Ok::<(), backburn_table::TableError>(())
//! ```

// Each group uses only the groups above it.

// Statistics.
mod bins;
mod nearest_neighbors;
mod normal;
mod quantiles;
mod ridge_regression;
mod screen_interactions;

// Columns.
mod category_index;
mod encoder_options;

mod column_encoder;

mod column_profile;

mod column_counts;

mod column_writer;

// Rows.
mod imputer;
mod knn_target_encoder;

mod encoder;

mod encoder_tensors;
mod row_imputer;

mod row_writer;

mod encode;
mod feature_names;
mod knn_features;
mod row_encoder;

mod fit_imputer;
mod grow_encoder;
mod remove_values;

// Targets.
mod decision;
mod distribution;
mod error_scale;
mod predicted_quantiles;
mod predictions;
mod target_transform;
mod task;

mod target;

mod calibration;
mod distribution_fit;
mod target_fit;

mod grow_target;
mod trend;
mod widening;

pub use bins::Bins;
pub use column_counts::ColumnCounts;
pub use column_encoder::{ColumnEncoder, DatePart, Scale};
pub use column_profile::{ColumnProfile, ValueProfile};
pub use decision::Decision;
pub use distribution::Distribution;
pub use encode::{BatchEncoder, Encoded};
pub use encoder::Encoder;
pub use encoder_options::{EncoderOptions, NumberScale};
pub use encoder_tensors::EncoderTensor;
pub use error_scale::ErrorScale;
pub use feature_names::FeatureName;
pub use grow_encoder::GrownEncoder;
pub use imputer::Imputer;
pub use knn_features::KnnFitInput;
pub use knn_target_encoder::KnnTargetEncoder;
pub use predicted_quantiles::PredictedQuantiles;
pub use predictions::Predictions;
pub use row_encoder::RowEncoder;
pub use target::Target;
pub use target_transform::TargetTransform;
pub use task::Task;
