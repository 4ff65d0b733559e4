//! The time of a training step of `fit` on plain ReLU networks, with shuffling and batching.
//!
//! ```console
//! $ cargo run --release -p backburn-training --example step_time [THREADS [fused|burn [CASE]]]
//! ```
//!
//! Prints a line of JSON for each case: the layer sizes, the batch size, the optimizer, and the
//! median over seven epochs of the time of a step in microseconds. `burn` trains through Burn's
//! autodiff and not over arrays.

use std::ops::ControlFlow;
use std::time::Instant;

use backburn_model::MlpConfig;
use backburn_training::{
    Callback, EpochReport, OptimizerConfig, OptimizerName, ScheduleConfig, TensorDataset,
    TrainingConfig, TrainingState, fit,
};
use burn::tensor::{Device, Distribution, Tensor};

const ROWS: usize = 20_480;
const EPOCHS: usize = 7;
const CASES: [(&[usize], usize); 5] = [
    (&[8, 64, 64, 1], 32),
    (&[8, 64, 64, 1], 256),
    (&[8, 256, 256, 256, 1], 256),
    (&[64, 512, 512, 1], 256),
    (&[8, 1024, 1024, 1024, 1], 1024),
];

/// Records the time at the end of each epoch.
struct Clock(Vec<Instant>);

impl Callback for Clock {
    fn on_epoch_end(&mut self, _: &dyn TrainingState, _: &EpochReport) -> ControlFlow<()> {
        self.0.push(Instant::now());
        ControlFlow::Continue(())
    }
}

/// The median time of a step, in microseconds.
fn step_time(
    (widths, batch): (&[usize], usize),
    optimizer: OptimizerName,
    fused: bool,
    device: &Device,
) -> Result<f64, Box<dyn std::error::Error>> {
    let (inputs, hidden) = (widths[0], &widths[1..widths.len() - 1]);
    device.seed(1);
    let normal = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), device);
    let x = normal([ROWS, inputs]);
    let y = x.clone().matmul(normal([inputs, 1])).sin();
    let network = MlpConfig::new(inputs, 1).with_hidden(hidden.to_vec());
    let config = TrainingConfig {
        epochs: EPOCHS,
        batch_size: Some(batch),
        learning_rate: 1e-3.into(),
        optimizer: OptimizerConfig {
            name: optimizer,
            ..OptimizerConfig::default()
        },
        schedule: ScheduleConfig::constant(),
        patience: 0,
        fused,
        ..TrainingConfig::default()
    };
    let mut clock = Clock(vec![Instant::now()]);
    let network = network.init(device)?;
    let data = TensorDataset::regression(x, y);
    fit(network, &data, None, &config, &mut clock)?;
    let epochs = clock.0.windows(2);
    let mut times: Vec<f64> = epochs
        .map(|pair| (pair[1] - pair[0]).as_secs_f64())
        .collect();
    times.sort_by(f64::total_cmp);
    Ok(times[EPOCHS / 2] / (ROWS / batch) as f64 * 1e6)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let threads = match arguments.first() {
        Some(threads) => threads.parse()?,
        None => 2,
    };
    let fused = arguments.get(1).is_none_or(|path| path != "burn");
    let only: Option<usize> = arguments.get(2).map(|case| case.parse()).transpose()?;
    // The main thread is one of the pool.
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global()?;
    let device = Device::flex();
    for (case, (widths, batch)) in CASES.into_iter().enumerate() {
        if only.is_some_and(|only| only != case) {
            continue;
        }
        for optimizer in [OptimizerName::Sgd, OptimizerName::Adam] {
            let microseconds = step_time((widths, batch), optimizer, fused, &device)?;
            let name = match optimizer {
                OptimizerName::Sgd => "sgd",
                _ => "adam",
            };
            println!(
                "{{\"dims\": {widths:?}, \"batch\": {batch}, \"optimizer\": \"{name}\", \
                 \"us_per_step\": {microseconds:.1}}}"
            );
        }
    }
    Ok(())
}
