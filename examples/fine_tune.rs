//! Fine-tunes a saved model on other rows, with its first layer frozen.
//!
//! The library trains a model on the houses of one town and saves it. In another town, there are fewer houses,
//! and age matters less. A loop of one's own trains the layers after the first on these, and the network goes
//! back into a model file with the same preprocessing.
//!
//! ```text
//! cargo run --bin fine_tune
//! ```

use std::error::Error;
use std::ops::Range;

use backburn::{
    Dataset, Estimator, FitContext, FittedModel, ModelFile, Preset, SavedModel, Settings, Table,
    TableBuilder, Target,
};
use backburn_examples::println;
use backburn_model::Mlp;
use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};

/// Houses with their sizes, ages and prices. With each year, a house loses a fraction of its value.
fn houses(name: &str, rows: Range<u32>, loss_of_value: f64) -> Result<Table, backburn::Error> {
    let sizes: Vec<f64> = rows
        .clone()
        .map(|row| f64::from(50 + row * 37 % 151))
        .collect();
    let ages: Vec<f64> = rows.map(|row| f64::from(row * 53 % 97)).collect();
    let pairs = sizes.iter().zip(&ages);
    let prices = pairs.map(|(size, age)| 3000.0 * size * (1.0 - loss_of_value).powf(*age));
    let prices: Vec<f64> = prices.collect();
    TableBuilder::new(name)
        .numbers("size", sizes)
        .numbers("age", ages)
        .numbers("price", prices)
        .build()
}

/// The network's inputs `[rows, inputs]` for a table, and the outputs `[rows, 1]` that it should have.
fn tensors(
    model: &SavedModel,
    table: &Table,
    device: &Device,
) -> Result<(Tensor<2>, Tensor<2>), Box<dyn Error>> {
    let inputs = model.encoder.encode(table)?;
    let inputs = TensorData::new(inputs, [table.rows(), model.encoder.width()]);
    let prices = model.target.values(table)?.into_iter();
    let prices: Vec<f32> = prices.map(|p| model.target.scale(p) as f32).collect();
    let prices = TensorData::new(prices, [table.rows(), 1]);
    Ok((
        Tensor::from_data(inputs, device),
        Tensor::from_data(prices, device),
    ))
}

/// Trains all layers but the first.
fn fine_tune(mut mlp: Mlp, inputs: &Tensor<2>, targets: &Tensor<2>) -> Mlp {
    mlp.hidden[0] = mlp.hidden[0].clone().freeze();
    let frozen = mlp.hidden[0].linear.weight.to_data();
    let mut optimizer = AdamConfig::new().init();
    for step in 0..=200 {
        let outputs = mlp.forward(inputs.clone());
        let loss = MseLoss::new().forward(outputs, targets.clone(), Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &mlp);
        mlp = optimizer.step(2e-3, mlp, gradients);
        if step % 50 == 0 {
            println!("step {step:3}  loss {:.4}", loss.into_scalar::<f32>());
        }
    }
    assert_eq!(mlp.hidden[0].linear.weight.to_data(), frozen);
    println!("the weights of the first layer are as they were");
    mlp
}

fn main() -> Result<(), Box<dyn Error>> {
    let old = std::env::temp_dir().join("backburn-old-town.safetensors");
    let new = std::env::temp_dir().join("backburn-new-town.safetensors");
    let device = Device::default();

    let data = Dataset::new(
        houses("old town", 0..600, 0.01)?,
        "price",
        &Default::default(),
    )?;
    let settings = "data.clip_predictions = false\nnetwork.hidden = [64, 64]";
    let config = Settings::new().toml(settings)?.over(Preset::Fast)?;
    let fitted = Estimator::new(config).fit(&data, &FitContext::default())?;
    fitted.save(&old)?;

    let mut model = SavedModel::load(&old, &device)?;
    let few = houses("new town", 0..100, 0.003)?;
    let (inputs, targets) = tensors(&model, &few, &device.clone().autodiff())?;
    // The preset has one network; `train` puts it on the device's autodiff.
    let mlp = model.network.members.remove(0).train();
    model.network = fine_tune(mlp, &inputs, &targets).valid().into();
    // How far predictions were off in the old town does not hold here, so the new model has no intervals.
    if let Target::Regression {
        errors,
        error_scale,
        ..
    } = &mut model.target
    {
        *error_scale = None;
        errors.clear();
    }
    ModelFile::create(&new)?.write(&model)?;

    let others = houses("other houses of the new town", 100..400, 0.003)?;
    let before = fitted.evaluate(&others)?;
    let after = FittedModel::load(&new, device)?.evaluate(&others)?;
    println!("before: {before}\nafter:  {after}");
    assert!(after.metric("rmse") < before.metric("rmse"));
    Ok(())
}
