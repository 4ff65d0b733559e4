//! The backends compiled in, and the choice between them.

use backburn::SelectedDevice;
use burn::tensor::Device;

use crate::error::Error;

#[cfg(not(any(
    feature = "flex",
    feature = "ndarray",
    feature = "cpu",
    feature = "wgpu",
    feature = "vulkan",
    feature = "metal",
    feature = "webgpu",
    feature = "cuda",
    feature = "rocm",
)))]
compile_error!(
    "trainer needs a backend: enable one of the features flex, ndarray, cpu, wgpu, vulkan, metal, \
     webgpu, cuda or rocm"
);

/// The help of `--device`.
pub const HELP: &str = "The backend to compute on, one of those that were compiled in \
    (cargo's --features) [default: the first that was compiled in of flex, ndarray, wgpu, vulkan, \
    metal, webgpu, cuda, rocm, cpu]";

type Backend = (&'static str, fn() -> Device);

/// The backends compiled in, the default one first.
fn compiled() -> Vec<Backend> {
    vec![
        #[cfg(feature = "flex")]
        ("flex", Device::flex as fn() -> Device),
        #[cfg(feature = "ndarray")]
        ("ndarray", || Device::new(burn_ndarray::NdArrayDevice::Cpu)),
        #[cfg(feature = "wgpu")]
        ("wgpu", || Device::wgpu(Default::default())),
        #[cfg(feature = "vulkan")]
        ("vulkan", || Device::vulkan(Default::default())),
        #[cfg(feature = "metal")]
        ("metal", || Device::metal(Default::default())),
        #[cfg(feature = "webgpu")]
        ("webgpu", || Device::webgpu(Default::default())),
        #[cfg(feature = "cuda")]
        ("cuda", || Device::cuda(0)),
        #[cfg(feature = "rocm")]
        ("rocm", || Device::rocm(0)),
        #[cfg(feature = "cpu")]
        ("cpu", Device::cpu),
    ]
}

/// The device of `--device`, or the default.
pub fn choose(name: Option<&str>) -> Result<SelectedDevice, Error> {
    let backends = compiled();
    let backend = match name {
        None => backends.first(),
        Some(wanted) => backends.iter().find(|(name, _)| *name == wanted),
    };
    match backend {
        Some((name, device)) => Ok(SelectedDevice::new(*name, device())),
        None => {
            let names: Vec<&str> = backends.iter().map(|(name, _)| *name).collect();
            Err(Error::Usage(format!(
                "--device {}: this backend is not compiled in; use one of: {}",
                name.unwrap_or_default(),
                names.join(", ")
            )))
        }
    }
}
