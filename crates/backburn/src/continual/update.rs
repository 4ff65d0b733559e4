//! Training further on new rows.

use std::time::Duration;

use backburn_preprocessing::{Target, TargetTransform, Task};
use backburn_table::{CellError, Split, Table};
use backburn_training::{Finding, Fitted, History, StopReason};
use burn::tensor::Device;
use web_time::Instant;

use super::examples::{encoded_rows, score, tensors, truth, weights_of};
use super::forgetting::Forgetting;
use super::grow::{Grown, NewNames, grow};
use super::keep_memory::{HELD_OUT_ROWS, HELD_OUT_SHARE, some};
use super::memory::Memory;
use super::remember::Remember;
use super::stored_rows::StoredRows;
use super::update_config::update_config;
use super::update_network::{Lesson, job_of, with_prior};
use crate::config::Config;
use crate::context::FitContext;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::memory::room_to_update;
use crate::model_file::SavedModel;
use crate::predictor::Predictor;
use crate::row_hashes::row_hashes;
use crate::row_sample::RowSample;
use crate::score::Score;
use crate::settings::Settings;
use crate::shift_finding::{ShiftFinding, shift_notes};

/// With fewer validation rows, intervals and probabilities keep the calibration of before.
const ROWS_TO_CALIBRATE: usize = 20;

/// How a model is trained further.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// How earlier rows are protected, now and in later updates. `None` is as the model has it; a model that keeps
    /// nothing then goes on keeping nothing.
    pub remember: Option<Remember>,
    /// Rows of the earlier training, for a model that does not keep what `remember` needs.
    pub old_rows: Option<Table>,
    /// Changes of the settings that the model was trained with.
    pub settings: Settings,
    /// Whether the rows are further ones of the last task, as those of a stream are. Otherwise they are a task of their
    /// own.
    pub same_task: bool,
}

/// A model after an update, and what happened.
#[derive(Debug, Clone)]
pub struct Update {
    /// The model.
    pub model: FittedModel,
    /// The categories and classes that it did not have before.
    pub new: NewNames,
    /// What is unlike earlier rows in the new ones, as sentences.
    pub notes: Vec<String>,
    /// The score on the new rows before the model learned from them. A new class counts as predicted wrongly.
    pub before: Option<Score>,
    /// The new rows that were trained on, with those that chose the epoch.
    pub rows: usize,
    /// The old rows that were trained on again.
    pub replayed: usize,
    /// The finished epochs of the first network, and the one whose weights it has.
    pub epochs: (usize, usize),
    /// Why the training of the first network ended.
    pub stop: StopReason,
    /// The scores of the tasks so far; `None` if the model keeps no rows to score.
    pub forgetting: Option<Forgetting>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The rows of the new table whose errors changed no weights, in ascending order: those that chose the epoch, and
    /// those that score the task.
    pub held_out: Vec<usize>,
    /// The epochs of the first network; empty if the run is not diagnosed, and for further rows of a task.
    pub history: History,
}

impl FittedModel {
    /// Trains the model on new rows, from the weights that it has. Scales and transforms stay as they were fitted, so
    /// that old rows mean the same. New categories and classes get weights of their own. Each network of an ensemble is
    /// trained on its own.
    ///
    /// ```no_run
    /// use backburn::{FitContext, FittedModel, Remember, SelectedDevice, Table, UpdateOptions};
    ///
    /// let model = FittedModel::load("houses.safetensors", SelectedDevice::default())?;
    /// let new = Table::read("sold_in_june.csv", &Default::default())?;
    /// let options = UpdateOptions { remember: Some(Remember::REPLAY), ..Default::default() };
    /// let update = model.update(&new, &options, &FitContext::default())?;
    /// for line in update.forgetting.iter().flat_map(|forgetting| forgetting.lines()) {
    ///     println!("{line}");
    /// }
    /// update.model.save("houses.safetensors")?;
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, options that need rows which the model does not keep, settings that are
    /// not valid, or a loss that is infinite or NaN.
    pub fn update(
        &self,
        table: &Table,
        options: &UpdateOptions,
        context: &FitContext,
    ) -> Result<Update, Error> {
        let config = update_config(self.model(), &options.settings)?;
        let kept = self.model().summary.memory.as_ref();
        let old_rows = kept.map_or(0, |memory| memory.replay.rows())
            + options.old_rows.as_ref().map_or(0, Table::rows);
        room_to_update(table, self.model(), &config, old_rows)?;
        let prepared = prepared(self.model(), options)?;
        let read = prepared.format.apply_to_table(table)?;
        let known = known_rows(&prepared, &read)?;
        let (_, shift) = self.predictor().predict_and_count(table)?;
        let mut unlike = shift.findings(&prepared.encoder, &prepared.target);
        unlike.retain(|finding| {
            let is_taken_in = matches!(
                finding,
                ShiftFinding::Unseen { .. } | ShiftFinding::AtBound { .. }
            );
            !is_taken_in
        });
        let Grown { model, new } = grow(&prepared, &read, &known)?;
        let device = self.predictor().device();
        let course = Course {
            classes: (prepared.config.outputs, model.config.outputs),
            table: &read,
            same_task: options.same_task,
            config: &config,
            context,
            device,
        };
        let mut update = course.run(model, new)?;
        update.notes = shift_notes(&unlike);
        Ok(update)
    }
}

