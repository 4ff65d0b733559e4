//! Two inputs through one shared `Mlp`: a siamese network (Bromley and others, 1993), which learns whether
//! two rows belong together.
//!
//! The rows are points on three rings. Two points belong together if they are on the same ring, however far
//! apart they are. The encoder learns to map each ring to a place of its own.
//!
//! ```text
//! cargo run --bin two_towers
//! ```

use backburn_examples::println;
use backburn_model::{Activation, ConfigError, Mlp, MlpConfig};
use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor};

#[derive(Module, Debug)]
struct TwoTowers {
    /// Both towers use this encoder, and both send gradients to it.
    encoder: Mlp,
}

impl TwoTowers {
    /// The squared distance between the codes of two rows.
    ///
    /// # Shapes
    ///
    /// - left, right: `[batch, 2]`
    /// - output: `[batch]`
    fn distance(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<1> {
        let difference = self.encoder.forward(left) - self.encoder.forward(right);
        difference.square().sum_dim(1).squeeze_dim(1)
    }

    /// The logit of "the rows belong together": positive if the distance is less than 4.
    fn forward(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<1> {
        -self.distance(left, right) + 4.0
    }
}

/// Random points `[rows, 2]` near the rings with radius 1, 2 and 3, and the ring of each point.
fn points(rows: usize, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let random = |distribution| Tensor::<1>::random([rows], distribution, device);
    let ring = random(Distribution::Uniform(0.0, 3.0)).floor();
    let radius = ring.clone() + 1.0 + random(Distribution::Normal(0.0, 0.1));
    let angle = random(Distribution::Uniform(0.0, std::f64::consts::TAU));
    let x = radius.clone() * angle.clone().cos();
    let y = radius * angle.sin();
    (Tensor::stack::<2>(vec![x, y], 1), ring.int())
}

fn main() -> Result<(), ConfigError> {
    let device = Device::default().autodiff();
    device.seed(0);
    let encoder = MlpConfig::new(2, 2)
        .with_hidden([32, 32])
        .with_activation(Activation::Silu)
        .init(&device)?;
    let mut towers = TwoTowers { encoder };
    let mut optimizer = AdamConfig::new().init();
    let loss = BinaryCrossEntropyLossConfig::new()
        .with_logits(true)
        .init(&device);
    for step in 1..=200 {
        let (left, left_ring) = points(256, &device);
        let (right, right_ring) = points(256, &device);
        let together = left_ring.equal(right_ring).int();
        let loss = loss.forward(towers.forward(left, right), together);
        let gradients = GradientsParams::from_grads(loss.backward(), &towers);
        towers = optimizer.step(3e-3, towers, gradients);
        if step % 50 == 0 {
            println!("step {step:3}  loss {:.4}", loss.into_scalar::<f32>());
        }
    }

    let device = device.without_autodiff();
    let (left, left_ring) = points(1000, &device);
    let (right, right_ring) = points(1000, &device);
    let together = left_ring.equal(right_ring).int();
    let predicted = towers.valid().forward(left, right).greater_elem(0.0).int();
    let correct = predicted.equal(together.clone()).float().mean();
    let correct: f32 = correct.into_scalar();
    let apart: f32 = together.equal_elem(0).float().mean().into_scalar();
    println!("accuracy on new pairs: {:.1} %", correct * 100.0);
    println!("pairs on two rings: {:.1} %", apart * 100.0);
    Ok(())
}
