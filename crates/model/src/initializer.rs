//! Initial weights, chosen by name.

use std::{fmt, str::FromStr};

use burn::nn;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::named::{self, ParseNameError};

/// How the initial weights of the linear layers are drawn. Initial biases are zero, except with
/// [`PyTorch`](Self::PyTorch). Embeddings are drawn from `N(0, 1)`.
///
/// Config files hold its name in snake case, and its parameters in parentheses where it has some:
/// `"auto"`, `"xavier_uniform"`, `"normal(0, 0.01)"`.
///
/// In the equations, `inputs` and `outputs` are those of the layer, `U(a, b)` is the uniform and
/// `N(mean, variance)` the normal distribution, and `gain` depends on the activation function as
/// in `torch.nn.init.calculate_gain`.
///
/// ```
/// use backburn_model::{Initializer, MlpConfig};
/// use burn::tensor::Device;
///
/// let initializer: Initializer = "normal(0, 0.01)".parse()?;
/// let mlp = MlpConfig::new(4, 1).with_initializer(initializer).init(&Device::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Initializer {
    /// The initializer that keeps the variance of the activations about the same from layer to
    /// layer: `LecunNormal` for SELU, `XavierUniform` for tanh, the sigmoids, softsign, steps and
    /// identity, and `KaimingUniform` for ReLU and all others.
    Auto,
    /// `U(-a, a)` with `a = gain · sqrt(3 / inputs)`. He and others (2015).
    KaimingUniform,
    /// `N(0, gain² / inputs)`. He and others (2015).
    KaimingNormal,
    /// `U(-a, a)` with `a = gain · sqrt(6 / (inputs + outputs))`. Glorot and Bengio (2010).
    XavierUniform,
    /// `N(0, gain² · 2 / (inputs + outputs))`. Glorot and Bengio (2010).
    XavierNormal,
    /// `U(-a, a)` with `a = sqrt(3 / inputs)`. LeCun and others (1998).
    LecunUniform,
    /// `N(0, 1 / inputs)`. LeCun and others (1998).
    LecunNormal,
    /// A random (semi-)orthogonal matrix, times the gain. Saxe, McClelland and Ganguli (2013).
    Orthogonal,
    /// The default of `torch.nn.Linear`: weights and biases from `U(-a, a)` with
    /// `a = 1 / sqrt(inputs)`.
    PyTorch,
    /// `U(min, max)`. The defaults are -0.1 and 0.1.
    Uniform(f64, f64),
    /// `N(mean, std²)`. The defaults are 0 and 0.01.
    Normal(f64, f64),
    /// The same value for every weight, by default 0. All units of a layer then get the same
    /// gradient and stay equal, so such a network learns badly. It is here to demonstrate that.
    Constant(f64),
}

const NAMES: &str = "auto, kaiming_uniform, kaiming_normal, xavier_uniform, xavier_normal, \
    lecun_uniform, lecun_normal, orthogonal, pytorch, uniform, normal, constant";

/// Names of PyTorch, Keras and JAX, for suggestions.
const SYNONYMS: [(&str, &str); 15] = [
    ("default", "auto"),
    ("gaussian", "normal(0, 0.01)"),
    ("glorot", "xavier_uniform"),
    ("glorot_normal", "xavier_normal"),
    ("glorot_uniform", "xavier_uniform"),
    ("he", "kaiming_uniform"),
    ("he_normal", "kaiming_normal"),
    ("he_uniform", "kaiming_uniform"),
    ("kaiming", "kaiming_uniform"),
    ("lecun", "lecun_normal"),
    ("random_normal", "normal(0, 0.01)"),
    ("random_uniform", "uniform(-0.1, 0.1)"),
    ("xavier", "xavier_uniform"),
    ("zero", "constant(0)"),
    ("zeros", "constant(0)"),
];

impl Initializer {
    /// All initializers. Those with parameters have their defaults.
    pub fn all() -> Vec<Self> {
        NAMES
            .split(", ")
            .map(|name| name.parse().expect("every listed name parses"))
            .collect()
    }

