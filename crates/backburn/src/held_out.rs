//! Outputs for the validation rows that score a network.
//!
//! The rows that choose the best epoch of a network cannot score it: the lowest of many noisy errors is lower
//! than the error on other rows. So the validation rows are divided into parts, and each part is scored at the
//! epoch that the other parts choose (nested cross-validation of the number of epochs), by the loss or by the
//! metric that was asked for. The network itself has the weights of the epoch that all of them choose.

use backburn_training::{Criterion, EpochReport, TargetArrays, TensorDataset, TrainingConfig};

use crate::row_units::number_of_units;

/// The largest number of parts.
const PARTS: usize = 10;
/// A network with fewer validation rows keeps its outputs of every epoch, so that the rows that other networks
/// of an ensemble leave out can choose the epoch.
const FEW_ROWS: usize = 12;
/// The largest number of such outputs.
const MOST_KEPT: usize = 1 << 22;

/// The outputs of a network for rows that it was not trained on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HeldOutOutputs {
    /// For each row, the outputs after the epoch that the other parts of the rows choose, `rows * outputs`.
    pub chosen: Vec<f32>,
    /// For each epoch and row, the loss and the outputs, `epochs * rows * (1 + outputs)`. Empty for many rows.
    pub by_epoch: Vec<f32>,
}

/// Follows a network from epoch to epoch.
pub(crate) struct HeldOut {
    criterion: Criterion,
    targets: TargetArrays,
    weights: Option<Vec<f32>>,
    rows: usize,
    keeps_epochs: bool,
    /// The part of each row.
    part: Vec<usize>,
    /// For each part, the lowest error of the other parts so far.
    lowest: Vec<f64>,
    outputs: HeldOutOutputs,
}

impl HeldOut {
    /// Before the first epoch. `rows` are the validation rows, and `units` has the unit of each of them, such as a group:
    /// rows of a unit are in one part. `is_member` says whether the network is one of an ensemble.
    pub fn new(
        training: &TrainingConfig,
        rows: &TensorDataset,
        units: &[usize],
        is_member: bool,
    ) -> Self {
        let count = number_of_units(units);
        let parts = count.min(PARTS);
        let mut criterion = training.criterion();
        criterion.loss = criterion.loss.for_targets(&rows.targets);
        let weights = rows.weights.as_ref();
        Self {
            criterion,
            targets: TargetArrays::new(&rows.targets),
            weights: weights.map(|weights| weights.to_data().iter().collect()),
            rows: rows.rows(),
            keeps_epochs: is_member && rows.rows() < FEW_ROWS && count == rows.rows(),
            part: units.iter().map(|unit| unit % parts.max(1)).collect(),
            lowest: vec![f64::INFINITY; parts],
            outputs: HeldOutOutputs::default(),
        }
    }

    /// Takes the outputs of an epoch. `error` is that of a metric on the rows at some positions, by the outputs of all
    /// rows; where it is `None`, the loss counts.
    pub fn add(&mut self, report: &EpochReport, error: impl Fn(&[usize], &[f32]) -> Option<f64>) {
        if let Some(validation) = &report.validation {
            let outputs: Vec<f32> = validation.outputs.to_data().iter().collect();
            let error = |positions: &[usize]| error(positions, &outputs);
            self.add_outputs(report.epoch, report.training_loss, &outputs, error);
        }
    }

    fn add_outputs(
        &mut self,
        epoch: usize,
        training_loss: f64,
        outputs: &[f32],
        error: impl Fn(&[usize]) -> Option<f64>,
    ) {
        if self.rows == 0 || outputs.is_empty() {
            return;
        }
        let losses = self.losses(outputs);
        let of_others = self.errors_of_others(training_loss, &losses, error);
        self.choose(&of_others, outputs);
        self.keep(epoch, &losses, outputs);
    }

    /// The loss of each row.
    fn losses(&self, outputs: &[f32]) -> Vec<f64> {
        let width = outputs.len() / self.rows;
        let mut gradient = vec![0.0; width];
        let (targets, weights) = (&self.targets, self.weights.as_deref());
        let rows = outputs.chunks_exact(width).enumerate();
        let losses = rows.map(|(row, outputs)| {
            let criterion = &self.criterion;
            criterion.backward(outputs, &[row], targets, weights, 1.0, &mut gradient)
        });
        losses.collect()
    }

    /// For each part, the error of the other parts: that of the metric if it is known, or else the loss. A single
    /// row has no others: there, it is the training loss.
    fn errors_of_others(
        &self,
        training_loss: f64,
        losses: &[f64],
        error: impl Fn(&[usize]) -> Option<f64>,
    ) -> Vec<f64> {
        let parts = self.lowest.len();
        if parts == 1 {
            return vec![training_loss];
        }
        let mut sums = vec![0.0; parts];
        for (row, loss) in losses.iter().enumerate() {
            sums[self.part[row]] += loss;
        }
        let of_others = (0..parts).map(|part| {
            let others = (0..self.rows).filter(|row| self.part[*row] != part);
            error(&others.collect::<Vec<_>>()).unwrap_or_else(|| {
                let others = sums.iter().enumerate().filter(|(other, _)| *other != part);
                others.map(|(_, sum)| sum).sum()
            })
        });
        of_others.collect()
    }

