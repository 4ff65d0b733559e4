//! Learning from rows as they come.

use backburn_preprocessing::Target;
use backburn_table::Table;
use serde::Serialize;

use super::update::{Update, UpdateOptions};
use crate::context::FitContext;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::settings::Settings;
use crate::text::{integer, number};

/// A model that follows a stream of rows. It predicts each window of rows before it learns from them, so that every row
/// scores it as new (prequential evaluation; Gama, Sebastião and Rodrigues, 2013).
///
/// ```no_run
/// use backburn::{FitContext, Follow, FittedModel, SelectedDevice, Table, UpdateOptions};
///
/// let model = FittedModel::load("flights.safetensors", SelectedDevice::default())?;
/// let mut follow = Follow::new(model, UpdateOptions::default())?;
/// for day in ["monday.csv", "tuesday.csv"] {
///     let window = follow.learn(&Table::read(day, &Default::default())?, &FitContext::default())?;
///     println!("{window}");
/// }
/// follow.into_model().save("flights.safetensors")?;
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Follow {
    model: FittedModel,
    options: UpdateOptions,
    /// The settings of the model before, which it has again in the end.
    settings: String,
    last: Option<Update>,
    windows: usize,
    rows: usize,
    /// The sum over the rows of their window's score, and the rows of windows with a score.
    scores: (f64, usize),
}

/// A window of rows that a model has predicted and then learned from. As text, it is a line, and one for each skipped row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// Its number, from 1.
    pub window: usize,
    /// Its rows.
    pub rows: usize,
    /// The metric of the scores.
    pub metric: String,
    /// The score on its rows before the model learned from them; `None` where it is not defined.
    pub score: Option<f64>,
    /// The mean over all rows so far of the scores of their windows.
    pub mean: Option<f64>,
    /// The rows that were skipped since the last window, in words: the first ten of the stream.
    #[serde(skip)]
    pub skipped: Vec<String>,
}

/// The epochs of a window, unless the settings say otherwise.
const EPOCHS: usize = 10;

impl Follow {
    /// The model before the first window. The windows are one task. A window has ten epochs, unless the options say
    /// otherwise.
    ///
    /// # Errors
    ///
    /// None with valid options.
    pub fn new(model: FittedModel, options: UpdateOptions) -> Result<Self, Error> {
        let epochs = Settings::new().set(&format!("training.epochs={EPOCHS}"))?;
        Ok(Self {
            settings: model.model().summary.settings.clone(),
            options: UpdateOptions {
                settings: options.settings.clone().or(epochs),
                ..options
            },
            model,
            last: None,
            windows: 0,
            rows: 0,
            scores: (0.0, 0),
        })
    }

    /// Predicts the rows of a window, scores the predictions, and then learns from the rows. A window in which no row
    /// has a target is counted, and changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`FittedModel::update`], and [`Error::Interrupted`] if the run is stopped; the model is then as before.
    pub fn learn(&mut self, window: &Table, context: &FitContext) -> Result<Window, Error> {
        if self.lacks_targets(window)? {
            self.windows += 1;
            return Ok(self.window(0, None));
        }
        let options = UpdateOptions {
            same_task: self.last.is_some(),
            ..self.options.clone()
        };
        let update = self.model.update(window, &options, &context.quiet())?;
        // After a part of the epochs, the model may be worse than before.
        if context.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        // What the model keeps is complete now.
        self.options.old_rows = None;
        self.windows += 1;
        let before = update.before.as_ref();
        let rows = before.map_or(0, |score| score.rows);
        let score = before.map(|score| score.main());
        let score = score.filter(|score| score.is_finite());
        if let Some(score) = score {
            self.scores.0 += score * rows as f64;
            self.scores.1 += rows;
        }
        self.rows += rows;
        self.model = update.model.clone();
        self.model.model_mut().summary.settings = self.settings.clone();
        self.last = Some(update);
        Ok(self.window(rows, score))
    }

    /// Whether no row of a window has a target.
    fn lacks_targets(&self, window: &Table) -> Result<bool, Error> {
        let model = self.model.model();
        let read = model.format.apply_to_table(window)?;
        let (column, task) = (model.target.column(), model.target.task());
        read.column(column)?;
        Ok(Target::known_rows(&read, column, task).is_err())
    }

    /// The last window.
    fn window(&self, rows: usize, score: Option<f64>) -> Window {
        let last = self.last.as_ref();
        let before = last.and_then(|update| update.before.as_ref());
        let metric = match (before.and_then(|score| score.chosen), self.model.classes()) {
            (Some((metric, _)), _) => metric.title(),
            (None, Some(_)) => "accuracy",
            (None, None) => "RMSE",
        };
        Window {
            window: self.windows,
            rows,
            metric: metric.to_string(),
            score,
            mean: (self.scores.1 > 0).then(|| self.scores.0 / self.scores.1 as f64),
            skipped: Vec::new(),
        }
    }

    /// The rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The model as it is now.
    pub fn model(&self) -> &FittedModel {
        &self.model
    }

    /// The model as it is now.
    pub fn into_model(self) -> FittedModel {
        self.model
    }

    /// The update of the last window, with the model as it is now and with all rows; `None` before the first window.
    pub fn into_update(self) -> Option<Update> {
        let last = self.last?;
        Some(Update {
            rows: self.rows,
            model: self.model,
            ..last
        })
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = |score: Option<f64>| score.map_or_else(|| "-".to_string(), number);
        write!(
            f,
            "window {} ({} rows): {} {}, so far {}",
            self.window,
            integer(self.rows),
            self.metric,
            value(self.score),
            value(self.mean)
        )?;
        let mut skipped = self.skipped.iter();
        skipped.try_for_each(|row| write!(f, "\nskipped {row}"))
    }
}
