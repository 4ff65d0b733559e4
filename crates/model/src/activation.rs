//! Activation functions, by name and as a module.

use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2, FRAC_PI_2};
use std::{fmt, str::FromStr};

use burn::module::Module;
use burn::nn::{PRelu, PReluConfig};
use burn::tensor::{DType, Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::named::{self, ParseNameError};

/// The activation function after each hidden layer.
///
/// Config files hold its name in snake case, and its parameter in parentheses where it has one:
/// `"relu"`, `"leaky_relu(0.01)"`, `"elu(1.0)"`.
///
/// ```
/// use backburn_model::Activation;
///
/// assert_eq!("leaky_relu(0.2)".parse(), Ok(Activation::LeakyRelu(0.2)));
/// assert_eq!(Activation::Relu.to_string(), "relu");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Activation {
    /// `x`. A network with only this function is linear.
    Identity,
    /// `max(0, x)`, Nair and Hinton (2010).
    Relu,
    /// `min(max(0, x), 6)`, Howard and others (2017).
    Relu6,
    /// `x` above zero, `negative_slope · x` below. The default slope is 0.01. Maas, Hannun and Ng
    /// (2013).
    LeakyRelu(f64),
    /// Like [`LeakyRelu`](Self::LeakyRelu), with a learned slope. The number is its initial value,
    /// by default 0.25. He and others (2015).
    PRelu(f64),
    /// `x` above zero, `alpha · (exp(x) - 1)` below. The default alpha is 1. Clevert, Unterthiner
    /// and Hochreiter (2015).
    Elu(f64),
    /// `max(0, x) + min(0, alpha · (exp(x / alpha) - 1))`. The default alpha is 1. Barron (2017).
    Celu(f64),
    /// `1.0507 · elu(x)` with alpha 1.67326, the self-normalizing unit of Klambauer and others
    /// (2017).
    Selu,
    /// `x · Φ(x)`, where `Φ` is the distribution function of the standard normal distribution.
    /// Hendrycks and Gimpel (2016).
    Gelu,
    /// The approximation of [`Gelu`](Self::Gelu) with a hyperbolic tangent, from the same paper.
    GeluTanh,
    /// `x · sigmoid(x)`, also called swish. Ramachandran, Zoph and Le (2017).
    Silu,
    /// `x · clamp(x / 6 + 1 / 2, 0, 1)`, an approximation of [`Silu`](Self::Silu) without
    /// exponentials. Howard and others (2019).
    HardSwish,
    /// `x · tanh(softplus(x))`, Misra (2019).
    Mish,
    /// The hyperbolic tangent.
    Tanh,
    /// `clamp(x, -1, 1)`.
    HardTanh,
    /// `x - tanh(x)`.
    TanhShrink,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `clamp(x / 6 + 1 / 2, 0, 1)`, a piecewise linear approximation of the sigmoid.
    HardSigmoid,
    /// `log(sigmoid(x))`.
    LogSigmoid,
    /// `log(1 + exp(beta · x)) / beta`. The default beta is 1.
    Softplus(f64),
    /// `x / (1 + |x|)`.
    Softsign,
    /// `x` above alpha, 0 elsewhere. The default alpha is 1.
    ThresholdedRelu(f64),
    /// `x` where `|x|` is above lambda, 0 elsewhere. The default lambda is 0.5.
    HardShrink(f64),
    /// `sign(x) · max(|x| - lambda, 0)`. The default lambda is 0.5.
    SoftShrink(f64),
    /// 1 at and above zero, 0 below.
    ///
    /// Its true gradient is zero everywhere. Backpropagation uses a straight-through estimate
    /// instead: 1 where `|x| <= 1`, 0 elsewhere (Bengio, Léonard and Courville, 2013, with the
    /// cut-off of Hubara and others, 2016).
    Step,
    /// [`Step`](Self::Step) with a surrogate gradient that has no end:
    /// `1 / (1 + slope · |x|)²`, the derivative of the fast sigmoid `x / (1 + slope · |x|)`.
    /// The default slope is 1; a larger one trains units whose inputs are nearer to zero. Zenke and
    /// Ganguli (2018).
    StepFastSigmoid(f64),
    /// [`Step`](Self::Step) with the surrogate gradient `(alpha / 2) / (1 + (π · alpha · x / 2)²)`, the
    /// derivative of `arctan(π · alpha · x / 2) / π`. The default alpha is 2. Fang and others (2021).
    StepArctan(f64),
}

