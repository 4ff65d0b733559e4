//! The plain multilayer perceptron over arrays in main memory: forward pass, backward pass and
//! prediction.
//!
//! Burn runs any network on any device, one operation at a time. Each operation allocates its
//! result, records itself in the autodiff graph and passes over memory once. For small networks this
//! takes far longer than the arithmetic. This crate computes the same equations in buffers that are
//! allocated once: for each layer a matrix product, then bias and activation in one pass over
//! memory.
//!
//! # When to use it
//!
//! `backburn-training` and the predictor use this crate on their own wherever they can. Use it
//! directly for a training loop of your own, or to predict single rows in about a microsecond.
//!
//! [`FusedMlp::of`] returns `None` for a network that this crate cannot run: one with normalization,
//! with an activation function that it has no loop for, with frozen parameters, on
//! another device than the CPU backend flex, or not in 32-bit numbers. Use Burn for these.
//!
//! # Example
//!
//! One step of gradient descent on two rows, then a prediction:
//!
//! ```
//! use backburn_fused::{FusedMlp, Pass};
//! use backburn_model::MlpConfig;
//! use burn::tensor::Device;
//!
//! let mlp = MlpConfig::new(2, 1).with_hidden([8]).init(&Device::default())?;
//! let mut network = FusedMlp::of(&mlp).expect("a plain network on the CPU");
//! let (rows, targets) = ([0.5, -1.0, 2.0, 0.0], [1.0, 0.0]);
//!
//! let mut pass = Pass::new(&network, 0);
//! pass.inputs(&network, 2).copy_from_slice(&rows);
//! pass.forward_for_training(&network);
//! network.prepare_backward();
//! // The gradient of the mean squared error with respect to each output.
//! pass.backward(&network, |outputs, gradient| {
//!     for ((g, y), t) in gradient.iter_mut().zip(outputs).zip(targets) {
//!         *g = 2.0 * (y - t) / 2.0;
//!     }
//! });
//! for (parameter, g) in network.parameters.iter_mut().zip(&pass.gradient) {
//!     *parameter -= 0.1 * g;
//! }
//!
//! let predictions = network.predict(&rows);
//! assert_eq!(predictions.len(), 2);
//! let mlp = network.write_to(mlp);
//! # Ok::<(), backburn_model::ConfigError>(())
//! ```
//!
//! - [`FusedMlp`] holds the parameters of an [`Mlp`](backburn_model::Mlp) in one array.
//! - [`Pass`] runs a batch of rows forward and computes the gradient.
//! - [`FusedMlp::predict`] predicts rows, each independently of the others.

mod activation;
mod embedding;
mod forward;
mod increasing;
mod matrix;
mod mlp;
mod pass;
mod row_kernel;
mod simd;
mod threads;
mod vector_ops;

pub use forward::Workspace;
pub use mlp::FusedMlp;
pub use pass::Pass;
pub use simd::vectorized;
pub use threads::worth_threads;
