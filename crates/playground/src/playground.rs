//! A table, a network, and the training of the network step by step.

use std::cell::OnceCell;
use std::sync::{Mutex, PoisonError};

use backburn::{
    Config, Dataset, DatasetOptions, Error, FeatureName, Predictions, Score, Task,
    nearest_rows_loss,
};
use backburn_model::{Mlp, Normalization};
use backburn_training::row_pass::Network;
use backburn_training::{
    Criterion, EpochRecord, EpochReport, History, Step, SteppedRun, StopReason,
};
use burn::tensor::Device;
use serde::Serialize;

use crate::data::Data;
use crate::datasets;
use crate::settings::Settings;
use crate::table;

/// How much a step of the page trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// One update on one row; with batch normalization, on two.
    Row,
    /// One update on a batch, or on what is left of it.
    Batch,
    /// The updates up to the end of the epoch.
    Epoch,
}

/// A table, a network, and the training of the network step by step. The [crate's front page](crate) has an example.
pub struct Playground {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) dataset: Dataset,
    pub(crate) settings: Settings,
    pub(crate) config: Config,
    pub(crate) data: Data,
    pub(crate) device: Device,
    pub(crate) run: SteppedRun<Mlp>,
    /// The network after the last step.
    pub(crate) network: Network,
    /// The network before the last step, and the training rows of the step.
    pub(crate) last: Option<(Network, Vec<usize>)>,
    /// The first epochs, for the diagnosis.
    pub(crate) history: History,
    /// The loss of a prediction by the nearest rows, where it is computed already.
    nearest_rows_loss: OnceCell<Option<f64>>,
    pub(crate) curve: Vec<CurvePoint>,
    /// The epochs between two points of the curve.
    every: usize,
    progress: Progress,
}

/// The losses after an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CurvePoint {
    pub epoch: usize,
    pub loss: f64,
    pub validation_loss: Option<f64>,
}

/// The epochs that are kept for the diagnosis, and the points of the curve.
const MAX_HISTORY: usize = 2000;
const MAX_POINTS: usize = 2000;

/// What is known about a table and its network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// The name of the table.
    pub title: String,
    /// The column to predict.
    pub target: String,
    /// The unit of the target, or empty.
    pub unit: String,
    /// `regression` or `classification`.
    pub task: Task,
    /// The names of the classes, in the order of the outputs; empty for numbers.
    pub classes: Vec<String>,
    /// The features that enter the first layer.
    pub inputs: Vec<FeatureName>,
    /// Number of rows, with the validation rows, which come last.
    pub rows: usize,
    /// Number of validation rows.
    pub validation_rows: usize,
    /// The features, the units of each hidden layer, and the outputs.
    pub layers: Vec<usize>,
    /// Number of parameters.
    pub parameters: usize,
    /// What was found out about the table, as sentences.
    pub notes: Vec<String>,
}

/// Where training is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Progress {
    /// The current epoch, counted from 1; 0 before the first step.
    pub epoch: usize,
    /// Batches of the epoch that are done.
    pub batch: usize,
    /// The mean training loss: of the last step, or after an epoch, of the epoch.
    pub loss: Option<f64>,
    /// The validation loss after the last epoch that was finished.
    pub validation_loss: Option<f64>,
    /// The accuracy or the RMSE on the validation rows after that epoch.
    pub score: Option<f64>,
    /// The learning rate of the last update.
    pub learning_rate: f64,
    /// Whether the loss became infinite or NaN, which ends training.
    pub diverged: bool,
    /// Whether the schedule is at its end, which ends training.
    pub finished: bool,
}

impl Playground {
    /// Opens a table that is [built in](crate::datasets()), with [settings](Settings::from_json) as JSON. A setting that
    /// they lack is as the dataset recommends.
    ///
    /// # Errors
    ///
    /// No such table, or a setting that is not valid.
    pub fn open(name: &str, settings: &str) -> Result<Self, Error> {
        let (built_in, bytes) = datasets::find(name)?;
        let settings = Settings::from_json_over(settings, built_in.settings)?;
        let table = table::read(bytes, built_in.title)?;
        Self::new(table, built_in.target, built_in.unit, settings)
    }

    /// Opens the table in the bytes of a file, to predict the column `target`. `file_name` is what messages call it.
    ///
    /// # Errors
    ///
    /// Bytes that are not a table, a target that cannot be predicted, or a setting that is not valid.
    pub fn open_table(
        bytes: Vec<u8>,
        file_name: &str,
        target: &str,
        settings: &str,
    ) -> Result<Self, Error> {
        let settings = Settings::from_json(settings)?;
        let table = table::read(bytes, file_name)?;
        Self::new(table, target, "", settings)
    }

