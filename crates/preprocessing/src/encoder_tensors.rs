//! The parts of an encoder that a model file stores as tensors.

use crate::encoder::Encoder;
use crate::imputer::Imputer;
use crate::nearest_neighbors::NearestNeighborIndex;
use crate::normal::Normal;

/// A matrix of an encoder, which a model file stores as a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderTensor<'a> {
    /// The name of the tensor in a model file.
    pub name: String,
    /// `rows * width` numbers, row by row.
    pub numbers: &'a [f32],
    /// Numbers in a row.
    pub width: usize,
}

impl Encoder {
    /// The matrices that the encoder's serialized form leaves out: the index of each k-NN encoder, then
    /// the distribution of the imputer.
    pub fn tensors(&self) -> Vec<EncoderTensor<'_>> {
        let knn = self.knn_features.iter().enumerate().map(|(number, knn)| {
            let (numbers, width) = knn.index.numbers();
            EncoderTensor {
                name: knn_tensor_name(number),
                numbers,
                width,
            }
        });
        let imputer = self.imputer.iter().map(|imputer| {
            let (numbers, width) = imputer.normal.numbers();
            EncoderTensor {
                name: Imputer::TENSOR.to_string(),
                numbers,
                width,
            }
        });
        knn.chain(imputer).collect()
    }

    /// Puts the matrices of [`tensors`](Self::tensors) into a deserialized encoder. `read` returns a
    /// tensor by name: its numbers and their number in a row, or `None` if it is not a matrix of `f32`.
    ///
    /// # Errors
    ///
    /// The first error of `read`, or a tensor that does not fit the encoder.
    pub fn read_tensors(
        &mut self,
        mut read: impl FnMut(&str) -> Result<Option<(Vec<f32>, usize)>, String>,
    ) -> Result<(), String> {
        for (number, knn) in self.knn_features.iter_mut().enumerate() {
            let (name, dimensions) = (knn_tensor_name(number), knn.columns.len());
            let index = read(&name)?.and_then(|(numbers, width)| {
                NearestNeighborIndex::from_numbers(numbers, width, dimensions)
            });
            knn.index = index.ok_or_else(|| format!("{name:?} holds no index of rows"))?;
        }
        if let Some(imputer) = &mut self.imputer {
            let name = Imputer::TENSOR;
            let normal = read(name)?;
            let normal = normal.and_then(|(numbers, size)| Normal::from_numbers(numbers, size));
            imputer.normal =
                normal.ok_or_else(|| format!("{name:?} holds no normal distribution"))?;
        }
        Ok(())
    }
}

/// The name is part of the file format.
fn knn_tensor_name(number: usize) -> String {
    format!("neighbours.{number}")
}
