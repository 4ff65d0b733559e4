//! One row there and back: the forward and the backward pass of an MLP in 64-bit numbers, with every number in between.
//!
//! Training computes the same in 32-bit numbers and keeps only what it needs. Use this to show or to check a pass:
//! the weighted sums, the activations, the slopes, δ of each unit, and the derivative of the loss by each parameter.
//!
//! ```
//! use backburn_model::MlpConfig;
//! use backburn_training::row_pass::{Aim, Network, Pass, Statistics, loss};
//! use backburn_training::{Criterion, Loss};
//! use burn::tensor::Device;
//!
//! let mlp = MlpConfig::new(2, 1).with_hidden([3]).init(&Device::default())?;
//! let network = Network::of(&mlp);
//! let mut pass = Pass::forward(&network, vec![0.5, -1.0], Statistics::Running);
//! let criterion = Criterion { loss: Loss::Auto, huber_delta: 1.0, label_smoothing: 0.0, quantiles: Vec::new() };
//! let (_, slopes) = loss(&criterion, pass.outputs(), Aim::Value(1.0));
//! let gradients = pass.backward(&network, slopes);
//! assert_eq!(gradients[0].weight.len(), 2 * 3);
//! # Ok::<(), backburn_model::ConfigError>(())
//! ```

mod activation;
mod difference;
mod loss;
mod network;
mod normalization;
mod pass;

pub use activation::{slope, value};
pub use difference::{DifferentiatedRow, Parameter, difference};
pub use loss::{Aim, formula, loss};
pub use network::{Layer, Network};
pub use normalization::{Norm, Statistics};
pub use pass::{Gradient, LayerPass, Pass};
