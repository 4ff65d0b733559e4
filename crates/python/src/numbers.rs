//! Numbers for NumPy.

use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Numbers as a `bytearray`, from which `numpy.frombuffer` makes an array without a copy.
pub fn to_bytearray<'py>(py: Python<'py>, numbers: &[f64]) -> PyResult<Bound<'py, PyByteArray>> {
    const BYTES: usize = size_of::<f64>();
    PyByteArray::new_with(py, BYTES * numbers.len(), |bytes| {
        for (bytes, number) in bytes.chunks_exact_mut(BYTES).zip(numbers) {
            bytes.copy_from_slice(&number.to_ne_bytes());
        }
        Ok(())
    })
}
