//! Scores of predicted distributions.

use backburn_preprocessing::{Distribution, PredictedQuantiles, Predictions, Target};
use backburn_training::metrics::{QuantileScore, mean_gamma_deviance, mean_poisson_deviance};

use crate::targets::Targets;
use crate::text::number;

/// The score of a predicted distribution. As text, it is a part of a line with metrics.
#[derive(Debug, Clone, PartialEq)]
pub enum DistributionScore {
    /// The mean quantile loss, and how many rows each quantile holds.
    Quantiles(QuantileScore),
    /// The mean Poisson deviance, in the unit of the target.
    PoissonDeviance(f64),
    /// The mean Gamma deviance, which has no unit.
    GammaDeviance(f64),
}

impl DistributionScore {
    /// The score of the means or the quantiles of some rows, for their true values. `None` if it is not
    /// defined, or for quantiles that are not given.
    fn new(
        distribution: &Distribution,
        means: &[f64],
        quantiles: Option<&PredictedQuantiles>,
        actual: &[f64],
    ) -> Option<Self> {
        match distribution {
            Distribution::Quantiles { levels, .. } => {
                let score = QuantileScore::new(&quantiles?.values, levels, actual);
                score.map(Self::Quantiles)
            }
            Distribution::Poisson { .. } => {
                mean_poisson_deviance(means, actual).map(Self::PoissonDeviance)
            }
            Distribution::Gamma { .. } => {
                mean_gamma_deviance(means, actual).map(Self::GammaDeviance)
            }
        }
    }

    /// The score of a distribution on those of `rows` that have a target. The predictions and the quantiles are those
    /// of `rows`. `None` as for [`new`](Self::new), or for a target without a distribution.
    pub(crate) fn of_rows(
        (target, predictions): (&Target, &Predictions),
        quantiles: Option<&PredictedQuantiles>,
        targets: &Targets,
        rows: &[usize],
    ) -> Option<Self> {
        let distribution = target.distribution()?;
        let Targets::Values(values) = targets else {
            return None;
        };
        let means = predictions.values()?;
        let known = |index: &usize| !values[rows[*index]].is_nan();
        let known: Vec<usize> = (0..rows.len()).filter(known).collect();
        let actual: Vec<f64> = known.iter().map(|&index| values[rows[index]]).collect();
        let means: Option<Vec<f64>> = known.iter().map(|&i| means.get(i).copied()).collect();
        let quantiles = quantiles.map(|all| PredictedQuantiles {
            levels: all.levels.clone(),
            values: known
                .iter()
                .filter_map(|&index| all.row(index))
                .flatten()
                .copied()
                .collect(),
        });
        Self::new(distribution, &means?, quantiles.as_ref(), &actual)
    }

    /// The name of the main metric, and its value, which is lower for better predictions.
    pub fn main(&self) -> (&'static str, f64) {
        match self {
            Self::Quantiles(score) => ("mean_pinball_loss", score.mean_pinball_loss),
            Self::PoissonDeviance(deviance) => ("mean_poisson_deviance", *deviance),
            Self::GammaDeviance(deviance) => ("mean_gamma_deviance", *deviance),
        }
    }

    /// The metrics by name: the main one, and for quantiles `coverage_LEVEL` for each level.
    pub fn metrics(&self) -> Vec<(String, f64)> {
        let (name, value) = self.main();
        let mut metrics = vec![(name.to_string(), value)];
        if let Self::Quantiles(score) = self {
            let coverage = score.coverage.iter();
            metrics.extend(coverage.map(|(level, held)| (format!("coverage_{level}"), *held)));
        }
        metrics
    }

    /// The metrics as text.
    pub(crate) fn line(&self) -> String {
        let (name, value) = self.main();
        let main = format!("{} {}", name.replace('_', " "), number(value));
        match self {
            Self::Quantiles(score) => {
                let coverage = score.coverage.iter();
                let words = coverage.map(|(level, held)| format!("{level}: {held:.3}"));
                let words = words.collect::<Vec<_>>().join(", ");
                format!("{main}, rows below each quantile: {words}")
            }
            Self::PoissonDeviance(_) => main.replace("poisson", "Poisson"),
            Self::GammaDeviance(_) => main.replace("gamma", "Gamma"),
        }
    }
}
