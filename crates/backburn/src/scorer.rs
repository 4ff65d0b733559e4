//! Scores of the validation rows during training.

use std::cell::RefCell;

use backburn_preprocessing::Target;
use backburn_training::{EpochReport, Validation};

use crate::score::Score;
use crate::score_rows::metric_of_rows;
use crate::scoring::Scoring;
use crate::targets::Targets;

/// Scores the validation rows after an epoch. The score is cached, so that several observers can get it.
pub struct Scorer<'a> {
    target: &'a Target,
    targets: &'a Targets,
    rows: &'a [usize],
    scoring: &'a Scoring<'a>,
    /// Whether the outputs are those of the target alone.
    has_scores: bool,
    last: RefCell<(usize, Option<Score>)>,
}

impl<'a> Scorer<'a> {
    pub(crate) fn new(
        target: &'a Target,
        targets: &'a Targets,
        rows: &'a [usize],
        scoring: &'a Scoring<'a>,
    ) -> Self {
        Self {
            target,
            targets,
            rows,
            scoring,
            has_scores: true,
            last: RefCell::new((0, None)),
        }
    }

    /// For a network of several targets, whose epochs are compared by the loss: no epoch has a score.
    pub(crate) fn without_scores(self) -> Self {
        Self {
            has_scores: false,
            ..self
        }
    }

    /// The score of an epoch; `None` without validation rows, and for a network of several targets.
    pub fn score(&self, epoch: &EpochReport) -> Option<Score> {
        self.of_epoch(epoch.epoch, epoch.validation.as_ref()?)
    }

    /// The score of an epoch by its results on the validation rows.
    pub(crate) fn of_epoch(&self, epoch: usize, validation: &Validation) -> Option<Score> {
        let mut last = self.last.borrow_mut();
        if last.0 != epoch {
            *last = (epoch, self.compute(validation));
        }
        last.1.clone()
    }

    /// The error of the metric that was asked for, on the validation rows at some positions. `outputs` are those of
    /// all validation rows. `None` if no metric was asked for, or if it is not defined on these rows.
    pub(crate) fn error_at(&self, positions: &[usize], outputs: &[f32]) -> Option<f64> {
        let metric = self.scoring.metric()?;
        let width = outputs.len() / self.rows.len().max(1);
        let outputs = positions
            .iter()
            .flat_map(|&position| &outputs[position * width..(position + 1) * width]);
        let outputs: Vec<f32> = outputs.copied().collect();
        let rows: Vec<usize> = positions
            .iter()
            .map(|&position| self.rows[position])
            .collect();
        let predictions = self.target.predictions(&outputs, width);
        let weights = self.scoring.weights();
        let value = metric_of_rows(&predictions, self.targets, &rows, metric, weights)?;
        Some(metric.error(value)).filter(|error| !error.is_nan())
    }

    fn compute(&self, validation: &Validation) -> Option<Score> {
        if !self.has_scores {
            return None;
        }
        let width = validation.outputs.dims()[1];
        let outputs: Vec<f32> = validation.outputs.to_data().iter::<f32>().collect();
        let outputs = (outputs.as_slice(), width);
        let (targets, rows) = (self.targets, self.rows);
        self.scoring
            .score_outputs(self.target, outputs, targets, rows)
    }
}
