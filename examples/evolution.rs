//! An evolution strategy (Salimans and others, 2017) beside backpropagation: how much a gradient is worth.
//!
//! The evolution strategy only looks at losses. In each step it shifts all weights in random directions,
//! forwards and backwards, and estimates the gradient from the losses: the sum of the directions, each times
//! the difference that it made. The estimate goes to the same optimizer as the gradient of backpropagation,
//! so the networks, the initial weights and the updates are the same.
//!
//! A network of step functions has no useful gradient. Backpropagation needs an estimate of the slope there
//! (`Activation::Step`), and the evolution strategy needs nothing.
//!
//! ```text
//! cargo run --bin evolution
//! ```

use std::error::Error;
use std::time::Instant;

use backburn::{Dataset, DatasetOptions, ReadOptions, Table};
use backburn_examples::println;
use backburn_model::{Activation, Mlp, MlpConfig};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};

/// Both methods train until the loss is this small.
const GOAL: f32 = 0.15;
const MOST_STEPS: usize = 1000;
const LEARNING_RATE: f64 = 0.02;
/// Directions in each step of the evolution strategy, and how far the weights are shifted.
const DIRECTIONS: usize = 16;
const DISTANCE: f64 = 0.1;

struct Rows {
    /// Standardized, `[rows, columns]`.
    inputs: Tensor<2>,
    classes: Tensor<1, Int>,
}

impl Rows {
    /// The wheat seeds.
    fn read(device: &Device) -> Result<Self, Box<dyn Error>> {
        let csv = include_str!("data/wheat_seeds.csv");
        let table = Table::from_reader("wheat_seeds.csv", csv.as_bytes(), &ReadOptions::default())?;
        let data = Dataset::new(table, "variety", &DatasetOptions::default())?;
        let table = data.table();
        let names = table.columns().filter(|name| *name != "variety");
        let mut columns = Vec::new();
        for name in names {
            let numbers = table.numbers(name)?;
            let data = TensorData::new(numbers, [table.rows(), 1]).convert::<f32>();
            let column = Tensor::<2>::from_data(data, device);
            let centered = column.clone() - column.mean().unsqueeze::<2>();
            let deviation = centered.clone().square().mean().sqrt();
            columns.push(centered / deviation.unsqueeze::<2>());
        }

        let classes = data.classes().unwrap_or_default();
        let classes: Vec<i64> = classes.iter().map(|class| *class as i64).collect();
        let classes = TensorData::new(classes, [table.rows()]);
        Ok(Self {
            inputs: Tensor::cat(columns, 1),
            classes: Tensor::<1, Int>::from_data(classes, device),
        })
    }

    /// The cross-entropy, `[1]`.
    fn loss(&self, mlp: &Mlp) -> Tensor<1> {
        let cross_entropy = CrossEntropyLossConfig::new().init(&self.classes.device());
        cross_entropy.forward(mlp.forward(self.inputs.clone()), self.classes.clone())
    }
}

/// One number for each parameter of a network, in the order in which Burn visits them.
struct Numbers {
    /// `[parameters]`
    all: Tensor<1>,
    /// The index of the next number.
    next: usize,
}

impl Numbers {
    fn new(all: Tensor<1>) -> Self {
        Self { all, next: 0 }
    }

    /// The numbers for the next parameter.
    fn take<const D: usize>(&mut self, parameter: &Tensor<D>) -> Tensor<D> {
        let shape = parameter.shape();
        let first = self.next;
        self.next += shape.num_elements();
        let numbers = self.all.clone().slice_dim(0, first..self.next);
        numbers.reshape(shape)
    }
}

/// Adds the numbers to the parameters.
struct Shift(Numbers);

impl ModuleMapper for Shift {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| {
            let shift = self.0.take(&weights);
            weights + shift
        })
    }
}

/// Takes the numbers as the gradient of the parameters.
struct AsGradients {
    numbers: Numbers,
    gradients: GradientsParams,
}

impl ModuleVisitor for AsGradients {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.numbers.take(&param.val());
        self.gradients.register(param.id, gradient);
    }
}

fn backpropagation(mlp: &Mlp, rows: &Rows) -> GradientsParams {
    GradientsParams::from_grads(rows.loss(mlp).backward(), mlp)
}

/// An estimate of the gradient: the mean of `v · (loss(w + d · v) - loss(w - d · v)) / 2 d` over random
/// directions `v`, where `w` are the weights and `d` is the distance.
fn evolution(mlp: &Mlp, rows: &Rows) -> GradientsParams {
    let plain = mlp.valid();
    let shape = [DIRECTIONS, mlp.num_params()];
    let device = rows.inputs.device();
    let directions = Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let shifted = |shift| rows.loss(&plain.clone().map(&mut Shift(Numbers::new(shift))));
    let differences = (0..DIRECTIONS).map(|index| {
        let direction = directions.clone().slice_dim(0, index..index + 1);
        let shift = direction.squeeze_dim::<1>(0) * DISTANCE;
        shifted(shift.clone()) - shifted(-shift)
    });
    let differences: Vec<Tensor<1>> = differences.collect();
    let differences = Tensor::cat(differences, 0).unsqueeze::<2>();
    let sum = differences.matmul(directions).squeeze_dim::<1>(0);
    let mut estimate = AsGradients {
        numbers: Numbers::new(sum / (2.0 * DISTANCE * DIRECTIONS as f64)),
        gradients: GradientsParams::new(),
    };
    mlp.visit(&mut estimate);
    estimate.gradients
}

/// Trains until the goal. Returns the number of steps, and prints it with the time.
fn train(
    name: &str,
    mut mlp: Mlp,
    rows: &Rows,
    gradient: fn(&Mlp, &Rows) -> GradientsParams,
) -> Result<usize, String> {
    let start = Instant::now();
    let mut optimizer = AdamConfig::new().init();
    for step in 1..=MOST_STEPS {
        let gradients = gradient(&mlp, rows);
        mlp = optimizer.step(LEARNING_RATE, mlp, gradients);
        if rows.loss(&mlp.valid()).into_scalar::<f32>() <= GOAL {
            let seconds = start.elapsed().as_secs_f64();
            println!("  {name:<18} {step:4} steps  {seconds:6.2} s");
            return Ok(step);
        }
    }
    Err(format!(
        "{name} does not reach the goal in {MOST_STEPS} steps"
    ))
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::default();
    let rows = Rows::read(&device)?;
    let [_, inputs] = rows.inputs.dims();
    device.seed(0);
    let autodiff = device.autodiff();
    println!("steps to a loss of {GOAL}, of which each of the evolution strategy's needs");
    println!("{} forward passes and no backward pass", 2 * DIRECTIONS);
    for (activation, units) in [
        (Activation::Tanh, 16),
        (Activation::Tanh, 64),
        (Activation::Step, 16),
    ] {
        let mlp = MlpConfig::new(inputs, 3)
            .with_hidden([units])
            .with_activation(activation)
            .init(&autodiff)?;
        let parameters = mlp.num_params();
        println!("{units} {activation} units, {parameters} parameters");
        let by_gradient = train("backpropagation", mlp.clone(), &rows, backpropagation)?;
        let by_losses = train("evolution strategy", mlp, &rows, evolution)?;
        assert!(by_losses > by_gradient);
    }
    Ok(())
}
