//! Training as a whole: determinism, early stopping, divergence, interruption, backends.

use std::ops::ControlFlow;

use backburn_model::{Activation, EmbeddingConfig, Initializer, Mlp, MlpConfig, Normalization};
use backburn_tests::{is_alone, weights};
use backburn_training::{
    Callback, EpochReport, Loss, OptimizerConfig, OptimizerName, ScheduleConfig, StopReason,
    TensorDataset, TrainingConfig, TrainingError, TrainingState, fit,
};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// `rows` points of a smooth function of three numbers.
fn smooth(rows: usize, device: &Device) -> TensorDataset {
    let number = |index: usize| ((index * 7919 + 13) % 1000) as f32 / 500.0 - 1.0;
    let inputs: Vec<f32> = (0..rows * 3).map(number).collect();
    let values: Vec<f32> = inputs
        .chunks(3)
        .map(|x| (2.0 * x[0]).sin() + x[1] * x[2])
        .collect();
    TensorDataset::regression(
        Tensor::from_data(TensorData::new(inputs, [rows, 3]), device),
        Tensor::from_data(TensorData::new(values, [rows, 1]), device),
    )
}

fn network(config: &MlpConfig, device: &Device) -> Mlp {
    device.seed(5);
    config.init(device).unwrap()
}

/// Remembers the losses.
#[derive(Default)]
struct Record {
    training: Vec<f64>,
    validation: Vec<f64>,
    best: Vec<bool>,
    stop_after_steps: Option<usize>,
    steps: usize,
}

