//! The range test suggests a learning rate, and says where there is none.

use backburn_model::{Initializer, Mlp, MlpConfig};
use backburn_training::{RangeTest, TensorDataset, TrainingConfig, TrainingError, range_test};
use burn::tensor::{Device, Tensor, TensorData};

/// Points of a curve.
fn curve(rows: usize) -> TensorDataset {
    let device = Device::default();
    let number = |place: usize| ((place * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
    let inputs: Vec<f32> = (0..rows * 2).map(number).collect();
    let values: Vec<f32> = inputs
        .chunks(2)
        .map(|x| (3.0 * x[0]).sin() + x[1])
        .collect();
    let inputs = Tensor::from_data(TensorData::new(inputs, [rows, 2]), &device);
    let values = Tensor::from_data(TensorData::new(values, [rows, 1]), &device);
    TensorDataset::regression(inputs, values)
}

fn network() -> Mlp {
    let device = Device::default();
    device.seed(2);
    let config = MlpConfig::new(2, 1).with_hidden([16]);
    config.init(&device).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig {
        batch_size: Some(32),
        seed: 4,
        ..TrainingConfig::default()
    }
}

#[test]
fn the_suggestion_is_a_tenth_of_the_best_rate() {
    let examples = curve(320);
    let found = range_test(&network(), &examples, &config()).unwrap();
    let RangeTest {
        rates,
        losses,
        suggestion,
    } = &found;
    assert_eq!(rates.len(), losses.len());
    assert!((10..=150).contains(&rates.len()), "{}", rates.len());
    assert!((rates[0] - 1e-6).abs() < 1e-12, "{}", rates[0]);
    let factor = rates[1] / rates[0];
    for pair in rates.windows(2) {
        assert!((pair[1] / pair[0] - factor).abs() < 1e-9, "{pair:?}");
    }
    assert!(factor > 1.0 && rates.iter().all(|rate| *rate <= 1.0 + 1e-9));
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let best = losses.iter().position(|loss| *loss == lowest).unwrap();
    assert_eq!(*suggestion, (rates[best] / 10.0).max(1e-6));
    assert!(lowest < 0.7 * losses[0], "{lowest} of {}", losses[0]);
    let again = range_test(&network(), &examples, &config()).unwrap();
    assert_eq!(again, found, "one seed, one answer");
}

#[test]
fn where_nothing_is_left_to_learn_there_is_no_rate() {
    let device = Device::default();
    let inputs = Tensor::<2>::ones([40, 2], &device);
    let examples = TensorDataset::regression(inputs, Tensor::<2>::zeros([40, 1], &device));
    let network = MlpConfig::new(2, 1)
        .with_hidden([])
        .with_initializer(Initializer::Constant(0.0))
        .init(&device)
        .unwrap();
    let error = range_test(&network, &examples, &config()).unwrap_err();
    assert_eq!(error, TrainingError::NoRate);
}

#[test]
fn no_rows_and_bad_settings_are_errors() {
    let nothing = curve(10).slice(0, 0);
    let error = range_test(&network(), &nothing, &config()).unwrap_err();
    assert_eq!(error, TrainingError::NoRows);
    let bad = TrainingConfig {
        epochs: 0,
        ..config()
    };
    let error = range_test(&network(), &curve(10), &bad).unwrap_err();
    assert!(matches!(error, TrainingError::Config(_)), "{error}");
}
