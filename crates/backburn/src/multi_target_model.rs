//! A trained model of several targets.

use std::path::{Path, PathBuf};

use backburn_preprocessing::{Predictions, Target};
use backburn_table::Table;
use backburn_training::Finding;
use serde_json::{Map, Value, json};

use crate::device::SelectedDevice;
use crate::error::Error;
use crate::finding_words::findings_in_words;
use crate::fitted_model::FittedModel;
use crate::missing_targets::check_scored;
use crate::model_file::ModelFile;
use crate::multi_target_dataset::MultiTargetDataset;
use crate::predictor::Predictor;
use crate::saved_targets::SavedTargets;
use crate::score::Score;
use crate::test_result::TestResult;
use crate::text::shown;

/// A trained model of several targets: a [`FittedModel`] for each, all with the same hidden layers. It is saved as one
/// file; see [`Estimator::fit_targets`](crate::Estimator::fit_targets) for an example.
#[derive(Debug, Clone)]
pub struct MultiTargetModel {
    /// At least one.
    targets: Vec<FittedModel>,
}

impl MultiTargetModel {
    /// The model of the targets of one network, in the order of its outputs.
    pub(crate) fn new(targets: Vec<FittedModel>) -> Self {
        Self { targets }
    }

    /// Loads a model onto a device. That of a file of one target has this target.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a model, is damaged, or has a newer format than this program reads.
    pub fn load(path: impl AsRef<Path>, device: impl Into<SelectedDevice>) -> Result<Self, Error> {
        let device: SelectedDevice = device.into();
        let device = device.get()?;
        let models = SavedTargets::load(path, device)?.into_models().into_iter();
        let targets = models.map(|model| Predictor::new(model, device).into());
        Ok(Self::new(targets.collect()))
    }

    /// Saves the model to one file, completely or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the path holds a file that is not a model.
    pub fn save(&self, path: impl Into<PathBuf>) -> Result<PathBuf, Error> {
        self.write_or_rescue(ModelFile::create(path)?)
    }

    /// Writes the model like [`ModelFile::write_or_rescue`].
    ///
    /// # Errors
    ///
    /// The model is not at the path; the message says whether it is in another folder.
    pub fn write_or_rescue(&self, file: ModelFile) -> Result<PathBuf, Error> {
        self.saved().write_or_rescue(file)
    }

    /// The models as their file has them.
    pub fn saved(&self) -> SavedTargets {
        let models = self.targets.iter();
        SavedTargets::new(models.map(|target| target.model().clone()).collect())
    }

    /// The model of each target, in the order in which the targets were named.
    pub fn targets(&self) -> &[FittedModel] {
        &self.targets
    }

    /// The models, to change what is known of their fit.
    pub(crate) fn targets_mut(&mut self) -> &mut [FittedModel] {
        &mut self.targets
    }

    /// The model of a target.
    pub fn target(&self, name: &str) -> Option<&FittedModel> {
        self.targets.iter().find(|target| target.target() == name)
    }

    /// The predictions of each target, in the order of [`targets`](Self::targets), for every row of a table.
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind.
    pub fn predict(&self, table: impl AsRef<Table>) -> Result<Vec<Predictions>, Error> {
        let table = table.as_ref();
        let targets = self.targets.iter();
        targets.map(|target| target.predict(table)).collect()
    }

    /// The score of each target, in the order of [`targets`](Self::targets), on a table that has all of them. Of a
    /// target, the rows that have it count. A table that lacks one is scored target by target:
    /// `model.target("rent")`, then [`FittedModel::evaluate`].
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or no row with one of the targets.
    pub fn evaluate(&self, table: impl AsRef<Table>) -> Result<Vec<Score>, Error> {
        let table = table.as_ref();
        let targets = self.targets.iter();
        let of_all: Vec<&Target> = targets.clone().map(|t| &t.model().target).collect();
        check_scored(table, &of_all)?;
        targets.map(|target| target.evaluate(table)).collect()
    }

    /// Scores each target on a test table, as [`FittedModel::test`] does, and stores the scores in the model. `data` has
    /// the training rows.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or no row with one of the targets.
    pub fn test(
        &mut self,
        data: &MultiTargetDataset,
        table: &Table,
    ) -> Result<Vec<TestResult>, Error> {
        let targets = self.targets.iter_mut().zip(data.targets());
        targets
            .map(|(target, data)| target.test(data, table))
            .collect()
    }

    /// How training ended, and the scores and findings of each target, in lines with short headings: `target`, and below
    /// it the lines of [`FittedModel::scores_in_words`] and of [`findings_in_words`]. A finding of several targets is that
    /// of the first. `tested` has the results of [`test`](Self::test), or nothing.
    pub fn in_words(&self, tested: &[TestResult]) -> Vec<(&'static str, String)> {
        let first = self.targets.first();
        let mut lines: Vec<(&'static str, String)> = Vec::new();
        lines.extend(
            first
                .and_then(FittedModel::ending)
                .map(|text| ("training", text)),
        );
        let mut said: Vec<Finding> = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            lines.push(("target", shown(target.target())));
            let tested = tested.get(index);
            let several = self.targets.len() > 1;
            lines.extend(target.scores_of_target(tested, several));
            let notes = tested.into_iter().flat_map(|tested| &tested.notes);
            lines.extend(notes.map(|note| ("note", note.clone())));
            let findings = target.record().into_iter();
            let findings = findings.flat_map(|record| &record.findings);
            let further = findings.filter(|finding| !said.contains(finding));
            let further: Vec<Finding> = further.cloned().collect();
            lines.extend(findings_in_words(&further));
            said.extend(further);
        }
        lines
    }

    /// The outcome of a fit as the JSON object that `trainer train --json` prints: an object for each target, with the
    /// warnings of its test.
    pub fn json(&self, path: &Path, tested: &[TestResult]) -> Map<String, Value> {
        let of_target = |(index, target): (usize, &FittedModel)| {
            let tested = tested.get(index);
            let mut scores = target.scores_json(tested);
            scores.extend(target.facts_json(path, None));
            if let Some(tested) = tested {
                scores.insert("warnings".to_string(), json!(tested.warnings));
            }
            Value::Object(scores)
        };
        let targets: Vec<Value> = self.targets.iter().enumerate().map(of_target).collect();
        Map::from_iter([
            ("model".to_string(), json!(path.display().to_string())),
            ("targets".to_string(), json!(targets)),
        ])
    }
}
