//! Embeddings: looking up the learned vectors of categories, and their gradient.

use std::ops::Range;

use crate::mlp::{FusedMlp, Table};
use crate::vector_ops::add;

impl FusedMlp {
    /// Writes the input of the first layer: for each row its numbers, then the learned vector of each
    /// of its categories. `rows` is `[rows, columns]` and `features` is `[rows, features]`.
    pub(crate) fn write_features(&self, rows: &[f32], features: &mut [f32]) {
        let rows = rows.chunks_exact(self.columns());
        for (row, features) in rows.zip(features.chunks_exact_mut(self.layers[0].inputs)) {
            let (numbers, categories) = row.split_at(self.numeric);
            let (first, mut rest) = features.split_at_mut(self.numeric);
            first.copy_from_slice(numbers);
            for (table, &category) in self.embeddings.iter().zip(categories) {
                let (vector, remaining) = rest.split_at_mut(table.dimension);
                vector.copy_from_slice(&self.parameters[vector_of(table, category)]);
                rest = remaining;
            }
        }
    }

    /// Writes the gradient with respect to the tables of the embeddings into `gradient`, which is as long
    /// as the parameters. `delta` is the gradient with respect to the features, `[rows, features]`.
    pub(crate) fn write_embedding_gradient(
        &self,
        rows: &[f32],
        delta: &[f32],
        gradient: &mut [f32],
    ) {
        for table in &self.embeddings {
            gradient[table.range.clone()].fill(0.0);
        }
        let rows = rows.chunks_exact(self.columns());
        for (row, delta) in rows.zip(delta.chunks_exact(self.layers[0].inputs)) {
            let mut start = self.numeric;
            for (table, &category) in self.embeddings.iter().zip(&row[self.numeric..]) {
                let end = start + table.dimension;
                add(
                    &mut gradient[vector_of(table, category)],
                    &delta[start..end],
                );
                start = end;
            }
        }
    }
}

/// Where the vector of a category is among the parameters. An index that is too large means the last
/// category, and a negative one or NaN the first.
fn vector_of(table: &Table, category: f32) -> Range<usize> {
    // A cast from a float saturates.
    let category = (category as usize).min(table.categories - 1);
    let start = table.range.start + category * table.dimension;
    start..start + table.dimension
}
