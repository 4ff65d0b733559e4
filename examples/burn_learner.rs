//! Trains an `Mlp` with Burn's own `Learner` and `SupervisedTraining`, and Burn's data loaders and
//! metrics. The network learns which of two interleaved spirals a point belongs to.
//!
//! ```text
//! cargo run -p backburn-examples --features learner --bin burn_learner
//! ```

use backburn_examples::println;
use backburn_model::{Activation, MlpConfig};
use backburn_training::learner::{ClassificationBatch, Classifier};
use burn::data::dataloader::{DataLoaderBuilder, batcher::Batcher};
use burn::data::dataset::InMemDataset;
use burn::optim::AdamConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{Learner, SupervisedTraining};

#[derive(Clone, Debug)]
struct Point {
    x: f32,
    y: f32,
    spiral: i64,
}

/// Makes a batch of tensors from points.
#[derive(Clone)]
struct Points;

impl Batcher<Point, ClassificationBatch> for Points {
    fn batch(&self, points: Vec<Point>, device: &Device) -> ClassificationBatch {
        let rows = points.len();
        let inputs: Vec<f32> = points.iter().flat_map(|p| [p.x, p.y]).collect();
        let classes: Vec<i64> = points.iter().map(|p| p.spiral).collect();
        ClassificationBatch {
            inputs: Tensor::from_data(TensorData::new(inputs, [rows, 2]), device),
            classes: Tensor::<1, Int>::from_data(TensorData::new(classes, [rows]), device),
        }
    }
}

/// Points at even distances along both spirals. `offset` shifts them along the spiral, in units of the
/// distance between two points.
fn spirals(points: usize, offset: f32) -> InMemDataset<Point> {
    let point = |index: usize| {
        let spiral = (index % 2) as i64;
        let turn = (index as f32 + offset) / points as f32 * 3.0;
        let angle = turn * std::f32::consts::PI + spiral as f32 * std::f32::consts::PI;
        Point {
            x: turn * angle.cos(),
            y: turn * angle.sin(),
            spiral,
        }
    };
    InMemDataset::new((0..points).map(point).collect())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::default().autodiff();
    device.seed(0);
    let mlp = MlpConfig::new(2, 2)
        .with_hidden([64, 64])
        .with_activation(Activation::Tanh)
        .init(&device)?;

    let training = DataLoaderBuilder::new(Points)
        .batch_size(32)
        .shuffle(0)
        .set_device(device.clone())
        .build(spirals(1024, 0.0));
    let validation = DataLoaderBuilder::new(Points)
        .batch_size(256)
        .set_device(device.clone().without_autodiff())
        .build(spirals(512, 0.5));

    let folder = std::env::temp_dir().join("backburn-learner");
    let result = SupervisedTraining::new(&folder, training, validation)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .num_epochs(30)
        .summary()
        .launch(Learner::new(
            Classifier { mlp },
            AdamConfig::new().init(),
            3e-3,
        ));
    println!("{}", result.model.mlp);
    Ok(())
}
