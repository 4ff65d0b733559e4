//! The confusion matrix of a classification.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A confusion matrix: numbers of rows by true class and by predicted class. Only cells that are not zero
/// take memory, so that it grows with the rows and not with the square of the classes.
///
/// Serialized, it is a matrix for at most [`MAX_DENSE`](Self::MAX_DENSE) classes: a list for each true class
/// with the number of rows of each predicted class. For more classes it is an object with `classes`, the
/// number of classes, and `cells`, a list of `[true class, predicted class, rows]` for all cells that are not
/// zero.
///
/// ```
/// use backburn_training::metrics::ConfusionMatrix;
///
/// let mut matrix = ConfusionMatrix::new(2);
/// matrix.add(0, 0);
/// matrix.add(1, 0);
/// matrix.add(1, 0);
/// assert_eq!(matrix.get(1, 0), 2);
/// assert_eq!(matrix.dense(), [[1, 0], [2, 0]]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct ConfusionMatrix {
    classes: usize,
    /// Rows by true and predicted class.
    cells: BTreeMap<(usize, usize), usize>,
}

impl ConfusionMatrix {
    /// With more classes, the serialized matrix is a list of its cells.
    pub const MAX_DENSE: usize = 100;

    /// The matrix of no rows.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            cells: BTreeMap::new(),
        }
    }

    /// Adds a row. With a class that is out of range, the matrix has more classes.
    pub fn add(&mut self, actual: usize, predicted: usize) {
        self.classes = self.classes.max(actual + 1).max(predicted + 1);
        *self.cells.entry((actual, predicted)).or_insert(0) += 1;
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of rows of a class for which another one, or the same, is predicted.
    pub fn get(&self, actual: usize, predicted: usize) -> usize {
        self.cells.get(&(actual, predicted)).copied().unwrap_or(0)
    }

    /// The cells that are not zero, in order: true class, predicted class, rows.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let cells = self.cells.iter();
        cells.map(|(&(actual, predicted), &rows)| (actual, predicted, rows))
    }

    /// The rows of each true class.
    pub fn by_actual(&self) -> Vec<usize> {
        let mut rows = vec![0; self.classes];
        self.cells()
            .for_each(|(actual, _, count)| rows[actual] += count);
        rows
    }

    /// The rows for which each class is predicted.
    pub fn by_predicted(&self) -> Vec<usize> {
        let mut rows = vec![0; self.classes];
        self.cells()
            .for_each(|(_, predicted, count)| rows[predicted] += count);
        rows
    }

    /// The whole matrix: a list for each true class with the number of rows of each predicted class.
    pub fn dense(&self) -> Vec<Vec<usize>> {
        let mut matrix = vec![vec![0; self.classes]; self.classes];
        self.cells()
            .for_each(|(actual, predicted, rows)| matrix[actual][predicted] = rows);
        matrix
    }
}

/// The matrix as it is serialized.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Dense(Vec<Vec<usize>>),
    Sparse {
        classes: usize,
        cells: Vec<[usize; 3]>,
    },
}

impl From<ConfusionMatrix> for Written {
    fn from(matrix: ConfusionMatrix) -> Self {
        match matrix.classes <= ConfusionMatrix::MAX_DENSE {
            true => Self::Dense(matrix.dense()),
            false => Self::Sparse {
                classes: matrix.classes,
                cells: matrix.cells().map(|(a, p, rows)| [a, p, rows]).collect(),
            },
        }
    }
}

impl TryFrom<Written> for ConfusionMatrix {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (classes, cells) = match written {
            Written::Sparse { classes, cells } => (classes, cells),
            Written::Dense(matrix) => {
                let cells = matrix.iter().enumerate().flat_map(|(actual, row)| {
                    let row = row.iter().enumerate();
                    row.map(move |(predicted, &rows)| [actual, predicted, rows])
                });
                (matrix.len(), cells.collect())
            }
        };
        let mut matrix = Self::new(classes);
        for [actual, predicted, rows] in cells {
            if actual >= classes || predicted >= classes {
                return Err(format!("a confusion matrix has {classes} classes only"));
            }
            if rows > 0 {
                matrix.cells.insert((actual, predicted), rows);
            }
        }
        Ok(matrix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(classes: usize, rows: &[(usize, usize)]) -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(classes);
        for &(actual, predicted) in rows {
            matrix.add(actual, predicted);
        }
        matrix
    }

    #[test]
    fn rows_are_counted() {
        let matrix = of(3, &[(0, 0), (2, 1), (2, 1), (1, 1)]);
        assert_eq!(matrix.dense(), [[1, 0, 0], [0, 1, 0], [0, 2, 0]]);
        assert_eq!(matrix.by_actual(), [1, 1, 2]);
        assert_eq!(matrix.by_predicted(), [1, 3, 0]);
        assert_eq!((matrix.get(2, 1), matrix.get(0, 2)), (2, 0));
        let cells: Vec<_> = matrix.cells().collect();
        assert_eq!(cells, [(0, 0, 1), (1, 1, 1), (2, 1, 2)]);
    }

    #[test]
    fn few_classes_are_written_as_a_matrix_and_many_as_cells() {
        let small = of(2, &[(1, 0)]);
        let json = serde_json::to_string(&small).unwrap();
        assert_eq!(json, "[[0,0],[1,0]]");
        assert_eq!(
            serde_json::from_str::<ConfusionMatrix>(&json).unwrap(),
            small
        );
        let large = of(10_000, &[(9_999, 3), (0, 0), (9_999, 3)]);
        let json = serde_json::to_string(&large).unwrap();
        let expected = r#"{"classes":10000,"cells":[[0,0,1],[9999,3,2]]}"#;
        assert_eq!(json, expected);
        assert_eq!(
            serde_json::from_str::<ConfusionMatrix>(&json).unwrap(),
            large
        );
        for wrong in ["[[1,2],[3]]", r#"{"classes":2,"cells":[[2,0,1]]}"#] {
            let read = serde_json::from_str::<ConfusionMatrix>(wrong);
            assert_eq!(read.is_err(), wrong.starts_with('{'), "{wrong}");
        }
    }
}
