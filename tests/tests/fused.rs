//! The path over arrays in main memory beside that through Burn: the same gradients, the same
//! training.

use backburn_model::{Activation, EmbeddingConfig, Mlp, MlpConfig};
use backburn_tests::weights;
use backburn_training::{
    Loss, Network, OptimizerConfig, OptimizerName, ScheduleConfig, TensorDataset, TrainingConfig,
    fit,
};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Rows of four numbers and a category, with a weight each, to predict two numbers or a class.
fn examples(rows: usize, loss: Loss, device: &Device) -> TensorDataset {
    let number = |i: usize| ((i * 7919 + 13) % 1000) as f32 / 500.0 - 1.0;
    let inputs = (0..rows * 5).map(|i| match i % 5 {
        4 => (i / 5 % 3) as f32,
        _ => number(i),
    });
    let inputs = TensorData::new(inputs.collect::<Vec<f32>>(), [rows, 5]);
    let inputs = Tensor::from_data(inputs, device);
    let weights = (0..rows).map(|row| 0.5 + (row % 4) as f32);
    let weights = TensorData::new(weights.collect::<Vec<f32>>(), [rows]);
    let classes = |count: i64| {
        let classes: Vec<i64> = (0..rows as i64).map(|row| row * 5 % 7 % count).collect();
        Tensor::<1, Int>::from_data(TensorData::new(classes, [rows]), device)
    };
    let examples = match loss {
        Loss::CrossEntropy => TensorDataset::classification(inputs, classes(2)),
        Loss::BinaryCrossEntropy => TensorDataset::classification(inputs, classes(2)),
        Loss::Quantile => {
            let values: Vec<f32> = (0..rows).map(|i| number(i * 31)).collect();
            let values = TensorData::new(values, [rows, 1]);
            TensorDataset::regression(inputs, Tensor::from_data(values, device))
        }
        Loss::Poisson | Loss::Gamma => {
            let values: Vec<f32> = (0..rows * 2).map(|i| number(i * 31).abs() + 0.1).collect();
            let values = TensorData::new(values, [rows, 2]);
            TensorDataset::regression(inputs, Tensor::from_data(values, device))
        }
        _ => {
            let values: Vec<f32> = (0..rows * 2).map(|i| number(i * 31)).collect();
            let values = TensorData::new(values, [rows, 2]);
            TensorDataset::regression(inputs, Tensor::from_data(values, device))
        }
    };
    examples.with_weights(Tensor::from_data(weights, device))
}

fn network(
    activation: Activation,
    residual: bool,
    outputs: usize,
    increasing: bool,
    device: &Device,
) -> Mlp {
    device.seed(3);
    MlpConfig::new(4, outputs)
        .with_hidden([24, 24, 9])
        .with_activation(activation)
        .with_residual(residual)
        .with_increasing(increasing)
        .with_embeddings([EmbeddingConfig {
            categories: 3,
            dimension: 2,
        }])
        .init(device)
        .unwrap()
}

fn both(network: &Mlp, examples: &TensorDataset, config: &TrainingConfig) -> [Vec<f32>; 2] {
    assert!(network.fused().is_some());
    [true, false].map(|fused| {
        let config = TrainingConfig {
            fused,
            ..config.clone()
        };
        let fitted = fit(network.clone(), examples, None, &config, &mut ()).unwrap();
        weights(&fitted.network)
    })
}

fn assert_near(fused: &[f32], burn: &[f32], what: &str) {
    assert_eq!(fused.len(), burn.len());
    for (place, (a, b)) in fused.iter().zip(burn).enumerate() {
        assert!(
            (a - b).abs() < 1e-5 * b.abs().max(1.0),
            "{what}, parameter {place}: {a} over arrays, {b} through Burn"
        );
    }
}

