//! Predictions for some rows of a table.

use std::ops::Range;

use arrow_array::RecordBatch;
use backburn_preprocessing::{PredictedQuantiles, Predictions};

/// The predictions for some consecutive rows; made by [`PredictionStream`](crate::PredictionStream).
#[derive(Debug, Clone)]
pub struct PredictedRows {
    /// The indices of the rows in the table, from 0.
    pub rows: Vec<usize>,
    /// The prediction of each row.
    pub predictions: Predictions,
    /// The bounds of the prediction interval of each row, in the target's unit, if intervals are computed.
    pub intervals: Option<Vec<[f64; 2]>>,
    /// The quantiles of each row, if the model predicts them.
    pub quantiles: Option<PredictedQuantiles>,
    /// The rows themselves, as they were read. `None` where only the predictions are known.
    pub inputs: Option<RecordBatch>,
}

impl PredictedRows {
    /// The same in parts that take little memory. There is at least one part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Self> + '_ {
        const NUMBERS: usize = 1 << 20;
        let width = self.predictions.classes().map_or(1, <[String]>::len);
        let at_once = (NUMBERS / width.max(1)).max(1);
        let parts = self.rows.len().div_ceil(at_once).max(1);
        (0..parts).map(move |part| {
            let end = self.rows.len().min((part + 1) * at_once);
            self.part(part * at_once..end)
        })
    }

    fn part(&self, rows: Range<usize>) -> Self {
        let indices: Vec<usize> = rows.clone().collect();
        let intervals = self.intervals.as_ref();
        let quantiles = self.quantiles.as_ref();
        let inputs = self.inputs.as_ref();
        Self {
            rows: self.rows[rows.clone()].to_vec(),
            predictions: self.predictions.select(&indices),
            intervals: intervals.map(|intervals| intervals[rows.clone()].to_vec()),
            quantiles: quantiles.map(|quantiles| quantiles.of_rows(rows.clone())),
            inputs: inputs.map(|inputs| inputs.slice(rows.start, rows.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_rows_in_order() {
        let classes: Vec<String> = (0..1 << 19).map(|class| format!("c{class}")).collect();
        let probabilities = (0..3 << 19).map(|number| number as f64).collect();
        let all = PredictedRows {
            rows: vec![4, 6, 9],
            predictions: Predictions::Classes {
                classes,
                probabilities,
                decision: None,
            },
            intervals: Some(vec![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
            quantiles: Some(PredictedQuantiles {
                levels: vec![0.1, 0.9],
                values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            }),
            inputs: None,
        };
        let parts: Vec<PredictedRows> = all.parts().collect();
        let rows: Vec<&[usize]> = parts.iter().map(|part| part.rows.as_slice()).collect();
        let expected: [&[usize]; 2] = [&[4, 6], &[9]];
        assert_eq!(rows, expected);
        let last = &parts[1];
        let first = last.predictions.probabilities(0).map(|all| all[0]);
        assert_eq!(first, Some((2 << 19) as f64));
        assert_eq!(last.intervals.as_deref(), Some(&[[4.0, 5.0]][..]));
        let quantiles = last.quantiles.as_ref().map(|of| of.values.as_slice());
        assert_eq!(quantiles, Some(&[5.0, 6.0][..]));
        let empty = PredictedRows {
            rows: Vec::new(),
            predictions: Predictions::Values(Vec::new()),
            intervals: None,
            quantiles: None,
            inputs: None,
        };
        assert_eq!(empty.parts().count(), 1);
    }
}