    /// Burn's initializer for the weights of a layer with this activation function, with the gain
    /// of the function.
    pub fn for_activation(&self, activation: Activation) -> nn::Initializer {
        let gain = gain(activation);
        match *self {
            Self::Auto => match activation {
                Activation::Selu => Self::LecunNormal.for_activation(activation),
                Activation::Identity
                | Activation::Tanh
                | Activation::HardTanh
                | Activation::Softsign
                | Activation::Sigmoid
                | Activation::HardSigmoid
                | Activation::LogSigmoid
                | Activation::Step
                | Activation::StepFastSigmoid(_)
                | Activation::StepArctan(_) => Self::XavierUniform.for_activation(activation),
                _ => Self::KaimingUniform.for_activation(activation),
            },
            Self::KaimingUniform => nn::Initializer::KaimingUniform {
                gain,
                fan_out_only: false,
            },
            Self::KaimingNormal => nn::Initializer::KaimingNormal {
                gain,
                fan_out_only: false,
            },
            Self::XavierUniform => nn::Initializer::XavierUniform { gain },
            Self::XavierNormal => nn::Initializer::XavierNormal { gain },
            Self::LecunUniform => nn::Initializer::KaimingUniform {
                gain: 1.0,
                fan_out_only: false,
            },
            Self::LecunNormal => nn::Initializer::KaimingNormal {
                gain: 1.0,
                fan_out_only: false,
            },
            Self::Orthogonal => nn::Initializer::Orthogonal { gain },
            Self::PyTorch => nn::Initializer::KaimingUniform {
                gain: 1.0 / 3f64.sqrt(),
                fan_out_only: false,
            },
            Self::Uniform(min, max) => nn::Initializer::Uniform { min, max },
            Self::Normal(mean, std) => nn::Initializer::Normal { mean, std },
            Self::Constant(value) => nn::Initializer::Constant { value },
        }
    }

    /// Why the parameters are not valid, or `None` if they are.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        // Weights are 32-bit numbers, and so is the range that Burn draws uniform ones from.
        let numbers = match *self {
            Self::Uniform(min, max) => [min, max - min],
            Self::Normal(mean, std) => [mean, std],
            Self::Constant(value) => [value, 0.0],
            _ => [0.0, 0.0],
        };
        if numbers.iter().any(|number| !(*number as f32).is_finite()) {
            return Some("a number is too large for a 32-bit weight");
        }
        match *self {
            Self::Uniform(min, max) if min as f32 >= max as f32 => {
                Some("the first number must be smaller than the second, also in 32 bits")
            }
            Self::Normal(_, std) if std < 0.0 => Some("the standard deviation must be at least 0"),
            _ => None,
        }
    }
}

/// The factor of the weights' standard deviation that keeps the variance of the activations the
/// same from layer to layer. For tanh, ReLU and functions like them it is that of
/// `torch.nn.init.calculate_gain`, for SELU it is 1 as in its paper, and for the sigmoids it is the
/// inverse of the slope at zero.
fn gain(activation: Activation) -> f64 {
    match activation {
        Activation::LeakyRelu(slope) | Activation::PRelu(slope) => {
            (2.0 / (1.0 + slope * slope)).sqrt()
        }
        Activation::Identity
        | Activation::Selu
        | Activation::Softsign
        | Activation::Step
        | Activation::StepFastSigmoid(_)
        | Activation::StepArctan(_) => 1.0,
        Activation::Tanh | Activation::HardTanh => 5.0 / 3.0,
        Activation::Sigmoid => 4.0,
        Activation::HardSigmoid => 6.0,
        _ => 2f64.sqrt(),
    }
}

impl FromStr for Initializer {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, written) = named::split(text)?;
        Ok(match name {
            "uniform" => {
                let [min, max] = named::arguments(text, &written, [-0.1, 0.1])?;
                Self::Uniform(min, max)
            }
            "normal" => {
                let [mean, std] = named::arguments(text, &written, [0.0, 0.01])?;
                Self::Normal(mean, std)
            }
            "constant" => {
                let [value] = named::arguments(text, &written, [0.0])?;
                Self::Constant(value)
            }
            plain => {
                let initializer = match plain {
                    "auto" => Self::Auto,
                    "kaiming_uniform" => Self::KaimingUniform,
                    "kaiming_normal" => Self::KaimingNormal,
                    "xavier_uniform" => Self::XavierUniform,
                    "xavier_normal" => Self::XavierNormal,
                    "lecun_uniform" => Self::LecunUniform,
                    "lecun_normal" => Self::LecunNormal,
                    "orthogonal" => Self::Orthogonal,
                    "pytorch" => Self::PyTorch,
                    _ => return Err(named::unknown("initializer", name, NAMES, &SYNONYMS)),
                };
                let [] = named::arguments(text, &written, [])?;
                initializer
            }
        })
    }
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform(min, max) => write!(f, "uniform({min}, {max})"),
            Self::Normal(mean, std) => write!(f, "normal({mean}, {std})"),
            Self::Constant(value) => write!(f, "constant({value})"),
            Self::Auto => f.write_str("auto"),
            Self::KaimingUniform => f.write_str("kaiming_uniform"),
            Self::KaimingNormal => f.write_str("kaiming_normal"),
            Self::XavierUniform => f.write_str("xavier_uniform"),
            Self::XavierNormal => f.write_str("xavier_normal"),
            Self::LecunUniform => f.write_str("lecun_uniform"),
            Self::LecunNormal => f.write_str("lecun_normal"),
            Self::Orthogonal => f.write_str("orthogonal"),
            Self::PyTorch => f.write_str("pytorch"),
        }
    }
}