const NAMES: &str = "identity, relu, relu6, leaky_relu, prelu, elu, celu, selu, gelu, gelu_tanh, \
    silu, hard_swish, mish, tanh, hard_tanh, tanh_shrink, sigmoid, hard_sigmoid, log_sigmoid, \
    softplus, softsign, thresholded_relu, hard_shrink, soft_shrink, step, \
    step_fast_sigmoid, step_arctan";

/// Names of scikit-learn, PyTorch, Keras and JAX, for suggestions.
const SYNONYMS: [(&str, &str); 15] = [
    ("binary_step", "step"),
    ("gelu_approximate", "gelu_tanh"),
    ("gelu_new", "gelu_tanh"),
    ("hard_silu", "hard_swish"),
    ("heaviside", "step"),
    ("leakyrelu", "leaky_relu(0.01)"),
    ("leaky", "leaky_relu(0.01)"),
    ("linear", "identity"),
    ("logistic", "sigmoid"),
    ("none", "identity"),
    ("parametric_relu", "prelu"),
    ("rectifier", "relu"),
    ("swish", "silu"),
    ("swish1", "silu"),
    ("threshold", "thresholded_relu"),
];

impl Activation {
    /// All activation functions. Those with a parameter have its default.
    pub fn all() -> Vec<Self> {
        NAMES
            .split(", ")
            .map(|name| name.parse().expect("every listed name parses"))
            .collect()
    }

    /// Builds the module that applies this function.
    ///
    /// ```
    /// use backburn_model::Activation;
    /// use burn::tensor::{Device, Tensor};
    ///
    /// let device = Device::default();
    /// let relu = Activation::Relu.init(&device);
    /// let output = relu.forward(Tensor::<2>::from_floats([[-1.0, 2.0]], &device));
    /// assert_eq!(output.into_data().iter::<f32>().collect::<Vec<_>>(), [0.0, 2.0]);
    /// ```
    pub fn init(&self, device: &Device) -> ActivationLayer {
        ActivationLayer {
            function: *self,
            prelu: match self {
                Self::PRelu(alpha) => Some(PReluConfig::new().with_alpha(*alpha).init(device)),
                _ => None,
            },
        }
    }

    /// The lower and the upper limit of the output, or `None` if the output is unbounded on one side or both.
    /// A unit whose output is close to a limit is saturated: its gradient is almost zero.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Sigmoid | Self::HardSigmoid => Some((0.0, 1.0)),
            Self::Tanh | Self::HardTanh | Self::Softsign => Some((-1.0, 1.0)),
            _ => None,
        }
    }

    /// Whether the output and the slope are exactly 0 over an interval of inputs. A unit whose
    /// inputs are all in that interval is dead: its gradient is zero, so it never learns again.
    pub fn can_die(&self) -> bool {
        matches!(
            self,
            Self::Relu
                | Self::Relu6
                | Self::ThresholdedRelu(_)
                | Self::HardShrink(_)
                | Self::SoftShrink(_)
                | Self::HardSwish
        )
    }

    /// Whether the output is a step, so that its true gradient is zero and a surrogate takes its place.
    pub fn is_step(&self) -> bool {
        matches!(
            self,
            Self::Step | Self::StepFastSigmoid(_) | Self::StepArctan(_)
        )
    }

    /// Of a [step](Self::is_step): the function whose gradient backpropagation uses, applied to each element;
    /// of any other function, the input.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, features]`
    /// - output: `[batch, features]`
    pub fn surrogate(&self, input: Tensor<2>) -> Tensor<2> {
        match *self {
            Self::Step => activation::hardtanh(input, -1.0, 1.0),
            Self::StepFastSigmoid(slope) => input.clone() / (input.abs() * slope + 1.0),
            Self::StepArctan(alpha) => (input * (FRAC_PI_2 * alpha)).atan() * FRAC_1_PI,
            _ => input,
        }
    }

    /// Why the parameter is not valid, or `None` if it is.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match *self {
            Self::Celu(0.0) => Some("alpha must not be 0"),
            Self::Softplus(beta) if beta <= 0.0 => Some("beta must be above 0"),
            Self::StepFastSigmoid(slope) if slope <= 0.0 => Some("the slope must be above 0"),
            Self::StepArctan(alpha) if alpha <= 0.0 => Some("alpha must be above 0"),
            Self::HardShrink(lambda) | Self::SoftShrink(lambda) if lambda < 0.0 => {
                Some("lambda must be at least 0")
            }
            _ => None,
        }
    }
}

