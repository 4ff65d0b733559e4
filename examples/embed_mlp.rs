//! Uses an `Mlp` as part of a Burn module of one's own, trained by a loop of one's own.
//!
//! The module compares pairs of points. It computes a score for each point with one shared `Mlp`, and
//! the difference of the scores is a logit. It learns which point is further from the origin.
//!
//! ```text
//! cargo run --bin embed_mlp
//! ```

use backburn_examples::println;
use backburn_model::{Activation, ConfigError, Mlp, MlpConfig};
use burn::module::Module;
use burn::nn::loss::BinaryCrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor};

#[derive(Module, Debug)]
struct Ranker {
    score: Mlp,
}

impl Ranker {
    fn new(device: &Device) -> Result<Self, ConfigError> {
        let score = MlpConfig::new(2, 1)
            .with_hidden([32, 32])
            .with_activation(Activation::Silu)
            .init(device)?;
        Ok(Self { score })
    }

    /// The logit of "the left point is further from the origin".
    ///
    /// # Shapes
    ///
    /// - left, right: `[batch, 2]`
    /// - output: `[batch]`
    fn forward(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<1> {
        (self.score.forward(left) - self.score.forward(right)).squeeze_dim(1)
    }
}

/// 1 where the left point is further from the origin, 0 elsewhere.
fn targets(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<1, Int> {
    let far = |points: &Tensor<2>| points.clone().square().sum_dim(1).squeeze_dim::<1>(1);
    far(left).greater(far(right)).int()
}

fn main() -> Result<(), ConfigError> {
    let device = Device::default().autodiff();
    device.seed(0);
    let points = || Tensor::<2>::random([256, 2], Distribution::Normal(0.0, 1.0), &device);
    let loss = BinaryCrossEntropyLossConfig::new()
        .with_logits(true)
        .init(&device);

    let mut ranker = Ranker::new(&device)?;
    let mut optimizer = AdamConfig::new().init();
    for step in 1..=400 {
        let (left, right) = (points(), points());
        let logits = ranker.forward(left.clone(), right.clone());
        let loss = loss.forward(logits, targets(&left, &right));
        let gradients = GradientsParams::from_grads(loss.backward(), &ranker);
        ranker = optimizer.step(3e-3, ranker, gradients);
        if step % 100 == 0 {
            println!("step {step}  loss {:.4}", loss.into_scalar::<f32>());
        }
    }

    let (left, right) = (points(), points());
    let predicted = ranker
        .forward(left.clone(), right.clone())
        .greater_elem(0.0)
        .int();
    let accuracy = predicted.equal(targets(&left, &right)).int().float().mean();
    println!(
        "accuracy on new pairs: {:.1} %",
        accuracy.into_scalar::<f32>() * 100.0
    );
    Ok(())
}
