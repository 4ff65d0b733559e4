//! Ten steps of each optimizer come out as in PyTorch: losses, gradients and weights.
//!
//! `fixtures/pytorch.py` wrote what PyTorch did to `fixtures/pytorch.safetensors`.

use backburn_model::{Activation, Mlp, MlpConfig};
use backburn_training::{Criterion, Loss, OptimizerConfig, OptimizerName, Targets};
use burn::module::Param;
use burn::nn::Linear;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;

const FIXTURE: &[u8] = include_bytes!("../fixtures/pytorch.safetensors");
const STEPS: usize = 10;

struct Fixture(SafeTensors<'static>);

impl Fixture {
    fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = self.0.tensor(name).unwrap().data();
        let numbers = bytes
            .chunks(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        numbers.collect()
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let shape = self.0.tensor(name).unwrap().shape().to_vec();
        Tensor::from_data(TensorData::new(self.floats(name), shape), device)
    }

    fn classes(&self) -> Vec<i64> {
        let bytes = self.0.tensor("classes").unwrap().data();
        let numbers = bytes
            .chunks(8)
            .map(|b| i64::from_le_bytes(b.try_into().unwrap()));
        numbers.collect()
    }
}

/// Agrees to 1e-5 of the largest of the numbers.
fn assert_close(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    assert!(!theirs.is_empty(), "{what}");
    let largest = theirs.iter().fold(0f32, |most, x| most.max(x.abs()));
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= 1e-5 * largest, "{what}: {a} is not {b}");
    }
}

#[test]
fn optimizers_do_what_they_do_in_pytorch() {
    let sgd = OptimizerConfig::sgd();
    let momentum = OptimizerConfig {
        momentum: 0.9,
        ..sgd.clone()
    };
    let adam = OptimizerConfig {
        name: OptimizerName::Adam,
        ..OptimizerConfig::default()
    };
    for (name, rate, optimizer) in [
        ("sgd", 0.1, sgd.clone()),
        (
            "sgd_decay",
            0.1,
            OptimizerConfig {
                weight_decay: Some(0.05),
                ..sgd
            },
        ),
        ("momentum", 0.1, momentum.clone()),
        (
            "nesterov",
            0.1,
            OptimizerConfig {
                nesterov: true,
                ..momentum
            },
        ),
        ("adam", 0.01, adam),
        (
            "adamw",
            0.01,
            OptimizerConfig {
                weight_decay: Some(0.1),
                ..OptimizerConfig::default()
            },
        ),
    ] {
        for loss in [Loss::MeanSquaredError, Loss::CrossEntropy] {
            reproduce(name, rate, &optimizer, loss);
        }
    }
}

fn reproduce(name: &str, rate: f64, optimizer: &OptimizerConfig, loss: Loss) {
    let fixture = Fixture(SafeTensors::deserialize(FIXTURE).unwrap());
    let (name, outputs) = match loss {
        Loss::CrossEntropy => (format!("{name}/cross_entropy"), 3),
        _ => (format!("{name}/mean_squared_error"), 1),
    };
    let device = Device::default().autodiff();
    let mut mlp: Mlp = MlpConfig::new(4, outputs)
        .with_hidden([5])
        .with_activation(Activation::Tanh)
        .init(&device)
        .unwrap();
    for (layer, linear) in [&mut mlp.hidden[0].linear, &mut mlp.output]
        .into_iter()
        .enumerate()
    {
        let start = |kind: &str| format!("{name}/{kind}.{layer}.0");
        linear.weight = Param::from_tensor(fixture.tensor(&start("weight"), &device));
        linear.bias = Some(Param::from_tensor(fixture.tensor(&start("bias"), &device)));
    }
    let criterion = Criterion {
        loss,
        huber_delta: 1.0,
        label_smoothing: 0.0,
        quantiles: Vec::new(),
    };
    let mut optimizer = optimizer.init();
    let inputs: Tensor<3> = fixture.tensor("inputs", &device);
    let values: Tensor<3> = fixture.tensor("values", &device);
    let losses = fixture.floats(&format!("{name}/losses"));
    let [_, batch, columns] = inputs.dims();

    for step in 0..STEPS {
        let rows = inputs
            .clone()
            .slice_dim(0, step..step + 1)
            .reshape([batch, columns]);
        let targets = match loss {
            Loss::CrossEntropy => {
                let classes = fixture.classes()[step * batch..(step + 1) * batch].to_vec();
                let classes = TensorData::new(classes, [batch]);
                Targets::Classes(Tensor::<1, Int>::from_data(classes, &device))
            }
            _ => {
                let values = values.clone().slice_dim(0, step..step + 1);
                Targets::Values(values.reshape([batch, 1]))
            }
        };
        let loss = criterion.forward(mlp.forward(rows), &targets, None);
        let what = |kind: &str| format!("{name}, {kind} of step {step}");
        let ours: f32 = loss.clone().without_autodiff().into_scalar();
        assert_close(&[ours], &losses[step..=step], &what("loss"));
        let gradients = GradientsParams::from_grads(loss.backward(), &mlp);
        for (layer, linear) in layers(&mlp).into_iter().enumerate() {
            let weight = gradients.get::<2>(linear.weight.id).unwrap();
            let bias = gradients
                .get::<1>(linear.bias.as_ref().unwrap().id)
                .unwrap();
            let theirs = ["weight_grad", "bias_grad"]
                .map(|kind| fixture.floats(&format!("{name}/{kind}.{layer}.{step}")));
            assert_close(&together(weight, bias), &theirs.concat(), &what("gradient"));
        }
        mlp = optimizer.step(rate, mlp, gradients);
        for (layer, linear) in layers(&mlp).into_iter().enumerate() {
            let ours = together(linear.weight.val(), linear.bias.as_ref().unwrap().val());
            let theirs = ["weight", "bias"]
                .map(|kind| fixture.floats(&format!("{name}/{kind}.{layer}.{}", step + 1)));
            assert_close(&ours, &theirs.concat(), &what("weights"));
        }
    }
}

fn layers(mlp: &Mlp) -> [&Linear; 2] {
    [&mlp.hidden[0].linear, &mlp.output]
}

/// A layer's weights and biases in a row.
fn together(weight: Tensor<2>, bias: Tensor<1>) -> Vec<f32> {
    let weight = weight.into_data();
    let bias = bias.into_data();
    weight.iter::<f32>().chain(bias.iter::<f32>()).collect()
}
