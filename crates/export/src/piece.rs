//! Matrices that are put together column by column.

use crate::graph::{Graph, Value};

/// Some columns of a matrix, and where they are in it.
#[derive(Clone)]
pub(crate) struct Piece<'g> {
    /// `[rows, places.len()]`.
    pub columns: Value<'g>,
    /// The index of each column in the matrix.
    pub places: Vec<usize>,
}

impl<'g> Piece<'g> {
    /// Columns and their places.
    pub fn new(columns: Value<'g>, places: Vec<usize>) -> Self {
        Self { columns, places }
    }
}

/// The matrix of `width` columns that the pieces make up; `None` without pieces. Each column is in one
/// piece.
pub(crate) fn assemble<'g>(
    graph: &'g Graph,
    pieces: &[Piece<'g>],
    width: usize,
) -> Option<Value<'g>> {
    let values: Vec<Value> = pieces.iter().map(|piece| piece.columns).collect();
    let places = pieces.iter().flat_map(|piece| &piece.places);
    let mut order = vec![0; width];
    for (index, &place) in places.enumerate() {
        order[place] = index;
    }
    (!values.is_empty()).then(|| graph.concat(&values, 1).columns(&order, width))
}
