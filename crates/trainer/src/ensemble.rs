//! Several networks, each trained without other rows, as one model.

use std::time::Instant;

use backburn_tabular::{Split, Table, k_folds};
use backburn_training::at_once;
use indicatif::MultiProgress;

use crate::config::RunConfig;
use crate::data::{Prepared, Understood};
use crate::device::Chosen;
use crate::error::Error;
use crate::folds::can_run_at_once;
use crate::interrupt;
use crate::score::{Score, Truth};
use crate::training::{Manner, Trained, train_network};

/// Trains an ensemble on some rows of a table (Breiman, "Bagging Predictors", 1996, by folds): they are
/// split into folds, and each network leaves another fold out, which chooses its best epoch. What
/// the networks give for rows that they were not trained on scores and calibrates the whole.
///
/// Training ends early on Ctrl-C or at the time limit; the networks that are finished are the model.
pub fn train_ensemble(
    table: &Table,
    understood: &Understood,
    mut rows: Vec<usize>,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Trained, Error> {
    let started = Instant::now();
    rows.sort_unstable();
    let whole = Split {
        training: rows.clone(),
        validation: Vec::new(),
    };
    // Neither scales nor bins are learned from the target, nor from rows to predict.
    let whole = understood.prepare(table, whole, config, &chosen.device)?;
    let truth = Truth::of(table, &whole.target)?;
    let splits = splits(&rows, understood, config);
    let bars = MultiProgress::new();
    let member = |member: usize| {
        let left = manner
            .time_limit
            .map(|limit| limit.saturating_sub(started.elapsed()));
        let late = left.is_some_and(|left| left.is_zero());
        if member > 0 && (late || interrupt::requested()) {
            return Ok(None);
        }
        let mut config = config.clone();
        config.training.seed = config.training.seed.wrapping_add(member as u64);
        let prepared = whole.part(&splits[member], &rows);
        // One of them is looked into.
        let manner = Manner {
            wordy: manner.wordy && member == 0,
            dashboard: false,
            time_limit: left,
            bars: Some(&bars),
            ..manner
        };
        train_network(table, understood, &prepared, &config, chosen, manner).map(Some)
    };
    let mut together = Together {
        whole: &whole,
        truth: &truth,
        sums: vec![Vec::new(); table.rows()],
        trained: None,
        members: 0,
    };
    let mut failed = None;
    let mut done = |index: usize, trained: Result<Option<Trained>, Error>| match trained {
        Ok(Some(trained)) => {
            let score = together.add(trained);
            if let (true, Some(score)) = (manner.wordy, score) {
                let network = format!("{}/{}", index + 1, splits.len());
                let line = format!("{} for rows not trained on", score.line(manner.unit));
                bars.suspend(|| manner.console.entry(&network, line));
            }
        }
        Ok(None) => {}
        Err(error) => {
            failed.get_or_insert(error);
        }
    };
    if can_run_at_once(config, chosen)? {
        at_once(splits.len(), member, done);
    } else {
        for index in 0..splits.len() {
            done(index, member(index));
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let mut trained = together.into_trained()?;
    trained.split.training = rows;
    trained.model.summary.seed = config.training.seed;
    trained.model.summary.settings = config.to_toml();
    trained.seconds = started.elapsed().as_secs_f64();
    Ok(trained)
}

/// What each network is trained on, and what chooses its best epoch.
fn splits(rows: &[usize], understood: &Understood, config: &RunConfig) -> Vec<Split> {
    let classes = understood.classes_of(rows);
    let folds = config.ensemble.folds.min(rows.len()).max(2);
    let mut splits = Vec::new();
    let mut seed = config.training.seed;
    while splits.len() < config.ensemble.members {
        splits.extend(k_folds(rows, folds, classes.as_deref(), seed));
        seed = seed.wrapping_add(1);
    }
    splits.truncate(config.ensemble.members);
    splits
}

/// The networks so far.
struct Together<'a> {
    whole: &'a Prepared,
    truth: &'a Truth,
    /// For each row of the table, the sum of the outputs of networks that were not trained on it,
    /// with their number at the end.
    sums: Vec<Vec<f32>>,
    trained: Option<Trained>,
    members: usize,
}

impl Together<'_> {
    /// Adds a network, and returns the score of all of them on rows they were not trained on.
    fn add(&mut self, trained: Trained) -> Option<Score> {
        let stopped = trained.model.summary.best_epoch == 0;
        if stopped && self.members > 0 {
            return None;
        }
        let width = trained.model.config.outputs;
        let rows = trained.split.validation.iter();
        for (&row, outputs) in rows.zip(trained.outputs.chunks(width)) {
            let sum = &mut self.sums[row];
            sum.resize(width + 1, 0.0);
            sum.iter_mut().zip(outputs).for_each(|(s, o)| *s += o);
            sum[width] += 1.0;
        }
        self.members += 1;
        match &mut self.trained {
            None => self.trained = Some(trained),
            Some(first) => {
                let further = trained.model;
                first.model.network.members.extend(further.network.members);
                first.model.average.extend(further.average);
            }
        }
        let (rows, outputs) = self.left_out();
        let predictions = self.whole.target.predictions(&outputs, width);
        Score::of_rows(&predictions, self.truth, &rows)
    }

    /// The rows that some network was not trained on, and what those that were not give for them
    /// on average.
    fn left_out(&self) -> (Vec<usize>, Vec<f32>) {
        let known = self.sums.iter().enumerate();
        let known = known.filter_map(|(row, sum)| Some((row, sum.split_last()?)));
        let (rows, outputs): (Vec<usize>, Vec<Vec<f32>>) = known
            .map(|(row, (count, sum))| (row, sum.iter().map(|output| output / count).collect()))
            .unzip();
        (rows, outputs.concat())
    }

    fn into_trained(self) -> Result<Trained, Error> {
        let (rows, outputs) = self.left_out();
        let Some(mut trained) = self.trained else {
            return Err(Error::Failed("no network was trained".to_string()));
        };
        let width = trained.model.config.outputs;
        let target = self.whole.target.clone();
        let target = target.calibrated(&outputs, width, &self.truth.numbers(&rows));
        let predictions = target.predictions(&outputs, width);
        trained.validation = Score::of_rows(&predictions, self.truth, &rows);
        trained.model.target = target;
        let summary = &mut trained.model.summary;
        summary.validation = match &trained.validation {
            Some(score) => score.metrics(),
            None => Default::default(),
        };
        summary.training_rows = self.whole.split.training.len();
        summary.validation_rows = rows.len();
        trained.split.validation = Vec::new();
        trained.outputs = outputs;
        Ok(trained)
    }
}
