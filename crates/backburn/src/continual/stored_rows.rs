//! Encoded rows with their targets, as a model file keeps them.

use backburn_preprocessing::{Encoder, Target};

/// Encoded rows with their targets. A row has, in this order: the task that it is of, its target (a number in the unit
/// of the target, or the index of a class), its weight, and the numbers of the encoder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredRows {
    /// Numbers in a row, with the first three.
    width: usize,
    numbers: Vec<f32>,
}

/// The numbers before those of the encoder.
const FIRST: usize = 3;

impl StoredRows {
    /// No rows; `width` is that of the encoder.
    pub fn new(width: usize) -> Self {
        Self {
            width: width + FIRST,
            numbers: Vec::new(),
        }
    }

    /// Rows from their numbers; `None` if these are not whole rows.
    pub(crate) fn from_numbers(numbers: Vec<f32>, width: usize) -> Option<Self> {
        let whole = width > FIRST && numbers.len().is_multiple_of(width);
        whole.then_some(Self { width, numbers })
    }

    /// All numbers, and the numbers in a row.
    pub(crate) fn numbers(&self) -> (&[f32], usize) {
        (&self.numbers, self.width)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len() / self.width.max(1)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Adds a row. The inputs are as many as the width of the encoder.
    pub fn push(&mut self, task: usize, target: f32, weight: f32, inputs: &[f32]) {
        self.numbers.extend([task as f32, target, weight]);
        self.numbers.extend(inputs);
    }

    /// Adds the rows of another one of the same width.
    pub fn extend(&mut self, other: &Self) {
        self.numbers.extend(&other.numbers);
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.numbers[row * self.width..][..self.width]
    }

    /// The task of a row.
    pub fn task(&self, row: usize) -> usize {
        self.row(row)[0] as usize
    }

    /// The target of a row.
    pub fn target(&self, row: usize) -> f32 {
        self.row(row)[1]
    }

    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f32 {
        self.row(row)[2]
    }

    /// The inputs of a row, as the encoder made them.
    pub fn inputs(&self, row: usize) -> &[f32] {
        &self.row(row)[FIRST..]
    }

    /// The inputs of all rows, one row after the other.
    pub fn all_inputs(&self) -> Vec<f32> {
        (0..self.rows())
            .flat_map(|row| self.inputs(row))
            .copied()
            .collect()
    }

    /// Rows with these indices, in this order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            width: self.width,
            numbers: rows
                .iter()
                .flat_map(|&row| self.row(row))
                .copied()
                .collect(),
        }
    }

    /// The rows of a task.
    #[must_use]
    pub fn of_task(&self, task: usize) -> Self {
        let rows = (0..self.rows()).filter(|&row| self.task(row) == task);
        self.select(&rows.collect::<Vec<_>>())
    }

    /// Copies row `from` of another one over a row.
    #[cfg(feature = "train")]
    pub(crate) fn replace(&mut self, row: usize, other: &Self, from: usize) {
        let to = row * self.width..(row + 1) * self.width;
        self.numbers[to].copy_from_slice(other.row(from));
    }

    /// The same rows for an encoder with new categories. `inputs` has for each of its inputs the one before, as
    /// [`GrownEncoder`](backburn_preprocessing::GrownEncoder) has it.
    #[cfg(feature = "train")]
    #[must_use]
    pub(crate) fn grown(&self, inputs: &[Option<usize>]) -> Self {
        let before = inputs.iter().flatten().count();
        let embeddings = self.width.saturating_sub(FIRST + before);
        let mut grown = Self::new(inputs.len() + embeddings);
        for row in 0..self.rows() {
            let old = self.inputs(row);
            let numbers = &mut grown.numbers;
            numbers.extend(&self.row(row)[..FIRST]);
            numbers.extend(inputs.iter().map(|kept| kept.map_or(0.0, |kept| old[kept])));
            numbers.extend(&old[before..]);
        }
        grown
    }

    /// Why the rows are not of this encoder and target, if they are not. `tasks` is the number of tasks. Used for rows
    /// from files, which may hold anything.
    pub(crate) fn problem(
        &self,
        encoder: &Encoder,
        target: &Target,
        tasks: usize,
    ) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        if self.width != encoder.width() + FIRST {
            return Some("its kept rows do not fit its columns".to_string());
        }
        if !self.numbers.iter().all(|number| number.is_finite()) {
            return Some("its kept rows have numbers that are not finite".to_string());
        }
        let is_index = |number: f32, count: usize| {
            number >= 0.0 && number.fract() == 0.0 && (number as usize) < count
        };
        let (first, embeddings) = (encoder.inputs(), encoder.embeddings());
        let fits = (0..self.rows()).all(|row| {
            let categories = self.inputs(row)[first..].iter().zip(&embeddings);
            let of_class = target
                .class_names()
                .is_none_or(|classes| is_index(self.target(row), classes.len()));
            of_class
                && is_index(self.row(row)[0], tasks)
                && self.weight(row) >= 0.0
                && categories
                    .into_iter()
                    .all(|(index, embedding)| is_index(*index, embedding.categories))
        });
        (!fits).then(|| "its kept rows have classes, categories or tasks that it lacks".to_string())
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_in_order() {
        let mut rows = StoredRows::new(2);
        rows.push(0, 5.0, 1.0, &[0.5, 2.0]);
        rows.push(1, 6.0, 2.0, &[0.25, 1.0]);
        assert_eq!((rows.rows(), rows.task(1), rows.target(1)), (2, 1, 6.0));
        assert_eq!((rows.weight(1), rows.inputs(1)), (2.0, &[0.25, 1.0][..]));
        assert_eq!(rows.of_task(1).all_inputs(), [0.25, 1.0]);
        let (numbers, width) = rows.numbers();
        let again = StoredRows::from_numbers(numbers.to_vec(), width);
        assert_eq!(again, Some(rows.clone()));
        assert_eq!(StoredRows::from_numbers(vec![0.0; 7], 5), None);
        rows.replace(0, &rows.clone(), 1);
        assert_eq!(rows.target(0), 6.0);
    }

    #[test]
    fn new_inputs_are_zeros_before_the_embeddings() {
        let mut rows = StoredRows::new(3);
        rows.push(0, 5.0, 1.0, &[0.5, 2.0, 7.0]);
        let grown = rows.grown(&[Some(0), None, Some(1)]);
        assert_eq!(grown.inputs(0), [0.5, 0.0, 2.0, 7.0]);
        assert_eq!(grown.target(0), 5.0);
    }
}
