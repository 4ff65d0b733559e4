//! The scores of a model on a table, and what to know about them.

use backburn_preprocessing::Target;
use backburn_table::{ReadOptions, Table};
use serde_json::{Map, Value, json};

use crate::confusion_matrix::confusion_matrix;
use crate::error::Error;
use crate::group_scores::GroupScores;
use crate::model_file::SavedModel;
use crate::predictor::Predictor;
use crate::reliability::Reliability;
use crate::row_hashes::row_hashes;
use crate::score::{Metrics, Score};
use crate::scoring::Scoring;
use crate::shift_finding::{ShiftFinding, shift_notes};
use crate::targets::Targets;
use crate::warning::Warning;

/// If at least this share of the rows are training rows, there is a warning.
const MUCH: f64 = 0.5;

/// What is scored besides the whole table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvaluationOptions {
    /// A column whose values are groups; each gets a score of its own.
    pub by: Option<String>,
    /// The column with the weight of each row. `None` is that of training, if the table has it.
    pub weight: Option<String>,
}

impl EvaluationOptions {
    /// The names of the columns, if there are any.
    pub fn new(by: Option<&str>, weight: Option<&str>) -> Self {
        Self {
            by: by.map(str::to_string),
            weight: weight.map(str::to_string),
        }
    }

    /// The columns that are needed besides those of the model's features.
    pub fn columns(&self, model: &SavedModel) -> Vec<String> {
        let of_training = model.summary.weight.as_ref();
        let weight = self.weight.as_ref().or(of_training);
        let columns = [self.by.as_ref(), weight].into_iter().flatten().cloned();
        [model.target.column().to_string()]
            .into_iter()
            .chain(columns)
            .collect()
    }
}

impl EvaluationOptions {
    /// The options to read a table that models of one file are scored on.
    pub fn read_options(&self, predictors: &[Predictor], options: ReadOptions) -> ReadOptions {
        let models = predictors.iter().map(Predictor::model);
        let mut further: Vec<String> = models.flat_map(|model| self.columns(model)).collect();
        further.sort_unstable();
        further.dedup();
        match predictors.first() {
            Some(first) => first.model().read_options(options, &further),
            None => options,
        }
    }
}

/// The results for the targets of a model as JSON: for one its object, and for several `targets`, with an object for
/// each.
pub fn json_of_targets(mut results: Vec<Map<String, Value>>) -> Value {
    match results.len() {
        1 => Value::Object(results.remove(0)),
        _ => json!({ "targets": results }),
    }
}

/// The scores of a model on a table, and what to know about them; made by [`Predictor::evaluate`].
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The score.
    pub score: Score,
    /// The calibration of the intervals or probabilities.
    pub reliability: Option<Reliability>,
    /// How the rows and their predictions differ from the training data.
    pub unlike_training: Vec<ShiftFinding>,
    /// What was done about the layout of the file, and whether the rows are training rows.
    pub warnings: Vec<Warning>,
    /// The scores by group, if they are asked for.
    pub groups: Option<GroupScores>,
}

impl Evaluation {
    /// What to know about the scores, as sentences.
    pub fn notes(&self) -> Vec<String> {
        let warnings = self.warnings.iter().map(Warning::to_string);
        let skipped = self.score.skipped_notes();
        let few = self.score.few_rows_note();
        let unlike_training = shift_notes(&self.unlike_training);
        let of_score = skipped.into_iter().chain(few);
        warnings.chain(of_score).chain(unlike_training).collect()
    }

    /// The confusion matrix as lines of text; none if the target is a number, or has more than ten classes.
    pub fn confusion(&self, target: &Target) -> Vec<String> {
        const MOST: usize = 10;
        match (&self.score.metrics, target.class_names()) {
            (Metrics::Classification(score), Some(classes)) if classes.len() <= MOST => {
                confusion_matrix(&score.confusion.dense(), classes)
            }
            _ => Vec::new(),
        }
    }

