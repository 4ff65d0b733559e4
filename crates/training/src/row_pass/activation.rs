//! Activation functions and their slopes in 64-bit numbers.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, FRAC_PI_2, PI};

use backburn_model::Activation;

const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// The factor of the cubic term in the approximation of GELU.
const GELU_CUBIC: f64 = 0.044_715;

/// The value of an activation function at `x`. The equations are in the documentation of [`Activation`]. The number of
/// [`Activation::PRelu`] is its learned slope.
pub fn value(function: Activation, x: f64) -> f64 {
    match function {
        // `max` and `clamp` of some functions would turn it into a number.
        _ if x.is_nan() => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu(slope) | Activation::PRelu(slope) if x < 0.0 => slope * x,
        Activation::Elu(alpha) if x < 0.0 => alpha * x.exp_m1(),
        Activation::Celu(alpha) if x < 0.0 => alpha * (x / alpha).exp_m1(),
        Activation::Selu if x < 0.0 => SELU_SCALE * SELU_ALPHA * x.exp_m1(),
        Activation::Selu => SELU_SCALE * x,
        Activation::Gelu => x * normal_cdf(x),
        Activation::GeluTanh => 0.5 * x * (1.0 + gelu_inner(x).tanh()),
        Activation::Silu => x * sigmoid(x),
        Activation::HardSwish => x * hard_sigmoid(x),
        Activation::Mish => x * softplus(x).tanh(),
        Activation::Tanh => x.tanh(),
        Activation::HardTanh => x.clamp(-1.0, 1.0),
        Activation::TanhShrink => x - x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => hard_sigmoid(x),
        Activation::LogSigmoid => -softplus(-x),
        Activation::Softplus(beta) => softplus(beta * x) / beta,
        Activation::Softsign => x / (1.0 + x.abs()),
        Activation::ThresholdedRelu(alpha) => where_true(x > alpha, x),
        Activation::HardShrink(lambda) => where_true(x.abs() > lambda, x),
        Activation::SoftShrink(lambda) => (x.abs() - lambda).max(0.0).copysign(x),
        Activation::Step | Activation::StepFastSigmoid(_) | Activation::StepArctan(_) => {
            where_true(x >= 0.0, 1.0)
        }
        // The identity, and the linear half of the functions above.
        _ => x,
    }
}

/// The function whose derivative backpropagation uses in place of that of a [step](Activation::is_step). Of another
/// function, its value.
pub(super) fn surrogate(function: Activation, x: f64) -> f64 {
    match function {
        Activation::Step => x.clamp(-1.0, 1.0),
        Activation::StepFastSigmoid(slope) => x / (1.0 + slope * x.abs()),
        Activation::StepArctan(alpha) => (FRAC_PI_2 * alpha * x).atan() / PI,
        _ => value(function, x),
    }
}

