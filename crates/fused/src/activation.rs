//! Activation functions and their slopes (derivatives), in loops that compile to vector
//! instructions.

use backburn_model::Activation;

use crate::simd::vectorized;

/// The activation functions that this crate can compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// `x`.
    Identity,
    /// `max(0, x)`.
    Relu,
    /// `x` above zero, `slope · x` below.
    LeakyRelu(f32),
    /// `x` above zero, `alpha · (exp(x) - 1)` below.
    Elu(f32),
    /// `scale · elu(x)`.
    Selu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · Φ(x)`.
    Gelu,
    /// 1 at and above zero, 0 below; the slope is that of the fast sigmoid.
    StepFastSigmoid(f32),
    /// 1 at and above zero, 0 below; the slope is that of an arctangent.
    StepArctan(f32),
}

const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_SCALE: f32 = 1.050_701;

impl Function {
    /// The function of an activation, or `None` if this crate cannot compute it.
    pub fn of(activation: Activation) -> Option<Self> {
        match activation {
            Activation::Identity => Some(Self::Identity),
            Activation::Relu => Some(Self::Relu),
            // The backward pass needs the sign of the input, and takes it from the output.
            Activation::LeakyRelu(slope) if slope > 0.0 => Some(Self::LeakyRelu(slope as f32)),
            Activation::Elu(alpha) if alpha > 0.0 => Some(Self::Elu(alpha as f32)),
            Activation::Selu => Some(Self::Selu),
            Activation::Tanh => Some(Self::Tanh),
            Activation::Sigmoid => Some(Self::Sigmoid),
            Activation::Silu => Some(Self::Silu),
            Activation::Gelu => Some(Self::Gelu),
            Activation::StepFastSigmoid(slope) => Some(Self::StepFastSigmoid(slope as f32)),
            Activation::StepArctan(alpha) => Some(Self::StepArctan(alpha as f32)),
            _ => None,
        }
    }

    /// Whether the slope can be computed from the output alone. If so, the forward pass need not
    /// store slopes for the backward pass.
    pub(crate) fn slope_from_output(self) -> bool {
        !matches!(
            self,
            Self::Silu | Self::Gelu | Self::StepFastSigmoid(_) | Self::StepArctan(_)
        )
    }

    /// Computes `z = f(z + bias)` for each row of `z`, `[rows, bias.len()]`.
    pub(crate) fn apply(self, z: &mut [f32], bias: &[f32]) {
        run_vectorized(self, Apply { z, bias });
    }

    /// The same as [`apply`](Self::apply), inlined into the caller and compiled for the caller's
    /// vector instructions.
    #[inline(always)]
    pub(crate) fn apply_inlined(self, z: &mut [f32], bias: &[f32]) {
        run(self, Apply { z, bias });
    }

    /// The same as [`apply`](Self::apply), and stores the slopes `f'(z + bias)`.
    pub(crate) fn apply_with_slopes(self, z: &mut [f32], bias: &[f32], slopes: &mut [f32]) {
        run_vectorized(self, ApplyWithSlopes { z, bias, slopes });
    }

    /// Computes `delta *= f'`, with slopes computed from the outputs of `f`. Only for functions with
    /// [`slope_from_output`](Self::slope_from_output).
    pub(crate) fn backward(self, delta: &mut [f32], outputs: &[f32]) {
        run_vectorized(self, Backward { delta, outputs });
    }
}

/// A differentiable function `f`.
trait Curve: Copy {
    /// `f(x)`.
    fn value(self, x: f32) -> f32;
    /// `f'(x)`, where `y` is `f(x)`.
    fn slope(self, x: f32, y: f32) -> f32;
}

/// A loop over numbers that calls a function, and is compiled once for each function.
trait Loop {
    fn run(self, curve: impl Curve);
}

fn run_vectorized(function: Function, work: impl Loop) {
    vectorized(
        #[inline(always)]
        || run(function, work),
    );
}

