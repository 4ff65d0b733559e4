//! What a history says of the layers is what happened in them.

use backburn_model::{Activation, Initializer, MlpConfig};
use backburn_training::{
    Diagnosis, DiagnosisContext, History, OptimizerConfig, ScheduleConfig, StopReason,
    TensorDataset, TrainingConfig, TrainingError, diagnose, fit,
};
use burn::tensor::{Device, Tensor};

fn config(epochs: usize, batch_size: usize) -> TrainingConfig {
    TrainingConfig {
        epochs,
        batch_size: Some(batch_size),
        learning_rate: 0.1.into(),
        patience: 0,
        optimizer: OptimizerConfig::sgd(),
        schedule: ScheduleConfig::constant(),
        ..TrainingConfig::default()
    }
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-5 * b.abs().max(1e-6), "{a} is not {b}");
}

#[test]
fn a_linear_model_has_the_gradient_of_its_equation() {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[1.0], [2.0], [3.0]], &device);
    let examples = TensorDataset::regression(inputs.clone(), inputs * 2.0 + 1.0);
    let network = MlpConfig::new(1, 1)
        .with_hidden([])
        .with_initializer(Initializer::Constant(0.5))
        .init(&device)
        .unwrap();
    let mut history = History::default();
    fit(network, &examples, None, &config(2, 3), &mut history).unwrap();

    // y' = w x + b with w = 0.5, b = 0; the errors are 0.5 x - 2 x - 1.
    let (mut w, mut b) = (0.5, 0.0);
    for epoch in &history.epochs {
        let errors = [1.0, 2.0, 3.0].map(|x: f64| (x, w * x + b - 2.0 * x - 1.0));
        let loss = errors.iter().map(|(_, e)| e * e).sum::<f64>() / 3.0;
        let dw = errors.iter().map(|(x, e)| 2.0 * x * e).sum::<f64>() / 3.0;
        let db = errors.iter().map(|(_, e)| 2.0 * e).sum::<f64>() / 3.0;
        let [layer] = epoch.layers.as_slice() else {
            panic!("one layer: {:?}", epoch.layers)
        };
        assert_eq!(layer.layer, "output");
        close(epoch.training_loss, loss);
        close(layer.gradient_norm, dw.hypot(db));
        close(layer.first_gradient_norm, dw.hypot(db));
        close(layer.gradient_mean_abs, (dw.abs() + db.abs()) / 2.0);
        close(layer.update_ratio, 0.1 * dw.hypot(db) / f64::hypot(w, b));
        // A single step says nothing of how steps differ.
        assert!(layer.gradient_noise.is_nan());
        assert!(layer.activation.is_none());
        (w, b) = (w - 0.1 * dw, b - 0.1 * db);
        close(layer.weight_norm, w.hypot(b));
        close(layer.weight_mean_abs, (w.abs() + b.abs()) / 2.0);
    }
    assert_eq!(history.epochs.len(), 2);
    assert_eq!(history.stop, Some(StopReason::Finished));
    // The values are 3, 5 and 7.
    close(history.start.constant_loss, 8.0 / 3.0);
    let (mean, std) = history.start.target.unwrap();
    close(mean, 5.0);
    close(std, (8.0f64 / 3.0).sqrt());
}

#[test]
fn noise_is_how_much_batches_disagree() {
    let device = Device::default();
    // With weight 0, a row's gradient is -2 x y for the weight and -2 y for the bias.
    let noise = |values: [f32; 4]| {
        let inputs = Tensor::<2>::ones([4, 1], &device);
        let values = Tensor::<1>::from_floats(values, &device).reshape([4, 1]);
        let network = MlpConfig::new(1, 1)
            .with_hidden([])
            .with_initializer(Initializer::Constant(0.0))
            .init(&device)
            .unwrap();
        let mut history = History::default();
        let mut config = config(1, 1);
        config.learning_rate = 1e-9.into();
        fit(
            network,
            &TensorDataset::regression(inputs, values),
            None,
            &config,
            &mut history,
        )
        .unwrap();
        history.epochs[0].layers[0].gradient_noise
    };
    assert!(noise([1.0, 1.0, 1.0, 1.0]) < 1e-3);
    // Two of the four steps are measured: of values a and b their gradients, (-2a, -2a) and (-2b, -2b),
    // have a noise of |a - b| / sqrt(2ab).
    let values: [f32; 4] = [1.0, 3.0, 5.0, 8.0];
    let found = noise(values);
    let pairs = values
        .iter()
        .flat_map(|a| values.iter().map(move |b| (a, b)));
    let mut expected = pairs
        .filter(|(a, b)| a < b)
        .map(|(a, b)| f64::from((a - b).abs() / (2.0 * a * b).sqrt()));
    assert!(
        expected.any(|noise| (noise - found).abs() < 1e-4),
        "{found}"
    );
}

#[test]
fn dead_and_saturated_units_are_counted() {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[1.0], [2.0], [3.0], [0.5]], &device);
    let examples = TensorDataset::regression(inputs.clone(), inputs);
    let units = |activation, initializer| {
        let network = MlpConfig::new(1, 1)
            .with_hidden([4])
            .with_activation(activation)
            .with_initializer(initializer)
            .init(&device)
            .unwrap();
        let mut history = History::default();
        let mut config = config(1, 4);
        config.learning_rate = 1e-9.into();
        fit(network, &examples, None, &config, &mut history).unwrap();
        history.epochs[0].layers[0].activation.clone().unwrap()
    };
    let dead = units(Activation::Relu, Initializer::Constant(-1.0));
    assert_eq!((dead.dead, dead.mean, dead.std), (1.0, 0.0, 0.0));
    let alive = units(Activation::Relu, Initializer::Constant(1.0));
    assert_eq!((alive.dead, alive.saturated), (0.0, 0.0));
    close(alive.mean, 6.5 / 4.0);
    let saturated = units(Activation::Tanh, Initializer::Constant(50.0));
    assert_eq!((saturated.dead, saturated.saturated), (0.0, 1.0));
    let leaky = units(Activation::LeakyRelu(0.01), Initializer::Constant(-1.0));
    assert_eq!(leaky.dead, 0.0);
}

#[test]
fn a_run_that_diverges_is_kept_and_named() {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[1.0], [-2.0], [3.0], [-0.5]], &device);
    let examples = TensorDataset::regression(inputs.clone(), inputs);
    device.seed(1);
    let network = MlpConfig::new(1, 1)
        .with_hidden([8])
        .with_activation(Activation::Identity)
        .init(&device)
        .unwrap();
    let mut history = History::default();
    let mut config = config(500, 4);
    config.learning_rate = 3.0.into();
    match fit(network, &examples, None, &config, &mut history) {
        Ok(fitted) => assert_eq!(fitted.stop, StopReason::Diverged),
        Err(error) => assert_eq!(error, TrainingError::Diverged),
    }
    assert_eq!(history.stop, Some(StopReason::Diverged));
    assert!(!history.epochs.last().unwrap().training_loss.is_finite());
    let findings = diagnose(&history, DiagnosisContext::default());
    assert!(
        matches!(
            findings[0].name,
            Diagnosis::Divergence | Diagnosis::ExplodingGradients
        ),
        "{findings:?}"
    );
    // Numbers that are none survive being written and read.
    let text = serde_json::to_string(&history).unwrap();
    let read: History = serde_json::from_str(&text).unwrap();
    assert_eq!(read.epochs.len(), history.epochs.len());
    assert!(read.epochs.last().unwrap().training_loss.is_nan());
    assert!(diagnose(&History::default(), DiagnosisContext::default()).is_empty());
}
