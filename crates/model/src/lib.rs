//! Multilayer perceptrons as [Burn](burn) modules.
//!
//! [`MlpConfig`] describes a network and builds an [`Mlp`]; nothing here trains, reads files or
//! names a backend, so the crate drops into any Burn project and builds for WebAssembly.
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

mod activation;
mod config;
mod ensemble;
mod initializer;
mod mlp;
mod named;
mod numeric_embedding;
mod real_mlp;
mod tabm;

pub use activation::{Activation, ActivationLayer};
pub use config::{ConfigError, EmbeddingConfig, MlpConfig, Normalization};
pub use ensemble::Ensemble;
pub use initializer::Initializer;
pub use mlp::{Block, Mlp};
pub use named::ParseNameError;
pub use numeric_embedding::{EmbeddedInputs, PeriodicEmbedding, PeriodicEmbeddingConfig};
pub use real_mlp::{NtkLinear, RealMlp, RealMlpConfig};
pub use tabm::{SharedLinear, TabM, TabMConfig};
