//! Backpropagation's gradients are right: for whatever the model and training crates offer, against
//! differences; for a small network, against the chain rule written out.

use backburn_model::{Activation, EmbeddingConfig, Initializer, Mlp, MlpConfig, Normalization};
use backburn_training::{
    Criterion, Loss, StraightThrough, TOLERANCE, TargetSlice, Targets, check_gradients,
};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const ROWS: usize = 5;

/// A criterion and targets that suit it, in 64 bits.
fn criterion(loss: Loss, label_smoothing: f64, device: &Device) -> (Criterion, Targets, usize) {
    let classes = |classes: [i64; ROWS]| Targets::Classes(Tensor::from_data(classes, device));
    let values = |values: Vec<f64>, width: usize| {
        let options = (device, burn::tensor::DType::F64);
        let data = TensorData::new(values, [ROWS, width]);
        Targets::Values(Tensor::from_data(data, options))
    };
    let (targets, outputs) = match loss {
        Loss::CrossEntropy => (classes([0, 2, 1, 1, 0]), 3),
        Loss::BinaryCrossEntropy => (classes([0, 1, 1, 0, 1]), 1),
        Loss::Quantile => (values(vec![0.3, -1.2, 2.5, 0.7, -0.1], 1), 3),
        Loss::Poisson | Loss::Gamma => {
            let amounts = vec![0.3, 1.2, 2.5, 0.7, 0.1, 1.9, 2.2, 0.4, 0.9, 0.6];
            (values(amounts, 2), 2)
        }
        _ => {
            let values = vec![0.3, -1.2, 2.5, 0.7, -0.1, 1.9, -2.2, 0.4, 0.9, -0.6];
            let data = TensorData::new(values, [ROWS, 2]);
            let options = (device, burn::tensor::DType::F64);
            (Targets::Values(Tensor::from_data(data, options)), 2)
        }
    };
    let criterion = Criterion {
        loss,
        huber_delta: 1.0,
        label_smoothing: match targets {
            Targets::Classes(_) => label_smoothing,
            Targets::Values(_) | Targets::Several(_) => 0.0,
        },
        quantiles: vec![0.1, 0.5, 0.8],
    };
    (criterion, targets, outputs)
}

fn check(config: &MlpConfig, criterion: &Criterion, targets: &Targets, device: &Device) {
    // Biases that start at 0 put some units exactly at a kink, or give a layer nothing to normalize.
    let network = config.init(device).unwrap().map(&mut Shaken);
    let mut inputs = Tensor::<2>::random(
        [ROWS, config.inputs],
        Distribution::Normal(0.0, 1.0),
        device,
    );
    if !config.embeddings.is_empty() {
        let indices = Tensor::<2>::from_floats([[0.], [2.], [1.], [2.], [0.]], device);
        inputs = Tensor::cat(vec![inputs, indices], 1);
    }
    let around = std::cell::OnceCell::new();
    let checks = check_gradients(&network, &inputs, None, 1, |network: &Mlp, rows| {
        let outputs = match config.activation {
            step if step.is_step() => {
                let surrogate =
                    around.get_or_init(|| StraightThrough::around(network, rows.clone()));
                surrogate.forward(network, rows)
            }
            _ => network.forward(rows),
        };
        criterion.forward(outputs, targets, None)
    });
    for check in &checks {
        // The indices of categories are not numbers to differentiate by.
        let indices = check.name == "inputs" && !config.embeddings.is_empty();
        assert!(
            indices || check.error < TOLERANCE,
            "{config:?} {criterion:?}: {check:?}"
        );
    }
    let parameters = checks.iter().filter(|c| c.name != "inputs");
    let elements: usize = parameters.map(|c| c.checked).sum();
    assert_eq!(elements, network.num_params() - frozen(&network));
}

struct Shaken;

impl ModuleMapper for Shaken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let noise = tensor.random_like(Distribution::Normal(0.0, 0.2));
            tensor + noise
        })
    }
}

/// The running statistics of batch normalization, which no gradient changes.
fn frozen(network: &Mlp) -> usize {
    let batch = |n: &burn::nn::norm::Normalization| match n {
        burn::nn::norm::Normalization::Batch(norm) => 2 * norm.gamma.dims()[0],
        _ => 0,
    };
    network
        .hidden
        .iter()
        .filter_map(|b| b.normalization.as_ref())
        .map(batch)
        .sum()
}

const LOSSES: [Loss; 8] = [
    Loss::MeanSquaredError,
    Loss::MeanAbsoluteError,
    Loss::Huber,
    Loss::Quantile,
    Loss::Poisson,
    Loss::Gamma,
    Loss::CrossEntropy,
    Loss::BinaryCrossEntropy,
];

const NORMALIZATIONS: [Normalization; 3] = [
    Normalization::None,
    Normalization::Batch,
    Normalization::Layer,
];

