//! Bagging: several networks as one model, each trained without one fold of the rows (Breiman, "Bagging
//! Predictors", 1996, with folds in place of bootstrap samples).

use backburn_preprocessing::{Encoder, Target};
use backburn_table::Split;
use backburn_training::StopReason;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::distribution_score::PredictedDistribution;
use crate::encoded_split::{clips, fit_target};
use crate::error::Error;
use crate::imputation_errors::ImputationErrors;
use crate::job_result::TrainedNetwork;
use crate::out_of_fold::{OutOfFold, OutOfFoldRows};
use crate::score::Score;
use crate::scoring::Scoring;
use crate::targets::Targets;
use crate::threshold_choice::with_threshold;
use crate::validation_score::ValidationScore;

/// The training rows of each member, and the fold that is its validation rows. `rows` are in ascending
/// order. In the order of time, the last rows are the validation rows of all members; so are given validation rows.
pub(crate) fn member_splits(data: &Dataset, rows: &[usize], config: &Config) -> Vec<Split> {
    let folds = config.ensemble.folds.min(rows.len()).max(2);
    let members = config.ensemble.members.count();
    let mut seed = config.training.seed;
    if data.splitter().shares_validation() {
        let share = match config.data.validation_fraction {
            share if share > 0.0 => share,
            _ => 1.0 / folds as f64,
        };
        return vec![data.split_rows(rows, share, seed); members];
    }
    let mut splits = Vec::new();
    while splits.len() < members {
        splits.extend(data.inner_folds(rows, folds, seed));
        seed = seed.wrapping_add(1);
    }
    splits.truncate(members);
    splits
}

/// The networks of an ensemble that are finished. Their out-of-fold outputs (those for rows that a network
/// was not trained on) score and calibrate the ensemble.
pub(crate) struct BaggedEnsemble<'a> {
    /// The rows that its networks are trained on, in ascending order.
    rows: &'a [usize],
    config: &'a Config,
    target: Target,
    targets: Targets,
    scoring: Scoring<'a>,
    /// Whether predictions are limited to the values of the training rows.
    clips: bool,
    out_of_fold: OutOfFold,
    imputation: ImputationErrors,
    network: Option<TrainedNetwork>,
    score: Option<Score>,
    members: usize,
    /// Whether one of them was interrupted.
    interrupted: bool,
}

impl<'a> BaggedEnsemble<'a> {
    /// An ensemble without members on some rows of a dataset, in ascending order.
    pub fn new(data: &'a Dataset, rows: &'a [usize], config: &'a Config) -> Result<Self, Error> {
        let target = fit_target(data, rows, config)?;
        Ok(Self {
            rows,
            config,
            targets: Targets::read(data.table(), &target)?,
            scoring: Scoring::new(data, config),
            clips: clips(data, config),
            target,
            out_of_fold: OutOfFold::default(),
            imputation: ImputationErrors::default(),
            network: None,
            score: None,
            members: 0,
            interrupted: false,
        })
    }

    /// Adds a network. A network that was stopped in its first epoch counts only while there is no other.
    /// Returns whether it counts.
    pub fn add(&mut self, further: TrainedNetwork) -> bool {
        self.interrupted |= further.stop == StopReason::Interrupted;
        let is_unfinished = |network: &TrainedNetwork| network.model.summary.best_epoch == 0;
        if is_unfinished(&further) && self.members > 0 {
            return false;
        }
        if self.network.as_ref().is_some_and(is_unfinished) {
            (self.network, self.members) = (None, 0);
            self.out_of_fold.clear();
            self.imputation = ImputationErrors::default();
        }
        self.out_of_fold.add(&further, &self.targets);
        self.imputation.add(&further.imputation);
        self.members += 1;
        self.join(further);
        true
    }

    /// Adds a network, and scores and calibrates the ensemble.
    fn join(&mut self, further: TrainedNetwork) {
        let width = further.model.config.outputs;
        let joined = match self.network.take() {
            None => further,
            Some(mut first) => {
                if !further.history.epochs.is_empty() {
                    (first.history, first.findings) = (further.history, further.findings);
                }
                first.seconds = first.seconds.max(further.seconds);
                let further = further.model;
                first.model.network.members.extend(further.network.members);
                first.model.baselines.extend(further.baselines);
                first
            }
        };
        let held_out = self.out_of_fold.rows();
        let target = self.calibrated(&held_out, width, &joined.model.encoder);
        let known = (held_out.outputs.as_slice(), width);
        let (target, trade_off) =
            with_threshold(target, known, &self.targets, &held_out.rows, &self.scoring);
        let predictions = held_out.predictions(&target, width, self.clips);
        let (targets, rows) = (&self.targets, &held_out.rows);
        let score = self.scoring.score(&predictions, targets, rows);
        let quantiles = target.quantiles(&held_out.outputs);
        let predicted = PredictedDistribution {
            target: &target,
            predictions: &predictions,
            quantiles: quantiles.as_ref(),
            targets,
            rows,
            weights: self.scoring.weights(),
        };
        self.score = score.map(|score| score.with_distribution(&predicted, None));
        let joined = self.network.insert(joined);
        joined.model.target = target;
        let summary = &mut joined.model.summary;
        summary.validation = match &self.score {
            Some(score) => score.metrics(),
            None => Default::default(),
        };
        summary.trade_off = trade_off;
        summary.training_rows = self.rows.len();
        summary.validation_rows = held_out.rows.len();
        summary.seed = self.config.training.seed;
        summary.settings = self.config.to_toml();
        joined.outputs = held_out.outputs;
        joined.outputs_by_epoch = Vec::new();
    }

