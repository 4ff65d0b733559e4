//! Scores of predicted distributions.

use backburn_preprocessing::{Distribution, PredictedQuantiles, Predictions, Target};
use backburn_training::metrics::{
    QuantileScore, RowWeights, ValueRows, mean_gamma_deviance, mean_poisson_deviance,
};

use crate::targets::Targets;
use crate::text::{mean_and_deviation, number};

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

/// What a model predicts for some rows of a table, and the truth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PredictedDistribution<'a> {
    pub target: &'a Target,
    /// The predictions for `rows`.
    pub predictions: &'a Predictions,
    /// The quantiles of `rows`, if the model predicts them.
    pub quantiles: Option<&'a PredictedQuantiles>,
    /// The true values of all rows of the table.
    pub targets: &'a Targets,
    pub rows: &'a [usize],
    /// The weights of all rows of the table.
    pub weights: Option<&'a [f64]>,
}

impl PredictedDistribution<'_> {
    /// The score of the rows at these positions of `rows`.
    pub fn score_at(&self, positions: &[usize]) -> Option<DistributionScore> {
        let select = |&position: &usize| self.rows.get(position).copied();
        let rows: Vec<usize> = positions.iter().filter_map(select).collect();
        let quantiles = self.quantiles.map(|all| quantiles_at(all, positions));
        let part = PredictedDistribution {
            predictions: &self.predictions.select(positions),
            quantiles: quantiles.as_ref(),
            rows: &rows,
            ..*self
        };
        DistributionScore::of_rows(&part)
    }
}

/// The quantiles of the rows at some positions.
fn quantiles_at(all: &PredictedQuantiles, positions: &[usize]) -> PredictedQuantiles {
    let width = all.levels.len();
    let of_row = |&row: &usize| all.values.get(row * width..(row + 1) * width);
    let values = positions.iter().filter_map(of_row).flatten();
    PredictedQuantiles {
        levels: all.levels.clone(),
        values: values.copied().collect(),
    }
}

impl DistributionScore {
    /// The score of a distribution on those of the rows that have a target, weighted if the rows have weights. `None` if it
    /// is not defined, for quantiles that are not given, or for a target without a distribution.
    pub(crate) fn of_rows(predicted: &PredictedDistribution) -> Option<Self> {
        let distribution = predicted.target.distribution()?;
        let Targets::Values(values) = predicted.targets else {
            return None;
        };
        let (means, rows) = (predicted.predictions.values()?, predicted.rows);
        let known = predicted.targets.known(rows);
        let actual: Vec<f64> = known.iter().map(|&index| values[rows[index]]).collect();
        let means: Option<Vec<f64>> = known.iter().map(|&i| means.get(i).copied()).collect();
        let weights = predicted.weights.map(|weights| {
            let of_known = known.iter().map(|&index| weights[rows[index]]);
            of_known.collect::<Vec<f64>>()
        });
        let scored = ValueRows {
            predicted: &means?,
            actual: &actual,
            weights: RowWeights(weights.as_deref()),
        };
        match distribution {
            Distribution::Quantiles { levels, .. } => {
                let quantiles = quantiles_at(predicted.quantiles?, &known).values;
                let score = QuantileScore::new(&quantiles, levels, &actual, scored.weights);
                score.map(Self::Quantiles)
            }
            Distribution::Poisson { .. } => {
                mean_poisson_deviance(&scored).map(Self::PoissonDeviance)
            }
            Distribution::Gamma { .. } => mean_gamma_deviance(&scored).map(Self::GammaDeviance),
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

    /// The metrics as text. `error` is the standard error of the main metric, if it is known.
    pub(crate) fn line(&self, error: Option<f64>) -> String {
        let (name, value) = self.main();
        let value = match error {
            Some(error) => mean_and_deviation(value, error),
            None => number(value),
        };
        let main = format!("{} {value}", name.replace('_', " "));
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