/// The model with what the options need in its memory.
fn prepared(model: &SavedModel, options: &UpdateOptions) -> Result<SavedModel, Error> {
    let mut model = model.clone();
    let kept = model.summary.memory.take();
    let is_new = kept.is_none();
    let remember = options.remember.or(kept.as_ref().map(|kept| kept.remember));
    let Some(remember) = remember else {
        return match options.old_rows {
            None => Ok(model),
            Some(_) => Err(Error::Config(
                "--old-rows is for --remember replay, ewc or none: add one of them".to_string(),
            )),
        };
    };
    let mut memory = kept.unwrap_or_default();
    if let Some(old) = &options.old_rows {
        let read = model.format.apply_to_table(old)?;
        let (rows, _) = encoded_rows(&model, &read, 0)?;
        if is_new {
            // They were trained on, so that they score the first task too well; but forgetting is a difference.
            let share = (rows.rows() as f64 * HELD_OUT_SHARE).ceil() as usize;
            let held_out = some(&rows, share.min(HELD_OUT_ROWS));
            memory.add_task(remember, &model, old.name(), (&rows, &held_out))?;
            let device = model.network.members[0].output.weight.val().device();
            memory.score(&Predictor::new(model.clone(), &device), false);
        } else {
            if memory.replay.is_empty() {
                memory.sample(remember, &model, &rows);
            }
            if memory.fisher.is_empty() {
                memory.consolidate(remember, &model, &rows)?;
            }
        }
    }
    memory.remember = remember;
    let lacking = match () {
        () if remember.replay.is_some() && memory.replay.is_empty() => "rows to train on again",
        () if remember.ewc.is_some() && memory.fisher.is_empty() => "Fisher information",
        () => {
            model.summary.memory = Some(memory);
            return Ok(model);
        }
    };
    Err(Error::Config(format!(
        "--remember {remember}: the model keeps no {lacking} of its earlier training: give the rows of that with \
         --old-rows TABLE, or train the model with --remember, or use --remember none"
    )))
}

/// The rows of a table with a target that the model can learn.
fn known_rows(model: &SavedModel, read: &Table) -> Result<Vec<usize>, Error> {
    let target = &model.target;
    let known = Target::known_rows(read, target.column(), target.task())?;
    if target.transform() == Some(TargetTransform::Log) {
        let values = target.values(read)?;
        if let Some(&row) = known.iter().find(|&&row| values[row] <= 0.0) {
            return Err(Error::Table(read.cell_error(CellError {
                column: target.column().to_string(),
                row,
                value: values[row].to_string(),
                expected: "numbers above 0, since the model predicts their logarithms",
            })));
        }
    }
    Ok(known)
}

/// The new rows by what they are for.
struct NewRows {
    training: StoredRows,
    /// They choose the epoch.
    validation: StoredRows,
    /// They score the task, now and later.
    held_out: StoredRows,
    /// The places of the last two among the rows that were divided, in ascending order.
    not_trained: Vec<usize>,
}

/// An update of a model that has the new categories and classes.
struct Course<'a> {
    /// The outputs before, and with the new classes.
    classes: (usize, usize),
    table: &'a Table,
    same_task: bool,
    config: &'a Config,
    context: &'a FitContext<'a>,
    device: &'a Device,
}

