//! Predictions for rows that the networks were not trained on.

use backburn_preprocessing::Predictions;

/// The largest number of numbers and probabilities that are kept.
const LARGEST: usize = 5_000_000;

/// Predictions for rows by networks that were not trained on them: in an ensemble, by those that leave the row out.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutPredictions {
    /// The rows, as indices into the table.
    pub rows: Vec<usize>,
    /// The prediction for each of these rows.
    pub predictions: Predictions,
}

impl HeldOutPredictions {
    /// Keeps predictions for rows. `None` for so many that they take much memory.
    pub(crate) fn new(rows: &[usize], predictions: &Predictions) -> Option<Self> {
        let width = predictions.classes().map_or(1, <[String]>::len);
        let is_small = rows.len().saturating_mul(width) <= LARGEST;
        (is_small && predictions.rows() == rows.len()).then(|| Self {
            rows: rows.to_vec(),
            predictions: predictions.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_predictions_are_kept() {
        let kept = |rows: usize| {
            let indices: Vec<usize> = (0..rows).collect();
            HeldOutPredictions::new(&indices, &Predictions::Values(vec![0.0; rows]))
        };
        assert_eq!(kept(3).unwrap().rows, [0, 1, 2]);
        assert!(kept(LARGEST + 1).is_none());
        let predictions = Predictions::Values(vec![0.0]);
        assert!(HeldOutPredictions::new(&[0, 1], &predictions).is_none());
    }
}
