//! What the outputs of a network for numbers stand for, if not for the number itself.

use serde::{Deserialize, Serialize};

/// What the outputs of a network for numbers stand for, if not for the number itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum Distribution {
    /// Quantiles of the number in ascending order, one output for each level.
    Quantiles {
        /// The levels, each above 0 and below 1, in ascending order.
        levels: Vec<f64>,
        /// For coverages of 50, 51, ..., 99 percent: how far an interval reaches beyond the lowest and
        /// the highest quantile, in the scale of the outputs; below 0 where it is narrower.
        #[serde(default)]
        errors: Vec<f64>,
    },
    /// The logarithm of the mean of a count, whose variance is proportional to the mean.
    Poisson {
        /// For the same coverages: quantiles of the absolute errors, divided by the square root of the
        /// prediction.
        #[serde(default)]
        errors: Vec<f64>,
    },
    /// The logarithm of the mean of an amount above 0, whose deviation is proportional to the mean.
    Gamma {
        /// For the same coverages: quantiles of the absolute errors, divided by the prediction.
        #[serde(default)]
        errors: Vec<f64>,
    },
}

impl Distribution {
    /// The number of outputs of a row.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Quantiles { levels, .. } => levels.len(),
            Self::Poisson { .. } | Self::Gamma { .. } => 1,
        }
    }

    /// Its name, which is that of the loss too.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Quantiles { .. } => "quantile",
            Self::Poisson { .. } => "poisson",
            Self::Gamma { .. } => "gamma",
        }
    }

    /// The levels of the quantiles; `None` for a mean.
    pub fn levels(&self) -> Option<&[f64]> {
        match self {
            Self::Quantiles { levels, .. } => Some(levels),
            Self::Poisson { .. } | Self::Gamma { .. } => None,
        }
    }

    /// Whether the output is the logarithm of the mean.
    pub fn has_log_link(&self) -> bool {
        self.levels().is_none()
    }

    /// The quantiles of the errors on rows that were not trained on.
    pub(crate) fn errors(&self) -> &[f64] {
        match self {
            Self::Quantiles { errors, .. } | Self::Poisson { errors } | Self::Gamma { errors } => {
                errors
            }
        }
    }

    pub(crate) fn errors_mut(&mut self) -> &mut Vec<f64> {
        match self {
            Self::Quantiles { errors, .. } | Self::Poisson { errors } | Self::Gamma { errors } => {
                errors
            }
        }
    }

    /// The unit of the errors at a predicted mean: a deviation up to a factor. It is above 0.
    pub(crate) fn spread(&self, mean: f64) -> f64 {
        let mean = mean.clamp(1e-100, 1e100);
        match self {
            Self::Quantiles { .. } => 1.0,
            Self::Poisson { .. } => mean.sqrt(),
            Self::Gamma { .. } => mean,
        }
    }

    /// The point that stands for the outputs of a row: the median of quantiles, interpolated linearly if
    /// 0.5 is not among the levels, or else the output itself.
    pub(crate) fn point(&self, outputs: &[f32]) -> f64 {
        let at = |index: usize| outputs.get(index).map_or(f64::NAN, |&o| f64::from(o));
        let parts = self.point_parts();
        parts.iter().map(|&(index, share)| share * at(index)).sum()
    }

    /// The outputs whose weighted sum is the point that stands for a row, each with its weight: the median
    /// of quantiles, or the only output.
    pub fn point_parts(&self) -> Vec<(usize, f64)> {
        let Self::Quantiles { levels, .. } = self else {
            return vec![(0, 1.0)];
        };
        match levels.iter().position(|&level| level >= 0.5) {
            None => vec![(levels.len().saturating_sub(1), 1.0)],
            Some(index) if index == 0 || levels[index] == 0.5 => vec![(index, 1.0)],
            Some(index) => {
                let (low, high) = (levels[index - 1], levels[index]);
                let share = (0.5 - low) / (high - low);
                vec![(index - 1, 1.0 - share), (index, share)]
            }
        }
    }

    /// Why it is invalid, if it is. Used for models from files, which may hold anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let inside = |level: &f64| *level > 0.0 && *level < 1.0;
        let rises = |pair: &[f64]| pair[0] < pair[1];
        if let Some(levels) = self.levels()
            && (levels.is_empty() || !levels.iter().all(inside) || !levels.windows(2).all(rises))
        {
            return Some("the levels of the quantiles do not rise from above 0 to below 1");
        }
        let least = match self.levels() {
            Some(_) => f64::MIN,
            None => 0.0,
        };
        let fits = |error: &f64| error.is_finite() && *error >= least;
        (!self.errors().iter().all(fits)).then_some("the calibration errors are not numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(levels: &[f64]) -> Distribution {
        Distribution::Quantiles {
            levels: levels.to_vec(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn the_point_is_the_median() {
        assert_eq!(quantiles(&[0.1, 0.5, 0.9]).point(&[1.0, 2.0, 4.0]), 2.0);
        assert_eq!(quantiles(&[0.25, 0.75]).point(&[1.0, 2.0]), 1.5);
        assert_eq!(quantiles(&[0.8, 0.9]).point(&[1.0, 2.0]), 1.0);
        assert_eq!(quantiles(&[0.1, 0.2]).point(&[1.0, 2.0]), 2.0);
        let poisson = Distribution::Poisson { errors: Vec::new() };
        assert_eq!(poisson.point(&[0.25]), 0.25);
    }

    #[test]
    fn what_is_no_distribution_is_a_problem() {
        assert_eq!(quantiles(&[0.1, 0.9]).problem(), None);
        for levels in [&[][..], &[0.0, 0.5], &[0.5, 0.5], &[0.5, 1.0], &[f64::NAN]] {
            assert!(quantiles(levels).problem().is_some(), "{levels:?}");
        }
        let narrower = Distribution::Quantiles {
            levels: vec![0.1, 0.9],
            errors: vec![-0.5],
        };
        assert_eq!(narrower.problem(), None);
        let negative = Distribution::Gamma { errors: vec![-0.5] };
        assert!(negative.problem().is_some());
    }
}
