//! How much the errors of networks grow where values are imputed.

use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;
use std::ops::Range;

use backburn_preprocessing::{Encoder, Target};
use backburn_training::TensorDataset;
use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::model_file::SavedModel;
use crate::predictor::Predictor;

/// The number of rows, and of predictions, that a network is asked for at most, and the rows at least.
const MAX_ROWS: usize = 128;
const MAX_PREDICTIONS: usize = 4096;
const MIN_ROWS: usize = 16;
/// With more columns, as many groups of columns are removed: the time grows with the columns, not their square.
const MAX_GROUPS: usize = MAX_PREDICTIONS / MIN_ROWS;
/// Where several values are missing together, each of them is with this probability, in so many copies of the rows.
const SHARE_MISSING: f64 = 0.25;
const COPIES: usize = 2;
/// With fewer rows, imputed values make no interval wider.
const MIN_ROWS_TO_WIDEN: usize = 100;

/// How much the outputs of networks change if values of rows that they were not trained on are removed and imputed.
///
/// In training, hardly any row lacks a value of these columns, so that errors on complete rows say nothing of imputed
/// values. A change of the prediction that does not depend on the error adds its square to that of the error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImputationErrors {
    /// The number of rows.
    rows: usize,
    /// The number of outputs of a row.
    outputs: usize,
    /// For each column of the encoder and each output, the sum of squared changes if this column alone is missing. Of many
    /// columns, the mean over a group of columns, which are missing together.
    alone: Vec<f64>,
    /// For each output, the sum of squared changes if several columns are missing together.
    together: Vec<f64>,
    /// How often each column is one of these.
    times: Vec<f64>,
}

impl ImputationErrors {
    /// Measures a network on rows that it was not trained on, on a device that has it. `rows` are encoded.
    pub(crate) fn measure(
        model: &SavedModel,
        rows: Option<&TensorDataset>,
        device: &Device,
    ) -> Self {
        let columns = model.encoder.imputed_columns();
        let Some(rows) = rows.filter(|rows| rows.rows() > 0 && !columns.is_empty()) else {
            return Self::default();
        };
        let groups: Vec<&[usize]> = columns.chunks(columns.len().div_ceil(MAX_GROUPS)).collect();
        let most = (MAX_PREDICTIONS / groups.len()).clamp(MIN_ROWS, MAX_ROWS);
        let count = rows.rows().min(most);
        let chosen = (0..count).map(|row| row * rows.rows() / count);
        let chosen = rows.select(&chosen.collect::<Vec<usize>>());
        let numbers: Vec<f32> = chosen.inputs.into_data().iter().collect();
        let probe = Probe::new(model, numbers, device);
        let width = model.encoder.columns.len();
        let mut measured = Self {
            rows: count,
            outputs: probe.outputs,
            alone: vec![0.0; width * probe.outputs],
            together: vec![0.0; probe.outputs],
            times: vec![0.0; width],
        };
        for group in groups {
            let sums = probe.squared_changes(|_, column| group.binary_search(&column).is_ok());
            let of_each = sums.iter().map(|sum| sum / group.len() as f64);
            let of_each: Vec<f64> = of_each.collect();
            for column in group {
                measured.alone[column * probe.outputs..][..probe.outputs].copy_from_slice(&of_each);
            }
        }
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        for _ in 0..COPIES {
            let cells = (0..count * width).map(|_| rng.random_range(0.0..1.0f64) < SHARE_MISSING);
            let cells: Vec<bool> = cells.collect();
            let sums = probe.squared_changes(|row, column| cells[row * width + column]);
            for (sum, further) in measured.together.iter_mut().zip(sums) {
                *sum += further;
            }
            for &column in &columns {
                let of_column = cells.iter().skip(column).step_by(width);
                measured.times[column] += of_column.filter(|missing| **missing).count() as f64;
            }
        }
        let sums = measured.alone.iter().chain(&measured.together);
        match sums.copied().all(f64::is_finite) {
            true => measured,
            false => Self::default(),
        }
    }

