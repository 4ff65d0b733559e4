//! Reductions of the learning rate when the loss stays on a plateau.

use serde::{Deserialize, Serialize};

/// The schedule `plateau`: the rule of PyTorch's `ReduceLROnPlateau`, without a cooldown.
#[derive(Debug, Clone)]
pub(crate) struct Plateau {
    /// The factor of each reduction.
    pub gamma: f64,
    /// The lowest factor of the rate.
    pub end: f64,
    /// Epochs without a lower loss that are accepted. The next one reduces the rate.
    pub patience: usize,
    pub state: PlateauState,
}

/// What changes from epoch to epoch, as a checkpoint keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlateauState {
    /// The lowest loss so far.
    pub lowest: Option<f64>,
    /// Epochs since the lowest loss, or since the last reduction.
    pub bad_epochs: usize,
    /// Reductions so far.
    pub reductions: usize,
}

/// A loss is lower than the lowest one if it is by more than this share of it. It is the default of PyTorch.
const THRESHOLD: f64 = 1e-4;

impl Plateau {
    /// The factor of the rate in the next epoch.
    pub fn factor(&self) -> f64 {
        let factor = self.gamma.powf(self.state.reductions as f64);
        factor.max(self.end)
    }

    /// Takes the loss of an epoch.
    pub fn observe(&mut self, loss: f64) {
        let state = &mut self.state;
        let lower = |lowest: f64| loss < lowest - THRESHOLD * lowest.abs();
        if loss.is_finite() && state.lowest.is_none_or(lower) {
            (state.lowest, state.bad_epochs) = (Some(loss), 0);
        } else {
            state.bad_epochs = state.bad_epochs.saturating_add(1);
        }
        if state.bad_epochs > self.patience {
            state.bad_epochs = 0;
            state.reductions = state.reductions.saturating_add(1);
        }
    }
}

impl PlateauState {
    /// The state for a run that goes on with other rows, whose losses are not comparable.
    pub fn for_other_rows(self) -> Self {
        Self {
            reductions: self.reductions,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The factors of the rate after each loss are those of
    /// `ReduceLROnPlateau(optimizer, factor=0.1, patience=1, min_lr=0.005)` with a rate of 1.
    #[test]
    fn reductions_are_those_of_pytorch() {
        let mut plateau = Plateau {
            gamma: 0.1,
            end: 0.005,
            patience: 1,
            state: PlateauState::default(),
        };
        let losses_and_factors = [
            (1.0, 1.0),
            (0.9, 1.0),
            // Lower by less than a ten-thousandth: the first bad epoch, which is accepted.
            (0.899_95, 1.0),
            (0.91, 0.1),
            // The count begins again after a reduction.
            (0.95, 0.1),
            (0.8, 0.1),
            (0.8, 0.1),
            (0.8, 0.01),
            (0.8, 0.01),
            (0.8, 0.005),
            (0.1, 0.005),
        ];
        for (epoch, (loss, factor)) in losses_and_factors.into_iter().enumerate() {
            plateau.observe(loss);
            let found = plateau.factor();
            assert!((found - factor).abs() < 1e-15, "{epoch}: {found}");
        }
        assert_eq!(plateau.state.lowest, Some(0.1));
    }

    #[test]
    fn a_negative_loss_has_to_fall_as_well() {
        let mut plateau = Plateau {
            gamma: 0.5,
            end: 1e-3,
            patience: 0,
            state: PlateauState::default(),
        };
        let factors = [-1.0, -2.0, -2.0, -1.5, -2.1].map(|loss| {
            plateau.observe(loss);
            plateau.factor()
        });
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.25, 0.25]);
    }

    #[test]
    fn other_rows_begin_at_the_reduced_rate() {
        let state = PlateauState {
            lowest: Some(0.5),
            bad_epochs: 3,
            reductions: 2,
        };
        let other = state.for_other_rows();
        assert_eq!(
            (other.lowest, other.bad_epochs, other.reductions),
            (None, 0, 2)
        );
    }
}
