//! Trains units that spike: leaky integrate-and-fire units, by surrogate gradients through time (Neftci,
//! Mostafa and Zenke, 2019).
//!
//! Each number of a row becomes one spike: the larger the number, the earlier the spike. A hidden unit adds
//! up what it receives in its potential, which leaks away. Once the potential reaches the threshold, the
//! unit spikes and loses the threshold's worth of potential. The output units add up spikes, and do not
//! spike themselves.
//!
//! The slope of a spike is 0 wherever it is defined, so nothing is learned before it. A surrogate gradient
//! takes the slope of a smooth function in the backward pass. The program trains one network four times: with
//! the true slope, which only trains the output layer, and with three surrogates.
//!
//! ```text
//! cargo run --bin spiking
//! ```

use std::error::Error;
use std::f64::consts::PI;

use backburn::{Dataset, DatasetOptions, ReadOptions, Table};
use backburn_examples::println;
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Time steps of a row.
const TIMES: usize = 10;
const HIDDEN: usize = 16;
const CLASSES: usize = 3;
/// What is left of a potential after one time step.
const DECAY: f64 = 0.9;
const THRESHOLD: f64 = 1.0;
const EPOCHS: usize = 60;
const LEARNING_RATE: f64 = 0.03;

/// The function whose slope replaces that of the spike.
#[derive(Clone, Copy)]
enum Surrogate {
    /// None: the slope is 0.
    None,
    /// `clamp(x, -1, 1)`, the straight-through estimate of `Activation::Step`.
    StraightThrough,
    /// `x / (1 + 10 |x|)`, Zenke and Ganguli (2018).
    FastSigmoid,
    /// `arctan(π x) / π`, Fang and others (2021).
    Arctan,
}

impl Surrogate {
    /// 1 where the potential is at or above the threshold, 0 elsewhere. In the backward pass, the slope is
    /// that of the surrogate: what is added to it is detached, so it has no gradient.
    ///
    /// # Shapes
    ///
    /// - potential: `[rows, units]`
    /// - output: `[rows, units]`
    fn spike(self, potential: Tensor<2>) -> Tensor<2> {
        let x = potential - THRESHOLD;
        let spikes = x.clone().greater_equal_scalar(0.0).float();
        let smooth = match self {
            Self::None => return spikes,
            Self::StraightThrough => x.clamp(-1.0, 1.0),
            Self::FastSigmoid => x.clone() / (x.abs() * 10.0 + 1.0),
            Self::Arctan => (x * PI).atan() * PI.recip(),
        };
        smooth.clone() + (spikes - smooth).detach()
    }
}

#[derive(Module, Debug)]
struct Network {
    hidden: Linear,
    output: Linear,
}

impl Network {
    fn new(inputs: usize, device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(inputs, HIDDEN).init(device),
            output: LinearConfig::new(HIDDEN, CLASSES).init(device),
        }
    }

    /// The logits, and the spikes of the hidden units, summed over time.
    ///
    /// # Shapes
    ///
    /// - times: the input spikes of each time step, `[rows, inputs]`
    /// - output: `[rows, classes]` and `[rows, units]`
    fn forward(&self, times: &[Tensor<2>], surrogate: Surrogate) -> (Tensor<2>, Tensor<2>) {
        let [rows, _] = times[0].dims();
        let device = times[0].device();
        let mut potential = Tensor::<2>::zeros([rows, HIDDEN], &device);
        let mut spikes = potential.clone();
        let mut count = potential.clone();
        let mut output = Tensor::<2>::zeros([rows, CLASSES], &device);
        let mut logits = output.clone();
        for input in times {
            let reset = spikes.detach() * THRESHOLD;
            potential = potential * DECAY + self.hidden.forward(input.clone()) - reset;
            spikes = surrogate.spike(potential.clone());
            output = output * DECAY + self.output.forward(spikes.clone());
            count = count + spikes.clone().detach();
            logits = logits + output.clone();
        }
        (logits / times.len() as f64, count)
    }
}

/// Rows as spikes, and their classes.
struct Examples {
    /// For each time step, `[rows, inputs]`.
    times: Vec<Tensor<2>>,
    classes: Tensor<1, Int>,
}

