//! The gradient check: backpropagation against finite differences.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// The check of the gradient of one parameter, or of the inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradientCheck {
    /// The path of the parameter in the module, such as `hidden.0.linear.weight`; `inputs` for the
    /// inputs.
    pub name: String,
    /// The shape of the parameter.
    pub shape: Vec<usize>,
    /// Number of elements that were checked.
    pub checked: usize,
    /// Number of checked elements at which the loss has a kink and no derivative, such as at a ReLU
    /// whose input is exactly 0: the slopes on both sides differ, and backpropagation's gradient is
    /// between them.
    pub kinks: usize,
    /// The largest absolute value of backpropagation's gradient.
    pub largest: f64,
    /// The largest relative error; see [`check_gradients`].
    pub error: f64,
    /// The element with that error: its index in the parameter, row by row; its gradient by
    /// backpropagation; and its gradient by finite differences.
    pub worst: (usize, f64, f64),
}

/// The relative error that no [`GradientCheck`] of a network should reach.
pub const TOLERANCE: f64 = 1e-6;

/// Checks the gradient of a loss with respect to every parameter of a module and to the inputs, in
/// double precision. Backpropagation is compared with central differences,
/// `(L(w + h) - L(w - h)) / 2h`, extrapolated from two step sizes (Richardson, 1911).
///
/// The error of an element is `|a - b| / max(|a|, |b|, floor)`. The floor is a thousandth of the
/// largest gradient or a hundred-thousandth of the loss, whichever is larger: smaller gradients
/// have rounding errors as large as themselves. Where the two disagree, smaller steps are tried,
/// since a kink, such as that of ReLU at zero, may be within a step.
///
/// `loss` gets the module and the inputs `[rows, columns]` on an autodiff device, and returns the
/// loss `[1]`. Targets and other inputs may be captured by the closure. The device is seeded before
/// each call, so that dropout drops the same units. At most `elements` elements of each parameter
/// are checked, drawn at random from `seed`; `None` checks all.
///
/// ```
/// use backburn_model::{Activation, MlpConfig};
/// use backburn_training::{TOLERANCE, check_gradients};
/// use burn::tensor::{Device, Distribution, Tensor};
///
/// let device = Device::default();
/// let config = MlpConfig::new(2, 1).with_hidden([4]).with_activation(Activation::Tanh);
/// let mlp = config.init(&device)?;
/// let x = Tensor::<2>::random([5, 2], Distribution::Default, &device);
/// let checks = check_gradients(&mlp, &x, None, 0, |mlp, x| mlp.forward(x).square().mean());
/// assert!(checks.iter().all(|check| check.error < TOLERANCE));
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
///
/// # Panics
///
/// Where `loss` panics.
pub fn check_gradients<M: Module>(
    module: &M,
    inputs: &Tensor<2>,
    elements: Option<usize>,
    seed: u64,
    loss: impl Fn(&M, Tensor<2>) -> Tensor<1>,
) -> Vec<GradientCheck> {
    let device = inputs.device().without_autodiff();
    let inputs = inputs
        .clone()
        .without_autodiff()
        .cast(FloatDType::F64)
        .autodiff();
    let module = module.clone().fork(&device).map(&mut InDouble).train();
    let loss = |module: &M, inputs: Tensor<2>| {
        device.seed(seed);
        loss(module, inputs)
    };
    let inputs = inputs.require_grad();
    let at = loss(&module, inputs.clone());
    let size = numbers(at.to_data())[0].abs();
    let tensors = by_backpropagation(&module, &inputs, at);
    let largest = tensors
        .iter()
        .flat_map(|tensor| tensor.gradient.iter())
        .fold(0f64, |largest, gradient| largest.max(gradient.abs()));
    let checker = Checker {
        module: &module,
        inputs: inputs.without_autodiff().autodiff(),
        loss,
        floor: (largest * 1e-3).max(size * 1e-5).max(f64::MIN_POSITIVE),
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    tensors
        .iter()
        .map(|tensor| {
            let all = tensor.values.len();
            let indices: Vec<usize> = match elements {
                Some(count) if count < all => {
                    let mut indices = index::sample(&mut rng, all, count).into_vec();
                    indices.sort_unstable();
                    indices
                }
                _ => (0..all).collect(),
            };
            checker.check(tensor, &indices)
        })
        .collect()
}

/// The parameters and the inputs with their gradients by backpropagation.
fn by_backpropagation<M: Module>(module: &M, inputs: &Tensor<2>, loss: Tensor<1>) -> Vec<Checked> {
    let gradients = loss.backward();
    let mut parameters = Parameters {
        gradients: &gradients,
        path: Vec::new(),
        found: Vec::new(),
    };
    module.visit(&mut parameters);
    let mut tensors: Vec<Checked> = parameters.found;
    if let Some(gradient) = inputs.grad(&gradients) {
        tensors.push(Checked {
            name: "inputs".to_string(),
            id: None,
            shape: inputs.dims().to_vec(),
            values: numbers(inputs.to_data()),
            gradient: numbers(gradient.into_data()),
        });
    }
    tensors
}

/// Takes finite differences of a loss.
struct Checker<'a, M, L> {
    module: &'a M,
    inputs: Tensor<2>,
    loss: L,
    /// The smallest denominator of a relative error.
    floor: f64,
}

