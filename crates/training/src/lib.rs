//! Training of Burn modules by backpropagation and gradient descent.
//!
//! [`fit`] is the loop: forward pass, loss, backward pass, update. [`TrainingConfig`] sets what it
//! does, an [`Callback`] watches it, and [`metrics`] score what comes out. A [`History`] is an observer
//! that keeps what flowed through the layers, and [`diagnose`] says what is wrong in it;
//! [`check_gradients`] compares backpropagation with differences, and [`range_test`] looks for a
//! learning rate. For a loop of one's own over a `backburn_fused::FusedMlp`, [`Criterion::backward`]
//! gives the gradient by the outputs, and [`FusedOptimizer`] takes the steps.
//!
//! ```
//! use backburn_model::MlpConfig;
//! use backburn_training::{TensorDataset, TrainingConfig, fit};
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::default();
//! let x = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
//! let y = Tensor::<2>::from_floats([[0.], [1.], [1.], [0.]], &device);
//! device.seed(0);
//! let mlp = MlpConfig::new(2, 1).with_hidden([8]).init(&device)?;
//! let config = TrainingConfig { epochs: 50, ..TrainingConfig::default() };
//! let fitted = fit(mlp, &TensorDataset::regression(x.clone(), y), None, &config, &mut ())?;
//! let predicted = fitted.network.forward(x);
//! # assert_eq!(predicted.dims(), [4, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod run_parallel;
mod autodiff;
mod checkpoint;
mod clipping;
mod config;
mod diagnosis;
mod examples;
mod finding;
mod fit;
mod fused;
mod gradcheck;
mod history;
mod serde_nan;
#[cfg(feature = "learner")]
pub mod learner;
mod learning_rate;
mod loss;
mod loss_gradient;
pub mod metrics;
mod nearest;
mod networks;
mod observer;
mod optimizer;
mod range_test;
mod record;
mod schedule;
mod series;
mod steps;
mod straight_through;
mod update;

pub use run_parallel::run_parallel;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use clipping::Clipping;
pub use config::{ConfigError, TrainingConfig};
pub use diagnosis::{DiagnosisContext, diagnose};
pub use examples::{TensorDataset, Targets};
pub use finding::{Finding, Diagnosis};
pub use fit::{Fitted, Network, StopReason, TrainingError, fit, forward_in_batches, resume};
pub use gradcheck::{GradientCheck, TOLERANCE, check_gradients};
pub use history::{EpochRecord, History};
pub use learning_rate::LearningRate;
pub use loss::{Criterion, Loss};
pub use loss_gradient::TargetArrays;
pub use nearest::nearest_rows_loss;
pub use observer::{EpochReport, Callback, StartReport, BatchReport, Validation};
pub use optimizer::{OptimizerConfig, OptimizerName};
pub use range_test::{RangeTest, range_test};
pub use record::{ActivationReport, HiddenActivation, LayerReport};
pub use schedule::{ScheduleConfig, ScheduleName};
pub use straight_through::StraightThrough;
pub use update::FusedOptimizer;
