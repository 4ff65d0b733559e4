//! Trains a 2-2-1 sigmoid network on the exclusive or (XOR) by plain gradient descent. It is the
//! smallest problem that a linear model cannot solve.
//!
//! With some initial weights, training ends in a poor local minimum (Rumelhart, Hinton and Williams,
//! 1986). The program then tries again with the next seed.
//!
//! ```text
//! cargo run --bin xor
//! ```

use std::ops::ControlFlow;

use backburn_examples::println;
use backburn_model::{Activation, Initializer, MlpConfig};
use backburn_training::{
    Callback, EpochReport, Loss, OptimizerConfig, ScheduleConfig, TensorDataset, TrainingConfig,
    TrainingState, fit,
};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Int, Tensor};

/// Prints the loss every 200 epochs.
struct Print;

impl Callback for Print {
    fn on_epoch_end(&mut self, _: &dyn TrainingState, epoch: &EpochReport) -> ControlFlow<()> {
        if epoch.epoch.is_multiple_of(200) {
            println!("epoch {:4}  loss {:.4}", epoch.epoch, epoch.training_loss);
        }
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    let mut seed = 0;
    let fitted = loop {
        device.seed(seed);
        let network = MlpConfig::new(2, 1)
            .with_hidden([2])
            .with_activation(Activation::Sigmoid)
            .with_initializer(Initializer::Normal(0.0, 1.0))
            .init(&device)?;
        println!("seed {seed}");
        let fitted = fit(network, &examples, None, &config, &mut Print)?;
        if fitted.loss < 0.1 || seed == 20 {
            break fitted;
        }
        println!("stuck in a poor local minimum: trying the next seed\n");
        seed += 1;
    };

    let probabilities = sigmoid(fitted.network.forward(inputs)).into_data();
    for (pair, p) in ["0 xor 0", "0 xor 1", "1 xor 0", "1 xor 1"]
        .iter()
        .zip(probabilities.iter::<f32>())
    {
        println!("{pair}: {p:.3}");
    }
    Ok(())
}
