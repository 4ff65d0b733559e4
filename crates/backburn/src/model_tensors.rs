//! The tensors of a model file: those of the networks, of the encoder and of the memory.

use backburn_preprocessing::Encoder;
use burn::module::Module;
use burn::store::ModuleSnapshot;
use burn::store::burn_pack::Tensor as PackTensor;
use burn::tensor::Bytes;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// A model's file with further tensors of 32-bit numbers, each with its name and the numbers in a row.
pub(crate) fn with_tensors<'a>(
    own: impl IntoIterator<Item = (String, &'a [f32], usize)>,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let own = own.into_iter().map(|(name, numbers, width)| {
        let shape = [numbers.len() / width.max(1), width];
        let bytes = numbers.iter().flat_map(|n| n.to_le_bytes());
        (name, bytes.collect::<Vec<u8>>(), shape)
    });
    let own: Vec<(String, Vec<u8>, [usize; 2])> = own.collect();
    if own.is_empty() {
        return Ok(bytes);
    }
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let file = SafeTensors::deserialize(&bytes)?;
    let mut tensors: Vec<(String, TensorView)> = file.tensors();
    for (name, bytes, shape) in &own {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes)?;
        tensors.push((name.clone(), view));
    }
    safetensors::serialize(tensors, header.metadata().clone())
}

/// Loads the tensors of an encoder from a model's file.
pub(crate) fn read_tensors_of(encoder: &mut Encoder, bytes: &[u8]) -> Result<(), String> {
    if encoder.tensors().is_empty() {
        return Ok(());
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    encoder.read_tensors(|name| {
        let view = file.tensor(name);
        let view = view.map_err(|_| format!("it lacks the tensor {name:?}"))?;
        Ok(matrix(&view))
    })
}

/// The numbers of a tensor, row by row, and those in a row, if it is a matrix of 32-bit numbers.
pub(crate) fn matrix(view: &TensorView) -> Option<(Vec<f32>, usize)> {
    match (view.dtype(), view.shape()) {
        (Dtype::F32, &[_, width]) => {
            let numbers = view.data().chunks_exact(4);
            let numbers = numbers.map(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]));
            Some((numbers.collect(), width))
        }
        _ => None,
    }
}

/// Loads the tensors of a file into a network. The file holds `others` more tensors.
pub(crate) fn restore<M: Module>(
    network: &mut M,
    bytes: &[u8],
    others: usize,
) -> Result<(), String> {
    let tensors = tensors(network, bytes, others)?;
    let applied = network.apply(tensors, None, None, true);
    match applied.errors.is_empty() && applied.missing.is_empty() {
        true => Ok(()),
        false => Err(applied.to_string()),
    }
}

/// The tensors of a file for a network, after checking their names, shapes and types, and that every
/// number is finite.
///
/// Burn's own store is not used, because it parses the header with all metadata once for each tensor.
fn tensors<M: Module>(network: &M, bytes: &[u8], others: usize) -> Result<Vec<PackTensor>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let expected = network.collect(None, None, true);
    let needed = expected.len() + others;
    if file.len() != needed {
        let found = file.len();
        return Err(format!("it has {found} tensors, and needs {needed}"));
    }
    let mut tensors = Vec::with_capacity(expected.len());
    for tensor in expected {
        let name = &tensor.name;
        let view = file
            .tensor(name)
            .map_err(|_| format!("it lacks the tensor {name:?}"))?;
        let shape = tensor.shape.to_vec();
        if view.shape() != shape {
            let found = view.shape();
            return Err(format!(
                "{name:?} has shape {found:?}, and should have {shape:?}"
            ));
        }
        if view.dtype() != Dtype::F32 {
            return Err(format!("{name:?} is not of 32-bit numbers"));
        }
        let finite = view
            .data()
            .chunks_exact(4)
            .all(|n| f32::from_le_bytes([n[0], n[1], n[2], n[3]]).is_finite());
        if !finite {
            return Err(format!("{name:?} has weights that are no numbers"));
        }
        let negative = |n: &[u8]| n[3] & 0x80 != 0;
        if name.ends_with("running_var") && view.data().chunks_exact(4).any(negative) {
            return Err(format!("{name:?} has a variance below zero"));
        }
        let data = Bytes::from_bytes_vec(view.data().to_vec());
        tensors.push(PackTensor::new(
            tensor.name,
            tensor.dtype,
            tensor.shape,
            None,
            data,
        ));
    }
    Ok(tensors)
}
