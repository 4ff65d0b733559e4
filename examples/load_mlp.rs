//! Loads a model file into a plain `Mlp`: with the library, which also reads the preprocessing, and with
//! `burn-store` alone, since the weights in the file have the names of the module's fields.
//!
//! ```text
//! cargo run --bin load_mlp
//! ```

use std::error::Error;

use backburn::{
    Config, Dataset, Estimator, FitContext, Preset, ReadOptions, SavedModel, Table, TableError,
};
use backburn_examples::println;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};

fn seeds() -> Result<Table, TableError> {
    let csv = include_str!("data/wheat_seeds.csv");
    Table::from_reader("wheat_seeds.csv", csv.as_bytes(), &ReadOptions::default())
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::default();
    let path = std::env::temp_dir().join("backburn-seeds.safetensors");
    let data = Dataset::new(seeds()?, "variety", &Default::default())?;
    let estimator = Estimator::new(Config::preset(Preset::Fast));
    let fitted = estimator.fit(&data, &FitContext::default())?;
    fitted.save(&path)?;

    // The library: the network, the encoder of its inputs, and the target that its outputs stand for.
    let model = SavedModel::load(&path, &device)?;
    let [mlp] = model.network.members.as_slice() else {
        return Err("the file holds several networks".into());
    };
    let table = data.table();
    let inputs = TensorData::new(
        model.encoder.encode(table)?,
        [table.rows(), model.encoder.width()],
    );
    let inputs = Tensor::<2>::from_data(inputs, &device);
    let logits = mlp.forward(inputs.clone()).into_data();
    let logits: Vec<f32> = logits.iter::<f32>().collect();
    let predictions = model.target.predictions(&logits, model.config.outputs);
    assert_eq!(predictions.labels(), fitted.predict(&data)?.labels());
    println!("the first seed: {}", predictions.labels()[0]);

    // `burn-store`: the weights alone, into a network of the same shape.
    let mut plain = model.config.init(&device)?;
    let mut file = SafetensorsStore::from_file(&path).skip_enum_variants(true);
    let read = plain.load_from(&mut file)?;
    println!("burn-store read {} tensors", read.applied.len());
    let difference = mlp.forward(inputs.clone()) - plain.forward(inputs);
    let largest: f32 = difference.abs().max().into_scalar();
    println!("largest difference of the outputs: {largest}");
    Ok(())
}
