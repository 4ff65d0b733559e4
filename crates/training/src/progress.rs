//! The position of a training run.

use serde::{Deserialize, Serialize};

use crate::plateau::PlateauState;
use crate::report::StopReason;

/// Where a training run is. It is part of a checkpoint; the serialized names are those of the
/// checkpoint format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainingProgress {
    /// Number of training rows.
    pub rows: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// The current epoch, counted from 1.
    pub epoch: usize,
    /// Steps done in the current epoch.
    pub step: usize,
    /// The last finished epoch; 0 if there is none.
    #[serde(rename = "epochs")]
    pub finished_epochs: usize,
    /// Why training ended; `None` while it runs.
    pub stop: Option<StopReason>,
    /// The learning rate before the schedule.
    pub learning_rate: f64,
    /// The lowest loss of an epoch, or its lowest [`validation_error`](crate::Callback::validation_error);
    /// `None` before the end of the first epoch.
    #[serde(rename = "lowest")]
    pub lowest_loss: Option<f64>,
    /// The state of the schedule, if it depends on losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plateau: Option<PlateauState>,
    /// The epochs of the kept networks, in the order of `Checkpoint::kept`.
    #[serde(rename = "kept")]
    pub kept_epochs: Vec<usize>,
    /// The position of the random number generator before it drew the row order of the current
    /// epoch, in words.
    #[serde(rename = "order", with = "u128_as_text")]
    pub rng_position: u128,
    /// The sum of the losses of the current epoch's rows so far.
    #[serde(rename = "loss")]
    pub loss_sum: f64,
    /// The number of rows in that sum.
    pub loss_rows: usize,
}

impl TrainingProgress {
    /// The position before the first step.
    pub fn start(rows: usize, steps: usize, learning_rate: f64) -> Self {
        Self {
            rows,
            steps,
            epoch: 1,
            step: 0,
            finished_epochs: 0,
            stop: None,
            learning_rate,
            lowest_loss: None,
            plateau: None,
            kept_epochs: Vec::new(),
            rng_position: 0,
            loss_sum: 0.0,
            loss_rows: 0,
        }
    }

    /// This position in a run of `epochs` epochs over `rows` rows in `steps` steps each.
    ///
    /// If the number of rows or steps differs, the run restarts the current epoch, since losses of
    /// other rows are not comparable. A run that has ended starts again at epoch 1.
    pub fn adapted_to(mut self, rows: usize, steps: usize, epochs: usize) -> Self {
        if (self.rows, self.steps) != (rows, steps) {
            let (epoch, plateau) = match self.stop {
                Some(_) => (1, None),
                None => (self.epoch, self.plateau),
            };
            self = Self {
                epoch,
                plateau: plateau.map(PlateauState::for_other_rows),
                ..Self::start(rows, steps, self.learning_rate)
            };
        }
        self.epoch = self.epoch.clamp(1, epochs.saturating_add(1));
        self.step = self.step.min(steps);
        self
    }

    /// Steps since the start of training.
    pub fn steps_done(&self) -> usize {
        (self.epoch.saturating_sub(1))
            .saturating_mul(self.steps)
            .saturating_add(self.step)
    }

    /// The current epoch if it is not finished, or else the next one.
    pub fn next_epoch(&self) -> usize {
        self.epoch + usize::from(self.finished_epochs == self.epoch)
    }

    /// Whether no number contradicts another one, as in a damaged checkpoint.
    pub fn is_consistent(&self) -> bool {
        self.finished_epochs <= self.epoch
            && self.step <= self.steps
            && self.loss_rows <= self.rows
            && (self.kept_epochs.iter()).all(|epoch| *epoch <= self.finished_epochs)
    }
}

/// Writes a `u128` as text: JSON readers do not agree on numbers above 2⁵³.
mod u128_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialized_names_are_those_of_the_checkpoint_format() {
        let json = serde_json::to_string(&TrainingProgress::start(7, 2, 0.5)).unwrap();
        assert_eq!(
            json,
            r#"{"rows":7,"steps":2,"epoch":1,"step":0,"epochs":0,"stop":null,"learning_rate":0.5,"#
                .to_owned()
                + r#""lowest":null,"kept":[],"order":"0","loss":0.0,"loss_rows":0}"#
        );
    }

    #[test]
    fn other_rows_restart_the_epoch() {
        let progress = TrainingProgress {
            epoch: 3,
            step: 1,
            finished_epochs: 2,
            ..TrainingProgress::start(7, 2, 0.5)
        };
        assert_eq!(progress.clone().adapted_to(7, 2, 9), progress);
        let other = progress.clone().adapted_to(8, 2, 9);
        assert_eq!((other.epoch, other.step, other.finished_epochs), (3, 0, 0));
        let fewer_epochs = progress.adapted_to(7, 2, 1);
        assert_eq!(fewer_epochs.epoch, 2);
    }
}