/// Runs a loop with the function. The choice of the function is made outside of the loop.
#[inline(always)]
fn run(function: Function, work: impl Loop) {
    match function {
        Function::Identity => work.run(Identity),
        Function::Relu => work.run(Relu),
        Function::LeakyRelu(slope) => work.run(LeakyRelu(slope)),
        Function::Elu(alpha) => work.run(Elu { alpha, scale: 1.0 }),
        Function::Selu => work.run(Elu {
            alpha: SELU_ALPHA,
            scale: SELU_SCALE,
        }),
        Function::Tanh => work.run(Tanh),
        Function::Sigmoid => work.run(Sigmoid),
        Function::Silu => work.run(Silu),
        Function::Gelu => work.run(Gelu),
        Function::StepFastSigmoid(slope) => work.run(StepFastSigmoid(slope)),
        Function::StepArctan(alpha) => work.run(StepArctan(alpha)),
    }
}

struct Apply<'a> {
    z: &'a mut [f32],
    bias: &'a [f32],
}

impl Loop for Apply<'_> {
    #[inline(always)]
    fn run(self, curve: impl Curve) {
        for row in self.z.chunks_exact_mut(self.bias.len()) {
            for (z, bias) in row.iter_mut().zip(self.bias) {
                *z = curve.value(*z + bias);
            }
        }
    }
}

struct ApplyWithSlopes<'a> {
    z: &'a mut [f32],
    bias: &'a [f32],
    slopes: &'a mut [f32],
}

impl Loop for ApplyWithSlopes<'_> {
    #[inline(always)]
    fn run(self, curve: impl Curve) {
        let width = self.bias.len();
        let rows = self.z.chunks_exact_mut(width);
        for (row, slopes) in rows.zip(self.slopes.chunks_exact_mut(width)) {
            for ((z, bias), slope) in row.iter_mut().zip(self.bias).zip(slopes) {
                let x = *z + bias;
                *z = curve.value(x);
                *slope = curve.slope(x, *z);
            }
        }
    }
}

struct Backward<'a> {
    delta: &'a mut [f32],
    outputs: &'a [f32],
}

impl Loop for Backward<'_> {
    #[inline(always)]
    fn run(self, curve: impl Curve) {
        for (delta, &y) in self.delta.iter_mut().zip(self.outputs) {
            // The input is unknown here, and these functions do not use it.
            *delta *= curve.slope(y, y);
        }
    }
}

#[derive(Clone, Copy)]
struct Identity;

impl Curve for Identity {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(self, _: f32, _: f32) -> f32 {
        1.0
    }
}

#[derive(Clone, Copy)]
struct Relu;

impl Curve for Relu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        // `f32::max` would turn NaN into 0.
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(self, _: f32, y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { 0.0 }
    }
}

#[derive(Clone, Copy)]
struct LeakyRelu(f32);

impl Curve for LeakyRelu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x < 0.0 { self.0 * x } else { x }
    }

    #[inline(always)]
    fn slope(self, _: f32, y: f32) -> f32 {
        if y < 0.0 { self.0 } else { 1.0 }
    }
}

#[derive(Clone, Copy)]
struct Elu {
    alpha: f32,
    scale: f32,
}

impl Curve for Elu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let below = self.alpha * (exp(x) - 1.0);
        self.scale * if x < 0.0 { below } else { x }
    }

    #[inline(always)]
    fn slope(self, _: f32, y: f32) -> f32 {
        if y < 0.0 {
            y + self.scale * self.alpha
        } else {
            self.scale
        }
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl Curve for Tanh {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        tanh(x)
    }

    #[inline(always)]
    fn slope(self, _: f32, y: f32) -> f32 {
        1.0 - y * y
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Curve for Sigmoid {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        sigmoid(x)
    }

    #[inline(always)]
    fn slope(self, _: f32, y: f32) -> f32 {
        y * (1.0 - y)
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl Curve for Silu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x * sigmoid(x)
    }

    #[inline(always)]
    fn slope(self, x: f32, y: f32) -> f32 {
        let sigmoid = sigmoid(x);
        sigmoid + y * (1.0 - sigmoid)
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Curve for Gelu {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x * normal_cdf(x)
    }

    #[inline(always)]
    fn slope(self, x: f32, _: f32) -> f32 {
        const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;
        normal_cdf(x) + x * FRAC_1_SQRT_TAU * exp(-0.5 * x * x)
    }
}

#[derive(Clone, Copy)]
struct StepFastSigmoid(f32);

impl Curve for StepFastSigmoid {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        step(x)
    }

    #[inline(always)]
    fn slope(self, x: f32, _: f32) -> f32 {
        let root = 1.0 / (1.0 + self.0 * x.abs());
        root * root
    }
}

#[derive(Clone, Copy)]
struct StepArctan(f32);

impl Curve for StepArctan {
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        step(x)
    }

    #[inline(always)]
    fn slope(self, x: f32, _: f32) -> f32 {
        let z = std::f32::consts::FRAC_PI_2 * self.0 * x;
        0.5 * self.0 / (1.0 + z * z)
    }
}

