//! Small networks that tell what is worth it on a table.

use backburn_tabular::{Bins, Table, k_folds};
use backburn_training::at_once;
use indicatif::MultiProgress;

use crate::config::{Preset, RunConfig};
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::folds::can_run_at_once;
use crate::interrupt;
use crate::training::{Manner, train};

/// Fewer rows tell nothing.
pub const FEWEST_ROWS: usize = 100;
const FOLDS: usize = 3;
/// Of the time that training may take, trials have no more than one in so many parts, each time: most is left
/// for what they are a trial of.
const SHARE_OF_TIME: u32 = 10;

/// What small networks are trained on, and how.
#[derive(Clone, Copy)]
pub struct Small<'a> {
    pub table: &'a Table,
    pub understood: &'a Understood,
    pub rows: &'a [usize],
    pub config: &'a RunConfig,
    pub chosen: &'a Chosen,
    pub manner: Manner<'a>,
}

impl<'a> Small<'a> {
    /// Some of the rows, evenly, if there are more than that.
    pub fn some_rows(&self, most: usize) -> Vec<usize> {
        let step = self.rows.len().div_ceil(most).max(1);
        self.rows.iter().copied().step_by(step).collect()
    }

    /// For each fold of the rows, the root mean squared error or the log loss of a small network that was
    /// trained on the others, with the data of the config as they are made here.
    pub fn errors(&self, data: impl Fn(&mut RunConfig)) -> Result<[f64; FOLDS], Error> {
        let mut small = RunConfig::of_preset(Preset::Fast)?;
        let bins = small.data.bins;
        small.training.seed = self.config.training.seed;
        small.data = self.config.data;
        small.class_weights = self.config.class_weights.clone();
        small.data.refit = false;
        small.data.bins = match (self.config.data.bins, bins) {
            (Bins::AtMost(asked), Bins::AtMost(few)) => Bins::AtMost(asked.min(few)),
            _ => bins,
        };
        data(&mut small);
        // These rows alone are encoded.
        let mut rows = self.rows.to_vec();
        rows.sort_unstable();
        let table = self.table.select(self.table.name(), &rows)?;
        let understood = self.understood.selected(&rows);
        let classes = understood.classes.as_deref();
        let metric = match classes {
            None => "rmse",
            Some(_) => "log_loss",
        };
        let splits = k_folds(&understood.rows, FOLDS, classes, small.training.seed);
        let bars = MultiProgress::new();
        let error = |fold: usize| {
            let manner = Manner {
                trial: true,
                time_limit: self.manner.time_limit.map(|limit| limit / SHARE_OF_TIME),
                bars: Some(&bars),
                ..Manner::quiet(self.manner.console)
            };
            let split = splits[fold].clone();
            let trained = train(&table, &understood, split, &small, self.chosen, manner)?;
            let error = trained.model.summary.validation.get(metric).copied();
            Ok(error.unwrap_or(f64::INFINITY))
        };
        let mut errors = [f64::INFINITY; FOLDS];
        let mut done = |fold: usize, error: Result<f64, Error>| {
            // What cannot be trained is no choice; what is wrong is said when all rows are.
            errors[fold] = error.unwrap_or(f64::INFINITY);
        };
        if can_run_at_once(&small, self.chosen)? {
            at_once(FOLDS, error, done);
        } else {
            (0..FOLDS).for_each(|fold| done(fold, error(fold)));
        }
        match interrupt::requested() {
            true => Err(Error::Failed("interrupted".to_string())),
            false => Ok(errors),
        }
    }
}

/// The error over all folds.
pub fn overall(errors: [f64; FOLDS]) -> f64 {
    let squares = errors.iter().map(|error| error * error);
    (squares.sum::<f64>() / FOLDS as f64).sqrt()
}
