//! Writes a saved model as an ONNX file: `cargo run -p backburn-export --example export MODEL FILE`.

use std::error::Error;
use std::{env, fs};

use backburn::SavedModel;
use backburn_export::{OnnxOptions, export_onnx};
use burn::tensor::Device;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(model), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: export MODEL FILE".into());
    };
    let model = SavedModel::load(model, &Device::default())?;
    fs::write(file, export_onnx(&model, &OnnxOptions::default())?)?;
    Ok(())
}