    /// Keeps the outputs of each part for which the other parts have their lowest error.
    fn choose(&mut self, of_others: &[f64], outputs: &[f32]) {
        let width = outputs.len() / self.rows;
        // Also where a run was resumed from a checkpoint without these outputs.
        if self.outputs.chosen.len() != outputs.len() {
            self.outputs.chosen = outputs.to_vec();
            self.lowest.fill(f64::INFINITY);
        }
        for (part, &error) in of_others.iter().enumerate() {
            if error < self.lowest[part] {
                self.lowest[part] = error;
                for row in (0..self.rows).filter(|row| self.part[*row] == part) {
                    let of_row = row * width..(row + 1) * width;
                    self.outputs.chosen[of_row.clone()].copy_from_slice(&outputs[of_row]);
                }
            }
        }
    }

    /// Keeps the losses and outputs of an epoch, if those of all epochs before are there and there is room.
    fn keep(&mut self, epoch: usize, losses: &[f64], outputs: &[f32]) {
        let of_epoch = losses.len() + outputs.len();
        let kept = &mut self.outputs.by_epoch;
        let before = epoch.saturating_sub(1).saturating_mul(of_epoch);
        if !self.keeps_epochs || kept.len() != before || before + of_epoch > MOST_KEPT {
            kept.clear();
            self.keeps_epochs = false;
            return;
        }
        let rows = losses
            .iter()
            .zip(outputs.chunks_exact(outputs.len() / losses.len()));
        for (loss, outputs) in rows {
            kept.push(*loss as f32);
            kept.extend(outputs);
        }
    }

    /// The outputs; `None` before the end of the first epoch.
    pub fn into_outputs(self) -> Option<HeldOutOutputs> {
        (!self.outputs.chosen.is_empty()).then_some(self.outputs)
    }

    /// The state between two epochs, for a checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let HeldOutOutputs { chosen, by_epoch } = &self.outputs;
        for length in [self.lowest.len(), chosen.len(), by_epoch.len()] {
            bytes.extend((length as u64).to_le_bytes());
        }
        bytes.extend(self.lowest.iter().flat_map(|loss| loss.to_le_bytes()));
        let outputs = chosen.iter().chain(by_epoch);
        bytes.extend(outputs.flat_map(|output| output.to_le_bytes()));
        bytes
    }

    /// Goes on from the state of a checkpoint. Bytes of a run on other rows, or damaged ones, are ignored.
    pub fn restore(&mut self, bytes: &[u8]) {
        if let Some((lowest, outputs)) = read(bytes)
            && lowest.len() == self.lowest.len()
            && outputs.chosen.len().is_multiple_of(self.rows.max(1))
        {
            (self.lowest, self.outputs) = (lowest, outputs);
        }
    }
}

