//! Tables to tensors and back, and the models saved from them.
//!
//! A [`Table`] is read from CSV or Parquet, [`Schema::infer`] says what its columns are, an
//! [`Encoder`] fitted on the training rows turns rows into numbers, and a [`Target`] turns a
//! network's outputs back into dollars or class names. A [`SavedModel`] holds all of it with the
//! network's weights in one file, and a [`Predictor`] answers from that file alone:
//!
//! ```no_run
//! use backburn_tabular::{Predictor, ReadOptions, Table};
//!
//! let predictor = Predictor::load("house-prices.safetensors")?;
//! let table = Table::read("new-houses.csv", &ReadOptions::default())?;
//! let predictions = predictor.predict_table(&table)?;
//! println!("{:?}", predictions.labels());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bins;
mod bounded;
mod calibration;
mod cell;
mod cholesky;
mod column;
mod column_encoder;
mod encoder;
mod error;
mod fingerprint;
mod guarded;
mod imputer;
mod neighbours;
mod output;
mod page_header;
mod parquet_pages;
mod places;
mod predictor;
mod quantiles;
mod read;
mod rough_pairs;
mod saved;
mod schema;
mod skipping;
mod split;
mod table;
mod target;
mod target_scale;
mod utf8;
mod writers;

pub use bins::Bins;
pub use cell::Cell;
pub use column::Column;
pub use column_encoder::{ColumnEncoder, DatePart, Scale};
pub use encoder::{Encoded, Encoder, EncoderOptions, NumberScale, Unseen};
pub use error::{CellError, ModelFileError, TableError};
pub use imputer::Imputer;
pub use neighbours::{Learning, Neighbours};
pub use output::OutputFile;
pub use predictor::{Predictions, Predictor, RowPredictor};
pub use read::{ReadOptions, TableReader};
pub use saved::{FORMAT_VERSION, ModelFile, SavedModel, Summary, TestScore};
pub use schema::{ColumnKind, ColumnSchema, Schema, nearest_name};
pub use skipping::Skipped;
pub use split::{Split, k_folds};
pub use table::{Table, TableSize};
pub use target::{Target, Task};
pub use target_scale::TargetScale;
