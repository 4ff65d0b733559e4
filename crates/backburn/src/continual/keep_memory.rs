//! What a model needs of its training rows for training further on others.

use backburn_preprocessing::Task;
use backburn_table::{Split, Table};
use backburn_training::fisher_information;

use super::examples::{encoded_rows, score, tensors, weights_of};
use super::memory::{Memory, PastTask};
use super::remember::Remember;
use super::reservoir::take_in;
use super::stored_rows::StoredRows;
use super::update_config::update_config;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::model_file::SavedModel;
use crate::predictor::Predictor;
use crate::settings::Settings;

/// The largest number of rows of a task that are kept to score it.
pub(crate) const HELD_OUT_ROWS: usize = 500;
/// The share of the rows of an update that are kept to score it.
pub(crate) const HELD_OUT_SHARE: f64 = 0.1;
/// The largest number of rows that the Fisher information is computed of.
const FISHER_ROWS: usize = 2000;

impl FittedModel {
    /// Keeps in the model what it needs for training further on other rows; see [`Memory`]. `table` has the rows that it was
    /// trained on, and `held_out` others like them, which score what it forgets later. Call it once, after the first
    /// training.
    ///
    /// The model file then holds training rows.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or a network that [`Remember::ewc`] is not for.
    pub fn keep_memory(
        &mut self,
        table: impl AsRef<Table>,
        held_out: impl AsRef<Table>,
        remember: &Remember,
    ) -> Result<(), Error> {
        let model = self.model();
        let read = model.format.apply_to_table(table.as_ref())?;
        let (rows, _) = encoded_rows(model, &read, 0)?;
        let others = model.format.apply_to_table(held_out.as_ref())?;
        let (others, _) = encoded_rows(model, &others, 0)?;
        let mut memory = Memory::default();
        let name = table.as_ref().name();
        let others = some(&others, HELD_OUT_ROWS);
        memory.add_task(*remember, model, name, (&rows, &others))?;
        memory.score(self.predictor(), false);
        self.model_mut().summary.memory = Some(memory);
        Ok(())
    }
}

impl Memory {
    /// Adds a task: its table, the rows that a model was trained on, and those that were held out. What `remember` does
    /// not name is dropped.
    pub(crate) fn add_task(
        &mut self,
        remember: Remember,
        model: &SavedModel,
        table: &str,
        rows: (&StoredRows, &StoredRows),
    ) -> Result<(), Error> {
        self.tasks.push(PastTask {
            table: table.to_string(),
            ..PastTask::default()
        });
        self.add_rows(remember, model, rows)
    }

    /// Adds rows of the last task, like [`add_task`](Self::add_task).
    pub(crate) fn add_rows(
        &mut self,
        remember: Remember,
        model: &SavedModel,
        (rows, held_out): (&StoredRows, &StoredRows),
    ) -> Result<(), Error> {
        self.remember = remember;
        if let Some(task) = self.tasks.last_mut() {
            task.rows += rows.rows();
            task.held_out += held_out.rows();
        }
        match self.held_out.is_empty() {
            true => self.held_out = held_out.clone(),
            false => self.held_out.extend(held_out),
        }
        self.sample(remember, model, rows);
        self.consolidate(remember, model, rows)
    }

    /// Takes rows into the sample for replay, or drops it.
    pub(crate) fn sample(&mut self, remember: Remember, model: &SavedModel, rows: &StoredRows) {
        match remember.replay {
            Some(size) => take_in(self, rows, size, model.summary.seed),
            None => (self.replay, self.seen) = (StoredRows::default(), 0),
        }
    }

    /// Adds the Fisher information of rows at the parameters of the model, or drops it. It is the mean over all rows so
    /// far, each at the parameters after its own task.
    pub(crate) fn consolidate(
        &mut self,
        remember: Remember,
        model: &SavedModel,
        rows: &StoredRows,
    ) -> Result<(), Error> {
        if remember.ewc.is_none() {
            (self.fisher, self.fisher_rows) = (Vec::new(), 0);
            return Ok(());
        }
        let new = fisher(model, rows)?;
        let (before, further) = (self.fisher_rows as f64, rows.rows() as f64);
        let share = (further / (before + further).max(1.0)) as f32;
        self.fisher = match self.fisher.len() == new.len() {
            false => new,
            true => {
                let networks = self.fisher.iter().zip(new);
                let mean = networks.map(|(old, new)| {
                    let pairs = old.iter().zip(new);
                    pairs.map(|(old, new)| old + share * (new - old)).collect()
                });
                mean.collect()
            }
        };
        self.fisher_rows += rows.rows();
        Ok(())
    }

    /// Adds the score of each task at this time, in place of the last one if the last task goes on. Returns the standard
    /// errors, as far as they are known.
    pub(crate) fn score(&mut self, predictor: &Predictor, goes_on: bool) -> Vec<Option<f64>> {
        let mut errors = Vec::new();
        for (task, past) in self.tasks.iter_mut().enumerate() {
            let found = score(predictor, &self.held_out.of_task(task));
            let main = found.as_ref().map(|score| score.main());
            if goes_on {
                past.scores.pop();
            }
            past.scores.push(main.filter(|score| score.is_finite()));
            let name = predictor.model().summary.metric.as_deref();
            let name = name.unwrap_or(match predictor.model().target.task() {
                Task::Regression => "rmse",
                Task::Classification => "accuracy",
            });
            errors.push(found.and_then(|score| score.standard_error(name)));
        }
        errors
    }
}

/// The Fisher information of each network of a model.
fn fisher(model: &SavedModel, rows: &StoredRows) -> Result<Vec<Vec<f32>>, Error> {
    let config = update_config(model, &Settings::new())?;
    let rows = some(rows, FISHER_ROWS);
    let networks = model.network.members.iter().map(|network| {
        let device = network.output.weight.val().device();
        let examples = tensors(&rows, &model.target, &weights_of(&rows), &device);
        fisher_information(network, &examples, &config.training)
    });
    let networks: Option<Vec<Vec<f32>>> = networks.collect();
    networks.ok_or_else(|| {
        Error::Config(
            "ewc is for plain networks on the CPU, which are trained over arrays (network.normalization=none, and an \
             activation such as relu or silu): use --remember replay"
                .to_string(),
        )
    })
}

/// At most this many of the rows, at random.
pub(crate) fn some(rows: &StoredRows, most: usize) -> StoredRows {
    let count = rows.rows();
    if count <= most {
        return rows.clone();
    }
    let all: Vec<usize> = (0..count).collect();
    let split = Split::new(&all, most as f64 / count as f64, None, 0);
    rows.select(&split.validation)
}
