//! The rows that are scored.

/// The weights of rows. Without weights all rows count the same.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowWeights<'a>(pub Option<&'a [f64]>);

impl RowWeights<'_> {
    /// The weight of a row; 1 without weights.
    pub fn of(&self, row: usize) -> f64 {
        match self.0 {
            None => 1.0,
            Some(weights) => weights.get(row).copied().unwrap_or(0.0),
        }
    }

    /// The sum of the weights of the first `rows` rows.
    pub fn total(&self, rows: usize) -> f64 {
        (0..rows).map(|row| self.of(row)).sum()
    }

    /// The weighted mean of a number for each row.
    pub(crate) fn mean(&self, numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
        let total = self.total(numbers.len());
        let weighted = numbers.enumerate().map(|(row, x)| self.of(row) * x);
        weighted.sum::<f64>() / total
    }

    /// Whether there is a weight for each row, none is negative, and their sum is above 0.
    pub(crate) fn fits(&self, rows: usize) -> bool {
        let valid = |weights: &[f64]| {
            let not_negative = weights.iter().all(|weight| *weight >= 0.0);
            weights.len() == rows && not_negative && self.total(rows).is_finite()
        };
        rows > 0 && self.0.is_none_or(valid) && self.total(rows) > 0.0
    }
}

/// Predicted and true numbers.
#[derive(Debug, Clone, Copy)]
pub struct ValueRows<'a> {
    /// The predictions, `[rows]`.
    pub predicted: &'a [f64],
    /// The true values, `[rows]`.
    pub actual: &'a [f64],
    /// The weights of the rows.
    pub weights: RowWeights<'a>,
}

impl ValueRows<'_> {
    /// Whether there are rows, and the lengths are the same.
    pub(crate) fn fits(&self) -> bool {
        self.predicted.len() == self.actual.len() && self.weights.fits(self.actual.len())
    }
}

/// Probabilities of classes, predicted classes and true classes.
#[derive(Debug, Clone, Copy)]
pub struct ClassRows<'a> {
    /// The probabilities, `[rows, classes]`.
    pub probabilities: &'a [f64],
    /// The number of classes.
    pub classes: usize,
    /// The class that is predicted for each row, which need not be the most likely one.
    pub predicted: &'a [usize],
    /// The true class of each row.
    pub actual: &'a [usize],
    /// The weights of the rows.
    pub weights: RowWeights<'a>,
}

impl ClassRows<'_> {
    /// Whether there are rows, the lengths fit, and no class is out of range.
    pub(crate) fn fits(&self) -> bool {
        let rows = self.actual.len();
        let in_range = |classes: &[usize]| classes.iter().all(|class| *class < self.classes);
        self.classes > 0
            && self.probabilities.len() == rows * self.classes
            && self.predicted.len() == rows
            && in_range(self.actual)
            && in_range(self.predicted)
            && self.weights.fits(rows)
    }
}

/// The index of the largest probability, the first one if several are equal.
pub fn most_likely(probabilities: &[f64]) -> usize {
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = class;
        }
    }
    best
}
