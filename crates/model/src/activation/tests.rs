//! Tests of activation functions.

use super::*;

#[test]
fn names_parse_back_to_the_same_activation() {
    for activation in Activation::all() {
        assert_eq!(activation.to_string().parse(), Ok(activation));
    }
    assert_eq!("elu( 0.5 )".parse(), Ok(Activation::Elu(0.5)));
}

#[test]
fn an_invalid_name_or_parameter_is_an_error() {
    for (text, message) in [
        ("rleu", "`rleu` is no activation (did you mean `relu`?)"),
        ("swish", "did you mean `silu`?"),
        ("logistic", "did you mean `sigmoid`?"),
        ("linear", "did you mean `identity`?"),
        ("LeakyReLU(0.1)", "did you mean `leaky_relu(0.01)`?"),
        (
            "banana",
            "`banana` is no activation; use one of: identity, relu,",
        ),
        ("relu(1)", "takes no number"),
        ("elu(1, 2)", "takes 1 number, not 2"),
        ("elu(x)", "`x` is not a number"),
        ("elu(1", "the closing `)` is missing"),
        ("elu(inf)", "`inf` is not a number"),
    ] {
        let error = text.parse::<Activation>().unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn the_step_has_a_straight_through_gradient() {
    let device = Device::default().autodiff();
    let input = Tensor::<2>::from_floats([[-2.0, -0.5, 0.0, 0.5, 2.0]], &device).require_grad();
    let output = Activation::Step.init(&device).forward(input.clone());
    let gradients = output.clone().sum().backward();
    assert_eq!(
        output.into_data().try_to_vec::<f32>().unwrap(),
        [0.0, 0.0, 1.0, 1.0, 1.0]
    );
    assert_eq!(
        input
            .grad(&gradients)
            .unwrap()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap(),
        [0.0, 1.0, 1.0, 1.0, 0.0]
    );
}

#[test]
fn a_step_has_the_gradient_of_its_surrogate() {
    let fast = |slope: f64, x: f64| (1.0 + slope * x.abs()).powi(-2);
    let arctan = |alpha: f64, x: f64| {
        let z = std::f64::consts::PI * alpha * x / 2.0;
        alpha / 2.0 / (1.0 + z * z)
    };
    let device = Device::default().autodiff();
    let inputs = [-2.0, -0.5, 0.0, 0.5, 2.0];
    for (text, slope) in [
        ("step_fast_sigmoid", inputs.map(|x| fast(1.0, x))),
        ("step_fast_sigmoid(25)", inputs.map(|x| fast(25.0, x))),
        ("step_arctan", inputs.map(|x| arctan(2.0, x))),
        ("step_arctan(0.5)", inputs.map(|x| arctan(0.5, x))),
    ] {
        let activation: Activation = text.parse().unwrap();
        let input = Tensor::<2>::from_floats([inputs], &device).require_grad();
        let output = activation.init(&device).forward(input.clone());
        let gradients = output.clone().sum().backward();
        let values: Vec<f32> = output.into_data().try_to_vec().unwrap();
        assert_eq!(values, [0.0, 0.0, 1.0, 1.0, 1.0], "{text}");
        let found = input.grad(&gradients).unwrap().into_data();
        for (found, slope) in found.iter::<f64>().zip(slope) {
            assert!(
                (found - slope).abs() < 1e-6 * slope.abs().max(1.0),
                "{text}: {found} {slope}"
            );
        }
    }
    for text in ["step_fast_sigmoid(0)", "step_arctan(-1)"] {
        let activation: Activation = text.parse().unwrap();
        assert!(activation.problem().is_some(), "{text}");
    }
}

/// The equations in the documentation of `Activation`.
fn equation(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let softplus = |x: f64| (1.0 + x.exp()).ln();
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu(slope) | Activation::PRelu(slope) => x.max(slope * x),
        Activation::Elu(alpha) => x.max(0.0) + (alpha * x.min(0.0).exp_m1()),
        Activation::Celu(alpha) => x.max(0.0) + (alpha * (x.min(0.0) / alpha).exp_m1()),
        Activation::Selu if x > 0.0 => 1.05070098 * x,
        Activation::Selu => 1.05070098 * 1.67326324 * x.exp_m1(),
        // Φ(x) at the points of the test, from tables of the normal distribution.
        Activation::Gelu => match x {
            -3.0 => -3.0 * 0.00134990,
            -0.4 => -0.4 * 0.34457826,
            0.3 => 0.3 * 0.61791142,
            2.0 => 2.0 * 0.97724987,
            x => x.max(0.0),
        },
        Activation::GeluTanh => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + inner.tanh())
        }
        Activation::Silu => x * sigmoid(x),
        Activation::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Activation::Mish => x * softplus(x).tanh(),
        Activation::Tanh => x.tanh(),
        Activation::HardTanh => x.clamp(-1.0, 1.0),
        Activation::TanhShrink => x - x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => (x / 6.0 + 0.5).clamp(0.0, 1.0),
        Activation::LogSigmoid => -softplus(-x),
        Activation::Softplus(beta) => softplus(beta * x) / beta,
        Activation::Softsign => x / (1.0 + x.abs()),
        Activation::ThresholdedRelu(alpha) => f64::from(x > alpha) * x,
        Activation::HardShrink(lambda) => f64::from(x.abs() > lambda) * x,
        Activation::SoftShrink(lambda) => (x.abs() - lambda).max(0.0) * x.signum(),
        Activation::Step | Activation::StepFastSigmoid(_) | Activation::StepArctan(_) => {
            f64::from(x >= 0.0)
        }
    }
}