/// A step of plain gradient descent at rate 1: the weights after it are those before it minus the
/// gradient.
#[test]
fn gradients_are_burns() {
    let device = Device::flex();
    let config = |loss| TrainingConfig {
        epochs: 1,
        batch_size: Some(300),
        learning_rate: 1.0.into(),
        loss,
        huber_delta: 0.5,
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let mut activations = 0;
    for activation in Activation::all() {
        if network(activation, false, 2, false, &device)
            .fused()
            .is_none()
        {
            continue;
        }
        activations += 1;
        for residual in [false, true] {
            for loss in [
                Loss::MeanSquaredError,
                Loss::MeanAbsoluteError,
                Loss::Huber,
                Loss::Quantile,
                Loss::Poisson,
                Loss::Gamma,
                Loss::CrossEntropy,
                Loss::BinaryCrossEntropy,
            ] {
                let outputs = if loss == Loss::BinaryCrossEntropy {
                    1
                } else {
                    2
                };
                let increasing = loss == Loss::Quantile;
                let network = network(activation, residual, outputs, increasing, &device);
                let examples = examples(300, loss, &device);
                let mut config = config(loss);
                config.quantiles = vec![0.1, 0.8];
                if matches!(loss, Loss::CrossEntropy | Loss::BinaryCrossEntropy) {
                    config.label_smoothing = 0.1;
                }
                // The mean is the exponential of the output.
                if matches!(loss, Loss::Poisson | Loss::Gamma) {
                    config.learning_rate = 0.05.into();
                }
                let [fused, burn] = both(&network, &examples, &config);
                let what = format!("{activation}, {loss:?}, residual {residual}");
                assert_near(&fused, &burn, &what);
                assert_ne!(fused, weights(&network), "{what}");
            }
        }
    }
    assert_eq!(activations, 11);
}

/// A batch that is cut into parts, through layers that are large enough to be transposed.
#[test]
fn gradients_of_large_layers_are_burns() {
    let device = Device::flex();
    device.seed(4);
    let network = MlpConfig::new(5, 2)
        .with_hidden([150, 150, 130])
        .init(&device)
        .unwrap();
    let config = TrainingConfig {
        epochs: 1,
        batch_size: Some(700),
        learning_rate: 1.0.into(),
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let examples = examples(700, Loss::MeanSquaredError, &device);
    let [fused, burn] = both(&network, &examples, &config);
    assert_near(&fused, &burn, "large layers");
}

/// The first input is added to the outputs, with embeddings and without.
#[test]
fn gradients_with_an_offset_are_burns() {
    let device = Device::flex();
    let examples = examples(300, Loss::Poisson, &device);
    let categories = EmbeddingConfig {
        categories: 3,
        dimension: 2,
    };
    for (inputs, embeddings) in [(4, vec![categories]), (5, vec![])] {
        device.seed(5);
        let network = MlpConfig::new(inputs, 2)
            .with_hidden([12])
            .with_activation(Activation::Tanh)
            .with_embeddings(embeddings)
            .with_offset(true)
            .init(&device)
            .unwrap();
        let config = TrainingConfig {
            loss: Loss::Poisson,
            epochs: 2,
            learning_rate: 0.01.into(),
            optimizer: OptimizerConfig::sgd(),
            schedule: ScheduleConfig::constant(),
            ..TrainingConfig::default()
        };
        let [fused, burn] = both(&network, &examples, &config);
        assert_near(&fused, &burn, "an offset");
        assert_ne!(fused, weights(&network));
    }
}

#[test]
fn optimizers_and_bounds_are_burns() {
    let device = Device::flex();
    let network = network(Activation::Tanh, false, 2, false, &device);
    let examples = examples(320, Loss::MeanSquaredError, &device);
    let optimizer = |name| OptimizerConfig {
        name,
        weight_decay: Some(0.01),
        ..OptimizerConfig::default()
    };
    let momentum = |nesterov| OptimizerConfig {
        momentum: 0.9,
        nesterov,
        ..optimizer(OptimizerName::Sgd)
    };
    for optimizer in [
        optimizer(OptimizerName::Sgd),
        momentum(false),
        momentum(true),
        optimizer(OptimizerName::Adam),
        optimizer(OptimizerName::AdamW),
    ] {
        for (clip_norm, clip_value) in [(None, None), (Some(0.05), None), (None, Some(0.003))] {
            let config = TrainingConfig {
                epochs: 3,
                batch_size: Some(32),
                learning_rate: 1e-3.into(),
                optimizer: optimizer.clone(),
                clip_norm,
                clip_value,
                ..TrainingConfig::default()
            };
            let [fused, burn] = both(&network, &examples, &config);
            let what = format!("{optimizer:?}, {clip_norm:?}, {clip_value:?}");
            assert_near(&fused, &burn, &what);
        }
    }
}

#[test]
fn threads_change_nothing_to_the_bit() {
    let device = Device::flex();
    device.seed(5);
    let network = MlpConfig::new(5, 2)
        .with_hidden([128, 128])
        .with_dropout(0.2)
        .init(&device)
        .unwrap();
    let examples = examples(2000, Loss::MeanSquaredError, &device);
    let config = TrainingConfig {
        epochs: 2,
        batch_size: Some(512),
        ..TrainingConfig::default()
    };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let network = network.clone();
            let fitted = fit(network, &examples, None, &config, &mut ()).unwrap();
            weights(&fitted.network)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}

/// Dropout cannot be compared number by number; a network that learns with it can.
#[test]
fn dropout_keeps_the_mean_and_the_network_learns() {
    let device = Device::flex();
    device.seed(6);
    let network = MlpConfig::new(5, 2)
        .with_hidden([32])
        .with_dropout(0.3)
        .init(&device)
        .unwrap();
    let examples = examples(400, Loss::MeanSquaredError, &device);
    let [fused, burn] = [true, false].map(|fused| {
        let config = TrainingConfig {
            epochs: 30,
            fused,
            ..TrainingConfig::default()
        };
        let network = network.clone();
        fit(network, &examples, None, &config, &mut ())
            .unwrap()
            .loss
    });
    assert!((fused / burn - 1.0).abs() < 0.1, "{fused} {burn}");
}
