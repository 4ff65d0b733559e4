//! The report on a training run.

use backburn::baselines::constant_name;
use backburn::text::{count, integer, shown};
use backburn::{
    Config, Dataset, Error, Finding, FitRecord, FittedModel, HeldOutPredictions, History,
    LearningCurve, StopReason, Table, TestResult, Warning,
};
use backburn_explain::{ExplainOptions, Explanation};

use crate::distribution::Distribution;
use crate::model_report::EvaluatedRows;
use crate::report::Report;

/// The scores of a report, each with a name that says on which rows it was measured.
#[derive(Debug, Clone, Default)]
pub struct Scores(Vec<(String, String)>);

impl Scores {
    /// Adds a score.
    pub fn push(&mut self, what: String, score: String) {
        self.0.push((what, score));
    }

    /// Puts the scores on test rows first. `unit` is written before amounts of the target.
    pub fn insert_test(&mut self, tested: &TestResult, unit: &str) {
        let constant = format!("always {}", constant_name(&tested.constant));
        self.0
            .insert(0, ("test".to_string(), tested.score.line(unit)));
        self.0.insert(1, (constant, tested.constant.headline(unit)));
        if let Some(reliability) = &tested.reliability {
            let name = format!("test, {}", reliability.heading());
            self.0.insert(1, (name, reliability.to_string()));
        }
    }

    /// Adds the scores on validation rows, if there are any.
    fn push_validation(&mut self, record: &FitRecord, unit: &str) {
        if let Some(score) = &record.validation {
            self.push("validation".to_string(), score.line(unit));
        }
        if let Some(constant) = &record.constant {
            let name = format!("always {} (validation)", constant_name(constant));
            self.push(name, constant.headline(unit));
        }
    }
}

/// What a report on a training run shows besides the model and its data. By default, each column is shuffled five times.
#[derive(Debug, Clone)]
pub struct TrainingReportOptions<'a> {
    /// The scores, except that of the validation rows.
    pub scores: Scores,
    /// The learning curve, if it was computed.
    pub learning_curve: Option<LearningCurve>,
    /// The command that trains the model again. May be empty.
    pub command: &'a str,
    /// The unit of the target, which is written before each amount, such as `$`.
    pub unit: &'a str,
    /// How often each column is shuffled for its importance.
    pub repeats: usize,
}

impl Default for TrainingReportOptions<'_> {
    fn default() -> Self {
        Self {
            scores: Scores::default(),
            learning_curve: None,
            command: "",
            unit: "",
            repeats: ExplainOptions::default().repeats,
        }
    }
}

impl Report {
    /// The report on a model that was fitted to the dataset. It is evaluated on the test table; without one,
    /// on the validation rows. If there are none, predictions for training rows are evaluated: those of networks that
    /// were not trained on them, as far as they are kept.
    ///
    /// # Errors
    ///
    /// The model was loaded, so that it has no record of its training, or the rows do not fit into memory.
    pub fn of_training(
        model: &FittedModel,
        data: &Dataset,
        test: Option<&Table>,
        options: TrainingReportOptions,
    ) -> Result<Self, Error> {
        let Some(record) = model.record() else {
            return Err(Error::Failed(
                "a loaded model has no record of its training".to_string(),
            ));
        };
        let TrainingReportOptions { unit, repeats, .. } = options;
        let (table, description) = evaluated_rows(model, record, data, test)?;
        let rows = EvaluatedRows {
            table: &table,
            description,
        };
        let saved = model.model();
        let explain = ExplainOptions {
            seed: saved.summary.seed,
            repeats,
            ..ExplainOptions::default()
        };
        let explanation = Explanation::new(saved, &table, &explain, model.predictor().device())?;
        let held_out = held_out(record, test).map(|held_out| &held_out.predictions);
        let predictions = held_out.unwrap_or(&explanation.predictions);
        let rows = (&rows, predictions);
        let mut report = Self::of_predictions(saved, &explanation, rows, unit)?;
        report.add_training_notes(model, record, data, test);
        report.learning_curve = options.learning_curve;
        if !record.history.epochs.is_empty() {
            report.findings = Some(record.findings.clone());
        }
        report.add_history(record.history.clone(), saved);
        let importance = &explanation.importance;
        report.distributions = Distribution::of_model(saved, data.table(), importance);
        let columns = ("columns".to_string(), data.columns_by_kind());
        report.facts.insert(2, columns);
        if let Some(splits) = data.splits_in_words() {
            report.facts.insert(3, ("splits".to_string(), splits));
        }
        let mut scores = options.scores;
        scores.push_validation(record, unit);
        report.scores = scores.0;
        report.command = options.command.to_string();
        Ok(report)
    }

