//! Activation functions as nodes.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use backburn_model::{Activation, ActivationLayer};

use crate::attributes::Attribute;
use crate::error::ExportError;
use crate::graph::{Kind, Value};
use crate::parameters::numbers;

const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_SCALE: f32 = 1.050_701;

/// Applies an activation function to each element.
///
/// # Errors
///
/// The function is newer than this crate.
pub(crate) fn activate<'g>(
    x: Value<'g>,
    layer: &ActivationLayer,
) -> Result<Value<'g>, ExportError> {
    let with = |op: &str, attributes: &[(&str, f64)]| {
        let attributes: Vec<(&str, Attribute)> = attributes
            .iter()
            .map(|&(name, number)| (name, Attribute::Float(number as f32)))
            .collect();
        x.graph.with(op, &[x], &attributes, x.kind)
    };
    Ok(match layer.function() {
        Activation::Identity => x,
        Activation::Relu => x.same("Relu"),
        Activation::Relu6 => x.clip(0.0, 6.0),
        Activation::LeakyRelu(slope) => with("LeakyRelu", &[("alpha", slope)]),
        Activation::PRelu(slope) => prelu(x, layer, slope),
        Activation::Elu(alpha) => with("Elu", &[("alpha", alpha)]),
        Activation::Celu(alpha) => celu(x, alpha),
        Activation::Selu => {
            let (alpha, gamma) = (SELU_ALPHA, SELU_SCALE);
            with("Selu", &[("alpha", alpha.into()), ("gamma", gamma.into())])
        }
        Activation::Gelu => x * ((x * FRAC_1_SQRT_2).same("Erf") + 1.0) * 0.5,
        Activation::GeluTanh => gelu_tanh(x),
        Activation::Silu => x * x.same("Sigmoid"),
        Activation::HardSwish => x.same("HardSwish"),
        Activation::Mish => x * x.same("Softplus").same("Tanh"),
        Activation::Tanh => x.same("Tanh"),
        Activation::HardTanh => x.clip(-1.0, 1.0),
        Activation::TanhShrink => x - x.same("Tanh"),
        Activation::Sigmoid => x.same("Sigmoid"),
        Activation::HardSigmoid => with("HardSigmoid", &[("alpha", 1.0 / 6.0), ("beta", 0.5)]),
        Activation::LogSigmoid => -((-x).same("Softplus")),
        Activation::Softplus(beta) => (x * beta).same("Softplus") * beta.recip(),
        Activation::Softsign => x.same("Softsign"),
        Activation::ThresholdedRelu(alpha) => with("ThresholdedRelu", &[("alpha", alpha)]),
        Activation::HardShrink(lambda) => with("Shrink", &[("lambd", lambda)]),
        Activation::SoftShrink(lambda) => with("Shrink", &[("lambd", lambda), ("bias", lambda)]),
        Activation::Step | Activation::StepFastSigmoid(_) | Activation::StepArctan(_) => {
            x.compare_to("GreaterOrEqual", 0.0).cast(Kind::Float)
        }
        other => {
            return Err(ExportError::Unsupported {
                part: format!("the activation function {other}"),
                advice: "another network.activation",
            });
        }
    })
}

/// PReLU with the slopes that were trained.
fn prelu<'g>(x: Value<'g>, layer: &ActivationLayer, slope: f64) -> Value<'g> {
    let slopes = layer.slopes().map(numbers);
    let slopes = slopes.unwrap_or_else(|| vec![slope as f32]);
    let slopes = x.graph.floats(&[slopes.len()], &slopes);
    x.graph.op("PRelu", &[x, slopes], x.kind)
}

/// CELU, composed of other nodes.
fn celu(x: Value<'_>, alpha: f64) -> Value<'_> {
    let below = x.min(x.graph.scalar(x.kind, 0.0));
    let below = ((below * alpha.recip()).same("Exp") - 1.0) * alpha;
    x.same("Relu") + below
}

/// The approximation of GELU by the hyperbolic tangent.
fn gelu_tanh(x: Value<'_>) -> Value<'_> {
    let inner = (x + x * x * x * 0.044715) * (2.0 / PI).sqrt();
    x * (inner.same("Tanh") + 1.0) * 0.5
}
