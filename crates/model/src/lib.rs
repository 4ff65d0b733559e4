//! Multilayer perceptrons (MLPs) as [Burn](burn) modules.
//!
//! This crate holds the networks and nothing else: it does not train, reads no files and names no
//! backend. It fits into any Burn project and builds for WebAssembly. To train a network, use
//! `backburn-training` or a loop of your own. To learn from a table with text, dates and missing
//! values, use the crates above this one, which build the network for you.
//!
//! # Quick start
//!
//! [`MlpConfig`] plays the part of the constructor of scikit-learn's `MLPClassifier`: it names the
//! layers and their settings. [`MlpConfig::init`] then builds the [`Mlp`].
//!
//! ```
//! use backburn_model::{Activation, MlpConfig};
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::default();
//! let mlp = MlpConfig::new(8, 1)
//!     .with_hidden([64, 64])
//!     .with_activation(Activation::Gelu)
//!     .init(&device)?;
//! let rows = Tensor::<2>::zeros([32, 8], &device);
//! assert_eq!(mlp.forward(rows).dims(), [32, 1]);
//! # Ok::<(), backburn_model::ConfigError>(())
//! ```
//!
//! # What is here
//!
//! | To | use |
//! | --- | --- |
//! | predict numbers or classes from a row | [`MlpConfig`], [`Mlp`] |
//! | choose the activation function or the initial weights by name | [`Activation`], [`Initializer`] |
//! | learn a vector for each category | [`EmbeddingConfig`] |
//! | predict quantiles that never cross | [`MlpConfig::with_increasing`] |
//! | average several networks | [`Ensemble`] |
//! | add inputs, categories and outputs to a trained network | [`Mlp::grown`] |
//! | predict several targets with the same hidden layers | [`Mlp::with_outputs`] |
//! | expand each number into periodic features | [`PeriodicEmbeddingConfig`], [`EmbeddedInputs`] |
//! | build the network of RealMLP | [`RealMlpConfig`], [`RealMlp`] |
//! | build the network of TabM | [`TabMConfig`], [`TabM`] |
//!
//! A network for classification returns logits. Apply `softmax` to get probabilities, or `sigmoid`
//! where two classes have one output. All configs can be read and written with serde.

mod activation;
mod config;
mod ensemble;
mod error;
mod grow;
mod increasing;
mod initializer;
mod mlp;
mod named;
mod numeric_embedding;
mod output_slice;
mod parameters;
mod real_mlp;
mod suggestion;
mod tabm;

pub use activation::{Activation, ActivationLayer};
pub use config::{EmbeddingConfig, MlpConfig, Normalization};
pub use ensemble::Ensemble;
pub use error::ConfigError;
pub use grow::Growth;
pub use initializer::Initializer;
pub use mlp::{Block, Mlp};
pub use named::{ParseNameError, parse_name};
pub use numeric_embedding::{EmbeddedInputs, PeriodicEmbedding, PeriodicEmbeddingConfig};
pub use real_mlp::{NtkLinear, RealMlp, RealMlpConfig};
pub use tabm::{SharedLinear, TabM, TabMConfig};
