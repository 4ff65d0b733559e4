//! Statistics of the layers of a network.

use backburn_model::Activation;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::serde_nan;

/// Statistics of a layer over an epoch. Gradients and updates are measured on two to eight steps of
/// the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The name of the layer, as weights are named in a saved model: `hidden.0`, `output`.
    pub layer: String,
    /// The Euclidean norm of the gradient of all parameters of the layer, after clipping: the mean
    /// over the measured steps.
    #[serde(with = "serde_nan")]
    pub gradient_norm: f64,
    /// The norm at the first step of the epoch.
    #[serde(with = "serde_nan")]
    pub first_gradient_norm: f64,
    /// The mean absolute value of an element of that gradient.
    #[serde(with = "serde_nan")]
    pub gradient_mean_abs: f64,
    /// The noise-to-signal ratio of the gradient, after clipping: the standard deviation of the
    /// measured gradients, as vectors, over the norm of their mean (both estimated without bias).
    /// Above 1 there is more noise than signal. NaN where the estimate of the signal is not
    /// positive, or only one step was measured.
    #[serde(with = "serde_nan")]
    pub gradient_noise: f64,
    /// The Euclidean norm of all parameters of the layer at the end of the epoch.
    #[serde(with = "serde_nan")]
    pub weight_norm: f64,
    /// The mean absolute value of a parameter at the end of the epoch.
    #[serde(with = "serde_nan")]
    pub weight_mean_abs: f64,
    /// The norm of an update over the norm of the parameters: the mean over the measured steps.
    /// About 0.001 is usual; at 0 the layer does not learn.
    #[serde(with = "serde_nan")]
    pub update_ratio: f64,
    /// For hidden layers, the outputs of the units for a sample of the training rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationReport>,
}

/// The outputs of a hidden layer for a sample of the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActivationReport {
    /// The mean over rows and units.
    #[serde(with = "serde_nan")]
    pub mean: f64,
    /// The standard deviation over rows and units.
    #[serde(with = "serde_nan")]
    pub std: f64,
    /// The share of dead units, which output 0 for every row; 0 for activation functions that
    /// cannot die ([`Activation::can_die`]).
    #[serde(with = "serde_nan")]
    pub dead: f64,
    /// The share of saturated units, which are within 2.5 % of a bound of the activation function's
    /// range for at least 95 % of the rows; 0 for functions without bounds
    /// ([`Activation::bounds`]).
    #[serde(with = "serde_nan")]
    pub saturated: f64,
}

/// The outputs of a hidden layer's activation function.
#[derive(Debug, Clone)]
pub struct HiddenActivation {
    /// The layer, named as in [`LayerReport`].
    pub layer: String,
    /// The activation function.
    pub function: Activation,
    /// `[rows, units]`.
    pub outputs: Tensor<2>,
}
