//! Bagging: several networks as one model, each trained without one fold of the rows (Breiman, "Bagging
//! Predictors", 1996, with folds in place of bootstrap samples).

use backburn_preprocessing::Target;
use backburn_table::{Split, k_folds};
use backburn_training::StopReason;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::fit_target;
use crate::error::Error;
use crate::job_result::TrainedNetwork;
use crate::score::Score;
use crate::targets::Targets;

/// The training rows of each member, and the fold that is its validation rows. `rows` are in ascending
/// order.
pub(crate) fn member_splits(data: &Dataset, rows: &[usize], config: &Config) -> Vec<Split> {
    let classes = data.classes_of(rows);
    let folds = config.ensemble.folds.min(rows.len()).max(2);
    let members = config.ensemble.members.count();
    let mut splits = Vec::new();
    let mut seed = config.training.seed;
    while splits.len() < members {
        splits.extend(k_folds(rows, folds, classes.as_deref(), seed));
        seed = seed.wrapping_add(1);
    }
    splits.truncate(members);
    splits
}

/// The networks of an ensemble that are finished. Their out-of-fold outputs (those for rows that a network
/// was not trained on) score and calibrate the ensemble.
pub(crate) struct BaggedEnsemble<'a> {
    rows: &'a [usize],
    config: &'a Config,
    target: Target,
    targets: Targets,
    /// For each row of the table, the sum of the outputs of networks that were not trained on it, with
    /// their number at the end.
    sums: Vec<Vec<f32>>,
    network: Option<TrainedNetwork>,
    score: Option<Score>,
    members: usize,
    /// Whether one of them was interrupted.
    interrupted: bool,
}

impl<'a> BaggedEnsemble<'a> {
    /// An ensemble without members on some rows of a dataset, in ascending order.
    pub fn new(data: &Dataset, rows: &'a [usize], config: &'a Config) -> Result<Self, Error> {
        let target = fit_target(data, rows, config)?;
        Ok(Self {
            rows,
            config,
            targets: Targets::read(data.table(), &target)?,
            target,
            sums: vec![Vec::new(); data.table().rows()],
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
        self.join(further);
        true
    }

    /// Adds a network, and scores and calibrates the ensemble.
    fn join(&mut self, further: TrainedNetwork) {
        let width = further.model.config.outputs;
        let (rows, outputs) = self.out_of_fold();
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
        let joined = self.network.insert(joined);
        let target = self.target.clone();
        let target = target.calibrated(&outputs, width, &self.targets.numbers(&rows));
        self.score = Score::of_outputs(&target, (&outputs, width), &self.targets, &rows);
        joined.model.target = target;
        let summary = &mut joined.model.summary;
        summary.validation = match &self.score {
            Some(score) => score.metrics(),
            None => Default::default(),
        };
        summary.training_rows = self.rows.len();
        summary.validation_rows = rows.len();
        summary.seed = self.config.training.seed;
        summary.settings = self.config.to_toml();
        joined.outputs = outputs;
    }

    /// The rows that some network was not trained on, and the mean outputs of those networks.
    fn out_of_fold(&self) -> (Vec<usize>, Vec<f32>) {
        let numbers = self.sums.iter().map(|sum| sum.len().saturating_sub(1));
        let (mut rows, mut outputs) = (Vec::new(), Vec::with_capacity(numbers.sum()));
        for (row, sum) in self.sums.iter().enumerate() {
            if let Some((count, sum)) = sum.split_last() {
                rows.push(row);
                outputs.extend(sum.iter().map(|output| output / count));
            }
        }
        (rows, outputs)
    }

    /// The model of all networks so far, and their score on rows that they were not trained on.
    pub fn so_far(&self) -> Option<(&TrainedNetwork, Option<&Score>)> {
        Some((self.network.as_ref()?, self.score.as_ref()))
    }

    /// The model of all networks. `wanted` is the number of networks that were planned.
    pub fn finish(self, wanted: usize) -> Result<(TrainedNetwork, Option<Score>), Error> {
        let Some(mut network) = self.network else {
            return Err(Error::Failed("no network was trained".to_string()));
        };
        network.split = Split {
            training: self.rows.to_vec(),
            validation: Vec::new(),
        };
        if self.interrupted || self.members < wanted {
            network.stop = StopReason::Interrupted;
        }
        Ok((network, self.score))
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
