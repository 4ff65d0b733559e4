//! Reads tables from CSV and Parquet, infers what each column holds, and splits rows.
//!
//! A [`Table`] is read from a file, from standard input or from bytes. A [`TableReader`] reads the
//! same files batch by batch. [`Schema::infer`] decides what each column holds, much as
//! `pandas.read_csv` does; each value is a [`Cell`]. [`Split`] and [`k_folds`] select rows for
//! training and validation, as scikit-learn's `train_test_split` and `KFold` do.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use backburn_table::{ColumnKind, ReadOptions, Schema, Table};
//!
//! let csv = "size,street,price\n120,Elm,300\n95,Oak,240\n140,Elm,330\n";
//! let table = Table::from_reader("houses.csv", csv.as_bytes(), &ReadOptions::default())?;
//! let schema = Schema::infer(&table, &BTreeMap::new())?;
//! assert_eq!(table.rows(), 3);
//! assert_eq!(schema.columns[1].kind, ColumnKind::Categorical);
//! # Ok::<(), backburn_table::TableError>(())
//! ```
//!
//! # Features
//!
//! - `parquet` (on by default): reads Parquet files. Without it they are refused with an error that
//!   names the feature.
//!
//! # Damaged Parquet files
//!
//! The Parquet decoder panics on some damaged files. Those panics are caught and become errors, but
//! Rust's default hook still prints a message for each. An application that does not want these
//! messages installs a hook that returns early where [`panic_is_caught`] is true.

// Each group uses only the groups above it.
mod byte_limit;
mod catch_panic;
mod cell;
mod error;
mod format_options;
mod nearest_name;
mod read_options;
mod split;
mod utf8;

mod column;
mod column_kind;
mod column_names;
mod csv_text;
mod no_column;
mod table_size;

mod skip_bad_rows;
mod source;

mod batches;

mod csv_batches;

#[cfg(feature = "parquet")]
mod page_header;

#[cfg(feature = "parquet")]
mod parquet_pages;

#[cfg(feature = "parquet")]
mod parquet_batches;

mod reader;

mod table;

mod fingerprint;
mod schema;

pub use catch_panic::{catch_panic, panic_is_caught};
pub use cell::{Cell, within_range};
pub use column::Column;
pub use column_kind::ColumnKind;
pub use error::{CellError, TableError};
pub use format_options::FormatOptions;
pub use nearest_name::nearest_name;
pub use read_options::ReadOptions;
pub use reader::TableReader;
pub use schema::{ColumnSchema, Schema};
pub use skip_bad_rows::Skipped;
pub use split::{Split, k_folds};
pub use table::Table;
pub use table_size::TableSize;
