//! Trains an `Mlp` with a loop of one's own: forward pass, loss, backward pass, update. Everything but the
//! network is Burn's.
//!
//! ```text
//! cargo run --bin training_loop
//! ```

use backburn_examples::println;
use backburn_model::{Activation, ConfigError, MlpConfig};
use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};

const ROWS: usize = 1024;
const BATCH: usize = 64;
const LEARNING_RATE: f64 = 3e-3;

/// Random rows `[rows, 2]` and their targets `sin(3 x₁) x₂`, `[rows, 1]`.
fn examples(rows: usize, device: &Device) -> (Tensor<2>, Tensor<2>) {
    let inputs = Tensor::<2>::random([rows, 2], Distribution::Uniform(-1.0, 1.0), device);
    let first = inputs.clone().slice_dim(1, 0..1);
    let second = inputs.clone().slice_dim(1, 1..2);
    (inputs, (first * 3.0).sin() * second)
}

fn main() -> Result<(), ConfigError> {
    // Tensors on this device record what is computed, for the backward pass.
    let device = Device::default().autodiff();
    device.seed(0);
    let (inputs, targets) = examples(ROWS, &device);
    let (unseen_inputs, unseen_targets) = examples(256, &device.clone().without_autodiff());

    let mut mlp = MlpConfig::new(2, 1)
        .with_hidden([32, 32])
        .with_activation(Activation::Silu)
        .init(&device)?;
    let mut optimizer = AdamConfig::new().init();
    let mse = MseLoss::new();
    for epoch in 1..=30 {
        // The rows in a new random order.
        let order = Tensor::<1>::random([ROWS], Distribution::Default, &device).argsort(0);
        let inputs = inputs.clone().select(0, order.clone());
        let targets = targets.clone().select(0, order);
        for first in (0..ROWS).step_by(BATCH) {
            let batch = first..first + BATCH;
            let outputs = mlp.forward(inputs.clone().slice_dim(0, batch.clone()));
            let targets = targets.clone().slice_dim(0, batch);
            let loss = mse.forward(outputs, targets, Reduction::Mean);
            let gradients = GradientsParams::from_grads(loss.backward(), &mlp);
            mlp = optimizer.step(LEARNING_RATE, mlp, gradients);
        }
        if epoch % 5 == 0 {
            // Without autodiff, and without dropout if the network has any.
            let outputs = mlp.valid().forward(unseen_inputs.clone());
            let loss = mse.forward(outputs, unseen_targets.clone(), Reduction::Mean);
            let loss: f32 = loss.into_scalar();
            println!("epoch {epoch:2}  loss on unseen rows {loss:.5}");
        }
    }
    let mean = unseen_targets.clone().mean().unsqueeze::<2>();
    let loss = (unseen_targets - mean).square().mean();
    let loss: f32 = loss.into_scalar();
    println!("for comparison, the loss of their mean: {loss:.5}");
    Ok(())
}