impl Examples {
    /// `rows` are the rows of the table to take. Numbers are scaled by the range of their column.
    fn new(data: &Dataset, rows: &[usize], device: &Device) -> Result<Self, Box<dyn Error>> {
        let table = data.table();
        let names: Vec<&str> = table.columns().filter(|name| *name != "variety").collect();
        let mut times = vec![vec![0.0_f32; rows.len() * names.len()]; TIMES];
        for (column, name) in names.iter().enumerate() {
            let numbers = table.numbers(name)?;
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (index, row) in rows.iter().enumerate() {
                let wait = (high - numbers[*row]) / (high - low);
                let time = (wait * (TIMES - 1) as f64).round() as usize;
                times[time][index * names.len() + column] = 1.0;
            }
        }
        let spikes = times.into_iter().map(|spikes| {
            let data = TensorData::new(spikes, [rows.len(), names.len()]);
            Tensor::<2>::from_data(data, device)
        });

        let classes = data.classes().unwrap_or_default();
        let classes = rows.iter().filter_map(|row| classes.get(*row));
        let classes: Vec<i64> = classes.map(|class| *class as i64).collect();
        let classes = TensorData::new(classes, [rows.len()]);
        Ok(Self {
            times: spikes.collect(),
            classes: Tensor::<1, Int>::from_data(classes, device),
        })
    }
}

/// How a training run ended.
struct Outcome {
    loss: f32,
    /// On the rows for testing.
    accuracy: f32,
    /// Spikes of a hidden unit for a row.
    spikes: f32,
    network: Network,
}

fn train(
    mut network: Network,
    surrogate: Surrogate,
    training: &Examples,
    test: &Examples,
) -> Outcome {
    let cross_entropy = CrossEntropyLossConfig::new().init(&training.classes.device());
    let loss = |network: &Network| {
        let (logits, _) = network.forward(&training.times, surrogate);
        cross_entropy.forward(logits, training.classes.clone())
    };
    let mut optimizer = AdamConfig::new().init();
    for _ in 0..EPOCHS {
        let gradients = GradientsParams::from_grads(loss(&network).backward(), &network);
        network = optimizer.step(LEARNING_RATE, network, gradients);
    }
    let trained = network.valid();
    let (logits, spikes) = trained.forward(&test.times, surrogate);
    let predicted = logits.argmax(1).squeeze_dim::<1>(1);
    let correct = predicted.equal(test.classes.clone()).float().mean();
    Outcome {
        loss: loss(&trained).into_scalar(),
        accuracy: correct.into_scalar(),
        spikes: spikes.mean().into_scalar(),
        network: trained,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let csv = include_str!("data/wheat_seeds.csv");
    let table = Table::from_reader("wheat_seeds.csv", csv.as_bytes(), &ReadOptions::default())?;
    let data = Dataset::new(table, "variety", &DatasetOptions::default())?;
    let (test, training): (Vec<usize>, Vec<usize>) =
        (0..data.rows().len()).partition(|row: &usize| row.is_multiple_of(5));
    let device = Device::default();
    let training = Examples::new(&data, &training, &device)?;
    let test = Examples::new(&data, &test, &device)?;

    device.seed(0);
    let [_, inputs] = training.times[0].dims();
    let network = Network::new(inputs, &device.autodiff());
    let run = |name: &str, surrogate: Surrogate| {
        let outcome = train(network.clone(), surrogate, &training, &test);
        println!(
            "{name:<17} loss {:.3}  accuracy on other rows {:4.1} %  spikes of a unit {:.1}",
            outcome.loss,
            outcome.accuracy * 100.0,
            outcome.spikes
        );
        outcome
    };
    let none = run("true slope:", Surrogate::None);
    let initial = network.hidden.weight.to_data();
    assert_eq!(none.network.hidden.weight.to_data(), initial);
    for (name, surrogate) in [
        ("straight-through:", Surrogate::StraightThrough),
        ("fast sigmoid:", Surrogate::FastSigmoid),
        ("arctan:", Surrogate::Arctan),
    ] {
        let outcome = run(name, surrogate);
        assert_ne!(outcome.network.hidden.weight.to_data(), initial);
        assert!(outcome.loss < 0.6 * none.loss && outcome.accuracy > 0.75);
    }
    Ok(())
}
