//! Scores of predicted distributions.

use backburn_preprocessing::{Distribution, PredictedQuantiles};
use backburn_training::metrics::{QuantileScore, mean_gamma_deviance, mean_poisson_deviance};

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
    pub(crate) fn new(
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