impl TryFrom<String> for Initializer {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Initializer> for String {
    fn from(initializer: Initializer) -> Self {
        initializer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_to_the_same_initializer() {
        for initializer in Initializer::all() {
            assert_eq!(initializer.to_string().parse(), Ok(initializer));
        }
        assert!("uniform(1)".parse::<Initializer>().is_err());
    }

    #[test]
    fn an_unknown_name_suggests_what_was_meant() {
        for (text, meant) in [
            ("xavier", "xavier_uniform"),
            ("glorot_uniform", "xavier_uniform"),
            ("he_normal", "kaiming_normal"),
            ("kaimming_normal", "kaiming_normal"),
        ] {
            let error = text.parse::<Initializer>().unwrap_err().to_string();
            let expected = format!("`{text}` is no initializer (did you mean `{meant}`?);");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    /// The mean and the standard deviation of the weights of a layer with 200 inputs and 300 outputs.
    fn mean_and_deviation(initializer: Initializer, activation: Activation) -> (f64, f64) {
        let device = burn::tensor::Device::default();
        device.seed(0);
        let weights = initializer
            .for_activation(activation)
            .init_with::<2, _>([200, 300], Some(200), Some(300), &device)
            .val()
            .into_data();
        let weights: Vec<f64> = weights.iter().collect();
        let count = weights.len() as f64;
        let mean = weights.iter().sum::<f64>() / count;
        let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    #[test]
    fn weights_have_the_mean_and_the_standard_deviation_of_their_equation() {
        use Activation::{Gelu, Identity, Relu, Selu, Sigmoid, Tanh};
        use Initializer::*;
        let fan = |fan: usize, gain: f64| gain / (fan as f64).sqrt();
        let both = (2.0 / 500f64).sqrt();
        let relu = 2f64.sqrt();
        for (initializer, activation, mean, deviation) in [
            (Auto, Relu, 0.0, fan(200, relu)),
            (Auto, Selu, 0.0, fan(200, 1.0)),
            (Auto, Tanh, 0.0, 5.0 / 3.0 * both),
            (KaimingUniform, Gelu, 0.0, fan(200, relu)),
            (KaimingNormal, Relu, 0.0, fan(200, relu)),
            (XavierUniform, Identity, 0.0, both),
            (XavierNormal, Sigmoid, 0.0, 4.0 * both),
            (LecunUniform, Relu, 0.0, fan(200, 1.0)),
            (LecunNormal, Relu, 0.0, fan(200, 1.0)),
            // Each of the 200 rows of 300 weights has length 1.
            (Orthogonal, Identity, 0.0, fan(300, 1.0)),
            (PyTorch, Relu, 0.0, fan(200, 1.0 / 3f64.sqrt())),
            (Uniform(1.0, 4.0), Relu, 2.5, 3.0 / 12f64.sqrt()),
            (Normal(-1.0, 0.5), Relu, -1.0, 0.5),
            (Constant(0.25), Relu, 0.25, 0.0),
        ] {
            let (found, spread) = mean_and_deviation(initializer, activation);
            assert!((found - mean).abs() < 0.01, "{initializer}: mean {found}");
            assert!(
                (spread - deviation).abs() < 0.02 * deviation.max(1e-6),
                "{initializer} before {activation}: deviation {spread}, not {deviation}"
            );
        }
    }

    #[test]
    fn parameters_that_do_not_fit_in_32_bits_are_refused() {
        for initializer in [
            Initializer::Uniform(1.0, 1.000_000_01),
            Initializer::Uniform(-3e38, 3e38),
            Initializer::Normal(0.0, 1e39),
            Initializer::Constant(-1e39),
        ] {
            assert!(initializer.problem().is_some(), "{initializer}");
        }
    }
}