fn every_setting_passes(device: &Device) {
    device.seed(0);
    for activation in Activation::all() {
        for loss in LOSSES {
            // A loss meets the last layer alone, so that some are enough through all normalizations.
            let normalizations = match loss {
                Loss::Quantile | Loss::Poisson | Loss::Gamma => &NORMALIZATIONS[..1],
                _ => NORMALIZATIONS.as_slice(),
            };
            for &normalization in normalizations {
                for residual in [false, true] {
                    let (criterion, targets, outputs) = criterion(loss, 0.0, device);
                    let config = MlpConfig::new(3, outputs)
                        .with_hidden([4, 4])
                        .with_activation(activation)
                        .with_normalization(normalization)
                        .with_residual(residual)
                        .with_increasing(loss == Loss::Quantile);
                    check(&config, &criterion, &targets, device);
                }
            }
        }
    }
}

#[test]
fn every_setting_passes_the_gradient_check() {
    every_setting_passes(&Device::flex());
}

/// Two numbers and a class, each with weights, and rows that lack one of them.
#[test]
fn several_targets_pass_the_gradient_check() {
    let device = Device::flex();
    device.seed(0);
    let options = (&device, burn::tensor::DType::F64);
    let weights = |weights: [f64; ROWS]| Tensor::<1>::from_data(TensorData::from(weights), options);
    let number = |values: [f64; ROWS], of_rows| {
        let values = TensorData::new(values.to_vec(), [ROWS, 1]);
        TargetSlice {
            outputs: 1,
            targets: Targets::Values(Tensor::from_data(values, options)),
            weights: weights(of_rows),
        }
    };
    let classes = Tensor::from_data([0, 2, 1, 1, 0], &device);
    let class = TargetSlice {
        outputs: 3,
        targets: Targets::Classes(classes),
        weights: weights([0.5, 0.5, 0.0, 0.5, 2.0]),
    };
    let targets = Targets::Several(vec![
        number([0.3, -1.2, 2.5, 0.0, -0.1], [1.25, 1.25, 1.25, 0.0, 1.25]),
        class,
        number([0.7, 1.9, -2.2, 0.4, 0.9], [3.0; ROWS]),
    ]);
    let criterion = Criterion {
        loss: Loss::Auto,
        huber_delta: 1.0,
        label_smoothing: 0.1,
        quantiles: Vec::new(),
    };
    for normalization in NORMALIZATIONS {
        let config = MlpConfig::new(3, 5)
            .with_hidden([4, 4])
            .with_activation(Activation::Tanh)
            .with_normalization(normalization);
        check(&config, &criterion, &targets, &device);
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn every_setting_passes_the_gradient_check_on_ndarray() {
    every_setting_passes(&Device::new(burn_ndarray::NdArrayDevice::Cpu));
}

fn activation() -> impl Strategy<Value = Activation> {
    let number = 0.1..2.0f64;
    prop_oneof![
        proptest::sample::select(Activation::all()),
        number.clone().prop_map(|x| Activation::LeakyRelu(x / 4.0)),
        number.clone().prop_map(Activation::PRelu),
        number.clone().prop_map(Activation::Elu),
        number.clone().prop_map(Activation::Celu),
        number.clone().prop_map(Activation::Softplus),
        number.clone().prop_map(Activation::ThresholdedRelu),
        number.clone().prop_map(Activation::HardShrink),
        number.prop_map(Activation::SoftShrink),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_network_passes_the_gradient_check(
        activation in activation(),
        loss in proptest::sample::select(LOSSES.to_vec()),
        normalization in proptest::sample::select(NORMALIZATIONS.to_vec()),
        residual: bool,
        embedded: bool,
        smoothing in prop_oneof![Just(0.0), 0.0..0.9f64],
        dropout in prop_oneof![Just(0.0), 0.0..0.5f64],
        hidden in proptest::collection::vec(1usize..6, 0..4),
        inputs in 1usize..5,
        initializer in proptest::sample::select(
            Initializer::all().into_iter().filter(|i| !matches!(i, Initializer::Constant(_))).collect::<Vec<_>>()
        ),
        seed: u64,
    ) {
        let device = Device::flex();
        device.seed(seed);
        let (criterion, targets, outputs) = criterion(loss, smoothing, &device);
        let mut config = MlpConfig::new(inputs, outputs)
            .with_hidden(hidden)
            .with_activation(activation)
            .with_normalization(normalization)
            .with_residual(residual)
            // A step's surrogate is for one pass, which dropout makes another one.
            .with_dropout(if activation.is_step() { 0.0 } else { dropout })
            .with_initializer(initializer);
        if embedded {
            config.embeddings = vec![EmbeddingConfig { categories: 3, dimension: 2 }];
        }
        check(&config, &criterion, &targets, &device);
    }
}
