//! The cost of recording layer statistics: `fit` with and without a `History`, in turns.
//!
//! ```console
//! $ cargo run --release -p backburn-training --example recording_cost [ROWS]
//! ```

use std::time::Instant;

use backburn_model::MlpConfig;
use backburn_training::{Callback, History, OptimizerConfig, TensorDataset, TrainingConfig, fit};
use burn::tensor::{Device, Distribution, Tensor};

const EPOCHS: usize = 20;
const TURNS: usize = 11;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = match std::env::args().nth(1) {
        Some(rows) => rows.parse()?,
        None => 4096,
    };
    let device = Device::default();
    let inputs = Tensor::<2>::random([rows, 8], Distribution::Normal(0.0, 1.0), &device);
    let values = inputs.clone().sum_dim(1).sin();
    let dataset = TensorDataset::regression(inputs, values);
    let config = TrainingConfig {
        epochs: EPOCHS,
        batch_size: Some(32),
        patience: 0,
        optimizer: OptimizerConfig::sgd(),
        ..TrainingConfig::default()
    };
    let time = |callback: &mut dyn Callback| {
        device.seed(0);
        let network = MlpConfig::new(8, 1).with_hidden([64, 64]).init(&device)?;
        let start = Instant::now();
        fit(network, &dataset, None, &config, callback)?;
        Ok::<f64, Box<dyn std::error::Error>>(start.elapsed().as_secs_f64())
    };
    time(&mut ())?;
    let mut ratios = Vec::new();
    let mut plain = Vec::new();
    for _ in 0..TURNS {
        let (off, on) = (time(&mut ())?, time(&mut History::default())?);
        plain.push(off);
        ratios.push(on / off);
    }
    let median = |numbers: &mut Vec<f64>| {
        numbers.sort_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    };
    let steps = EPOCHS * dataset.batch_count(32);
    println!("8-64-64-1, SGD, {rows} rows in batches of 32, {TURNS} turns");
    println!(
        "off: {:.1} µs a step",
        median(&mut plain) / steps as f64 * 1e6
    );
    println!("on: {:.3} times that", median(&mut ratios));
    Ok(())
}
