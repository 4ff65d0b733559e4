//! The same computation with Burn's autodiff, in 64-bit numbers.

use backburn_model::{Activation, Mlp, MlpConfig};
use backburn_training::{Criterion, Loss};
use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::by_hand::{Layer, Matrix, Targets};

/// The loss, and its partial derivatives by the weights and biases of each layer.
pub fn pass(layers: &[Layer], inputs: &Matrix, targets: &Targets) -> (f64, Vec<Layer>) {
    let device = Device::default().autodiff();
    let mut mlp = network(layers, inputs[0].len(), &device);

    let (loss, targets) = match targets {
        Targets::Values(values) => {
            let values = tensor(values, &device.clone().without_autodiff());
            let values = backburn_training::Targets::Values(values.autodiff());
            (Loss::MeanSquaredError, values)
        }
        Targets::Classes(classes) => {
            let classes: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
            let rows = classes.len();
            let classes = Tensor::from_data(TensorData::new(classes, [rows]), &device);
            let classes = backburn_training::Targets::Classes(classes);
            (Loss::CrossEntropy, classes)
        }
    };
    let criterion = Criterion {
        loss,
        huber_delta: 1.0,
        label_smoothing: 0.0,
        quantiles: Vec::new(),
    };
    let outputs = mlp.forward(tensor(inputs, &device));
    let loss = criterion.forward(outputs, &targets, None);
    let gradients = loss.backward();

    let partials = linears(&mut mlp).into_iter().map(|linear| {
        let weights = linear.weight.val().grad(&gradients).expect("a gradient");
        let bias = linear.bias.as_ref().expect("a bias");
        let biases = bias.val().grad(&gradients).expect("a gradient");
        let [_, units] = weights.dims();
        Layer {
            weights: numbers(weights.into_data())
                .chunks(units)
                .map(<[f64]>::to_vec)
                .collect(),
            biases: numbers(biases.into_data()),
        }
    });
    let partials = partials.collect();
    (numbers(loss.into_data())[0], partials)
}

/// The network that has these layers.
fn network(layers: &[Layer], inputs: usize, device: &Device) -> Mlp {
    let units = |layer: &Layer| layer.biases.len();
    let (output, hidden) = layers.split_last().expect("a network has a layer");
    let mut mlp = MlpConfig::new(inputs, units(output))
        .with_hidden(hidden.iter().map(units).collect::<Vec<_>>())
        .with_activation(Activation::Tanh)
        .init(device)
        .expect("a valid network");
    for (layer, linear) in layers.iter().zip(linears(&mut mlp)) {
        let biases = TensorData::new(layer.biases.clone(), [units(layer)]);
        let biases = Tensor::<1>::from_data(biases, (device, DType::F64));
        linear.weight = Param::from_tensor(tensor(&layer.weights, device));
        linear.bias = Some(Param::from_tensor(biases));
    }
    mlp
}

fn linears(mlp: &mut Mlp) -> Vec<&mut Linear> {
    let hidden = mlp.hidden.iter_mut().map(|block| &mut block.linear);
    hidden.chain([&mut mlp.output]).collect()
}

fn tensor(rows: &Matrix, device: &Device) -> Tensor<2> {
    let data = TensorData::new(rows.concat(), [rows.len(), rows[0].len()]);
    Tensor::from_data(data, (device, DType::F64))
}

fn numbers(data: TensorData) -> Vec<f64> {
    data.iter().collect()
}