/// The derivative of an activation function at `x`. For a [step](Activation::is_step) it is that of its surrogate.
pub fn slope(function: Activation, x: f64) -> f64 {
    match function {
        Activation::Relu => where_true(x > 0.0, 1.0),
        Activation::Relu6 => where_true(x > 0.0 && x < 6.0, 1.0),
        Activation::LeakyRelu(slope) | Activation::PRelu(slope) if x < 0.0 => slope,
        Activation::Elu(alpha) if x < 0.0 => alpha * x.exp(),
        Activation::Celu(alpha) if x < 0.0 => (x / alpha).exp(),
        Activation::Selu if x < 0.0 => SELU_SCALE * SELU_ALPHA * x.exp(),
        Activation::Selu => SELU_SCALE,
        Activation::Gelu => normal_cdf(x) + x * normal_density(x),
        Activation::GeluTanh => gelu_tanh_slope(x),
        Activation::Silu => sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x))),
        Activation::HardSwish if x.abs() < 3.0 => x / 3.0 + 0.5,
        Activation::HardSwish => where_true(x > 0.0, 1.0),
        Activation::Mish => {
            let tanh = softplus(x).tanh();
            tanh + x * (1.0 - tanh * tanh) * sigmoid(x)
        }
        Activation::Tanh => 1.0 - x.tanh().powi(2),
        Activation::HardTanh => where_true(x.abs() < 1.0, 1.0),
        Activation::TanhShrink => x.tanh().powi(2),
        Activation::Sigmoid => sigmoid(x) * sigmoid(-x),
        Activation::HardSigmoid => where_true(x.abs() < 3.0, 1.0 / 6.0),
        Activation::LogSigmoid => sigmoid(-x),
        Activation::Softplus(beta) => sigmoid(beta * x),
        Activation::Softsign => (1.0 + x.abs()).powi(-2),
        Activation::ThresholdedRelu(alpha) => where_true(x > alpha, 1.0),
        Activation::HardShrink(lambda) | Activation::SoftShrink(lambda) => {
            where_true(x.abs() > lambda, 1.0)
        }
        Activation::Step => where_true(x.abs() <= 1.0, 1.0),
        Activation::StepFastSigmoid(slope) => (1.0 + slope * x.abs()).powi(-2),
        Activation::StepArctan(alpha) => 0.5 * alpha / (1.0 + (FRAC_PI_2 * alpha * x).powi(2)),
        _ => 1.0,
    }
}

/// `number` if the condition is true, and 0 if not.
fn where_true(condition: bool, number: f64) -> f64 {
    match condition {
        true => number,
        false => 0.0,
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn hard_sigmoid(x: f64) -> f64 {
    (x / 6.0 + 0.5).clamp(0.0, 1.0)
}

/// `log(1 + exp(x))`, without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The distribution function of the standard normal distribution.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

fn gelu_inner(x: f64) -> f64 {
    FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + GELU_CUBIC * x.powi(3))
}

fn gelu_tanh_slope(x: f64) -> f64 {
    let tanh = gelu_inner(x).tanh();
    let inner = FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (1.0 + 3.0 * GELU_CUBIC * x * x);
    0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * inner
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn values_and_slopes_equal_burns() {
        let device = Device::flex().autodiff();
        let inputs = [-3.7f32, -1.4, -0.4, 0.3, 0.7, 1.9, 4.2, 7.5];
        for function in Activation::all() {
            let input = Tensor::<2>::from_floats([inputs], &device).require_grad();
            let output = function.init(&device).forward(input.clone());
            let slopes = input.grad(&output.clone().sum().backward()).unwrap();
            let values: Vec<f64> = output.into_data().iter().collect();
            let slopes: Vec<f64> = slopes.into_data().iter().collect();
            for (index, x) in inputs.map(f64::from).into_iter().enumerate() {
                let near = |a: f64, b: f64| (a - b).abs() < 2e-6 * b.abs().max(1.0);
                let (a, b) = (value(function, x), values[index]);
                assert!(near(a, b), "{function}({x}): {a} {b}");
                let (a, b) = (slope(function, x), slopes[index]);
                assert!(near(a, b), "the slope of {function} at {x}: {a} {b}");
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        for function in Activation::all() {
            for x in [-3.7, -1.4, -0.4, 0.3, 0.7, 1.9, 4.2] {
                let h = 1e-5;
                let rise = surrogate(function, x + h) - surrogate(function, x - h);
                let difference = rise / (2.0 * h);
                let slope = slope(function, x);
                assert!((slope - difference).abs() < 1e-8, "{function} at {x}");
            }
        }
    }

    #[test]
    fn large_inputs_give_finite_numbers() {
        for function in Activation::all() {
            for x in [-1e4, 1e4] {
                assert!(value(function, x).is_finite(), "{function}({x})");
                assert!(
                    slope(function, x).is_finite(),
                    "the slope of {function} at {x}"
                );
            }
        }
    }
}