    /// The scores by name, with the share of rows within their interval, the target of the model, its classes, the number of
    /// skipped rows, what is unlike training, and the warnings.
    pub fn json(&self, target: &Target) -> Map<String, Value> {
        let mut object = self.score.json();
        object.extend(self.reliability.as_ref().map(Reliability::json));
        let mut insert = |name: &str, value| object.insert(name.to_string(), value);
        insert("target", json!(target.column()));
        if let Some(classes) = target.class_names() {
            insert("classes", json!(classes));
        }
        insert("skipped", json!(self.score.skipped));
        insert("unlike_training", json!(self.unlike_training));
        insert("warnings", json!(self.warnings));
        if let Some(groups) = &self.groups {
            insert("by", groups.json());
        }
        object
    }
}

impl Predictor {
    /// Scores the model on a table that has the target.
    ///
    /// ```no_run
    /// use backburn::{Predictor, ReadOptions, Table};
    ///
    /// let predictor = Predictor::load("houses.safetensors")?;
    /// let table = Table::read("sold.csv", &ReadOptions::default())?;
    /// let evaluation = predictor.evaluate(&table)?;
    /// println!("{}", evaluation.score);
    /// for note in evaluation.notes() {
    ///     println!("note: {note}");
    /// }
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, no row with a target, or a prediction that is not a finite number.
    pub fn evaluate(&self, table: &Table) -> Result<Evaluation, Error> {
        self.evaluate_with(table, &EvaluationOptions::default())
    }

    /// Scores the model like [`evaluate`](Self::evaluate), with options.
    ///
    /// # Errors
    ///
    /// Those of [`evaluate`](Self::evaluate), or a column of the options that the table does not have, or that
    /// has no weights.
    pub fn evaluate_with(
        &self,
        table: &Table,
        options: &EvaluationOptions,
    ) -> Result<Evaluation, Error> {
        let model = self.model();
        let target = &model.target;
        table.column(target.column())?;
        let read = model.format.apply_to_table(table)?;
        let (predictions, shift) = self.predict_read(table, &read)?;
        if let Some(row) = predictions.first_not_finite() {
            return Err(Error::not_finite(&table.location(row)));
        }
        let scoring = Scoring::of_model(model, &read, options.weight.as_deref())?;
        let score = scoring.score_table(&predictions, &read, target)?;
        let score = score.with_quantiles(self, &read, scoring.weights())?;
        let groups = match &options.by {
            Some(column) => {
                let targets = Targets::read(&read, target)?;
                let scores = GroupScores::new(column, &predictions, &targets, &read, &scoring);
                Some(scores?)
            }
            None => None,
        };
        let layout = table.notes().into_iter();
        let mut warnings: Vec<Warning> = layout.map(|note| Warning::Layout { note }).collect();
        warnings.extend(training_rows(model, &read)?);
        if let Some(column) = &model.summary.weight
            && scoring.weights().is_none()
        {
            let column = column.clone();
            warnings.push(Warning::Unweighted { column });
        }
        Ok(Evaluation {
            reliability: score.reliability(self, &read, scoring.weights())?,
            score,
            unlike_training: shift.findings(&model.encoder, target),
            warnings,
            groups,
        })
    }
}

impl SavedModel {
    /// A warning if at least half of the rows of a table are training or validation rows of the model. `None`
    /// also where that cannot be known: in models of earlier versions, where rows often have the same values,
    /// and for a table without the target.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model.
    pub fn training_rows_in(&self, table: &Table) -> Result<Option<Warning>, Error> {
        match table.column(self.target.column()) {
            Ok(_) => training_rows(self, &self.format.apply_to_table(table)?),
            Err(_) => Ok(None),
        }
    }
}

/// The same for a table that was read in the format of the model.
fn training_rows(model: &SavedModel, table: &Table) -> Result<Option<Warning>, Error> {
    let sample = &model.summary.row_sample;
    if sample.is_empty() {
        return Ok(None);
    }
    let hashes = row_hashes(table, &model.encoder, &model.target, None)?;
    let share = sample.share_of(&hashes).filter(|share| *share >= MUCH);
    Ok(share.map(|share| Warning::TrainingRowsScored { share }))
}