    /// The target, calibrated on outputs of networks that were not trained on the rows.
    fn calibrated(&self, held_out: &OutOfFoldRows, width: usize, encoder: &Encoder) -> Target {
        let numbers = self.targets.numbers(&held_out.rows);
        let outputs = &held_out.outputs;
        let target = self.target.clone();
        let target = target.calibrated_within(outputs, width, &numbers, |row| {
            held_out.bounds[row].filter(|_| self.clips)
        });
        self.imputation.widened(target, encoder, outputs, &numbers)
    }

    /// The model of all networks so far, and their score on rows that they were not trained on.
    pub fn so_far(&self) -> Option<(&TrainedNetwork, Option<&Score>)> {
        Some((self.network.as_ref()?, self.score.as_ref()))
    }

    /// The model of all networks, and their score. `wanted` is the number of networks that were planned.
    pub fn finish(self, wanted: usize) -> Result<(TrainedNetwork, Option<ValidationScore>), Error> {
        let score = self.validation_score();
        let Some(mut network) = self.network else {
            return Err(Error::Failed("no network was trained".to_string()));
        };
        let is_known = |row: &usize| self.rows.binary_search(row).is_ok();
        let validated = self.out_of_fold.rows().rows;
        network.split = Split {
            training: self.rows.to_vec(),
            // Where all networks have the same validation rows, no network is trained on them.
            validation: validated.into_iter().filter(|row| !is_known(row)).collect(),
        };
        if self.interrupted || self.members < wanted {
            network.stop = StopReason::Interrupted;
        }
        Ok((network, score))
    }

    /// The score with its standard errors, beside that of a constant.
    fn validation_score(&self) -> Option<ValidationScore> {
        let model = &self.network.as_ref()?.model;
        let held_out = self.out_of_fold.rows();
        let predictions = held_out.predictions(&model.target, model.config.outputs, self.clips);
        let quantiles = model.target.quantiles(&held_out.outputs);
        ValidationScore::new(
            (&predictions, quantiles.as_ref()),
            (&self.targets, &model.target),
            (self.rows, &held_out.rows),
            &self.scoring,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::members::Members;

    /// A table of two classes, a quarter of the rows in the second.
    fn dataset(rows: usize) -> Dataset {
        let mut csv = "x,kind\n".to_string();
        for row in 0..rows {
            let kind = if row % 4 == 0 { "rare" } else { "common" };
            csv += &format!("{},{kind}\n", row * 7 % 31);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        Dataset::new(table, "kind", &Default::default()).unwrap()
    }

    fn config(members: usize, folds: usize) -> Config {
        let mut config = Config::default();
        config.ensemble.members = Members::Exactly(members);
        config.ensemble.folds = folds;
        config
    }

    /// How often each of the rows is left out.
    fn left_out(splits: &[Split], rows: &[usize]) -> Vec<usize> {
        let times = |row: &usize| {
            let without = splits.iter().filter(|split| split.validation.contains(row));
            without.count()
        };
        rows.iter().map(times).collect()
    }

    #[test]
    fn each_row_is_left_out_by_as_many_members() {
        let data = dataset(40);
        // Not all rows of the table.
        let rows: Vec<usize> = (4..40).collect();
        for (members, folds, times) in [(8, 8, 1), (16, 8, 2), (3, 3, 1)] {
            let splits = member_splits(&data, &rows, &config(members, folds));
            assert_eq!(splits.len(), members);
            assert!(left_out(&splits, &rows).iter().all(|&t| t == times));
            for split in &splits {
                let mut all = [split.training.as_slice(), &split.validation].concat();
                all.sort_unstable();
                assert_eq!(all, rows);
            }
        }
    }

    #[test]
    fn further_rounds_of_folds_are_drawn_anew() {
        let data = dataset(40);
        let rows: Vec<usize> = (0..40).collect();
        let splits = member_splits(&data, &rows, &config(6, 4));
        assert_eq!(splits.len(), 6);
        let times = left_out(&splits, &rows);
        assert!(times.iter().all(|times| (1..=2).contains(times)));
        assert_eq!(times.iter().filter(|&&times| times == 2).count(), 20);
        assert_ne!(splits[0], splits[4]);
        // Other seeds have other folds, the same seed the same.
        let mut other = config(6, 4);
        assert_eq!(member_splits(&data, &rows, &other), splits);
        other.training.seed = 1;
        assert_ne!(member_splits(&data, &rows, &other)[0], splits[0]);
    }

    #[test]
    fn folds_are_stratified() {
        let data = dataset(40);
        let rows: Vec<usize> = (0..40).collect();
        for split in member_splits(&data, &rows, &config(5, 5)) {
            let rare = split.validation.iter().filter(|&&row| row % 4 == 0);
            assert_eq!((split.validation.len(), rare.count()), (8, 2));
        }
    }

    #[test]
    fn there_are_no_more_folds_than_rows() {
        let data = dataset(40);
        let splits = member_splits(&data, &[0, 1, 2], &config(6, 8));
        assert_eq!(splits.len(), 6);
        assert!(splits.iter().all(|split| split.validation.len() == 1));
        assert_eq!(left_out(&splits, &[0, 1, 2]), [2, 2, 2]);
    }

    #[test]
    fn an_ensemble_without_networks_is_an_error() {
        let data = dataset(40);
        let rows: Vec<usize> = (0..40).collect();
        let config = config(2, 2);
        let ensemble = BaggedEnsemble::new(&data, &rows, &config).unwrap();
        assert!(ensemble.so_far().is_none());
        let error = ensemble.finish(2).unwrap_err();
        assert_eq!(error.to_string(), "no network was trained");
    }
}