/// The lowest losses and the outputs in bytes.
fn read(bytes: &[u8]) -> Option<(Vec<f64>, HeldOutOutputs)> {
    let (lengths, numbers) = bytes.split_at_checked(24)?;
    let (lengths, _) = lengths.as_chunks::<8>();
    let mut lengths = lengths
        .iter()
        .map(|length| usize::try_from(u64::from_le_bytes(*length)).ok());
    let (parts, chosen, by_epoch) = (lengths.next()??, lengths.next()??, lengths.next()??);
    let (lowest, outputs) = numbers.split_at_checked(parts.checked_mul(8)?)?;
    let (lowest, _) = lowest.as_chunks::<8>();
    let (outputs, rest) = outputs.as_chunks::<4>();
    if !rest.is_empty() || outputs.len() != chosen.checked_add(by_epoch)? {
        return None;
    }
    let outputs: Vec<f32> = outputs.iter().map(|n| f32::from_le_bytes(*n)).collect();
    let (chosen, by_epoch) = outputs.split_at(chosen);
    Some((
        lowest.iter().map(|n| f64::from_le_bytes(*n)).collect(),
        HeldOutOutputs {
            chosen: chosen.to_vec(),
            by_epoch: by_epoch.to_vec(),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use backburn_training::Loss;

    /// Rows whose targets are all 0, so that the loss of a row is the square of its output.
    fn held_out(rows: usize, keeps_epochs: bool) -> HeldOut {
        let mut criterion = TrainingConfig::default().criterion();
        criterion.loss = Loss::MeanSquaredError;
        HeldOut {
            criterion,
            targets: TargetArrays::Values(vec![0.0; rows]),
            weights: None,
            rows,
            keeps_epochs,
            part: (0..rows).map(|row| row % rows.clamp(1, PARTS)).collect(),
            lowest: vec![f64::INFINITY; rows.min(PARTS)],
            outputs: HeldOutOutputs::default(),
        }
    }

    fn no_metric(_: &[usize]) -> Option<f64> {
        None
    }

    #[test]
    fn each_row_is_scored_at_the_epoch_that_the_others_choose() {
        let mut held_out = held_out(2, false);
        held_out.add_outputs(1, 1.0, &[3.0, 1.0], no_metric);
        held_out.add_outputs(2, 0.5, &[2.0, 4.0], no_metric);
        // The first row chooses epoch 2, the second one epoch 1. Chosen by both, the epoch would be 1.
        let outputs = held_out.into_outputs().unwrap();
        assert_eq!(outputs.chosen, [3.0, 4.0]);
        assert!(outputs.by_epoch.is_empty());
    }

    #[test]
    fn a_metric_may_choose_the_epoch() {
        let mut held_out = held_out(2, false);
        for (epoch, outputs) in [[3.0f32, 1.0], [2.0, 4.0]].iter().enumerate() {
            // The largest output is the best one.
            let error = |rows: &[usize]| Some(-f64::from(outputs[rows[0]]));
            held_out.add_outputs(epoch + 1, 1.0, outputs, error);
        }
        assert_eq!(held_out.into_outputs().unwrap().chosen, [2.0, 1.0]);
    }

    #[test]
    fn a_row_does_not_change_the_epoch_that_scores_it() {
        // Whatever the outputs for row 3 are, its epoch is the same.
        let chosen = |third: [f32; 3]| {
            let mut held_out = held_out(5, false);
            for (epoch, &third) in third.iter().enumerate() {
                let outputs = [0.5, [0.9, 0.2, 0.7][epoch], 0.5, third, 0.5];
                held_out.add_outputs(epoch + 1, 1.0, &outputs, no_metric);
            }
            held_out.into_outputs().unwrap().chosen[3]
        };
        assert_eq!(chosen([0.0, 9.0, 5.0]), 9.0);
        assert_eq!(chosen([9.0, 0.0, 5.0]), 0.0);
    }

    #[test]
    fn a_single_row_is_scored_at_the_lowest_training_loss() {
        let mut held_out = held_out(1, false);
        for (epoch, (loss, output)) in [(3.0, 0.1), (1.0, 5.0), (2.0, 0.0)].iter().enumerate() {
            held_out.add_outputs(epoch + 1, *loss, &[*output], no_metric);
        }
        assert_eq!(held_out.into_outputs().unwrap().chosen, [5.0]);
    }

    #[test]
    fn few_rows_of_a_member_keep_every_epoch() {
        let mut held_out = held_out(2, true);
        held_out.add_outputs(1, 1.0, &[3.0, 1.0], no_metric);
        held_out.add_outputs(2, 0.5, &[2.0, 4.0], no_metric);
        let kept = held_out.into_outputs().unwrap().by_epoch;
        assert_eq!(kept, [9.0, 3.0, 1.0, 1.0, 4.0, 2.0, 16.0, 4.0]);
    }

    #[test]
    fn a_resumed_run_has_the_same_outputs() {
        let epochs: Vec<Vec<f32>> = (0..6u8)
            .map(|epoch| {
                (0..7u8)
                    .map(|row| f32::from(epoch * 5 % 4) - f32::from(row))
                    .collect()
            })
            .collect();
        let mut whole = held_out(7, true);
        let mut before = held_out(7, true);
        for (epoch, outputs) in epochs.iter().enumerate() {
            whole.add_outputs(epoch + 1, 1.0, outputs, no_metric);
            if epoch < 3 {
                before.add_outputs(epoch + 1, 1.0, outputs, no_metric);
            }
        }
        let mut after = held_out(7, true);
        after.restore(&before.to_bytes());
        for (epoch, outputs) in epochs.iter().enumerate().skip(3) {
            after.add_outputs(epoch + 1, 1.0, outputs, no_metric);
        }
        assert_eq!(after.to_bytes(), whole.to_bytes());
        assert_eq!(after.into_outputs(), whole.into_outputs());
    }

    #[test]
    fn other_bytes_are_ignored() {
        let mut other = held_out(3, true);
        other.add_outputs(1, 1.0, &[1.0, 2.0, 3.0], no_metric);
        let bytes = other.to_bytes();
        let mut held_out = held_out(2, true);
        for bytes in [&bytes[..], &bytes[..20], &bytes[..30], &[0xff; 40], &[]] {
            held_out.restore(bytes);
            assert_eq!(held_out.outputs, HeldOutOutputs::default());
        }
    }
}
