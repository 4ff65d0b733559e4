//! The scores of a model on a test table.

use backburn_table::Table;

use crate::baselines;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::score::{Reliability, Score};
use crate::shift_finding::ShiftFinding;

/// The scores of a model on a test table; made by [`FittedModel::test`].
#[derive(Debug, Clone)]
pub struct TestResult {
    /// The score of the model.
    pub score: Score,
    /// The calibration of its intervals or probabilities.
    pub reliability: Option<Reliability>,
    /// The score of always predicting the mean or the class frequencies of the training rows.
    pub constant: Score,
    /// What is unlike training in the rows and in their predictions.
    pub unlike_training: Vec<ShiftFinding>,
}

impl FittedModel {
    /// Scores the model on a test table, beside a constant prediction, and stores the score in the model.
    /// `data` has the training rows.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or no row with a target.
    pub fn test(&mut self, data: &Dataset, table: &Table) -> Result<TestResult, Error> {
        let table = &self.model().format.apply_to_table(table)?;
        let (predictions, shift) = self.predictor().predict_and_count(table)?;
        let model = self.model();
        let unlike_training = shift.findings(&model.encoder, &model.target);
        let target = &model.target;
        let score = Score::of_table(&predictions, table, target)?;
        drop(predictions);
        let constant = baselines::constant(data, target, table)?;
        let reliability = score.reliability(self.predictor(), table)?;
        self.set_test_score(table, &score);
        Ok(TestResult {
            score,
            reliability,
            constant,
            unlike_training,
        })
    }
}
