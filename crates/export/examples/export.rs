//! Writes a saved model as an ONNX file or a PyTorch module:
//! `cargo run -p backburn-export --example export MODEL FILE [onnx|pytorch]`.

use std::env;
use std::error::Error;
use std::path::Path;

use backburn::SavedModel;
use backburn_export::{ExportFormat, OnnxOptions, export_files};
use burn::tensor::Device;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, file, format @ ..] = arguments.as_slice() else {
        return Err("usage: export MODEL FILE [onnx|pytorch]".into());
    };
    let format = match format.first().map(String::as_str) {
        Some("pytorch") => ExportFormat::PyTorch,
        _ => ExportFormat::Onnx,
    };
    let model = SavedModel::load(model, &Device::default())?;
    for path in export_files(&model, Path::new(file), format, &OnnxOptions::default())? {
        println!("{}", path.display());
    }
    Ok(())
}