impl FromStr for Activation {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, written) = named::split(text)?;
        let none = || named::arguments(text, &written, []).map(|[]| ());
        let one = |default| named::arguments(text, &written, [default]).map(|[x]| x);
        Ok(match name {
            "leaky_relu" => Self::LeakyRelu(one(0.01)?),
            "prelu" => Self::PRelu(one(0.25)?),
            "elu" => Self::Elu(one(1.0)?),
            "celu" => Self::Celu(one(1.0)?),
            "softplus" => Self::Softplus(one(1.0)?),
            "thresholded_relu" => Self::ThresholdedRelu(one(1.0)?),
            "hard_shrink" => Self::HardShrink(one(0.5)?),
            "soft_shrink" => Self::SoftShrink(one(0.5)?),
            "step_fast_sigmoid" => Self::StepFastSigmoid(one(1.0)?),
            "step_arctan" => Self::StepArctan(one(2.0)?),
            plain => {
                let activation = match plain {
                    "identity" => Self::Identity,
                    "relu" => Self::Relu,
                    "relu6" => Self::Relu6,
                    "selu" => Self::Selu,
                    "gelu" => Self::Gelu,
                    "gelu_tanh" => Self::GeluTanh,
                    "silu" => Self::Silu,
                    "hard_swish" => Self::HardSwish,
                    "mish" => Self::Mish,
                    "tanh" => Self::Tanh,
                    "hard_tanh" => Self::HardTanh,
                    "tanh_shrink" => Self::TanhShrink,
                    "sigmoid" => Self::Sigmoid,
                    "hard_sigmoid" => Self::HardSigmoid,
                    "log_sigmoid" => Self::LogSigmoid,
                    "softsign" => Self::Softsign,
                    "step" => Self::Step,
                    _ => return Err(named::unknown("activation", name, NAMES, &SYNONYMS)),
                };
                none()?;
                activation
            }
        })
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeakyRelu(slope) => write!(f, "leaky_relu({slope})"),
            Self::PRelu(alpha) => write!(f, "prelu({alpha})"),
            Self::Elu(alpha) => write!(f, "elu({alpha})"),
            Self::Celu(alpha) => write!(f, "celu({alpha})"),
            Self::Softplus(beta) => write!(f, "softplus({beta})"),
            Self::ThresholdedRelu(alpha) => write!(f, "thresholded_relu({alpha})"),
            Self::HardShrink(lambda) => write!(f, "hard_shrink({lambda})"),
            Self::SoftShrink(lambda) => write!(f, "soft_shrink({lambda})"),
            Self::StepFastSigmoid(slope) => write!(f, "step_fast_sigmoid({slope})"),
            Self::StepArctan(alpha) => write!(f, "step_arctan({alpha})"),
            Self::Identity => f.write_str("identity"),
            Self::Relu => f.write_str("relu"),
            Self::Relu6 => f.write_str("relu6"),
            Self::Selu => f.write_str("selu"),
            Self::Gelu => f.write_str("gelu"),
            Self::GeluTanh => f.write_str("gelu_tanh"),
            Self::Silu => f.write_str("silu"),
            Self::HardSwish => f.write_str("hard_swish"),
            Self::Mish => f.write_str("mish"),
            Self::Tanh => f.write_str("tanh"),
            Self::HardTanh => f.write_str("hard_tanh"),
            Self::TanhShrink => f.write_str("tanh_shrink"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::HardSigmoid => f.write_str("hard_sigmoid"),
            Self::LogSigmoid => f.write_str("log_sigmoid"),
            Self::Softsign => f.write_str("softsign"),
            Self::Step => f.write_str("step"),
        }
    }
}

impl TryFrom<String> for Activation {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> Self {
        activation.to_string()
    }
}

/// The module that applies an [`Activation`] to each element. [`Activation::init`] builds it.
#[derive(Module, Debug)]
pub struct ActivationLayer {
    #[module(skip)]
    function: Activation,
    prelu: Option<PRelu>,
}

impl ActivationLayer {
    /// The function that it applies.
    pub fn function(&self) -> Activation {
        self.function
    }

    /// The learned slopes of [`PRelu`](Activation::PRelu), `[1]`; `None` for another function.
    pub fn slopes(&self) -> Option<Tensor<1>> {
        self.prelu.as_ref().map(|prelu| prelu.alpha.val())
    }

