//! Several networks, each trained without other rows, as one model.

use std::time::Instant;

use backburn_tabular::{Split, Table, k_folds};
use backburn_training::{StopReason, at_once};
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
    // Scales and bins are learned without the target. What near rows have as theirs is an input that all
    // networks share: of a row that one leaves out, its neighbours know the target, but not the row itself.
    let whole = understood.prepare(table, whole, config, &chosen.device)?;
    let truth = Truth::of(table, &whole.target)?;
    let splits = splits(&rows, understood, config);
    // One of them, as wide as the config says.
    let narrow = config.ensemble.widths.iter().position(|&width| width == 1);
    let looked_into = narrow.filter(|&n| n < splits.len()).unwrap_or(0);
    if manner.wordy {
        describe(splits.len(), config, manner);
    }
    let bars = MultiProgress::new();
    let member = |member: usize| {
        let left = manner
            .time_limit
            .map(|limit| limit.saturating_sub(started.elapsed()));
        let name = format!("{}-member-{}", manner.name, member + 1);
        // One that was begun before the run was interrupted is as far as it came.
        let begun = manner.checkpoints.is_some_and(|kept| kept.has(&name));
        let late = left.is_some_and(|left| left.is_zero());
        if member > 0 && !begun && (late || interrupt::requested()) {
            return Ok(None);
        }
        let mut config = config.clone();
        config.training.seed = config.training.seed.wrapping_add(member as u64);
        config.network.hidden = config.ensemble.hidden(member, &config.network.hidden);
        let prepared = whole.part(&splits[member], &rows);
        let manner = Manner {
            name: &name,
            spent: manner.spent + started.elapsed(),
            wordy: manner.wordy && member == looked_into,
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
        config,
        sums: vec![Vec::new(); table.rows()],
        trained: None,
        members: 0,
        interrupted: false,
    };
    let mut failed = None;
    let mut done = |index: usize, trained: Result<Option<Trained>, Error>| match trained {
        Ok(Some(trained)) => {
            let Some(so_far) = together.add(trained) else {
                return;
            };
            if let Some(keep) = manner.so_far {
                keep(&so_far.model);
            }
            if let (true, Some(score)) = (manner.wordy, &so_far.validation) {
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
    let Some(mut trained) = together.trained else {
        return Err(Error::Failed("no network was trained".to_string()));
    };
    trained.split = Split {
        training: rows,
        validation: Vec::new(),
    };
    if together.interrupted || together.members < splits.len() {
        trained.stop = StopReason::Interrupted;
    }
    trained.wanted = splits.len();
    trained.seconds = (manner.spent + started.elapsed()).as_secs_f64();
    Ok(trained)
}

fn describe(networks: usize, config: &RunConfig, manner: Manner) {
    let ensemble = &config.ensemble;
    let shapes = (0..networks.min(ensemble.widths.len()))
        .map(|member| format!("{:?}", ensemble.hidden(member, &config.network.hidden)));
    let words = match ensemble.widths.as_slice() {
        [1] => networks.to_string(),
        _ => {
            let shapes = shapes.collect::<Vec<_>>().join(" and ");
            format!("{networks}, with hidden layers of {shapes} units by turns")
        }
    };
    manner.console.entry("networks", words);
}

/// What each network is trained on, and what chooses its best epoch.
fn splits(rows: &[usize], understood: &Understood, config: &RunConfig) -> Vec<Split> {
    let classes = understood.classes_of(rows);
    let folds = config.ensemble.folds.min(rows.len()).max(2);
    let mut splits = Vec::new();
    let mut seed = config.training.seed;
    while splits.len() < config.ensemble.members.count() {
        splits.extend(k_folds(rows, folds, classes.as_deref(), seed));
        seed = seed.wrapping_add(1);
    }
    splits.truncate(config.ensemble.members.count());
    splits
}

/// The networks so far.
struct Together<'a> {
    whole: &'a Prepared,
    truth: &'a Truth,
    config: &'a RunConfig,
    /// For each row of the table, the sum of the outputs of networks that were not trained on it,
    /// with their number at the end.
    sums: Vec<Vec<f32>>,
    trained: Option<Trained>,
    members: usize,
    /// Whether one of them was not trained to its end.
    interrupted: bool,
}

impl Together<'_> {
    /// Adds a network, if it learned anything, and returns the model of all of them so far. It is scored
    /// and calibrated on rows that its networks were not trained on.
    fn add(&mut self, further: Trained) -> Option<&Trained> {
        self.interrupted |= further.stop == StopReason::Interrupted;
        let stopped = further.model.summary.best_epoch == 0;
        if stopped && self.members > 0 {
            return None;
        }
        let unfinished = |trained: &Trained| trained.model.summary.best_epoch == 0;
        if self.trained.as_ref().is_some_and(unfinished) {
            (self.trained, self.members) = (None, 0);
            self.sums.iter_mut().for_each(Vec::clear);
        }
        let width = further.model.config.outputs;
        let rows = further.split.validation.iter();
        for (&row, outputs) in rows.zip(further.outputs.chunks(width)) {
            let sum = &mut self.sums[row];
            sum.resize(width + 1, 0.0);
            sum.iter_mut().zip(outputs).for_each(|(s, o)| *s += o);
            sum[width] += 1.0;
        }
        self.members += 1;
        let (rows, outputs) = self.left_out();
        let together = match self.trained.take() {
            None => further,
            Some(mut first) => {
                if !further.history.epochs.is_empty() {
                    (first.history, first.findings) = (further.history, further.findings);
                }
                let further = further.model;
                first.model.network.members.extend(further.network.members);
                first.model.average.extend(further.average);
                first
            }
        };
        let together = self.trained.insert(together);
        let target = self.whole.target.clone();
        let target = target.calibrated(&outputs, width, &self.truth.numbers(&rows));
        let predictions = target.predictions(&outputs, width);
        together.validation = Score::of_rows(&predictions, self.truth, &rows);
        together.model.target = target;
        let summary = &mut together.model.summary;
        summary.validation = match &together.validation {
            Some(score) => score.metrics(),
            None => Default::default(),
        };
        summary.training_rows = self.whole.split.training.len();
        summary.validation_rows = rows.len();
        summary.seed = self.config.training.seed;
        summary.settings = self.config.to_toml();
        together.outputs = outputs;
        Some(together)
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
}
