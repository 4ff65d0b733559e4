//! The gradient check: backpropagation against differences.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// The gradient of one parameter, or of the inputs, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradientCheck {
    /// The parameter's path in the module, as `hidden.0.linear.weight`; `inputs` for the inputs.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Elements that were checked.
    pub checked: usize,
    /// Those of them at which the loss has a kink and no derivative, such as a ReLU's whose input is
    /// exactly 0: the slopes to both sides differ, and backpropagation's lies between them.
    pub kinks: usize,
    /// The largest absolute value of backpropagation's gradient among them.
    pub largest: f64,
    /// The largest relative error among them, see [`check_gradients`].
    pub error: f64,
    /// The element of that error: its place in the parameter, row by row; what backpropagation
    /// says of it; and what the differences say.
    pub worst: (usize, f64, f64),
}

/// What all [`GradientCheck`]s of a network should stay below: the relative error.
pub const TOLERANCE: f64 = 1e-6;

/// Checks the gradient of a loss with respect to every parameter of a module and to the inputs,
/// in 64 bits: what backpropagation computes against central differences,
/// `(L(w + h) - L(w - h)) / 2h`, extrapolated from two step sizes (Richardson).
///
/// The error of an element is `|a - b| / max(|a|, |b|, floor)`, where the floor is a thousandth of the
/// largest gradient of all, or a hundred-thousandth of the loss: below that, differences drown in rounding. Where the two disagree, smaller
/// steps are tried: a kink, such as that of ReLU at zero, may lie within a step.
///
/// `loss` gets the module and the inputs `[rows, columns]` on an autodiff device, and returns the
/// loss `[1]`; it may hold randomness that comes from the device's seed (as dropout does), which is
/// the same at every call. `elements` bounds how many elements of each parameter are checked, at
/// random from `seed`; `None` checks all.
///
/// # Panics
///
/// Where `loss` does. Integers and other inputs of other kinds may be captured by it.
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
    let value = |module: &M, inputs: Tensor<2>| {
        device.seed(seed);
        loss(module, inputs)
    };

    let inputs = inputs.require_grad();
    let at = value(&module, inputs.clone());
    let size = numbers(at.to_data())[0].abs();
    let gradients = at.backward();
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
    let inputs = inputs.without_autodiff().autodiff();

    let largest = tensors
        .iter()
        .flat_map(|tensor| tensor.gradient.iter())
        .fold(0f64, |largest, gradient| largest.max(gradient.abs()));
    let floor = (largest * 1e-3).max(size * 1e-5).max(f64::MIN_POSITIVE);
    let error = |a: f64, b: f64| (a - b).abs() / a.abs().max(b.abs()).max(floor);

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    tensors
        .iter()
        .map(|tensor| {
            let all = tensor.values.len();
            let places: Vec<usize> = match elements {
                Some(few) if few < all => {
                    let mut places = index::sample(&mut rng, all, few).into_vec();
                    places.sort_unstable();
                    places
                }
                _ => (0..all).collect(),
            };
            let mut check = GradientCheck {
                name: tensor.name.clone(),
                shape: tensor.shape.clone(),
                checked: places.len(),
                kinks: 0,
                largest: 0.0,
                error: 0.0,
                worst: (0, 0.0, 0.0),
            };
            for place in places {
                let gradient = tensor.gradient[place];
                let moved = |by: f64| {
                    let mut values = tensor.values.clone();
                    values[place] += by;
                    let data = TensorData::new(values, tensor.shape.clone());
                    let loss = match tensor.id {
                        None => {
                            let inputs = Tensor::from_data(data, (&device, DType::F64));
                            value(&module, inputs.autodiff())
                        }
                        Some(id) => {
                            let moved = module.clone().map(&mut Replace { id, data });
                            value(&moved, inputs.clone())
                        }
                    };
                    numbers(loss.into_data())[0]
                };
                let central = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
                let scale = tensor.values[place].abs().max(1.0);
                let difference = [1e-3, 1e-4, 1e-5, 1e-6]
                    .into_iter()
                    .map(|h| (4.0 * central(h * scale / 2.0) - central(h * scale)) / 3.0)
                    .try_fold(f64::NAN, |best: f64, difference| {
                        let closer =
                            best.is_nan() || error(gradient, difference) < error(gradient, best);
                        let best = if closer { difference } else { best };
                        match error(gradient, best) < TOLERANCE {
                            true => Err(best),
                            false => Ok(best),
                        }
                    })
                    .unwrap_or_else(|close| close);
                let mut error = error(gradient, difference);
                if error.is_nan() {
                    error = f64::INFINITY;
                }
                if error >= TOLERANCE {
                    let here = moved(0.0);
                    let slopes = |h: f64| ((here - moved(-h)) / h, (moved(h) - here) / h);
                    let (left, right) = slopes(1e-6 * scale);
                    let (further_left, further_right) = slopes(2e-6 * scale);
                    let room = 5e-2 * (left - right).abs();
                    let steady =
                        (left - further_left).abs() < room && (right - further_right).abs() < room;
                    let apart = (left - right).abs() > 1e-3 * left.abs().max(right.abs());
                    let between =
                        gradient > left.min(right) - room && gradient < left.max(right) + room;
                    if apart && steady && between {
                        check.kinks += 1;
                        error = 0.0;
                    }
                }
                check.largest = check.largest.max(gradient.abs());
                if error >= check.error {
                    check.error = error;
                    check.worst = (place, gradient, difference);
                }
            }
            check
        })
        .collect()
}

/// A tensor to check.
struct Checked {
    name: String,
    /// Of a parameter; the inputs have none.
    id: Option<ParamId>,
    shape: Vec<usize>,
    values: Vec<f64>,
    gradient: Vec<f64>,
}

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
            // A parameter that the loss does not depend on has no gradient.
            gradient: match tensor.grad(self.gradients) {
                Some(gradient) => numbers(gradient.into_data()),
                None => vec![0.0; values.len()],
            },
            values,
        });
    }
}

struct InDouble;

impl ModuleMapper for InDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(FloatDType::F64))
    }
}

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
