//! Writes the weights of an `Mlp` with `burn-store`, with the names and shapes of PyTorch, and reads them back.
//!
//! ```text
//! cargo run --bin burn_store
//! ```

use std::error::Error;

use backburn_examples::println;
use backburn_model::{Activation, MlpConfig};
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore};
use burn::tensor::{Device, Distribution, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::default();
    device.seed(0);
    let config = MlpConfig::new(4, 2)
        .with_hidden([8, 8])
        .with_activation(Activation::Gelu);
    let trained = config.init(&device)?;

    // PyTorch's linear layers have weights of `[outputs, inputs]`; the adapters transpose them.
    let mut out = SafetensorsStore::from_bytes(None)
        .with_to_adapter(BurnToPyTorchAdapter)
        .skip_enum_variants(true);
    trained.save_into(&mut out)?;
    let bytes = out.get_bytes()?;
    println!("{} bytes of safetensors", bytes.len());

    let mut loaded = config.init(&device)?;
    let mut file =
        SafetensorsStore::from_bytes(Some(bytes)).with_from_adapter(PyTorchToBurnAdapter);
    let read = loaded.load_from(&mut file)?;
    println!("read {} tensors", read.applied.len());

    let rows = Tensor::<2>::random([5, 4], Distribution::Normal(0.0, 1.0), &device);
    let difference = trained.forward(rows.clone()) - loaded.forward(rows);
    let largest: f32 = difference.abs().max().into_scalar();
    println!("largest difference of the outputs: {largest}");
    Ok(())
}