    /// Applies the function to each element. See [`Activation::init`] for an example.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, features]`
    /// - output: `[batch, features]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        match self.function {
            Activation::Identity => input,
            Activation::Relu => activation::relu(input),
            Activation::Relu6 => activation::relu6(input),
            Activation::LeakyRelu(slope) => activation::leaky_relu(input, slope),
            Activation::PRelu(_) => match &self.prelu {
                Some(prelu) => prelu.forward(input),
                None => input,
            },
            Activation::Elu(alpha) => above_and_below(input, |x| activation::elu(x, alpha)),
            Activation::Celu(alpha) => {
                // Burn's CELU divides by a number, whose gradient Burn computes in 32 bits even
                // for 64-bit inputs.
                above_and_below(input, |x| ((x * alpha.recip()).exp() - 1.0) * alpha)
            }
            Activation::Selu => {
                above_and_below(input, |x| activation::elu(x, SELU_ALPHA)) * SELU_SCALE
            }
            Activation::Gelu => gelu(input),
            Activation::GeluTanh => activation::gelu_approximate(input),
            Activation::Silu => input.clone() * sigmoid(input),
            Activation::HardSwish => input.clone() * hard_sigmoid(input),
            Activation::Mish => activation::mish(input),
            Activation::Tanh => activation::tanh(input),
            Activation::HardTanh => activation::hardtanh(input, -1.0, 1.0),
            Activation::TanhShrink => activation::tanhshrink(input),
            Activation::Sigmoid => sigmoid(input),
            Activation::HardSigmoid => hard_sigmoid(input),
            Activation::LogSigmoid => activation::log_sigmoid(input),
            Activation::Softplus(beta) => activation::softplus(input * beta, 1.0) * beta.recip(),
            Activation::Softsign => activation::softsign(input),
            Activation::ThresholdedRelu(alpha) => activation::thresholded_relu(input, alpha),
            Activation::HardShrink(lambda) => activation::hard_shrink(input, lambda),
            Activation::SoftShrink(lambda) => activation::soft_shrink(input, lambda),
            Activation::Step => step(input),
            Activation::StepFastSigmoid(_) | Activation::StepArctan(_) => {
                step_with(input.clone(), self.function.surrogate(input))
            }
        }
    }
}

const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// `x` above zero, and `below(x)` below zero. `below(0)` must be 0.
///
/// Burn's ELU computes the exponential for positive inputs too and discards it. Above 88 it is
/// infinite, and the gradient is NaN.
fn above_and_below(input: Tensor<2>, below: impl Fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
    activation::relu(input.clone()) + below(input.clamp_max(0.0))
}

/// Replaces Burn's GELU: on some backends its gradient is that of the approximation with a
/// hyperbolic tangent, which is off by up to 0.002.
fn gelu(input: Tensor<2>) -> Tensor<2> {
    input.clone() * ((input * FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

/// Burn's sigmoid computes in 32 bits on some backends, even for 64-bit inputs.
fn sigmoid(input: Tensor<2>) -> Tensor<2> {
    match input.dtype() {
        DType::F64 => (input * 0.5).tanh() * 0.5 + 0.5,
        _ => activation::sigmoid(input),
    }
}

/// Replaces Burn's hard sigmoid, which computes in 32 bits even for 64-bit inputs.
fn hard_sigmoid(input: Tensor<2>) -> Tensor<2> {
    (input * (1.0 / 6.0) + 0.5).clamp(0.0, 1.0)
}

/// The value of the step function with the gradient of `clamp(x, -1, 1)`. The difference that is
/// added to the clamped input is detached, so it has no gradient.
fn step(input: Tensor<2>) -> Tensor<2> {
    let value = input.clone().greater_equal_scalar(0.0).float();
    let value = value.cast(input.dtype());
    let straight_through = input.clamp(-1.0, 1.0);
    straight_through.clone() + (value - straight_through).detach()
}

/// The value of the step function at `input` with the gradient of `surrogate`. What is added to the value is
/// zero, exactly.
fn step_with(input: Tensor<2>, surrogate: Tensor<2>) -> Tensor<2> {
    let value = input.clone().greater_equal_scalar(0.0).float();
    value.cast(input.dtype()) + (surrogate.clone() - surrogate.detach())
}

#[cfg(test)]
mod tests;