impl Course<'_> {
    fn run(&self, mut model: SavedModel, new: NewNames) -> Result<Update, Error> {
        let memory = model.summary.memory.take();
        let tasks = memory.as_ref().map_or(0, |memory| memory.tasks.len());
        let goes_on = self.same_task && tasks > 0;
        let time = tasks - usize::from(goes_on);
        let (rows, indices) = encoded_rows(&model, self.table, time)?;
        let before = score(&Predictor::new(model.clone(), self.device), &rows);
        let rows = self.split(&rows, &model.target, memory.as_ref(), goes_on);
        if rows.training.is_empty() {
            let reason = self.table.unusable("no row can be learned from");
            return Err(reason.into());
        }
        let replay = self.replay(memory.as_ref());
        let (training, weights) =
            self.training_rows(&rows.training, &replay.training, &model.target);
        let mut validation = rows.validation.clone();
        validation.extend(&replay.validation);
        let lesson_rows = (&training, weights.as_slice());
        let learned = self.teach(&mut model, memory.as_ref(), lesson_rows, &validation)?;
        let old_rows = model.summary.training_rows;
        let mut trained = rows.training.clone();
        trained.extend(&rows.validation);
        self.complete(
            &mut model,
            &learned,
            (&trained, old_rows),
            &indices,
            &validation,
        )?;
        let finding = match memory {
            Some(memory) => {
                let rows = (&trained, &rows.held_out);
                self.remember(&mut model, memory, rows, goes_on)?
            }
            None => None,
        };
        let forgetting = Forgetting::of(&model);
        Ok(Update {
            model: FittedModel::from(Predictor::new(model, self.device)),
            new,
            notes: Vec::new(),
            before,
            rows: trained.rows(),
            replayed: replay.training.rows() + replay.validation.rows(),
            epochs: (learned.epochs, learned.best_epoch),
            stop: learned.stop,
            forgetting,
            findings: finding.into_iter().collect(),
            held_out: rows.not_trained.iter().map(|&row| indices[row]).collect(),
            history: learned.history,
        })
    }

    /// Adds the rows that were trained on, and those that were held out, to the memory, and puts it into the model.
    /// Returns the finding that the model has forgotten something.
    fn remember(
        &self,
        model: &mut SavedModel,
        mut memory: Memory,
        rows: (&StoredRows, &StoredRows),
        goes_on: bool,
    ) -> Result<Option<Finding>, Error> {
        let remember = memory.remember;
        match goes_on {
            true => memory.add_rows(remember, model, rows)?,
            false => memory.add_task(remember, model, self.table.name(), rows)?,
        }
        let predictor = Predictor::new(model.clone(), self.device);
        let errors = memory.score(&predictor, goes_on);
        model.summary.memory = Some(memory);
        let forgetting = Forgetting::of(model);
        let memory = model.summary.memory.as_ref();
        let matrix = forgetting.as_ref().zip(memory);
        Ok(matrix.and_then(|(matrix, memory)| matrix.finding(memory, &errors)))
    }

    /// Divides the new rows. Rows that score the task are set aside only if they are kept.
    fn split(
        &self,
        rows: &StoredRows,
        target: &Target,
        memory: Option<&Memory>,
        goes_on: bool,
    ) -> NewRows {
        let last = memory.and_then(|memory| memory.tasks.last());
        let kept = last.filter(|_| goes_on).map_or(0, |task| task.held_out);
        let room = HELD_OUT_ROWS.saturating_sub(kept);
        let share = match memory {
            Some(_) => HELD_OUT_SHARE.min(room as f64 / rows.rows().max(1) as f64),
            None => 0.0,
        };
        let seed = self.config.training.seed;
        let outer = divided(rows, share, target, seed);
        let rest = rows.select(&outer.training);
        let share = self.config.data.validation_fraction;
        let inner = divided(&rest, share, target, seed.wrapping_add(1));
        let validation = inner.validation.iter().map(|&row| outer.training[row]);
        let mut not_trained: Vec<usize> = validation.chain(outer.validation.clone()).collect();
        not_trained.sort_unstable();
        NewRows {
            training: rest.select(&inner.training),
            validation: rest.select(&inner.validation),
            held_out: rows.select(&outer.validation),
            not_trained,
        }
    }

    /// The rows of earlier tasks that are trained on again. A share of them helps to choose the epoch.
    fn replay(&self, memory: Option<&Memory>) -> NewRows {
        let kept = memory.filter(|memory| memory.remember.replay.is_some());
        let rows = kept.map_or_else(StoredRows::default, |memory| memory.replay.clone());
        let all: Vec<usize> = (0..rows.rows()).collect();
        let share = self.config.data.validation_fraction;
        let split = match all.is_empty() {
            true => Split {
                training: Vec::new(),
                validation: Vec::new(),
            },
            false => Split::new(&all, share, None, self.config.training.seed),
        };
        NewRows {
            training: rows.select(&split.training),
            validation: rows.select(&split.validation),
            held_out: StoredRows::default(),
            not_trained: Vec::new(),
        }
    }

    /// The new and the old training rows with their weights. All old rows together count at least as much as the new
    /// ones. Weights of classes are those of the settings.
    fn training_rows(
        &self,
        new: &StoredRows,
        old: &StoredRows,
        target: &Target,
    ) -> (StoredRows, Vec<f32>) {
        let mut rows = new.clone();
        rows.extend(old);
        let factor = (new.rows() as f32 / old.rows().max(1) as f32).max(1.0);
        let mut weights = weights_of(&rows);
        weights[new.rows()..].iter_mut().for_each(|w| *w *= factor);
        if let Some(classes) = target.class_names() {
            let mut counts = vec![0usize; classes.len()];
            (0..rows.rows()).for_each(|row| counts[rows.target(row) as usize] += 1);
            let of_class = |class: usize| {
                let set = self.config.class_weights.get(&classes[class]);
                let balance = match self.config.data.balance_classes {
                    true => rows.rows() as f64 / (classes.len() * counts[class].max(1)) as f64,
                    false => 1.0,
                };
                (balance * set.copied().unwrap_or(1.0)) as f32
            };
            for (row, weight) in weights.iter_mut().enumerate() {
                *weight *= of_class(rows.target(row) as usize);
            }
        }
        (rows, weights)
    }

    /// Trains each network of the model.
    fn teach(
        &self,
        model: &mut SavedModel,
        memory: Option<&Memory>,
        (rows, weights): (&StoredRows, &[f32]),
        validation: &StoredRows,
    ) -> Result<Learned, Error> {
        let training = tensors(rows, &model.target, weights, self.device);
        let held = (!validation.is_empty()).then(|| {
            tensors(
                validation,
                &model.target,
                &weights_of(validation),
                self.device,
            )
        });
        let limit = self.context.time_limit;
        let lesson = Lesson {
            config: self.config,
            target: &model.target,
            training: &training,
            validation: held.as_ref(),
            validation_rows: validation,
            has_history: !self.same_task,
            deadline: limit.and_then(|limit: Duration| Instant::now().checked_add(limit)),
        };
        let time = memory.map_or(0, |memory| memory.tasks.len());
        let networks = model.network.members.len();
        let (mut learned, mut members) = (Learned::default(), Vec::new());
        for (member, network) in model.network.members.iter().enumerate() {
            let stiffness = stiffness(memory, member, rows.rows());
            let old_rows = model.summary.training_rows;
            let network = with_prior(network.clone(), &training, rows, self.classes, old_rows);
            let job = job_of(self.config, time, (member, networks), self.context.diagnose);
            let (fitted, history) = lesson.teach(network, stiffness, &job, self.context)?;
            learned.add(&fitted, history, networks);
            members.push(fitted.network);
        }
        let features = members.iter().map(|network| {
            let features = network.features(training.inputs.clone()).mean_dim(0);
            features.into_data().iter::<f32>().collect::<Vec<f32>>()
        });
        model.baselines = features.collect::<Vec<Vec<f32>>>().concat();
        model.network.members = members;
        Ok(learned)
    }

    /// Adapts what goes with the networks: calibration, bounds, profile, summary.
    fn complete(
        &self,
        model: &mut SavedModel,
        learned: &Learned,
        (trained, before): (&StoredRows, usize),
        indices: &[usize],
        validation: &StoredRows,
    ) -> Result<(), Error> {
        let values: Vec<f64> = match model.target.task() {
            Task::Regression => (0..trained.rows())
                .map(|row| trained.target(row).into())
                .collect(),
            Task::Classification => Vec::new(),
        };
        let mut target = model.target.clone().with_wider_bounds(&values, before);
        let rows: Vec<usize> = (0..validation.rows()).collect();
        let truth = truth(validation, &target);
        let width = model.config.outputs;
        if rows.len() >= ROWS_TO_CALIBRATE && learned.outputs.len() == rows.len() * width {
            target = target.calibrated(&learned.outputs, width, &truth.numbers(&rows));
        }
        let metric = self.config.scoring.metric();
        let predictions = target.predictions(&learned.outputs, width);
        let score = match learned.outputs.is_empty() {
            true => None,
            false => Score::weighted(&predictions, &truth, &rows, metric, None),
        };
        let hashes = row_hashes(self.table, &model.encoder, &target, Some(indices))?;
        model.encoder = model
            .encoder
            .clone()
            .with_rows_in_profile(self.table, indices)?;
        model.target = target;
        let summary = &mut model.summary;
        summary.program = concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string();
        summary.table = self.table.name().to_string();
        summary.training_rows = before + trained.rows();
        summary.validation_rows = validation.rows();
        (summary.epochs, summary.best_epoch) = (learned.epochs, learned.best_epoch);
        summary.device = self.context.device.name().to_string();
        summary.settings = self.config.to_toml();
        summary.validation = score.map(|score| score.metrics()).unwrap_or_default();
        summary.validation_errors.clear();
        summary.validation_constant.clear();
        summary.test = None;
        summary.row_sample = summary.row_sample.merged(&RowSample::new(hashes));
        Ok(())
    }
}

