//! The scores of a model on a test table.

use backburn_table::Table;

use crate::baselines;
use crate::constant::constant_name;
use crate::constant_finding::{compared_with, is_no_better, is_worse};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::evaluation::Evaluation;
use crate::fitted_model::FittedModel;
use crate::reliability::Reliability;
use crate::score::Score;
use crate::scoring::Scoring;
use crate::shift_finding::ShiftFinding;
use crate::warning::Warning;

/// The scores of a model on a test table; made by [`FittedModel::test`].
#[derive(Debug, Clone)]
pub struct TestResult {
    /// The score of the model.
    pub score: Score,
    /// The calibration of its intervals or probabilities.
    pub reliability: Option<Reliability>,
    /// The score of always predicting the mean or the class frequencies of the training rows.
    pub constant: Score,
    /// How the rows and their predictions differ from the training data.
    pub unlike_training: Vec<ShiftFinding>,
    /// What was done about the layout of the file, and whether the test rows are training rows.
    pub warnings: Vec<Warning>,
    /// What to know about the scores, as sentences.
    pub notes: Vec<String>,
}

impl TestResult {
    /// A sentence without a full stop if the model is no better than the constant by more than its standard error.
    pub fn no_better_note(&self) -> Option<String> {
        let (score, constant) = (&self.score, &self.constant);
        (is_worse(score, constant) || is_no_better(score, constant)).then(|| {
            let name = compared_with(constant);
            format!("the model is no better than always predicting {name}")
        })
    }

    /// The scores of the constant and of a linear model, to be beside that of the model. The unit is written before
    /// amounts.
    pub fn beside(&self, linear: Option<&Score>, unit: &str) -> String {
        let name = constant_name(&self.constant);
        let mut text = format!("always {name}: {}", self.constant.headline(unit));
        if let Some(linear) = linear {
            text += &format!("; a linear model: {}", linear.headline(unit));
        }
        text
    }
}

impl FittedModel {
    /// Scores the model on a test table, beside a constant prediction, and stores the score in the model.
    /// `data` has the training rows.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or no row with a target.
    pub fn test(&mut self, data: &Dataset, table: &Table) -> Result<TestResult, Error> {
        let evaluation = self.predictor().evaluate(table)?;
        let mut notes = evaluation.notes();
        let Evaluation {
            score,
            reliability,
            unlike_training,
            mut warnings,
            groups: _,
        } = evaluation;
        // The warning that most test rows are training rows says the same.
        let is_said = |warning: &Warning| matches!(warning, Warning::TrainingRowsScored { .. });
        if !warnings.iter().any(is_said) {
            for note in data.copies_in_test(table)? {
                notes.push(note.to_string());
                warnings.push(Warning::Splits(note));
            }
        }
        let read = self.model().format.apply_to_table(table)?;
        let scoring = Scoring::of_model(self.model(), &read, None)?;
        let constant = baselines::constant(data, &self.model().target, &read, &scoring)?;
        self.set_test_score(table, &score);
        Ok(TestResult {
            score,
            reliability,
            constant,
            unlike_training,
            warnings,
            notes,
        })
    }
}