    fn new(
        table: backburn::Table,
        target: &str,
        unit: &'static str,
        settings: Settings,
    ) -> Result<Self, Error> {
        let title = table.name().to_string();
        let dataset = Dataset::new(table, target, &DatasetOptions::default())?;
        let config = settings.config(dataset.rows().len())?;
        let device = Device::flex();
        let data = Data::new(&dataset, &config, &device)?;
        let run = start(&data, &config, &device)?;
        Ok(Self {
            title,
            unit,
            dataset,
            settings,
            config,
            data,
            device,
            network: Network::of(&run.network()),
            history: empty_history(&run),
            run,
            last: None,
            nearest_rows_loss: OnceCell::new(),
            curve: Vec::new(),
            every: 1,
            progress: Progress::default(),
        })
    }

    /// Starts again with new weights, on the same table. If this is an error, nothing changes.
    ///
    /// # Errors
    ///
    /// A setting that is not valid.
    pub fn restart(&mut self, settings: &str) -> Result<(), Error> {
        let settings = Settings::from_json_over(settings, self.settings.clone())?;
        let config = settings.config(self.dataset.rows().len())?;
        let data = Data::new(&self.dataset, &config, &self.device)?;
        let run = start(&data, &config, &self.device)?;
        self.network = Network::of(&run.network());
        self.history = empty_history(&run);
        (self.settings, self.config, self.data, self.run) = (settings, config, data, run);
        (self.last, self.curve, self.every) = (None, Vec::new(), 1);
        self.nearest_rows_loss = OnceCell::new();
        self.progress = Progress::default();
        Ok(())
    }

    /// The table and the network.
    pub fn about(&self) -> About {
        let target = &self.data.encoded.target;
        let notes = self.dataset.warnings().iter();
        About {
            title: self.title.clone(),
            target: target.column().to_string(),
            unit: self.unit.to_string(),
            task: target.task(),
            classes: target.class_names().unwrap_or_default().to_vec(),
            inputs: self.data.inputs.clone(),
            rows: self.data.rows(),
            validation_rows: self.data.rows() - self.data.training_rows(),
            layers: self.data.shape.widths(),
            parameters: self.run.start().parameters,
            notes: notes.map(ToString::to_string).collect(),
        }
    }

    /// Where training is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The network after the last step, in 64-bit numbers.
    pub fn network_in_double(&self) -> &Network {
        &self.network
    }

    /// Trains `count` units further, and returns where training is then. It ends early where training ends.
    pub fn train(&mut self, unit: Unit, count: usize) -> &Progress {
        for left in (0..count).rev() {
            while let Some(step) = self.step(unit, left == 0) {
                let ends_epoch = step.epoch.is_some();
                self.take(step);
                if unit != Unit::Epoch || ends_epoch {
                    break;
                }
            }
            if self.run.stop().is_some() {
                break;
            }
        }
        self.end_training()
    }

    /// Takes one update on a training row, by its index, and returns where training is then. The rows of the epoch go
    /// on after it in their order.
    ///
    /// # Errors
    ///
    /// No such row, a validation row, or batch normalization, which a single row has no variance for.
    pub fn train_row(&mut self, index: usize) -> Result<&Progress, Error> {
        self.data.row(index)?;
        if index >= self.data.training_rows() {
            return Err(Error::Config(format!(
                "row {}: this is a validation row, which training does not see: choose another row",
                index + 1
            )));
        }
        if self.settings.normalization == Normalization::Batch {
            return Err(Error::Config(
                "normalization: a single row has no variance for batch normalization: train a batch".to_string(),
            ));
        }
        let before = Network::of(&self.run.network());
        if let Some(step) = self.run.step_row(index) {
            self.last = Some((before, step.rows.clone()));
            self.take(step);
        }
        Ok(self.end_training())
    }

    /// Looks at the run after its last step.
    fn end_training(&mut self) -> &Progress {
        self.progress.diverged = self.run.stop() == Some(StopReason::Diverged);
        self.progress.finished = self.run.stop() == Some(StopReason::Finished);
        self.network = Network::of(&self.run.network());
        &self.progress
    }

