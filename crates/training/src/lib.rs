//! Training of [Burn](burn) modules by backpropagation and mini-batch gradient descent.
//!
//! - [`fit`] trains a [`Network`] on a [`TensorDataset`]; [`TrainingConfig`] has the settings, and
//!   [`resume`] continues from a [`Checkpoint`].
//! - [`fit_anchored`] trains a network further and holds its parameters near their old values, by the
//!   [`fisher_information`] of old rows.
//! - [`SteppedRun`] is the same run, in which the caller takes each step.
//! - A [`Callback`] watches a run and can stop it. [`History`] is a callback that records losses and
//!   layer statistics, and [`diagnose`] finds problems such as vanishing gradients in it.
//! - [`metrics`] scores predictions.
//! - [`range_test`] finds a learning rate.
//! - [`LossSurface`] is the loss around the weights of a network.
//! - [`check_gradients`] compares the gradients of backpropagation with finite differences.
//! - For a training loop of your own over a [`backburn_fused::FusedMlp`], [`Criterion::backward`]
//!   computes the gradient of the loss, and [`FusedOptimizer`] updates the parameters.
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

mod activation_report;
mod anchor;
mod auc;
mod autodiff;
mod averaging;
mod callback;
mod checkpoint;
mod clipping;
mod config;
mod confusion_matrix;
mod diagnosis;
mod diagnosis_context;
mod distribution_loss;
mod error;
mod evaluate;
mod finding;
mod fisher;
mod fit;
mod fit_data;
mod float_sum;
mod fused;
mod fused_optimizer;
mod gradcheck;
mod history;
mod layer_report;
#[cfg(feature = "learner")]
pub mod learner;
mod learning_rate;
mod loss;
mod loss_gradient;
mod loss_surface;
mod memory;
pub mod metrics;
mod network;
mod network_record;
mod networks;
mod optimizer;
mod optimizer_record;
mod parallel;
mod plateau;
mod progress;
mod range_test;
mod recorder;
mod remedies;
mod report;
pub mod row_pass;
mod schedule;
mod serde_nan;
mod series;
mod session;
mod slice_loss;
mod stepped_run;
mod steps;
mod straight_through;
mod targets;
mod tensor_dataset;

pub use anchor::Anchor;
pub use callback::{Callback, CallbackList, TrainingState};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use clipping::Clipping;
pub use config::{ConfigError, TrainingConfig};
pub use diagnosis::diagnose;
pub use diagnosis_context::DiagnosisContext;
pub use error::TrainingError;
pub use evaluate::forward_in_batches;
pub use finding::{Diagnosis, Finding};
pub use fisher::fisher_information;
pub use fit::{Fitted, fit, fit_anchored, resume};
pub use fused_optimizer::FusedOptimizer;
pub use gradcheck::{GradientCheck, TOLERANCE, check_gradients};
pub use history::{EpochRecord, History};
pub use layer_report::{ActivationReport, HiddenActivation, LayerReport};
pub use learning_rate::LearningRate;
pub use loss::{Criterion, Loss};
pub use loss_gradient::{SliceArrays, TargetArrays};
pub use loss_surface::LossSurface;
pub use memory::{MemoryUse, NetworkSize, memory_of_gradient_check};
pub use network::Network;
pub use optimizer::{OptimizerConfig, OptimizerName};
pub use parallel::{run_parallel, runs_at_a_time};
pub use range_test::{RangeTest, range_test};
pub use report::{BatchReport, EpochReport, StartReport, StopReason, Validation};
pub use schedule::{ScheduleConfig, ScheduleName};
pub use stepped_run::{Step, SteppedRun};
pub use straight_through::StraightThrough;
pub use targets::{TargetSlice, Targets};
pub use tensor_dataset::TensorDataset;
