//! A process that trains again and again does not grow.

#![cfg(target_os = "linux")]

use backburn::Predictor;
use backburn_model::{MlpConfig, Normalization};
use backburn_preprocessing::Task;
use backburn_tests::{table, untrained};
use backburn_training::{History, TensorDataset, TrainingConfig, fit};
use burn::tensor::{Device, Tensor};

/// Memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[test]
fn a_thousand_trainings_take_no_more_memory_than_a_hundred() {
    let mut csv = "a,b,y\n".to_string();
    for row in 0..200 {
        csv += &format!("{},{},{}\n", row % 17, ["x", "y", "z"][row % 3], row % 29);
    }
    let table = table(&csv);
    let device = Device::default();
    let mut after_a_hundred = 0;
    for training in 0..1000 {
        let normalization = match training % 4 {
            // Through Burn.
            0 => Normalization::Batch,
            _ => Normalization::None,
        };
        let config = MlpConfig::default()
            .with_hidden([16])
            .with_normalization(normalization);
        let mut model = untrained(&table, Task::Regression, &config);
        let inputs = model.encoder.encode(&table).unwrap();
        let width = inputs.len() / table.rows();
        let inputs = Tensor::<1>::from_floats(inputs.as_slice(), &device);
        let inputs = inputs.reshape([table.rows(), width]);
        let targets = inputs.clone().slice_dim(1, 0..1);
        let examples = TensorDataset::regression(inputs, targets);
        let settings = TrainingConfig {
            epochs: 2,
            seed: training,
            ..TrainingConfig::default()
        };
        let network = model.network.members.remove(0);
        let mut history = History::default();
        let fitted = fit(network, &examples, None, &settings, &mut history).unwrap();
        model.network = fitted.network.into();
        let bytes = model.to_bytes().unwrap();
        let loaded = backburn::SavedModel::from_bytes("model", bytes, &device).unwrap();
        Predictor::new(loaded, &device)
            .predict_table(&table)
            .unwrap();
        if training == 100 {
            after_a_hundred = resident();
        }
    }
    let grown = resident().saturating_sub(after_a_hundred);
    assert!(
        grown < 4096,
        "{grown} KiB more than the {after_a_hundred} after a hundred"
    );
}
