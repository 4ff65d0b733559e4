//! Derivatives equal finite differences, and the gradients of Burn's autodiff.

use backburn_model::{Activation, Mlp, MlpConfig, Normalization};
use backburn_playground::{Aim, Network, Pass, Playground, Statistics, Unit, loss};
use backburn_training::{Criterion, Loss, Targets};
use burn::module::{Module, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

/// Whether two derivatives are the same within a relative error of 1e-6, or of 1e-9 where both are tiny.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-9
}

/// Compares every derivative of a row with its finite difference.
fn check_row(playground: &Playground, index: usize) {
    let row = playground.row(index).unwrap();
    let mut inputs = row.inputs.len();
    for (layer, numbers) in row.layers.iter().enumerate() {
        for to in 0..numbers.z.len() {
            for from in 0..inputs {
                let edge = playground.edge(index, layer, to, from).unwrap();
                let (a, b) = (edge.gradient, edge.finite_difference);
                assert!(
                    same(a, b),
                    "row {index}, layer {layer}, {from} to {to}: {a} {b}"
                );
                let product = edge.factors.delta * edge.factors.activation;
                assert!(same(a, product), "{a} {product}");
            }
            let unit = playground.unit(index, layer, to).unwrap();
            let (a, b) = (unit.bias_gradient, unit.bias_difference);
            assert!(same(a, b), "row {index}, layer {layer}, bias {to}: {a} {b}");
        }
        inputs = numbers.z.len();
    }
}

#[test]
fn derivatives_of_a_row_equal_finite_differences() {
    for (dataset, settings) in [
        ("spiral", r#"{"hidden": [4, 3]}"#),
        (
            "circles",
            r#"{"hidden": [4, 3], "activation": "gelu", "normalization": "layer"}"#,
        ),
        (
            "xor",
            r#"{"hidden": [3, 3], "activation": "sigmoid", "loss": "binary_cross_entropy", "residual": true}"#,
        ),
        (
            "line",
            r#"{"hidden": [3], "loss": "huber", "normalization": "batch"}"#,
        ),
        (
            "houses",
            r#"{"hidden": [4, 4], "activation": "silu", "residual": true, "dropout": 0.2}"#,
        ),
        ("penguins", r#"{"hidden": [4], "activation": "step"}"#),
        (
            "seeds",
            r#"{"hidden": [4, 4], "activation": "mish", "optimizer": "rmsprop"}"#,
        ),
    ] {
        let mut playground = Playground::open(dataset, settings).unwrap();
        playground.train(Unit::Epoch, 2);
        for index in [0, 7] {
            check_row(&playground, index);
        }
    }
}

#[test]
fn a_delta_is_the_sum_of_its_terms_times_the_slope() {
    let settings = r#"{"hidden": [4, 4, 4], "residual": true}"#;
    let playground = Playground::open("houses", settings).unwrap();
    for layer in 0..3 {
        for unit in 0..4 {
            let unit = playground.unit(3, layer, unit).unwrap();
            let back: f64 = unit.delta_terms.iter().map(|term| term.product).sum();
            assert!(same(unit.delta, back * unit.slope));
            let forward: f64 = unit.terms.iter().map(|term| term.product).sum();
            assert!(same(unit.z, forward + unit.bias));
        }
    }
    assert!(playground.unit(3, 3, 0).unwrap().delta_terms.is_empty());
}

/// The gradients of all linear layers of a network by Burn, for a batch.
fn by_burn(mlp: &Mlp, inputs: &Tensor<2>, targets: &Targets, criterion: &Criterion) -> Vec<f64> {
    let device = inputs.device();
    let mlp = mlp.clone().fork(&device).train();
    let outputs = mlp.forward(inputs.clone().autodiff());
    let gradients = criterion.forward(outputs, targets, None).backward();
    let linear = mlp.hidden.iter().map(|block| &block.linear);
    let mut all = Vec::new();
    for linear in linear.chain([&mlp.output]) {
        all.extend(numbers(&linear.weight, &gradients));
        let bias = linear.bias.as_ref().expect("layers have a bias");
        all.extend(numbers(bias, &gradients));
    }
    all
}

fn numbers<const D: usize>(parameter: &Param<Tensor<D>>, gradients: &Gradients) -> Vec<f64> {
    let gradient = parameter.val().grad(gradients).expect("a gradient");
    gradient.into_data().iter::<f64>().collect()
}

#[test]
fn gradients_of_a_batch_equal_burns() {
    let device = Device::flex();
    device.seed(1);
    let rows = 6;
    let inputs: Vec<f32> = (0..rows * 3).map(|i| (i as f32 * 0.9).sin()).collect();
    let classes: Vec<i64> = (0..rows as i64).map(|row| row % 2).collect();
    let tensor = Tensor::<2>::from_data(TensorData::new(inputs.clone(), [rows, 3]), &device);
    let class_tensor =
        Tensor::<1, Int>::from_data(TensorData::new(classes.clone(), [rows]), &device);
    let targets = Targets::Classes(class_tensor);
    let criterion = Criterion {
        loss: Loss::CrossEntropy,
        huber_delta: 1.0,
        label_smoothing: 0.1,
        quantiles: Vec::new(),
    };
    for normalization in [
        Normalization::None,
        Normalization::Batch,
        Normalization::Layer,
    ] {
        for activation in [Activation::Tanh, Activation::Relu, Activation::PRelu(0.25)] {
            let config = MlpConfig::new(3, 2)
                .with_hidden([4, 4])
                .with_activation(activation)
                .with_normalization(normalization)
                .with_residual(true);
            let mlp = config.init(&device).unwrap();
            let network = Network::of(&mlp);
            let features = inputs.iter().copied().map(f64::from).collect();
            let mut pass = Pass::forward(&network, features, Statistics::OfBatch);
            let outputs = pass.outputs().chunks_exact(2).zip(&classes);
            let slopes = outputs.flat_map(|(outputs, &class)| {
                let (_, slopes) = loss(&criterion, outputs, Aim::Class(class as usize));
                slopes.into_iter().map(|slope| slope / rows as f64)
            });
            let slopes: Vec<f64> = slopes.collect();
            let gradients = pass.backward(&network, slopes);
            let ours: Vec<f64> = gradients
                .into_iter()
                .flat_map(|gradient| [gradient.weight, gradient.bias].concat())
                .collect();
            let burns = by_burn(&mlp, &tensor, &targets, &criterion);
            // Burn computes in 32 bits here, and a variance over few rows makes rounding errors larger.
            let tolerance = match normalization {
                Normalization::Batch => 5e-6,
                _ => 1e-6,
            };
            assert_eq!(ours.len(), burns.len());
            for (a, b) in ours.iter().zip(&burns) {
                assert!(
                    (a - b).abs() < tolerance * b.abs().max(1.0),
                    "{normalization:?}, {activation}: {a} {b}"
                );
            }
        }
    }
}

#[test]
fn rows_layers_and_units_that_do_not_exist_are_errors() {
    let playground = Playground::open("xor", "{}").unwrap();
    for (row, layer, to, from, message) in [
        (500, 0, 0, 0, "row 500: the table has rows 0 to 499"),
        (0, 2, 0, 0, "layer 2: there are 2"),
        (0, 0, 8, 0, "unit 8: there are 8"),
        (0, 0, 0, 2, "input 2: there are 2"),
    ] {
        let error = playground
            .edge(row, layer, to, from)
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(playground.unit(0, 1, 2).is_err());
    assert!(playground.attribution(500).is_err());
}
