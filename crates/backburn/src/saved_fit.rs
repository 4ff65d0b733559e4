//! A fit of several targets, from the dataset to the saved model.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use backburn_table::Table;
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::context::FitContext;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::event::Event;
use crate::model_file::ModelFile;
use crate::multi_target_dataset::MultiTargetDataset;
use crate::multi_target_model::MultiTargetModel;
use crate::test_result::TestResult;
use crate::text::path_argument;
use crate::warning::Warning;

/// A saved model of several targets; made by [`MultiTargetDataset::fit_and_save`].
#[derive(Debug)]
pub struct SavedFit {
    /// The model.
    pub model: MultiTargetModel,
    /// Its file.
    pub path: PathBuf,
    /// The scores of each target on the test table; empty without one.
    pub tested: Vec<TestResult>,
    /// How training ended, the scores and findings of each target and the file, in lines with short headings.
    pub lines: Vec<(&'static str, String)>,
    /// The same as the JSON object that `trainer train --json` prints.
    pub json: Map<String, Value>,
}

impl MultiTargetDataset {
    /// Fits a model, scores it on the rows of a test table if there is one, and saves it.
    ///
    /// # Errors
    ///
    /// The errors of [`Estimator::fit_targets`], a file that cannot be written, or a test table that does not fit the
    /// model; in the last case the model is saved.
    pub fn fit_and_save(
        &self,
        config: &Config,
        test: Option<&Table>,
        file: ModelFile,
        context: &FitContext,
    ) -> Result<SavedFit, Error> {
        let said: Mutex<Vec<Warning>> = Mutex::default();
        let observer = |event: &Event| {
            if let Event::Warning(warning) = event {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                said.push((*warning).clone());
            }
            context.observer.on_event(event);
        };
        let watched = FitContext {
            observer: &observer,
            ..context.clone()
        };
        let mut model = Estimator::new(config.clone()).fit_targets(self, &watched)?;
        let tested = test.map(|test| model.test(self, test)).transpose();
        if let Some(first) = model.targets().first() {
            file.check_finished(first.model())?;
        }
        // Saved before anything else can fail.
        let path = model.write_or_rescue(file)?;
        let tested = tested?.unwrap_or_default();
        let mut lines = model.in_words(&tested);
        lines.push(("saved", path_argument(&path)));
        let mut json = model.json(&path, &tested);
        let said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let warnings = [self.warnings(), said.as_slice()].concat();
        json.insert("warnings".to_string(), json!(warnings));
        drop(said);
        Ok(SavedFit {
            model,
            path,
            tested,
            lines,
            json,
        })
    }
}