/// How the networks learned.
struct Learned {
    /// The mean outputs for the validation rows.
    outputs: Vec<f32>,
    epochs: usize,
    best_epoch: usize,
    stop: StopReason,
    /// That of the first network.
    history: History,
    networks: usize,
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            outputs: Vec::new(),
            epochs: 0,
            best_epoch: 0,
            stop: StopReason::Finished,
            history: History::default(),
            networks: 0,
        }
    }
}

impl Learned {
    /// Adds one of this number of networks.
    fn add<N>(&mut self, fitted: &Fitted<N>, history: History, networks: usize) {
        if self.networks == 0 {
            self.history = history;
            self.epochs = fitted.epochs;
            self.best_epoch = fitted.best_epoch;
            self.stop = fitted.stop;
        }
        self.networks += 1;
        let share = 1.0 / networks as f32;
        let outputs = fitted.outputs.as_ref();
        let outputs = outputs.map(|outputs| outputs.to_data().iter().collect::<Vec<f32>>());
        let outputs = outputs.unwrap_or_default();
        if self.outputs.is_empty() {
            self.outputs = vec![0.0; outputs.len()];
        }
        for (mean, output) in self.outputs.iter_mut().zip(outputs) {
            *mean += share * output;
        }
    }
}

/// The stiffness of each parameter of a network for elastic weight consolidation: the Fisher information of the old
/// rows, times their number, per training row, times the strength. Empty without it.
fn stiffness(memory: Option<&Memory>, member: usize, rows: usize) -> Vec<f32> {
    let strength = memory.and_then(|memory| Some((memory, memory.remember.ewc?)));
    let Some((memory, strength)) = strength else {
        return Vec::new();
    };
    let factor = strength * memory.fisher_rows as f64 / rows.max(1) as f64;
    let fisher = memory.fisher.get(member);
    let fisher = fisher.into_iter().flatten();
    fisher
        .map(|fisher| (factor * f64::from(*fisher)) as f32)
        .collect()
}

/// The places of the rows without a share of them and of that share, which is the same of each class.
fn divided(rows: &StoredRows, share: f64, target: &Target, seed: u64) -> Split {
    let all: Vec<usize> = (0..rows.rows()).collect();
    if all.is_empty() || share <= 0.0 {
        return Split {
            training: all,
            validation: Vec::new(),
        };
    }
    let classes = target.class_names();
    let classes = classes.map(|_| all.iter().map(|&row| rows.target(row) as usize));
    let classes: Option<Vec<usize>> = classes.map(Iterator::collect);
    Split::new(&all, share, classes.as_deref(), seed)
}
