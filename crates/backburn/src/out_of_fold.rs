//! The outputs of the networks of an ensemble for the rows that they were not trained on.

use backburn_preprocessing::{Predictions, Target};

use crate::job_result::TrainedNetwork;
use crate::targets::Targets;

/// The outputs of some networks, each for the rows that it was not trained on.
#[derive(Default)]
pub(crate) struct OutOfFold {
    parts: Vec<Part>,
}

/// The outputs of one network.
struct Part {
    /// Indices into the table.
    rows: Vec<usize>,
    /// Numbers in an output.
    width: usize,
    /// `rows * width`, at the epoch that the other rows of this part choose.
    outputs: Vec<f32>,
    /// For each epoch and row, the loss and the outputs; or empty.
    by_epoch: Vec<f32>,
    /// The lowest and the highest value of the rows that the network was trained on; `None` for classes.
    bounds: Option<[f64; 2]>,
}

/// Rows that some network was not trained on, in ascending order, and what those networks say of them.
#[derive(Default)]
pub(crate) struct OutOfFoldRows {
    /// Indices into the table.
    pub rows: Vec<usize>,
    /// The mean outputs of the networks that were not trained on a row, `rows * width`.
    pub outputs: Vec<f32>,
    /// The lowest and the highest value that these networks have seen, for each row.
    pub bounds: Vec<Option<[f64; 2]>>,
}

impl OutOfFold {
    /// Adds the outputs of a network.
    pub fn add(&mut self, network: &TrainedNetwork, targets: &Targets) {
        self.parts.push(Part {
            rows: network.split.validation.clone(),
            width: network.model.config.outputs,
            outputs: network.outputs.clone(),
            by_epoch: network.outputs_by_epoch.clone(),
            bounds: bounds(targets, &network.split.training),
        });
    }

    /// Forgets all networks.
    pub fn clear(&mut self) {
        self.parts.clear();
    }

    /// The rows that some network was not trained on.
    pub fn rows(&self) -> OutOfFoldRows {
        let pooled = self.at_pooled_epochs();
        let outputs: Vec<&[f32]> = match &pooled {
            Some(pooled) => pooled.iter().map(Vec::as_slice).collect(),
            None => self.parts.iter().map(|p| p.outputs.as_slice()).collect(),
        };
        let mut all = OutOfFoldRows::default();
        for places in self.places().chunk_by(|a, b| a.0 == b.0) {
            let Some(&(row, first, _)) = places.first() else {
                continue;
            };
            let width = self.parts[first].width;
            all.rows.push(row);
            for output in 0..width {
                let of_part = |&(_, part, index): &(usize, usize, usize)| {
                    let outputs: &[f32] = outputs[part];
                    outputs[index * width + output]
                };
                let sum: f32 = places.iter().map(of_part).sum();
                all.outputs.push(sum / places.len() as f32);
            }
            let bounds = places.iter().map(|place| self.parts[place.1].bounds);
            all.bounds.push(bounds.reduce(wider).flatten());
        }
        all
    }

    /// Where the rows are: the row, the part, and the index in the part. In ascending order.
    fn places(&self) -> Vec<(usize, usize, usize)> {
        let mut places = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            // A network that was stopped may have no outputs.
            if part.outputs.len() == part.rows.len() * part.width {
                let rows = part.rows.iter().enumerate();
                places.extend(rows.map(|(position, &row)| (row, index, position)));
            }
        }
        places.sort_unstable();
        places
    }

    /// The outputs of each part where few rows are left out by each network, too few to choose an epoch from.
    /// There, the epoch that scores a row is the one with the lowest loss over all other rows that the networks
    /// leave out. `None` for more rows, or without others.
    fn at_pooled_epochs(&self) -> Option<Vec<Vec<f32>>> {
        let fits =
            |part: &Part| part.epochs() > 0 && part.outputs.len() == part.rows.len() * part.width;
        let places = self.places();
        let others = places.first()?.0 != places.last()?.0;
        if !others || !self.parts.iter().all(fits) {
            return None;
        }
        let epochs = self.parts.iter().map(Part::epochs).max()?;
        let loss = |epoch: usize, part: usize, index: usize| {
            f64::from(self.parts[part].after(epoch, index)[0])
        };
        let total: Vec<f64> = (0..epochs)
            .map(|epoch| {
                places
                    .iter()
                    .map(|&(_, part, index)| loss(epoch, part, index))
                    .sum()
            })
            .collect();
        let mut outputs: Vec<Vec<f32>> = self.parts.iter().map(|p| p.outputs.clone()).collect();
        for places in places.chunk_by(|a, b| a.0 == b.0) {
            let of_others = |epoch: usize| {
                let own = places
                    .iter()
                    .map(|&(_, part, index)| loss(epoch, part, index));
                total[epoch] - own.sum::<f64>()
            };
            let lowest = (0..epochs).min_by(|&a, &b| of_others(a).total_cmp(&of_others(b)))?;
            for &(_, part, index) in places {
                let width = self.parts[part].width;
                let chosen = &self.parts[part].after(lowest, index)[1..];
                outputs[part][index * width..(index + 1) * width].copy_from_slice(chosen);
            }
        }
        Some(outputs)
    }
}

impl Part {
    /// The number of epochs whose outputs are known.
    fn epochs(&self) -> usize {
        self.by_epoch.len() / (self.rows.len() * (self.width + 1)).max(1)
    }