impl<M: Module, L: Fn(&M, Tensor<2>) -> Tensor<1>> Checker<'_, M, L> {
    /// Checks the elements of a tensor with these indices.
    fn check(&self, tensor: &Checked, indices: &[usize]) -> GradientCheck {
        let mut check = GradientCheck {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            checked: indices.len(),
            kinks: 0,
            largest: 0.0,
            error: 0.0,
            worst: (0, 0.0, 0.0),
        };
        for &index in indices {
            let gradient = tensor.gradient[index];
            let difference = self.difference(tensor, index);
            let mut error = self.error(gradient, difference);
            if error.is_nan() {
                error = f64::INFINITY;
            }
            if error >= TOLERANCE && self.is_kink(tensor, index) {
                check.kinks += 1;
                error = 0.0;
            }
            check.largest = check.largest.max(gradient.abs());
            if error >= check.error {
                check.error = error;
                check.worst = (index, gradient, difference);
            }
        }
        check
    }

    /// The relative error of two gradients.
    fn error(&self, a: f64, b: f64) -> f64 {
        (a - b).abs() / a.abs().max(b.abs()).max(self.floor)
    }

    /// The loss with `by` added to an element.
    fn moved(&self, tensor: &Checked, index: usize, by: f64) -> f64 {
        let device = self.inputs.device().without_autodiff();
        let mut values = tensor.values.clone();
        values[index] += by;
        let data = TensorData::new(values, tensor.shape.clone());
        let loss = match tensor.id {
            None => {
                let inputs = Tensor::from_data(data, (&device, DType::F64));
                (self.loss)(self.module, inputs.autodiff())
            }
            Some(id) => {
                let moved = self.module.clone().map(&mut Replace { id, data });
                (self.loss)(&moved, self.inputs.clone())
            }
        };
        numbers(loss.into_data())[0]
    }

    /// The derivative by an element: of the extrapolated central differences of several step sizes,
    /// the one that is closest to backpropagation's.
    fn difference(&self, tensor: &Checked, index: usize) -> f64 {
        let gradient = tensor.gradient[index];
        let moved = |by: f64| self.moved(tensor, index, by);
        let central = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
        let scale = tensor.values[index].abs().max(1.0);
        let mut best = f64::NAN;
        for h in [1e-3, 1e-4, 1e-5, 1e-6] {
            let difference = (4.0 * central(h * scale / 2.0) - central(h * scale)) / 3.0;
            if best.is_nan() || self.error(gradient, difference) < self.error(gradient, best) {
                best = difference;
            }
            if self.error(gradient, best) < TOLERANCE {
                break;
            }
        }
        best
    }

    /// Whether the loss has a kink at an element: two different slopes, with backpropagation's
    /// gradient between them.
    fn is_kink(&self, tensor: &Checked, index: usize) -> bool {
        let gradient = tensor.gradient[index];
        let moved = |by: f64| self.moved(tensor, index, by);
        let scale = tensor.values[index].abs().max(1.0);
        let here = moved(0.0);
        let slopes = |h: f64| ((here - moved(-h)) / h, (moved(h) - here) / h);
        let (left, right) = slopes(1e-6 * scale);
        let (further_left, further_right) = slopes(2e-6 * scale);
        let room = 5e-2 * (left - right).abs();
        let steady = (left - further_left).abs() < room && (right - further_right).abs() < room;
        let apart = (left - right).abs() > 1e-3 * left.abs().max(right.abs());
        let between = gradient > left.min(right) - room && gradient < left.max(right) + room;
        apart && steady && between
    }
}

/// A tensor to check, with its gradient by backpropagation.
struct Checked {
    name: String,
    /// The parameter; `None` for the inputs.
    id: Option<ParamId>,
    shape: Vec<usize>,
    values: Vec<f64>,
    gradient: Vec<f64>,
}

/// Finds the trainable parameters of a module.
struct Parameters<'a> {
    gradients: &'a burn::tensor::Gradients,
    path: Vec<String>,
    found: Vec<Checked>,
}

impl ModuleVisitor for Parameters<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let values = numbers(tensor.to_data());
        self.found.push(Checked {
            name: self.path.join("."),
            id: Some(param.id),
            shape: tensor.dims().to_vec(),
            // There is no gradient where the loss does not depend on the parameter.
            gradient: match tensor.grad(self.gradients) {
                Some(gradient) => numbers(gradient.into_data()),
                None => vec![0.0; values.len()],
            },
            values,
        });
    }
}

/// Casts parameters to double precision.
struct InDouble;

impl ModuleMapper for InDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(FloatDType::F64))
    }
}

/// Replaces the values of one parameter.
struct Replace {
    id: ParamId,
    data: TensorData,
}

impl ModuleMapper for Replace {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.id != self.id {
            return param;
        }
        param.map(|tensor| {
            let device = tensor.device().without_autodiff();
            Tensor::from_data(self.data.clone(), (&device, DType::F64)).autodiff()
        })
    }
}

fn numbers(data: TensorData) -> Vec<f64> {
    data.iter::<f64>().collect()
}
