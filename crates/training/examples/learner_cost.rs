//! The time of a training step of `fit` and of Burn's `Learner`: an MLP 8-64-64-1, batch size 32, SGD.
//!
//! ```text
//! cargo run -p backburn-training --features learner --example learner_cost
//! ```

use std::time::Instant;

use backburn_model::{Mlp, MlpConfig};
use backburn_training::learner::{RegressionBatch, Regressor};
use backburn_training::{OptimizerConfig, ScheduleConfig, TensorDataset, TrainingConfig, fit};
use burn::data::dataloader::{DataLoaderBuilder, batcher::Batcher};
use burn::data::dataset::InMemDataset;
use burn::optim::SgdConfig;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use burn::train::metric::LossMetric;
use burn::train::{Learner, SupervisedTraining};

const ROWS: usize = 20_480;
const BATCH: usize = 32;
const EPOCHS: usize = 5;

fn network(device: &Device) -> Mlp {
    device.seed(0);
    let config = MlpConfig::new(8, 1).with_hidden([64, 64]);
    config.init(device).expect("a valid config")
}

fn fit_loop(inputs: &Tensor<2>, values: &Tensor<2>) -> f64 {
    let config = TrainingConfig {
        epochs: EPOCHS,
        batch_size: Some(BATCH),
        learning_rate: 1e-3.into(),
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let dataset = TensorDataset::regression(inputs.clone(), values.clone());
    let network = network(&inputs.device());
    let started = Instant::now();
    fit(network, &dataset, None, &config, &mut ()).expect("training");
    microseconds_per_step(started)
}

#[derive(Clone)]
struct Rows;

impl Batcher<([f32; 8], f32), RegressionBatch> for Rows {
    fn batch(&self, rows: Vec<([f32; 8], f32)>, device: &Device) -> RegressionBatch {
        let inputs: Vec<f32> = rows.iter().flat_map(|(inputs, _)| *inputs).collect();
        let values: Vec<f32> = rows.iter().map(|(_, value)| *value).collect();
        RegressionBatch {
            inputs: Tensor::from_data(TensorData::new(inputs, [rows.len(), 8]), device),
            values: Tensor::from_data(TensorData::new(values, [rows.len(), 1]), device),
        }
    }
}

fn burn_learner(inputs: &Tensor<2>, values: &Tensor<2>) -> f64 {
    let device = inputs.device().autodiff();
    let inputs: Vec<f32> = inputs.to_data().iter::<f32>().collect();
    let values: Vec<f32> = values.to_data().iter::<f32>().collect();
    let rows: Vec<([f32; 8], f32)> = inputs
        .chunks_exact(8)
        .zip(values)
        .map(|(inputs, value)| (std::array::from_fn(|place| inputs[place]), value))
        .collect();
    let loader = |rows: Vec<([f32; 8], f32)>, device: Device| {
        DataLoaderBuilder::new(Rows)
            .batch_size(BATCH)
            .shuffle(0)
            .set_device(device)
            .build(InMemDataset::new(rows))
    };
    let validation = loader(rows[..1].to_vec(), device.clone().without_autodiff());
    let training = loader(rows, device.clone());
    let regressor = Regressor {
        mlp: network(&device),
    };
    let learner = Learner::new(regressor, SgdConfig::new().init(), 1e-3);
    let folder = std::env::temp_dir().join("backburn-learner-cost");
    let started = Instant::now();
    SupervisedTraining::new(&folder, training, validation)
        .metrics((LossMetric::new(),))
        .num_epochs(EPOCHS)
        .launch(learner);
    microseconds_per_step(started)
}

fn microseconds_per_step(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6 / (EPOCHS * ROWS / BATCH) as f64
}

fn main() {
    let device = Device::default();
    device.seed(0);
    let inputs = Tensor::<2>::random([ROWS, 8], Distribution::Default, &device);
    let values = inputs.clone().sum_dim(1);
    for _ in 0..5 {
        let ours = fit_loop(&inputs, &values);
        let burns = burn_learner(&inputs, &values);
        println!(
            "fit {ours:.0} µs, burn-train {burns:.0} µs a step: {:.2} times",
            burns / ours
        );
    }
}