    /// Takes a step. Where it may be the last one before the page looks at the network, the network before it is kept.
    fn step(&mut self, unit: Unit, is_last_unit: bool) -> Option<Step> {
        let most = match unit {
            // A single row has no variance.
            Unit::Row if self.settings.normalization == Normalization::Batch => 2,
            Unit::Row => 1,
            Unit::Batch | Unit::Epoch => usize::MAX,
        };
        let steps = self.run.start().steps;
        let in_epoch = self.progress.batch % steps.max(1);
        let is_shown = is_last_unit && (unit != Unit::Epoch || in_epoch + 1 == steps);
        let before = is_shown.then(|| Network::of(&self.run.network()));
        let step = self.run.step(most)?;
        if let Some(before) = before {
            self.last = Some((before, step.rows.clone()));
        }
        Some(step)
    }

    /// Records a step.
    fn take(&mut self, step: Step) {
        self.progress.epoch = step.batch.epoch;
        self.progress.batch = step.batch.step;
        self.progress.learning_rate = step.batch.learning_rate;
        self.progress.loss = Some(step.loss);
        let Some(report) = step.epoch else {
            return;
        };
        self.progress.loss = Some(report.training_loss);
        self.progress.validation_loss = report.validation.as_ref().map(|v| v.loss);
        self.progress.score = self.score(&report);
        if self.history.epochs.len() < MAX_HISTORY {
            self.history.epochs.push(EpochRecord::from(&report));
        }
        self.add_to_curve(&report);
    }

    /// Adds an epoch to the curve. If the curve has too many points, every second one is left out.
    fn add_to_curve(&mut self, report: &EpochReport) {
        if !report.epoch.is_multiple_of(self.every) {
            return;
        }
        self.curve.push(CurvePoint {
            epoch: report.epoch,
            loss: report.training_loss,
            validation_loss: report.validation.as_ref().map(|v| v.loss),
        });
        if self.curve.len() >= MAX_POINTS {
            self.every *= 2;
            let every = self.every;
            self.curve.retain(|point| point.epoch.is_multiple_of(every));
        }
    }

    /// The score on the validation rows, if there are any.
    fn score(&self, report: &EpochReport) -> Option<f64> {
        let validation = report.validation.as_ref()?;
        let width = validation.outputs.dims()[1];
        let outputs: Vec<f32> = validation.outputs.to_data().iter::<f32>().collect();
        let encoded = &self.data.encoded;
        let predictions = encoded.target.predictions(&outputs, width);
        let targets = backburn::Targets::read(self.dataset.table(), &encoded.target).ok()?;
        let score = Score::of_rows(&predictions, &targets, &encoded.split.validation)?;
        Some(score.main())
    }

    /// The loss of a prediction by the nearest rows, which takes long the first time.
    pub(crate) fn nearest_rows_loss(&self) -> Option<f64> {
        let (rows, outputs) = (&self.data.encoded.training, self.data.shape.outputs);
        let compute = || nearest_rows_loss(rows, outputs, &self.config.training);
        *self.nearest_rows_loss.get_or_init(compute)
    }

    /// The loss and its settings.
    pub(crate) fn criterion(&self) -> Criterion {
        self.config.training.criterion()
    }

    /// The learning rate of the last update, or before the first one, the one that is set.
    pub(crate) fn learning_rate(&self) -> f64 {
        match self.progress.epoch {
            0 => self.settings.learning_rate,
            _ => self.progress.learning_rate,
        }
    }

    /// What outputs of the network mean, `[rows, outputs]`.
    pub(crate) fn predictions(&self, outputs: &[f64]) -> Predictions {
        let outputs: Vec<f32> = outputs.iter().map(|&output| output as f32).collect();
        let target = &self.data.encoded.target;
        target.predictions(&outputs, self.data.shape.outputs)
    }
}

/// The run of a new network.
fn start(data: &Data, config: &Config, device: &Device) -> Result<SteppedRun<Mlp>, Error> {
    // Burn's devices have one random number generator for the whole process.
    static GENERATOR: Mutex<()> = Mutex::new(());
    let network = {
        let _generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        // The weights are those that a fit of the library starts from.
        device.seed(config.training.seed);
        data.shape.init(device)?
    };
    let (training, validation) = (&data.encoded.training, data.encoded.validation.as_ref());
    Ok(SteppedRun::new(
        network,
        training,
        validation,
        &config.training,
        true,
    )?)
}

fn empty_history(run: &SteppedRun<Mlp>) -> History {
    History {
        start: run.start().clone(),
        ..History::default()
    }
}