#[test]
fn every_activation_has_the_value_of_its_equation() {
    let device = Device::default();
    let inputs = [-100.0, -3.0, -0.4, 0.3, 2.0, 100.0];
    for activation in Activation::all() {
        let input = Tensor::<2>::from_floats([inputs], &device);
        let output = activation.init(&device).forward(input).into_data();
        for (x, y) in inputs.into_iter().zip(output.iter::<f64>()) {
            let expected = equation(activation, x);
            assert!(
                (y - expected).abs() < 1e-5 * expected.abs().max(1.0),
                "{activation}({x}) = {y}, not {expected}"
            );
        }
    }
}

#[test]
fn every_activation_has_the_slope_of_its_equation() {
    let device = Device::default().autodiff();
    let inputs = [-2.9, -0.4, 0.3, 1.9];
    for activation in Activation::all() {
        // The gradient of the step is an estimate, and `equation` has Φ at single points only.
        if activation.is_step() || activation == Activation::Gelu {
            continue;
        }
        let input = Tensor::<2>::from_floats([inputs], &device).require_grad();
        let output = activation.init(&device).forward(input.clone());
        let slopes = input.grad(&output.sum().backward()).unwrap().into_data();
        for (x, slope) in inputs.into_iter().zip(slopes.iter::<f64>()) {
            let difference = equation(activation, x + 1e-5) - equation(activation, x - 1e-5);
            let expected = difference / 2e-5;
            assert!(
                (slope - expected).abs() < 1e-4,
                "{activation}'({x}) = {slope}, not {expected}"
            );
        }
    }
}

#[test]
fn every_activation_has_a_gradient_however_large_its_input() {
    let device = Device::default().autodiff();
    for activation in Activation::all() {
        let inputs = [[-1000.0, -3.0, -0.4, 0.0, 0.3, 2.0, 1000.0]];
        let input = Tensor::<2>::from_floats(inputs, &device).require_grad();
        let output = activation.init(&device).forward(input.clone());
        let gradients = output.sum().backward();
        let gradient = input
            .grad(&gradients)
            .unwrap()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert!(
            gradient.iter().all(|g| g.is_finite()),
            "{activation}: {gradient:?}"
        );
    }
}
