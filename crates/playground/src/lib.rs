//! Backpropagation to watch: a network that trains step by step, and every number of a step.
//!
//! The crate is the library behind a web page. It is plain Rust, and its tests run on any machine; for WebAssembly
//! it has an interface with JavaScript on top ([README](https://github.com/backburn/backburn/tree/main/crates/playground)).
//!
//! - [`datasets()`] lists the tables that are built in, and [`describe`] says what is in a table of the user.
//! - [`Playground`] holds a table and a network, and trains it: by single rows, by batches, by epochs.
//! - [`Playground::row`] follows a row forward through the network and its loss backward, with every weighted sum,
//!   activation, slope, delta and partial derivative, and compares derivatives with finite differences.
//!
//! Training is that of `backburn-training` in 32-bit numbers. What is shown is computed a second time, in 64-bit
//! numbers, by the equations of [`backburn_training::row_pass`].
//!
//! ```
//! use backburn_playground::{Playground, Unit};
//!
//! let mut playground = Playground::open("xor", "{}")?;
//! let progress = playground.train(Unit::Epoch, 20);
//! assert_eq!(progress.epoch, 20);
//! let row = playground.row(0)?;
//! let edge = playground.edge(0, row.layers.len() - 1, 0, 0)?;
//! assert!((edge.gradient - edge.finite_difference).abs() < 1e-6);
//! # Ok::<(), backburn::Error>(())
//! ```

mod attribution;
mod chain_rule;
mod data;
mod datasets;
mod findings;
mod generated;
mod network_view;
// The code that wasm-bindgen generates is unsafe.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[allow(unsafe_code)]
mod page;
mod playground;
mod plots;
mod presets;
mod row_view;
mod saved;
mod settings;
mod table;

pub use attribution::ColumnContribution;
pub use backburn_training::row_pass::{
    Aim, Gradient, Layer, LayerPass, Network, Norm, Pass, Statistics, loss, slope, value,
};
pub use chain_rule::{BackwardTerm, Delta, Edge, Factors, Term, UnitView};
pub use datasets::{BuiltIn, datasets};
pub use findings::Remedy;
pub use network_view::{Flow, LayerView, NetworkView};
pub use playground::{About, Playground, Progress, Unit};
pub use plots::{Curve, Points};
pub use presets::{Preset, presets};
pub use row_view::{Answer, CellText, InputValue, RowLayer, RowView};
pub use settings::Settings;
pub use table::{ColumnSummary, TableSummary, describe};
