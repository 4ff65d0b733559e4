//! Intervals that are wider where values are imputed.

use std::collections::BTreeMap;

use crate::encode::Encoded;
use crate::encoder::Encoder;
use crate::error_scale::{ErrorScale, MAX_SHARE};
use crate::target::Target;

/// Smaller shares of the squared error are left out.
const MIN_SHARE: f64 = 0.01;

impl Target {
    /// The target of a calibrated model whose prediction intervals are wider where values are imputed. `shares` says for
    /// columns that hardly any training row lacks by which share the squared error grows if the value is imputed; those
    /// of several columns add up. Targets of classes and targets without errors or with a distribution are not changed.
    #[must_use]
    pub fn with_imputed(mut self, shares: BTreeMap<String, f64>) -> Self {
        let Self::Regression {
            errors,
            error_scale,
            distribution: None,
            ..
        } = &mut self
        else {
            return self;
        };
        let shares = shares.into_iter().filter(|(_, share)| *share >= MIN_SHARE);
        let shares = shares.map(|(column, share)| (column, share.min(MAX_SHARE)));
        let shares: BTreeMap<String, f64> = shares.collect();
        if !errors.is_empty() {
            let scale = error_scale.take().unwrap_or_default().with_imputed(shares);
            *error_scale = scale.problem().is_none().then_some(scale);
        }
        self
    }

    /// What the imputed values of each encoded row add to its squared error, as a share of the mean squared error; see
    /// [`ErrorScale::at_row`]. Empty if no interval gets wider.
    pub fn widening(&self, encoder: &Encoder, encoded: &Encoded) -> Vec<f64> {
        let shares = self.error_scale().map(ErrorScale::imputed);
        let Some(shares) = shares.filter(|shares| !shares.is_empty()) else {
            return Vec::new();
        };
        if encoded.imputed.is_empty() {
            return Vec::new();
        }
        let columns = encoder.columns.iter();
        let of_column: Vec<f64> = columns
            .map(|column| shares.get(column.name()).copied().unwrap_or(0.0))
            .collect();
        let mut added = vec![0.0; encoded.rows];
        for &(row, column) in &encoded.imputed {
            if let (Some(sum), Some(share)) = (added.get_mut(row), of_column.get(column)) {
                *sum += share;
            }
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::{ReadOptions, Schema, Table};

    use super::*;
    use crate::encoder_options::EncoderOptions;
    use crate::task::Task;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn intervals_are_wider_where_values_are_imputed() {
        let known = table("a,b,y\n1,2,10\n5,7,20\n3,1,40\n9,4,30\n");
        let schema = Schema::infer(&known, &BTreeMap::new()).unwrap();
        let rows = [0, 1, 2, 3];
        let options = EncoderOptions::default();
        let (encoder, _) = Encoder::fit(&known, &schema, &["y"], &rows, &options).unwrap();
        let target = Target::fit(&known, "y", Task::Regression, &rows, &rows).unwrap();
        let shares = BTreeMap::from([("a".to_string(), 3.0), ("b".to_string(), 5.0)]);
        // Without errors there are no intervals to widen.
        let plain = target.clone().with_imputed(shares.clone());
        assert_eq!(plain.error_scale(), None);
        let outputs: Vec<f32> = (0..40).map(|row| (row % 5) as f32 / 5.0).collect();
        let truth = [20.0; 40];
        let target = target.calibrated(&outputs, 1, &truth).with_imputed(shares);
        assert_eq!(target.problem(), None);
        let new = table("a,b,c\n1,1,x\n,1,x\n1,,x\n,,x\n");
        let encoded = encoder.encode_batch(&new.batches()[0]).unwrap();
        let widening = target.widening(&encoder, &encoded);
        assert_eq!(widening, [0.0, 3.0, 5.0, 8.0]);
        let outputs = [0.0; 4];
        let narrow = target.intervals(&outputs, 0.9).unwrap();
        let wide = target.widened_intervals(&outputs, 0.9, &widening).unwrap();
        for ((narrow, wide), share) in narrow.iter().zip(&wide).zip(widening) {
            let expected = (narrow[1] - narrow[0]) * (1.0 + share).sqrt();
            assert!((wide[1] - wide[0] - expected).abs() < 1e-9 * expected);
        }
        // A further calibration keeps them, and rows without missing values have no factors.
        let truth = [25.0; 4];
        let again = target.calibrated(&outputs, 1, &truth);
        assert!(again.error_scale().is_some());
        let complete = encoder.encode_batch(&known.batches()[0]).unwrap();
        assert!(again.widening(&encoder, &complete).is_empty());
    }
}
