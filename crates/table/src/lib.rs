//! Reads tables from CSV, Parquet, Arrow, JSON and Excel, infers what each column holds, and splits rows.
//!
//! A [`Table`] is read from a file, from standard input or from bytes. A [`TableReader`] reads the
//! same files batch by batch. [`infer_table`] decides what each column holds and how its text is to be
//! read, much as `pandas.read_csv` does; each value is a [`Cell`]. [`Split`] and [`k_folds`] select rows for
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
//! Each reads files of one kind, and is on by default. Without it they are refused with an error that
//! names the feature.
//!
//! - `arrow`: Arrow IPC and Feather.
//! - `compression`: files compressed by zstd, xz or bzip2, and zip archives with one table. gzip is always
//!   read.
//! - `excel`: Excel and OpenDocument workbooks.
//! - `json`: JSON lines.
//! - `parquet`: Parquet.
//!
//! # Damaged Parquet files
//!
//! The Parquet decoder panics on some damaged files. Those panics are caught and become errors, but
//! Rust's default hook still prints a message for each. An application that does not want these
//! messages installs a hook that returns early where [`panic_is_caught`] is true.

// Each group uses only the groups above it.
mod beside_table;
mod catch_panic;
mod category;
mod clean_text;
mod column_words;
mod compression;
mod csv_record;
mod date_shapes;
mod date_words;
mod duration_format;
mod error;
mod escaped;
mod folder_kind;
mod grouped_split;
mod index_column;
mod missing_words;
mod nearest_name;
mod notes;
mod sentinel;
mod skip_bad_rows;
mod split;
mod text_documents;
mod time_split;
mod type_words;

mod cell;
mod clock_text;
mod date_tokens;
mod encoding;
mod missing_file;
mod text_kind;
mod unpacked;

mod column;
mod column_kind;
mod column_names;
mod date_text;
mod encoding_guess;
mod file_kind;
mod no_column;
mod pandas_index;
mod partition;
mod read_options;
mod table_size;

mod byte_limit;
mod selection;
mod unused_options;

mod date_format;
mod format_note;
mod number_scale;

mod counts;
mod date_pattern;
mod format_options;
mod format_sentence;

mod date_guess;
mod number_text;

mod number_format;
mod number_marks;

mod column_format;
mod number_guess;

#[cfg(feature = "compression")]
mod zip_archive;

mod decompress;

mod csv_text;

mod described_columns;
mod layout;
mod utf8;

mod csv_rows;
mod header_levels;
mod padded_titles;

mod detect_layout;
mod part_files;
mod source;
mod stored_type;

mod common_columns;
mod dialects;
mod header_guess;
mod repeated_header;

mod one_column;

mod find_layout;

mod batches;
mod table_end;

mod csv_batches;
mod parts;

#[cfg(any(feature = "excel", feature = "json"))]
mod typed_column;

#[cfg(feature = "arrow")]
mod arrow_buffers;

#[cfg(feature = "arrow")]
mod arrow_file;

#[cfg(feature = "excel")]
mod describing_rows;

#[cfg(feature = "excel")]
mod repeated_cells;

#[cfg(feature = "excel")]
mod sheet_levels;

#[cfg(feature = "excel")]
mod sheet_table;

#[cfg(feature = "excel")]
mod sheet_cells;

#[cfg(feature = "excel")]
mod workbook;

#[cfg(feature = "excel")]
mod excel;

#[cfg(feature = "json")]
mod json_record;

#[cfg(feature = "json")]
mod json_text;

#[cfg(feature = "json")]
mod json_lines;

#[cfg(feature = "parquet")]
mod page_header;

#[cfg(feature = "parquet")]
mod parquet_pages;

#[cfg(feature = "parquet")]
mod parquet_batches;

mod content_kind;
mod typed_file;

mod many_files;

mod reader;
mod total_row;

mod table;

mod column_statistics;
mod fingerprint;
mod read_column;
mod schema;
mod spelled_missing;
mod table_format;

mod column_schema;
mod numbers_like_dates;
mod settled_dates;
mod similar_categories;

mod inferring;

mod infer_table;
mod unread;

pub use catch_panic::{catch_panic, hide_caught_panics, panic_is_caught};
pub use category::{numbers_in_one_spelling, spelling_key};
pub use cell::{Cell, within_range};
pub use column::Column;
pub use column_format::ColumnFormat;
pub use column_kind::ColumnKind;
pub use column_names::visible_name;
pub use column_words::columns_named;
pub use content_kind::ContentKind;
pub use date_format::{DateFormat, DateNotation};
pub use duration_format::DurationFormat;
pub use encoding::Encoding;
pub use error::{CellError, TableError};
pub use escaped::{escaped, path_name};
pub use format_note::{Decided, Examples, FormatNote};
pub use format_options::{FormatOptions, InferOptions};
pub use grouped_split::{grouped_folds, grouped_split, together};
pub use infer_table::{InferredTable, infer_table};
pub use missing_words::MissingWords;
pub use nearest_name::nearest_name;
pub use number_format::NumberFormat;
pub use number_scale::NumberScale;
pub use part_files::table_files;
pub use read_options::ReadOptions;
pub use reader::TableReader;
pub use schema::{ColumnSchema, Schema};
pub use similar_categories::similar_names;
pub use skip_bad_rows::Skipped;
pub use split::{Split, folds_of, k_folds};
pub use table::Table;
pub use table_format::TableFormat;
pub use table_size::TableSize;
pub use time_split::Timeline;
pub use unread::UnreadValues;