    /// Adds what another network of the same encoder says of other rows.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.rows == 0 {
            *self = other.clone();
            return;
        }
        if self.alone.len() != other.alone.len() || self.outputs != other.outputs {
            return;
        }
        // Job results of files may have any number of rows.
        self.rows = self.rows.saturating_add(other.rows);
        let sums = [
            (&mut self.alone, &other.alone),
            (&mut self.together, &other.together),
            (&mut self.times, &other.times),
        ];
        for (sums, others) in sums {
            sums.iter_mut()
                .zip(others)
                .for_each(|(sum, other)| *sum += other);
        }
    }

    /// The same for some of the outputs.
    pub(crate) fn of_outputs(&self, outputs: &Range<usize>) -> Self {
        let is_kept = |place: usize| outputs.contains(&(place % self.outputs.max(1)));
        let kept = |sums: &[f64]| {
            let kept = sums.iter().enumerate().filter(|(place, _)| is_kept(*place));
            kept.map(|(_, sum)| *sum).collect::<Vec<f64>>()
        };
        Self {
            rows: self.rows,
            outputs: outputs.len(),
            alone: kept(&self.alone),
            together: kept(&self.together),
            times: self.times.clone(),
        }
    }

    /// A calibrated target whose prediction intervals get wider where values are imputed. `outputs` are those that it is
    /// calibrated by, and `truth` the true value of each.
    pub(crate) fn widened(
        &self,
        target: Target,
        encoder: &Encoder,
        outputs: &[f32],
        truth: &[f64],
    ) -> Target {
        let is_number = matches!(
            target,
            Target::Regression {
                distribution: None,
                ..
            }
        );
        if !is_number || self.outputs != 1 || outputs.len() < MIN_ROWS_TO_WIDEN {
            return target;
        }
        let errors = outputs.iter().zip(truth);
        let errors =
            errors.map(|(output, value)| (f64::from(*output) - target.scale(*value)).abs());
        let errors: Vec<f64> = errors.filter(|error| error.is_finite()).collect();
        let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
        // The mean squared error if errors are normal: a few large ones do not count for more.
        let shares = self.shares(encoder, FRAC_PI_2 * mean * mean);
        target.with_imputed(shares)
    }

    /// For each column, by which share the squared error grows if its value is imputed. Several missing values may make it
    /// grow more than the sum of their shares, which then are larger.
    fn shares(&self, encoder: &Encoder, squared_error: f64) -> BTreeMap<String, f64> {
        let of_row = |sum: f64| sum / self.rows.max(1) as f64;
        let expected = self.alone.iter().zip(&self.times);
        let expected: f64 = expected.map(|(sum, times)| of_row(*sum) * times).sum();
        let together: f64 = self.together.iter().sum();
        let more = match expected > 0.0 {
            true => (together / expected).max(1.0),
            false => 1.0,
        };
        let columns = encoder.columns.iter().zip(&self.alone);
        let shares = columns.map(|(column, sum)| {
            let share = more * of_row(*sum) / squared_error;
            (column.name().to_string(), share)
        });
        shares.filter(|(_, share)| share.is_finite()).collect()
    }
}

/// A network, and rows whose values are removed.
struct Probe<'a> {
    encoder: &'a Encoder,
    predictor: Predictor,
    outputs: usize,
    /// The encoded rows.
    rows: Vec<f32>,
    /// Their outputs.
    known: Vec<f32>,
}

impl<'a> Probe<'a> {
    fn new(model: &'a SavedModel, rows: Vec<f32>, device: &Device) -> Self {
        let predictor = Predictor::new(model.clone(), device);
        Self {
            encoder: &model.encoder,
            known: predictor.outputs(&rows),
            predictor,
            outputs: model.config.outputs.max(1),
            rows,
        }
    }

    /// For each output, the squared change where values are removed, summed over the rows. `is_missing` says it for a
    /// row and a column of the encoder.
    fn squared_changes(&self, is_missing: impl Fn(usize, usize) -> bool + Sync) -> Vec<f64> {
        let mut rows = self.rows.clone();
        self.encoder.remove_values(&mut rows, is_missing);
        let changed = self.predictor.outputs(&rows);
        let mut sums = vec![0.0; self.outputs];
        for (place, (changed, known)) in changed.iter().zip(&self.known).enumerate() {
            sums[place % self.outputs] += f64::from(changed - known).powi(2);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(rows: usize, alone: &[f64], together: f64) -> ImputationErrors {
        ImputationErrors {
            rows,
            outputs: 1,
            alone: alone.to_vec(),
            together: vec![together],
            times: vec![10.0; alone.len()],
        }
    }

    #[test]
    fn networks_add_up() {
        let mut all = ImputationErrors::default();
        all.add(&errors(10, &[1.0, 2.0], 3.0));
        all.add(&errors(20, &[10.0, 20.0], 30.0));
        all.add(&ImputationErrors::default());
        assert_eq!(
            (all.rows, all.alone.as_slice()),
            (30, [11.0, 22.0].as_slice())
        );
        assert_eq!(
            (all.together.as_slice(), all.times.as_slice()),
            ([33.0].as_slice(), [20.0, 20.0].as_slice())
        );
        all.add(&errors(usize::MAX, &[1.0, 2.0], 3.0));
        assert_eq!(all.rows, usize::MAX);
    }

    #[test]
    fn outputs_are_selected() {
        let all = ImputationErrors {
            rows: 5,
            outputs: 3,
            alone: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            together: vec![7.0, 8.0, 9.0],
            times: vec![1.0, 2.0],
        };
        let second = all.of_outputs(&(1..2));
        assert_eq!((second.rows, second.outputs), (5, 1));
        assert_eq!(second.alone, [2.0, 5.0]);
        assert_eq!((second.together, second.times), (vec![8.0], vec![1.0, 2.0]));
    }
}
