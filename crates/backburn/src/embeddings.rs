//! Embeddings of rows.

use arrow_array::RecordBatch;

/// The embeddings of some rows: a vector of numbers for each row; made by [`Embedder`](crate::Embedder).
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    dimensions: usize,
    numbers: Vec<f32>,
}

/// The embeddings of some consecutive rows; made by [`EmbeddingStream`](crate::EmbeddingStream).
#[derive(Debug, Clone)]
pub struct EmbeddedRows {
    /// The indices of the rows in the table, from 0.
    pub rows: Vec<usize>,
    /// The embedding of each row.
    pub embeddings: Embeddings,
    /// The rows themselves, as they were read.
    pub inputs: RecordBatch,
}

impl Embeddings {
    /// Embeddings of this many dimensions: `rows * dimensions` numbers, row by row.
    pub(crate) fn new(dimensions: usize, numbers: Vec<f32>) -> Self {
        Self {
            dimensions: dimensions.max(1),
            numbers,
        }
    }

    /// The length of each vector, at least 1.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len() / self.dimensions
    }

    /// The vector of each row.
    pub fn vectors(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.numbers.chunks_exact(self.dimensions)
    }

    /// The numbers of all vectors, row by row: `rows * dimensions` of them.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// Adds the vectors of further rows, which have as many dimensions.
    pub(crate) fn extend(&mut self, further: &Self) {
        self.numbers.extend_from_slice(&further.numbers);
    }

    /// The first row with a number that is infinite or NaN.
    pub(crate) fn first_not_finite(&self) -> Option<usize> {
        let mut numbers = self.numbers.iter();
        let position = numbers.position(|number| !number.is_finite())?;
        Some(position / self.dimensions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_vectors_of_rows() {
        let mut embeddings = Embeddings::new(2, vec![1.0, 2.0, 3.0, f32::NAN]);
        assert_eq!((embeddings.dimensions(), embeddings.rows()), (2, 2));
        assert_eq!(embeddings.vectors().next().unwrap(), [1.0, 2.0]);
        assert_eq!(embeddings.first_not_finite(), Some(1));
        embeddings.extend(&Embeddings::new(2, vec![4.0, 5.0]));
        assert_eq!(embeddings.vectors().len(), 3);
        assert_eq!(Embeddings::new(2, Vec::new()).first_not_finite(), None);
    }
}
