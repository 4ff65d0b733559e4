//! Learning to learn with Reptile (Nichol, Achiam and Schulman, 2018): finds initial weights from which a
//! few steps on five rows of a new table are enough.
//!
//! There are two families of small tables. The tables of the first are sine waves, each with its own
//! amplitude and phase. Those of the second are ovens, each with the temperature and the time at which it
//! bakes best. For each new table, networks learn five rows and predict the other rows. They start from
//! random weights, from those of a network trained on all tables of the family together, and from those that
//! Reptile finds.
//!
//! ```text
//! cargo run --bin reptile
//! ```

use std::f64::consts::PI;
use std::ops::Range;

use backburn_examples::println;
use backburn_model::{Activation, ConfigError, Mlp, MlpConfig};
use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::{MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Distribution, Tensor};

/// Tables to learn from, and new ones.
const TABLES: usize = 100;
const NEW_TABLES: usize = 20;
/// The rows of a table, and those of a new table that are known.
const ROWS: usize = 50;
const KNOWN: usize = 5;
const BATCH: usize = 10;
/// Reptile's iterations. In each, a copy of the network takes some steps on one table.
const ITERATIONS: usize = 600;
const STEPS: usize = 8;
const LEARNING_RATE: f64 = 0.02;
/// The steps with Adam from random weights.
const STEPS_FROM_RANDOM: usize = 100;

/// A small table, `[rows, columns]`, and its targets, `[rows, 1]`.
struct Table {
    inputs: Tensor<2>,
    targets: Tensor<2>,
}

impl Table {
    fn rows(&self, rows: Range<usize>) -> Self {
        Self {
            inputs: self.inputs.clone().slice_dim(0, rows.clone()),
            targets: self.targets.clone().slice_dim(0, rows),
        }
    }

    /// The mean squared error.
    fn loss(&self, mlp: &Mlp) -> Tensor<1> {
        let outputs = mlp.forward(self.inputs.clone());
        MseLoss::new().forward(outputs, self.targets.clone(), Reduction::Mean)
    }
}

/// The targets are `a · sin(x + b)`, where `a` and `b` are random.
fn sine_wave(device: &Device) -> Table {
    let random = |rows: usize, low, high| {
        Tensor::<2>::random([rows, 1], Distribution::Uniform(low, high), device)
    };
    let amplitude = random(1, 0.1, 5.0);
    let phase = random(1, 0.0, PI);
    let inputs = random(ROWS, -5.0, 5.0);
    Table {
        targets: (inputs.clone() + phase).sin() * amplitude,
        inputs,
    }
}

/// The inputs are temperatures and times. The targets say how good the bread is, which falls with the
/// distance from the temperature and the time that are best for this oven.
fn oven(device: &Device) -> Table {
    let random = |rows: usize, limit: f64| {
        Tensor::<2>::random([rows, 2], Distribution::Uniform(-limit, limit), device)
    };
    let best = random(1, 1.0);
    let inputs = random(ROWS, 1.5);
    let distance = (inputs.clone() - best).square().sum_dim(1);
    Table {
        targets: (distance * -1.25).exp() * 4.0 - 1.0,
        inputs,
    }
}

/// One step on these rows.
fn step(mlp: Mlp, rows: &Table, optimizer: &mut ModuleOptimizer, learning_rate: f64) -> Mlp {
    let gradients = GradientsParams::from_grads(rows.loss(&mlp).backward(), &mlp);
    optimizer.step(learning_rate, mlp, gradients)
}

/// A few steps of gradient descent on one table, batch by batch.
fn adapt(mut mlp: Mlp, table: &Table) -> Mlp {
    let [rows, _] = table.targets.dims();
    let batch = BATCH.min(rows);
    let mut sgd = SgdConfig::new().init();
    for index in 0..STEPS {
        let first = index * batch % rows;
        let rows = table.rows(first..first + batch);
        mlp = step(mlp, &rows, &mut sgd, LEARNING_RATE);
    }
    mlp
}

/// The weights of the network that is visited first, minus those of the network visited second.
struct Difference(GradientsParams);