    /// Adds the warnings about the dataset, and what is unusual about the training and its rows.
    fn add_training_notes(
        &mut self,
        model: &FittedModel,
        record: &FitRecord,
        data: &Dataset,
        test: Option<&Table>,
    ) {
        let notes = notes(data);
        if !notes.is_empty() {
            self.notes = notes;
        }
        if test.is_none() && record.split.validation.is_empty() {
            let what = match held_out(record, test) {
                Some(_) => "the importance of columns and the explanations",
                None => "the charts of predictions and the importance of columns",
            };
            self.notes.insert(0, format!("{what} are of training rows"));
        }
        if record.stop == StopReason::Interrupted {
            self.notes.insert(0, interrupted(model, record));
        }
    }

    /// The report on a training that diverged before there was a model. `command` is the command that was
    /// given.
    pub fn of_failure(
        history: &History,
        findings: &[Finding],
        data: &Dataset,
        config: &Config,
        command: &str,
    ) -> Self {
        let target = shown(data.target());
        let facts = [
            ("rows", integer(data.rows().len())),
            ("columns", data.columns_by_kind()),
            ("target", format!("{target} ({})", data.task())),
            (
                "model",
                "none: the loss became infinite or NaN before an epoch was finished".to_string(),
            ),
        ];
        Self {
            title: format!("Training for {target} failed"),
            facts: facts.map(|(name, fact)| (name.to_string(), fact)).to_vec(),
            target,
            notes: notes(data),
            history: Some(history.clone()),
            findings: Some(findings.to_vec()),
            settings: config.to_toml(),
            command: command.to_string(),
            ..Self::default()
        }
    }
}

/// The warnings about a dataset, as sentences.
fn notes(data: &Dataset) -> Vec<String> {
    data.warnings().iter().map(Warning::to_string).collect()
}

fn interrupted(model: &FittedModel, record: &FitRecord) -> String {
    let reached = match record.networks {
        1 => count(model.model().summary.epochs, "epoch"),
        _ => count(model.model().network.members.len(), "network"),
    };
    format!("training was stopped early, after {reached}")
}

/// The predictions for training rows by networks that were not trained on them, if there are no other rows to evaluate
/// on: of an ensemble, or of a network that was refitted to all rows.
fn held_out<'a>(record: &'a FitRecord, test: Option<&Table>) -> Option<&'a HeldOutPredictions> {
    let has_others = test.is_some() || !record.split.validation.is_empty();
    record.held_out.as_ref().filter(|_| !has_others)
}

/// The rows to evaluate on, which are held-out rows if there are any, with a description.
fn evaluated_rows(
    model: &FittedModel,
    record: &FitRecord,
    data: &Dataset,
    test: Option<&Table>,
) -> Result<(Table, String), Error> {
    if let Some(test) = test {
        let rows = format!("{} of {}", count(test.rows(), "row"), test.name());
        let description = match model.model().training_rows_in(test)? {
            None => format!("{rows}, which were not trained on"),
            Some(_) => format!("{rows}, many of which were trained on"),
        };
        return Ok((test.clone(), description));
    }
    if let Some(held_out) = held_out(record, test) {
        let table = data.table().select(data.table().name(), &held_out.rows)?;
        let number = count(held_out.rows.len(), "row");
        let description =
            format!("{number}, each predicted by networks that were not trained on it");
        return Ok((table, description));
    }
    let split = &record.split;
    let rows = match split.validation.is_empty() {
        false => &split.validation,
        true => &split.training,
    };
    let table = data.table().select(data.table().name(), rows)?;
    let number = count(rows.len(), "row");
    let description = match (split.validation.is_empty(), record.networks) {
        (false, _) => format!("the {number} for validation"),
        (true, 1) => format!(
            "the {number} that the network was trained on, since none were held out: on other rows, errors are \
             larger"
        ),
        (true, _) => format!(
            "the {number} that the networks were trained on, each of them on a part: on other rows, errors are \
             larger, as the validation score shows; with a test table (--test), the report is of its rows"
        ),
    };
    Ok((table, description))
}