/// 1 at and above zero, 0 below, and NaN of NaN.
#[inline(always)]
fn step(x: f32) -> f32 {
    let below = if x < 0.0 { 0.0 } else { x };
    if x >= 0.0 { 1.0 } else { below }
}

/// `exp(x)` with an error of at most 2 units in the last place, clamped to the range of normal
/// numbers. It is the polynomial of the Cephes math library (Moshier, 1989), which compiles to
/// vector instructions.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this constant rounds to a whole number, which is then in the lowest bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.3, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let power_of_two = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    (p * r * r + r + 1.0) * power_of_two
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    // The polynomial of Cephes. The difference in `far` would lose all digits close to zero.
    let square = x * x;
    let p = -5.704_988_7e-3;
    let p = p * square + 2.063_909e-2;
    let p = p * square - 5.373_971_5e-2;
    let p = p * square + 0.133_314_42;
    let p = p * square - 0.333_332_8;
    let close = p * square * x + x;
    let far = 1.0 - 2.0 / (exp(2.0 * x) + 1.0);
    if x.abs() < 0.625 { close } else { far }
}

/// The distribution function of the standard normal distribution with an error of at most 1e-7, by
/// the approximation of `erf` in Abramowitz and Stegun, "Handbook of Mathematical Functions",
/// 7.1.26.
#[inline(always)]
fn normal_cdf(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152;
    let p = p * t + 1.421_413_8;
    let p = p * t - 0.284_496_72;
    let p = p * t + 0.254_829_6;
    let above = 0.5 * p * t * exp(-z * z);
    if x < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};

    /// Values and slopes as computed by Burn.
    fn by_burn(activation: Activation, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let device = Device::default().autodiff();
        let input = TensorData::new(x.to_vec(), [1, x.len()]);
        let input = Tensor::<2>::from_data(input, &device).require_grad();
        let output = activation.init(&device).forward(input.clone());
        let slopes = input.grad(&output.clone().sum().backward()).unwrap();
        (
            output.into_data().try_to_vec().unwrap(),
            slopes.into_data().try_to_vec().unwrap(),
        )
    }

    #[test]
    fn values_and_slopes_equal_burns() {
        let x: Vec<f32> = (-2000..2000).map(|i| (i as f32 + 0.5) / 100.0).collect();
        let mut tried = 0;
        for activation in Activation::all() {
            let Some(function) = Function::of(activation) else {
                continue;
            };
            tried += 1;
            let (values, expected) = by_burn(activation, &x);
            let (mut z, mut slopes) = (x.clone(), vec![0.0; x.len()]);
            let bias = vec![0.0; x.len()];
            function.apply_with_slopes(&mut z, &bias, &mut slopes);
            let mut without_slopes = x.clone();
            function.apply(&mut without_slopes, &bias);
            assert_eq!(without_slopes, z);
            let mut from_outputs = vec![1.0; x.len()];
            function.backward(&mut from_outputs, &z);
            for i in 0..x.len() {
                let near = |a: f32, b: f32| (a - b).abs() <= 2e-6 * b.abs().max(1.0);
                let input = (activation, x[i]);
                assert!(near(z[i], values[i]), "{input:?}: {} {}", z[i], values[i]);
                assert!(
                    near(slopes[i], expected[i]),
                    "{input:?}: slope {} {}",
                    slopes[i],
                    expected[i]
                );
                if function.slope_from_output() {
                    let slope = from_outputs[i];
                    assert!(near(slope, expected[i]), "{input:?}: {slope}");
                }
            }
        }
        assert_eq!(tried, 11);
    }

    #[test]
    fn nan_stays_nan() {
        for activation in Activation::all() {
            if let Some(function) = Function::of(activation) {
                let mut z = [f32::NAN];
                function.apply(&mut z, &[0.0]);
                assert!(z[0].is_nan(), "{activation}");
            }
        }
    }
}