impl ModuleVisitor for Difference {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weights = param.val().inner();
        let difference = match self.0.remove::<D>(param.id) {
            Some(first) => first - weights,
            None => weights,
        };
        self.0.register(param.id, difference);
    }
}

/// Moves the weights towards those of a copy that was adapted to one table, for one table after the other.
/// The difference of the weights takes the place of a gradient, so any optimizer of Burn can make the move.
fn reptile(mut mlp: Mlp, tables: &[Table]) -> Mlp {
    let mut sgd = SgdConfig::new().init();
    for iteration in 0..ITERATIONS {
        let adapted = adapt(mlp.clone(), &tables[iteration % tables.len()]);
        let mut difference = Difference(GradientsParams::new());
        mlp.visit(&mut difference);
        adapted.visit(&mut difference);
        let step_size = 1.0 - iteration as f64 / ITERATIONS as f64;
        mlp = sgd.step(step_size, mlp, difference.0);
    }
    mlp
}

/// As many steps on batches of all tables, as if they were one table.
fn train_together(mut mlp: Mlp, tables: &[Table]) -> Mlp {
    let mut sgd = SgdConfig::new().init();
    let steps = ITERATIONS * STEPS;
    for index in 0..steps {
        let first = index / tables.len() * BATCH % ROWS;
        let rows = tables[index % tables.len()].rows(first..first + BATCH);
        let decay = 1.0 - index as f64 / steps as f64;
        mlp = step(mlp, &rows, &mut sgd, LEARNING_RATE * decay);
    }
    mlp
}

fn train_from_random(mut mlp: Mlp, known: &Table) -> Mlp {
    let mut adam = AdamConfig::new().init();
    for _ in 0..STEPS_FROM_RANDOM {
        mlp = step(mlp, known, &mut adam, 0.01);
    }
    mlp
}

/// Prints the errors of all networks on the unknown rows of new tables. Reptile's must be the smallest.
fn compare(family: &str, columns: usize, table: fn(&Device) -> Table) -> Result<(), ConfigError> {
    let device = Device::default();
    let autodiff = device.clone().autodiff();
    let network = || {
        MlpConfig::new(columns, 1)
            .with_hidden([32, 32])
            .with_activation(Activation::Tanh)
            .init(&autodiff)
    };
    let tables: Vec<Table> = (0..TABLES).map(|_| table(&device)).collect();
    let initial = network()?;
    let together = train_together(initial.clone(), &tables);
    let meta = reptile(initial, &tables);

    let mut errors = [0.0; 5];
    for _ in 0..NEW_TABLES {
        let new = table(&device);
        let (known, unknown) = (new.rows(0..KNOWN), new.rows(KNOWN..ROWS));
        let mean = known.targets.clone().mean().unsqueeze::<2>();
        let losses = [
            (unknown.targets.clone() - mean).square().mean(),
            unknown.loss(&train_from_random(network()?, &known).valid()),
            unknown.loss(&adapt(together.clone(), &known).valid()),
            unknown.loss(&meta.valid()),
            unknown.loss(&adapt(meta.clone(), &known).valid()),
        ];
        for (error, loss) in errors.iter_mut().zip(losses) {
            *error += loss.into_scalar::<f32>() / NEW_TABLES as f32;
        }
    }
    let [mean, random, together, before, after] = errors;
    println!("{family}: mean squared error on new tables, of which {KNOWN} rows are known");
    println!("  mean of the known rows                             {mean:.2}");
    println!("  random weights, {STEPS_FROM_RANDOM} steps with Adam                {random:.2}");
    println!("  weights trained on all tables together, {STEPS} steps    {together:.2}");
    println!("  Reptile's weights, before the first step           {before:.2}");
    println!("  Reptile's weights, {STEPS} steps                         {after:.2}");
    assert!(after < 0.8 * random && after < together && after < before);
    Ok(())
}

fn main() -> Result<(), ConfigError> {
    Device::default().seed(0);
    compare("sine waves", 1, sine_wave)?;
    compare("ovens", 2, oven)
}
