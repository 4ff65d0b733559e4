//! Trained models for other programs: as ONNX graphs and as PyTorch modules.
//!
//! [`export_onnx`] writes a model with its preprocessing, its networks and its postprocessing as one ONNX
//! graph, whose inputs are the columns of the table. [`export_network`] writes a network alone.
//!
//! ```
//! use backburn::{Config, Dataset, Estimator, FitContext, Preset, Table};
//! use backburn_export::{OnnxOptions, export_onnx};
//!
//! let csv = "x,y\n1,2\n2,4\n3,6\n4,8.5\n5,10\n6,12\n";
//! let table = Table::from_reader("line", csv.as_bytes(), &Default::default())?;
//! let data = Dataset::new(table, "y", &Default::default())?;
//! let model = Estimator::new(Config::preset(Preset::Fast)).fit(&data, &FitContext::default())?;
//! let onnx = export_onnx(model.model(), &OnnxOptions::default())?;
//! assert!(onnx.len() > 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Each group uses only the groups above it.
mod error;

mod check_target;
mod onnx;

mod attributes;

mod graph;
mod state_dict;

mod onnx_file;
mod operations;
mod parameters;

mod dates;
mod imputation;
mod neighbors;
mod numbers_table;
mod piece;
mod predictions;
mod texts;

mod activations;
mod quantiles;

mod numbers;

mod encoding;

mod networks;

mod export_network;
mod export_onnx;
mod import;
mod pytorch;

mod export_files;

pub use error::ExportError;
pub use export_files::{ExportFormat, export_files};
pub use export_network::{Network, export_network};
pub use export_onnx::{OnnxOptions, export_onnx};
pub use import::{ImportOptions, import_file, import_pytorch};
pub use pytorch::{PyTorchFiles, export_pytorch};
