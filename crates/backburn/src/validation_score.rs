//! The score of a model on rows that its networks were not trained on, beside that of a constant.

use backburn_preprocessing::{PredictedQuantiles, Predictions, Target};

use crate::beyond_range::BeyondRange;
use crate::constant::constant_score;
use crate::distribution_score::PredictedDistribution;
use crate::held_out_predictions::HeldOutPredictions;
use crate::score::Score;
use crate::scoring::Scoring;
use crate::targets::Targets;

/// The score of a model on rows that its networks were not trained on, beside that of a constant.
#[derive(Debug, Clone)]
pub(crate) struct ValidationScore {
    /// The score, with standard errors.
    pub score: Score,
    /// The score of the mean or the class frequencies of the training rows, on the same rows.
    pub constant: Option<Score>,
    /// Targets of later rows beyond the range of training that the predictions do not follow, where rows are split by time.
    pub beyond: Option<BeyondRange>,
    /// The predictions that are scored, if they are kept.
    pub held_out: Option<HeldOutPredictions>,
}

impl ValidationScore {
    /// Scores predictions, and quantiles if the model has them, for `rows`, and the constant that follows from the rows in
    /// `training`. `None` if there is nothing to score.
    pub fn new(
        (predictions, quantiles): (&Predictions, Option<&PredictedQuantiles>),
        (targets, target): (&Targets, &Target),
        (training, rows): (&[usize], &[usize]),
        scoring: &Scoring,
    ) -> Option<Self> {
        let score = scoring.score(predictions, targets, rows)?;
        let known = (scoring.weights(), scoring.clusters());
        let score = score.with_standard_errors(predictions, targets, rows, known);
        let predicted = PredictedDistribution {
            target,
            predictions,
            quantiles,
            targets,
            rows,
            weights: scoring.weights(),
        };
        Some(Self {
            score: score.with_distribution(&predicted, scoring.clusters()),
            constant: constant_score(targets, target, (training, rows), scoring),
            beyond: scoring
                .times()
                .and_then(|times| BeyondRange::new(predictions, targets, (training, rows), times)),
            held_out: HeldOutPredictions::new(rows, predictions),
        })
    }
}