    /// The loss and the outputs of a row after an epoch, counted from 0. A network that has ended stays as it
    /// was after its last epoch.
    fn after(&self, epoch: usize, row: usize) -> &[f32] {
        let numbers = self.width + 1;
        let epoch = epoch.min(self.epochs() - 1);
        let start = (epoch * self.rows.len() + row) * numbers;
        &self.by_epoch[start..start + numbers]
    }
}

impl OutOfFoldRows {
    /// The predictions for the rows. With `clips`, numbers are limited to the values that the networks of each
    /// row have seen, which is not the value of the row itself.
    pub fn predictions(&self, target: &Target, width: usize, clips: bool) -> Predictions {
        let predictions = target.predictions(&self.outputs, width);
        let Predictions::Values(mut values) = predictions else {
            return predictions;
        };
        if clips {
            for (value, bounds) in values.iter_mut().zip(&self.bounds) {
                if let Some([low, high]) = bounds {
                    *value = value.clamp(*low, *high);
                }
            }
        }
        Predictions::Values(values)
    }
}

/// The lowest and the highest value of some rows; `None` for classes.
fn bounds(targets: &Targets, rows: &[usize]) -> Option<[f64; 2]> {
    let Targets::Values(values) = targets else {
        return None;
    };
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    let [low, high] = rows.iter().fold(start, |[low, high], &row| {
        [low.min(values[row]), high.max(values[row])]
    });
    (low <= high).then_some([low, high])
}

/// Bounds that hold both.
fn wider(one: Option<[f64; 2]>, other: Option<[f64; 2]>) -> Option<[f64; 2]> {
    let ([low, high], [other_low, other_high]) = (one?, other?);
    Some([low.min(other_low), high.max(other_high)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network for numbers. `by_epoch` has the loss and the output of each row after each epoch.
    fn part(rows: &[usize], outputs: &[f32], by_epoch: &[f32], bounds: [f64; 2]) -> Part {
        Part {
            rows: rows.to_vec(),
            width: 1,
            outputs: outputs.to_vec(),
            by_epoch: by_epoch.to_vec(),
            bounds: Some(bounds),
        }
    }

    #[test]
    fn outputs_of_several_networks_for_a_row_are_averaged() {
        let all = OutOfFold {
            parts: vec![
                part(&[1, 3], &[1.0, 3.0], &[], [0.0, 5.0]),
                part(&[0, 2], &[4.0, 2.0], &[], [1.0, 5.0]),
                part(&[1, 2], &[2.0, 4.0], &[], [-1.0, 4.0]),
            ],
        };
        let all = all.rows();
        assert_eq!(all.rows, [0, 1, 2, 3]);
        assert_eq!(all.outputs, [4.0, 1.5, 3.0, 3.0]);
        assert_eq!(all.bounds[0], Some([1.0, 5.0]));
        assert_eq!(all.bounds[1], Some([-1.0, 5.0]));
    }

    #[test]
    fn the_epoch_that_scores_few_rows_is_chosen_by_the_other_networks() {
        let all = |third: [f32; 2]| OutOfFold {
            parts: vec![
                // The losses are 1 and 2, then 9.
                part(
                    &[0],
                    &[-1.0],
                    &[1.0, 10.0, 2.0, 20.0, 9.0, 30.0],
                    [0.0, 9.0],
                ),
                // This one ends after two epochs.
                part(&[1], &[-1.0], &[5.0, 11.0, 1.0, 21.0], [0.0, 9.0]),
                part(
                    &[2],
                    &[-1.0],
                    &[third[0], 12.0, third[1], 22.0, 3.0, 32.0],
                    [0.0, 9.0],
                ),
            ],
        };
        // Row 0 is scored where rows 1 and 2 have the lowest loss: 8, 4 and 4. For row 1, it is 4, 5 and 12. Row
        // 2 has 6, 3 and 10.
        assert_eq!(all([3.0, 3.0]).rows().outputs, [20.0, 11.0, 22.0]);
        // Whatever its own losses are.
        for third in [[0.0, 100.0], [100.0, 0.0]] {
            assert_eq!(all(third).rows().outputs[2], 22.0);
        }
    }

    #[test]
    fn one_network_with_one_row_has_no_others() {
        let all = OutOfFold {
            parts: vec![part(&[4], &[-1.0], &[1.0, 10.0], [0.0, 9.0])],
        };
        assert_eq!(all.rows().outputs, [-1.0]);
        assert!(OutOfFold::default().rows().rows.is_empty());
    }

    #[test]
    fn a_row_does_not_widen_the_bounds_of_its_own_prediction() {
        let target = Target::Regression {
            column: "y".to_string(),
            scale: backburn_preprocessing::TargetTransform::None,
            mean: 0.0,
            std: 1.0,
            bounds: Some([0.0, 100.0]),
            at_bounds: None,
            distribution: None,
            errors: Vec::new(),
            error_scale: None,
        };
        let values = Targets::Values(vec![0.0, 5.0, 100.0]);
        assert_eq!(bounds(&values, &[0, 1]), Some([0.0, 5.0]));
        assert_eq!(bounds(&values, &[]), None);
        let all = OutOfFoldRows {
            rows: vec![2],
            outputs: vec![99.0],
            bounds: vec![bounds(&values, &[0, 1])],
        };
        let clipped = all.predictions(&target, 1, true);
        assert_eq!(clipped, Predictions::Values(vec![5.0]));
        let free = all.predictions(&target, 1, false);
        assert_eq!(free, Predictions::Values(vec![99.0]));
    }
}
