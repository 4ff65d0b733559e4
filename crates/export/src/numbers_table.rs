//! Binary search in constant tables of sorted numbers, one table for each column.

use crate::graph::{Graph, Kind, Value};

/// A table of sorted numbers for each column of a matrix.
pub(crate) struct Tables<'g> {
    /// All tables one after the other, each filled up with infinity to the same length.
    numbers: Value<'g>,
    /// That length, a power of two less 1.
    stride: usize,
    columns: usize,
    /// The length of each table.
    pub lengths: Value<'g>,
    /// The last index of each table, at least 1.
    pub lasts: Value<'g>,
    last_indices: Value<'g>,
}

impl<'g> Tables<'g> {
    /// Tables of at least one number each.
    pub fn new(graph: &'g Graph, tables: &[&[f64]]) -> Self {
        let longest = tables.iter().map(|table| table.len()).max().unwrap_or(1);
        let stride = (longest + 1).next_power_of_two() - 1;
        let mut numbers = Vec::with_capacity(stride * tables.len());
        for table in tables {
            numbers.extend_from_slice(table);
            numbers.resize(numbers.len() + stride - table.len(), f64::INFINITY);
        }
        let shape = [tables.len()];
        let of_each = |number: fn(usize) -> usize| -> Vec<f64> {
            let lengths = tables.iter().map(|table| number(table.len()) as f64);
            lengths.collect()
        };
        let last = tables.iter().map(|table| table.len() as i64 - 1);
        Self {
            numbers: graph.doubles(&[numbers.len()], &numbers),
            stride,
            columns: tables.len(),
            lengths: graph.doubles(&shape, &of_each(|length| length)),
            lasts: graph.doubles(&shape, &of_each(|length| length.saturating_sub(1).max(1))),
            last_indices: graph.ints(&last.collect::<Vec<i64>>()),
        }
    }

    /// How many numbers of its column's table are `Less` than `x`, or `LessOrEqual`.
    pub fn count(&self, comparison: &str, x: Value<'g>) -> Value<'g> {
        let mut step = self.stride.div_ceil(2);
        let mut found: Option<Value> = None;
        while step > 0 {
            let index = self.offsets(x.graph, step - 1);
            let index = found.map_or(index, |found| found + index);
            let number = self.numbers.gather(index, 0);
            let further = number.compare(comparison, x).cast(Kind::Int) * step as f64;
            found = Some(found.map_or(further, |found| found + further));
            step /= 2;
        }
        found.unwrap_or_else(|| x.graph.scalar(Kind::Int, 0.0))
    }

    /// The numbers before and at these indices. Beyond the ends of a table, it is the number at the end.
    pub fn around(&self, index: Value<'g>) -> (Value<'g>, Value<'g>) {
        let graph = index.graph;
        let first = graph.scalar(Kind::Int, 0.0);
        let offsets = self.offsets(graph, 0);
        let before = (index - 1.0).max(first) + offsets;
        let at = index.min(self.last_indices) + offsets;
        (self.numbers.gather(before, 0), self.numbers.gather(at, 0))
    }

    /// The index of the number `plus` of each table.
    fn offsets(&self, graph: &'g Graph, plus: usize) -> Value<'g> {
        let offsets = (0..self.columns).map(|column| (column * self.stride + plus) as i64);
        graph.ints(&offsets.collect::<Vec<i64>>())
    }
}