impl Callback for Record {
    fn on_batch_end(&mut self, _: &dyn TrainingState) -> ControlFlow<()> {
        self.steps += 1;
        match self.stop_after_steps {
            Some(steps) if self.steps >= steps => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn on_epoch_end(&mut self, _: &dyn TrainingState, epoch: &EpochReport) -> ControlFlow<()> {
        self.training.push(epoch.training_loss);
        self.validation
            .extend(epoch.validation.as_ref().map(|v| v.loss));
        self.best.push(epoch.best);
        ControlFlow::Continue(())
    }
}

#[test]
fn one_seed_gives_one_network_to_the_bit() {
    if !is_alone("training::one_seed_gives_one_network_to_the_bit") {
        return;
    }
    let device = Device::default();
    let examples = smooth(300, &device);
    let config = MlpConfig::new(3, 1)
        .with_hidden([16, 16])
        .with_dropout(0.2)
        .with_normalization(Normalization::Batch);
    let training = TrainingConfig {
        epochs: 5,
        seed: 11,
        ..TrainingConfig::default()
    };
    let run = |training: &TrainingConfig| {
        let network = network(&config, &device);
        weights(
            &fit(network, &examples, None, training, &mut ())
                .unwrap()
                .network,
        )
    };
    let first = run(&training);
    assert_eq!(first, run(&training));
    let other = TrainingConfig {
        seed: 12,
        ..training
    };
    assert_ne!(first, run(&other));
}

#[test]
fn every_optimizer_lowers_the_loss() {
    let device = Device::default();
    let examples = smooth(400, &device);
    for (name, learning_rate) in [
        (OptimizerName::Sgd, 0.1),
        (OptimizerName::Adam, 0.003),
        (OptimizerName::AdamW, 0.003),
        (OptimizerName::RmsProp, 0.001),
        (OptimizerName::AdaGrad, 0.05),
        (OptimizerName::Adafactor, 0.01),
        (OptimizerName::Adan, 0.003),
        (OptimizerName::Lamb, 0.01),
        (OptimizerName::Lion, 0.0005),
    ] {
        let config = TrainingConfig {
            epochs: 20,
            learning_rate: learning_rate.into(),
            optimizer: OptimizerConfig {
                name,
                momentum: 0.5,
                nesterov: true,
                weight_decay: Some(1e-4),
                ..OptimizerConfig::default()
            },
            ..TrainingConfig::default()
        };
        let mut record = Record::default();
        let network = network(&MlpConfig::new(3, 1).with_hidden([32]), &device);
        fit(network, &examples, None, &config, &mut record).unwrap();
        let (first, last) = (record.training[0], record.training[19]);
        assert!(last < first * 0.5, "{name:?}: {first} to {last}");
    }
}

#[test]
fn early_stopping_returns_the_best_weights() {
    early_stopping(MlpConfig::new(3, 1).with_hidden([64, 64]));
}

#[test]
fn the_best_weights_keep_their_own_batch_statistics() {
    let config = MlpConfig::new(3, 1)
        .with_hidden([64, 64])
        .with_normalization(Normalization::Batch)
        .with_dropout(0.1);
    early_stopping(config);
}

fn early_stopping(config: MlpConfig) {
    let device = Device::default();
    let network = network(&config, &device);
    let (training, validation) = (smooth(40, &device), smooth(200, &device).slice(100, 200));
    let config = TrainingConfig {
        epochs: 200,
        patience: 5,
        learning_rate: 0.02.into(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let mut record = Record::default();
    let fitted = fit(network, &training, Some(&validation), &config, &mut record).unwrap();
    assert_eq!(fitted.stop, StopReason::EarlyStopping);
    assert_eq!(fitted.epochs, fitted.best_epoch + 5);
    let lowest = record
        .validation
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min);
    assert_eq!(fitted.loss, lowest);
    assert!(record.best[fitted.best_epoch - 1]);
    // The weights really are those of that epoch.
    let outputs = fitted.network.forward(validation.inputs.clone());
    let again = config
        .criterion()
        .forward(outputs, &validation.targets, None);
    assert!((again.into_scalar::<f64>() - lowest).abs() < 1e-6);
}

#[test]
fn a_loss_that_explodes_is_an_error_or_keeps_the_best() {
    let device = Device::default();
    let examples = smooth(100, &device);
    let diverging = |learning_rate, epochs| TrainingConfig {
        epochs,
        learning_rate: f64::into(learning_rate),
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let config = MlpConfig::new(3, 1)
        .with_hidden([32, 32, 32])
        .with_activation(Activation::Identity);
    let from_the_start = fit(
        network(&config, &device),
        &examples,
        None,
        &diverging(1e6, 10),
        &mut (),
    );
    assert_eq!(from_the_start.unwrap_err(), TrainingError::Diverged);

    // Without validation rows, nothing but the final loss tells of the last update.
    let whole = TrainingConfig {
        batch_size: Some(100),
        ..diverging(1e30, 1)
    };
    let in_the_last_step = fit(network(&config, &device), &examples, None, &whole, &mut ());
    assert_eq!(in_the_last_step.unwrap_err(), TrainingError::Diverged);

    // A rate that grows from harmless to absurd diverges later.
    let growing = TrainingConfig {
        schedule: ScheduleConfig {
            warmup: 0.99,
            ..ScheduleConfig::constant()
        },
        patience: 0,
        ..diverging(1.0, 400)
    };
    for (validation, batch_size) in [(Some(&examples), 16), (None, 16), (None, 100)] {
        let growing = TrainingConfig {
            batch_size: Some(batch_size),
            ..growing.clone()
        };
        let network = network(&config, &device);
        let fitted = fit(network, &examples, validation, &growing, &mut ()).unwrap();
        assert_eq!(fitted.stop, StopReason::Diverged);
        assert!(fitted.loss.is_finite());
        let mut weights = weights(&fitted.network).into_iter();
        assert!(weights.all(|weight| weight.is_finite()));
    }
}

#[test]
fn weights_count_in_batches_of_one_row_too() {
    let device = Device::default();
    // One input, always 1, and targets that contradict each other: the weighted mean wins.
    let inputs = Tensor::<2>::ones([40, 1], &device);
    let ones: Vec<f32> = (0..40).map(|row| f32::from(row % 4 == 0)).collect();
    let values = Tensor::from_data(TensorData::new(ones.clone(), [40, 1]), &device);
    let weights: Vec<f32> = ones.iter().map(|one| 1.0 + one * 8.0).collect();
    let weights = Tensor::from_data(TensorData::new(weights, [40]), &device);
    let examples = TensorDataset::regression(inputs.clone(), values).with_weights(weights);
    for batch_size in [1, 8, 40] {
        let config = TrainingConfig {
            epochs: 300,
            batch_size: Some(batch_size),
            learning_rate: (0.02 * (batch_size as f64).sqrt()).into(),
            optimizer: OptimizerConfig::sgd(),
            ..TrainingConfig::default()
        };
        let network = network(&MlpConfig::new(1, 1).with_hidden([]), &device);
        let fitted = fit(network, &examples, None, &config, &mut ()).unwrap();
        let output: f64 = fitted.network.forward(inputs.clone()).mean().into_scalar();
        // 10 rows of weight 9 say 1, and 30 of weight 1 say 0.
        assert!((output - 0.75).abs() < 0.03, "{batch_size}: {output}");
    }
}

#[test]
fn classes_are_learned_with_every_kind_of_setting() {
    let device = Device::default();
    let rows = 600;
    let numbers: Vec<f32> = (0..rows * 2)
        .map(|index| ((index * 7919 + 13) % 1000) as f32 / 500.0 - 1.0)
        .collect();
    // The class is the quadrant, and the third column the index of a category that tells nothing.
    let class = |x: &[f32]| i64::from(x[0] > 0.0) * 2 + i64::from(x[1] > 0.0);
    let classes: Vec<i64> = numbers.chunks(2).map(class).collect();
    let inputs: Vec<f32> = numbers
        .chunks(2)
        .enumerate()
        .flat_map(|(row, x)| [x[0], x[1], (row % 5) as f32])
        .collect();
    let inputs = Tensor::<2>::from_data(TensorData::new(inputs, [rows, 3]), &device);
    let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [rows]), &device);
    let weights = Tensor::ones([rows], &device) * 3.0;
    let examples =
        TensorDataset::classification(inputs.clone(), classes.clone()).with_weights(weights);
    let mlp = MlpConfig::new(2, 4)
        .with_embeddings([EmbeddingConfig {
            categories: 5,
            dimension: 2,
        }])
        .with_hidden([32, 32])
        .with_residual(true);
    let training = TrainingConfig {
        epochs: 40,
        label_smoothing: 0.05,
        clip_norm: Some(1.0),
        clip_value: Some(0.5),
        ..TrainingConfig::default()
    };
    for (normalization, dropout) in [
        (Normalization::None, 0.0),
        (Normalization::Batch, 0.1),
        (Normalization::Layer, 0.1),
    ] {
        let mlp = mlp
            .clone()
            .with_normalization(normalization)
            .with_dropout(dropout);
        let network = network(&mlp, &device);
        let fitted = fit(network, &examples, Some(&examples), &training, &mut ()).unwrap();
        let said = fitted
            .network
            .forward(inputs.clone())
            .argmax(1)
            .squeeze_dim::<1>(1);
        let right: f64 = said.equal(classes.clone()).float().mean().into_scalar();
        assert!(right > 0.95, "{normalization:?}: {right}");
    }
}

#[test]
fn rows_that_do_not_fit_are_errors() {
    let device = Device::default();
    let examples = smooth(10, &device);
    let train = |network: Mlp, examples: &TensorDataset, validation: Option<&TensorDataset>| {
        let config = TrainingConfig {
            epochs: 1,
            ..TrainingConfig::default()
        };
        fit(network, examples, validation, &config, &mut ()).map(|_| ())
    };
    let one = || network(&MlpConfig::new(3, 1), &device);
    let two = network(&MlpConfig::new(3, 2), &device);
    let weighing = |weight: f32| {
        let weights = Tensor::full([10], weight, &device);
        examples.clone().with_weights(weights)
    };
    let short = TensorDataset {
        inputs: examples.inputs.clone().slice_dim(0, 0..9),
        ..examples.clone()
    };
    for (result, words) in [
        (train(two, &examples, None), "2 outputs"),
        (train(one(), &weighing(0.0), None), "above 0"),
        (train(one(), &weighing(-1.0), None), "at least 0"),
        (
            train(one(), &examples, Some(&weighing(f32::NAN))),
            "weights",
        ),
        (train(one(), &short, None), "9 rows, 10 targets"),
        (train(one().no_grad(), &examples, None), "frozen"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
    // No validation rows are like none asked for.
    let nothing = examples.slice(0, 0);
    assert_eq!(train(one(), &examples, Some(&nothing)), Ok(()));
}

#[test]
fn an_interruption_keeps_what_was_learned() {
    let device = Device::default();
    let examples = smooth(160, &device);
    let config = TrainingConfig {
        batch_size: Some(16),
        ..TrainingConfig::default()
    };
    for (steps, epochs) in [(3, 0), (25, 2)] {
        let mut record = Record {
            stop_after_steps: Some(steps),
            ..Record::default()
        };
        let network = network(&MlpConfig::new(3, 1), &device);
        let fitted = fit(network, &examples, Some(&examples), &config, &mut record).unwrap();
        assert_eq!(fitted.stop, StopReason::Interrupted);
        assert_eq!((record.steps, fitted.epochs), (steps, epochs));
    }
}

#[test]
fn no_rows_and_bad_settings_are_errors() {
    let device = Device::default();
    let examples = smooth(10, &device);
    let config = TrainingConfig::default();
    let train = |examples: &TensorDataset, config: &TrainingConfig| {
        let network = network(&MlpConfig::new(3, 1), &device);
        fit(network, examples, None, config, &mut ()).unwrap_err()
    };
    assert_eq!(train(&examples.slice(0, 0), &config), TrainingError::NoRows);
    let bad = TrainingConfig {
        epochs: 0,
        ..config
    };
    assert!(matches!(train(&examples, &bad), TrainingError::Config(_)));
}

#[test]
fn xor_is_learned_by_two_sigmoid_units() {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
    let classes = Tensor::<1, Int>::from_data([0, 1, 1, 0], &device);
    let config = TrainingConfig {
        epochs: 2000,
        batch_size: Some(4),
        learning_rate: 1.0.into(),
        loss: Loss::BinaryCrossEntropy,
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    };
    let examples = TensorDataset::classification(inputs.clone(), classes);
    let learns = |seed: &u64| {
        device.seed(*seed);
        let network = MlpConfig::new(2, 1)
            .with_hidden([2])
            .with_activation(Activation::Sigmoid)
            .with_initializer(Initializer::Normal(0.0, 1.0))
            .init(&device)
            .unwrap();
        let fitted = fit(network, &examples, None, &config, &mut ()).unwrap();
        let logits = fitted.network.forward(inputs.clone()).into_data();
        let said: Vec<bool> = logits.iter::<f32>().map(|logit| logit > 0.0).collect();
        said == [false, true, true, false] && fitted.loss < 0.1
    };
    // Two units are few: from some starts the network stays in a poor minimum.
    let learned: Vec<u64> = (0..10).filter(learns).collect();
    assert!(learned.len() >= 7, "only from the seeds {learned:?}");
}

/// 20 steps from the same weights give the same losses on flex and on another device.
#[cfg(any(feature = "ndarray", feature = "wgpu"))]
fn same_losses_as_flex(other: &Device) {
    let losses = |network: &Mlp, device: &Device| {
        let config = TrainingConfig {
            epochs: 20,
            batch_size: Some(320),
            ..TrainingConfig::default()
        };
        let mut record = Record::default();
        let network = network.clone().to_device(device);
        fit(network, &smooth(320, device), None, &config, &mut record).unwrap();
        record.training
    };
    let flex = Device::flex();
    for normalization in [
        Normalization::None,
        Normalization::Batch,
        Normalization::Layer,
    ] {
        let config = MlpConfig::new(3, 1)
            .with_hidden([32, 32])
            .with_normalization(normalization);
        let network = network(&config, &flex);
        let (a, b) = (losses(&network, &flex), losses(&network, other));
        assert_eq!((a.len(), b.len()), (20, 20));
        for (step, (a, b)) in a.iter().zip(&b).enumerate() {
            let difference = (a - b).abs() / a.abs();
            assert!(
                difference < 1e-4,
                "{normalization:?}, step {step}: {a} and {b}"
            );
        }
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn flex_and_ndarray_give_the_same_losses() {
    same_losses_as_flex(&Device::new(burn_ndarray::NdArrayDevice::Cpu));
}

#[cfg(feature = "wgpu")]
#[test]
fn flex_and_wgpu_give_the_same_losses() {
    same_losses_as_flex(&Device::wgpu(Default::default()));
}
