//! The speed-up of `run_parallel`: training with eight seeds in parallel and one after the other.
//!
//! ```console
//! $ cargo run --release -p backburn-training --example run_parallel_time
//! ```

use std::time::Instant;

use backburn_model::MlpConfig;
use backburn_training::{TensorDataset, TrainingConfig, fit, run_parallel};
use burn::tensor::{Device, Distribution, Tensor};

const SEEDS: usize = 8;
const TURNS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global()?;
    let device = Device::flex();
    let inputs = Tensor::<2>::random([4096, 8], Distribution::Normal(0.0, 1.0), &device);
    let values = inputs.clone().sum_dim(1).sin();
    let dataset = TensorDataset::regression(inputs, values);
    for (hidden, batch) in [(64, 32), (64, 256)] {
        let network = MlpConfig::new(8, 1).with_hidden([hidden, hidden]);
        let network = network.init(&device)?;
        let train = |seed: usize| {
            let config = TrainingConfig {
                epochs: 20,
                batch_size: Some(batch),
                seed: seed as u64,
                ..TrainingConfig::default()
            };
            let fitted = fit(network.clone(), &dataset, None, &config, &mut ());
            fitted.map(|fitted| fitted.loss)
        };
        let mut ratios = Vec::new();
        for _ in 0..TURNS {
            let start = Instant::now();
            let one_by_one: Vec<f64> = (0..SEEDS).map(train).collect::<Result<_, _>>()?;
            let middle = Instant::now();
            let mut parallel = Vec::new();
            run_parallel(SEEDS, train, |_, loss| parallel.push(loss));
            let end = Instant::now();
            let parallel: Vec<f64> = parallel.into_iter().collect::<Result<_, _>>()?;
            assert_eq!(one_by_one, parallel);
            ratios.push((middle - start).as_secs_f64() / (end - middle).as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[TURNS / 2];
        println!("8-{hidden}-{hidden}-1, batch {batch}: {ratio:.2} times the throughput");
    }
    Ok(())
}
