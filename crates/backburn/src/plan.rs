//! The jobs of a fit, and how a model is assembled from their results.

use backburn_preprocessing::Target;
use backburn_table::Split;
use backburn_training::StopReason;

use crate::bagging::{BaggedEnsemble, member_splits};
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::event::Event;
use crate::fitted_model::FittedModel;
use crate::job::{Job, JobKind};
use crate::job_result::{JobResult, Outcome, TrainedNetwork};
use crate::model_file::SavedModel;
use crate::scoring::Scoring;
use crate::selected::{Selected, Selection};
use crate::selection::{self, Step};
use crate::targets::Targets;
use crate::validation_score::ValidationScore;
use crate::warning::Warning;
use crate::work_memory::Networks;

/// The jobs of a fit that can be run now, in any order. Their results give the next plan or the model:
/// first trials choose settings, then the networks of the model are trained.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name of the run; the names of its jobs begin with it.
    pub(crate) name: String,
    pub(crate) config: Config,
    split: Split,
    stage: Stage,
    jobs: Vec<Job>,
    options: PlanOptions,
}

/// How the jobs of a plan are run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlanOptions {
    /// Ends the training of the network after this number of epochs.
    pub max_epochs: Option<usize>,
    /// Whether a network is recorded and diagnosed.
    pub diagnose: bool,
}

#[derive(Debug, Clone)]
enum Stage {
    /// Trials choose a setting.
    Select(Selection),
    /// The networks of the model.
    Train,
    /// The only network once more, on all rows.
    Refit(Box<TrainedNetwork>),
}

/// The outcome of a plan.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of them at a time")]
pub enum Assembled {
    /// Further jobs.
    Next(Plan),
    /// The model.
    Model(FittedModel),
}

impl Plan {
    /// Plans a fit on a split of a dataset. An ensemble takes both parts as its rows.
    pub(crate) fn new(
        name: &str,
        data: &Dataset,
        split: Split,
        config: &Config,
        options: PlanOptions,
    ) -> Result<Self, Error> {
        let plan = Self {
            name: name.to_string(),
            config: config.clone(),
            split,
            stage: Stage::Train,
            jobs: Vec::new(),
            options,
        };
        plan.from(&[Selection::TargetTransform, Selection::KnnFeatures], data)
    }

    /// The jobs, to be run in any order.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The setting that the jobs help to choose, if they are trials.
    pub fn selection(&self) -> Option<Selection> {
        match self.stage {
            Stage::Select(selection) => Some(selection),
            _ => None,
        }
    }

    /// Whether the model is an average of several networks.
    pub fn is_ensemble(&self) -> bool {
        self.config.ensemble.members.count() > 1
    }

    /// Goes on with the first of the selections that needs trials, or else with the networks.
    fn from(mut self, selections: &[Selection], data: &Dataset) -> Result<Self, Error> {
        data.check_training_rows(&self.split)?;
        let rows = self.selection_rows(data);
        for &selection in selections {
            match selection::step(selection, &self.name, data, &rows, &self.config)? {
                Step::Known(selected) => {
                    self.config = selection::with_selected(self.config, selected);
                }
                Step::Trials(jobs) => {
                    let mut splits = jobs.iter().map(|job| &job.split);
                    splits.try_for_each(|split| data.check_training_rows(split))?;
                    (self.stage, self.jobs) = (Stage::Select(selection), jobs);
                    return Ok(self);
                }
            }
        }
        self.stage = Stage::Train;
        self.jobs = match self.is_ensemble() {
            true => self.members(data),
            false => vec![self.job(JobKind::Network, self.split.clone())],
        };
        let mut jobs = self.jobs.iter();
        jobs.try_for_each(|job| data.check_training_rows(&job.split))?;
        Ok(self)
    }

    /// The rows that trials may see.
    fn selection_rows(&self, data: &Dataset) -> Vec<usize> {
        let are_given = data.splitter().held_out.is_some();
        match self.is_ensemble() && !are_given {
            true => [self.split.training.as_slice(), &self.split.validation].concat(),
            false => self.split.training.clone(),
        }
    }

    /// All rows, in rising order.
    fn all_rows(&self) -> Vec<usize> {
        let mut rows = [self.split.training.as_slice(), &self.split.validation].concat();
        rows.sort_unstable();
        rows
    }

    fn job(&self, kind: JobKind, split: Split) -> Job {
        let name = match kind {
            JobKind::Member { member } => format!("{}-member-{}", self.name, member + 1),
            JobKind::Refit => format!("{}-refit", self.name),
            _ => self.name.clone(),
        };
        Job {
            name,
            kind,
            config: self.config.clone(),
            split,
            encoder_rows: Vec::new(),
            max_epochs: self.options.max_epochs,
            diagnose: self.options.diagnose,
        }
    }

    fn members(&self, data: &Dataset) -> Vec<Job> {
        let all = self.all_rows();
        let splits = member_splits(data, &all, &self.config);
        let ensemble = &self.config.ensemble;
        // One member is diagnosed, one as wide as the config says.
        let narrow = ensemble.widths.iter().position(|&width| width == 1);
        let diagnosed = narrow.filter(|&member| member < splits.len()).unwrap_or(0);
        let members = splits.into_iter().enumerate().map(|(member, split)| {
            // Rows that no network is trained on may not decide how the others are encoded.
            let encoder_rows = match data.splitter().shares_validation() {
                true => split.training.clone(),
                false => all.clone(),
            };
            let mut job = self.job(JobKind::Member { member }, split);
            job.encoder_rows = encoder_rows;
            let config = &mut job.config;
            config.training.seed = config.training.seed.wrapping_add(member as u64);
            config.network.hidden = ensemble.hidden(member, &self.config.network.hidden);
            job.diagnose &= member == diagnosed;
            job
        });
        members.collect()
    }

    /// The next plan or the model, from the results of all jobs in any order.
    ///
    /// # Errors
    ///
    /// A result is missing, or no network was trained.
    pub fn assemble(
        self,
        data: &Dataset,
        results: Vec<JobResult>,
        context: &FitContext,
    ) -> Result<Assembled, Error> {
        let data = &*data.for_config(&self.config)?;
        let outcomes = self.in_order(results)?;
        match &self.stage {
            Stage::Select(selection) => {
                let selection = *selection;
                self.select(selection, data, outcomes, context)
            }
            Stage::Train if self.is_ensemble() => {
                let rows = self.ensemble_rows();
                let mut ensemble = BaggedEnsemble::new(data, &rows, &self.config)?;
                let networks = outcomes.into_iter().filter_map(Outcome::network);
                networks.for_each(|network| {
                    ensemble.add(network);
                });
                let (network, score) = ensemble.finish(self.jobs.len())?;
                let networks = self.jobs.len();
                let model = FittedModel::new(network, score, networks, data, context)?;
                Ok(Assembled::Model(model))
            }
            Stage::Train => self.train(data, outcomes, context),
            Stage::Refit(first) => {
                let refit = outcomes.into_iter().find_map(Outcome::network);
                let network = with_refit(first, refit, None, context);
                let score = score_of(&first.model.target, first, data, &self.config)?;
                let model = FittedModel::new(network, score, 1, data, context)?;
                Ok(Assembled::Model(model))
            }
        }
    }

    /// The outcomes in the order of the jobs.
    fn in_order(&self, results: Vec<JobResult>) -> Result<Vec<Outcome>, Error> {
        let mut by_name: std::collections::HashMap<String, Outcome> = results
            .into_iter()
            .map(|result| (result.name, result.outcome))
            .collect();
        let outcome = |job: &Job| {
            let found = by_name.remove(&job.name);
            found.ok_or_else(|| Error::Failed(format!("the result of {} is missing", job.name)))
        };
        let outcomes = self.jobs.iter().map(outcome).collect::<Result<_, _>>()?;
        match by_name.keys().next() {
            Some(name) => Err(Error::Failed(format!("{name} is not a job of this plan"))),
            None => Ok(outcomes),
        }
    }

    fn select(
        self,
        selection: Selection,
        data: &Dataset,
        outcomes: Vec<Outcome>,
        context: &FitContext,
    ) -> Result<Assembled, Error> {
        let errors: Vec<f64> = outcomes
            .iter()
            .map(|outcome| match outcome {
                Outcome::Error(error) => *error,
                _ => f64::INFINITY,
            })
            .collect();
        let selected = selection::choose(selection, &self.jobs, &errors);
        if let Some(checkpoints) = context.checkpoints {
            checkpoints.keep_selected(&self.jobs, selected);
        }
        Ok(Assembled::Next(
            self.with_selected(selected, data, context)?,
        ))
    }

    /// The next plan, with the setting that the trials of this one selected.
    pub(crate) fn with_selected(
        mut self,
        selected: Selected,
        data: &Dataset,
        context: &FitContext,
    ) -> Result<Self, Error> {
        let run = &self.name;
        context
            .observer
            .on_event(&Event::Selected { run, selected });
        self.config = selection::with_selected(self.config, selected);
        let next: &[Selection] = match selected {
            Selected::TargetTransform(_) => &[Selection::KnnFeatures],
            Selected::KnnFeatures(_) => &[],
        };
        self.from(next, data)
    }

    /// The model of a single network, or the plan to train it once more.
    fn train(
        mut self,
        data: &Dataset,
        outcomes: Vec<Outcome>,
        context: &FitContext,
    ) -> Result<Assembled, Error> {
        let Some(network) = outcomes.into_iter().find_map(Outcome::network) else {
            return Err(Error::Interrupted);
        };
        let refit = self.config.data.refit && !network.split.validation.is_empty();
        if !refit || network.stop == StopReason::Interrupted {
            let score = score_of(&network.model.target, &network, data, &self.config)?;
            let model = FittedModel::new(network, score, 1, data, context)?;
            return Ok(Assembled::Model(model));
        }
        let split = Split {
            training: self.all_rows(),
            validation: Vec::new(),
        };
        let mut job = self.job(JobKind::Refit, split);
        job.max_epochs = Some(network.model.summary.best_epoch);
        job.diagnose = false;
        self.jobs = vec![job];
        self.stage = Stage::Refit(Box::new(network));
        Ok(Assembled::Next(self))
    }

    /// The model where the refit failed.
    pub(crate) fn without_refit(
        self,
        error: Error,
        data: &Dataset,
        context: &FitContext,
    ) -> Result<FittedModel, Error> {
        let Stage::Refit(first) = &self.stage else {
            return Err(error);
        };
        let network = with_refit(first, None, Some(error), context);
        let score = score_of(&first.model.target, first, data, &self.config)?;
        FittedModel::new(network, score, 1, data, context)
    }

    /// The rows of the model's networks, and the networks. An ensemble has all rows, of which each network leaves
    /// out a fold.
    pub(crate) fn networks(&self) -> (Split, Networks) {
        let hidden = &self.config.network.hidden;
        if !self.is_ensemble() {
            let networks = Networks {
                hidden: hidden.clone(),
                members: 1,
                at_once: 1,
                training: self.split.training.len(),
                validation: self.split.validation.len(),
                folds: 0,
            };
            return (self.split.clone(), networks);
        }
        let rows = self.all_rows();
        let ensemble = &self.config.ensemble;
        let members = ensemble.members.count();
        let widths = members.min(ensemble.widths.len().max(1));
        let hidden = (0..widths).map(|member| ensemble.hidden(member, hidden));
        let validation = rows.len() / ensemble.folds.max(2);
        let networks = Networks {
            hidden: hidden
                .max_by_key(|hidden| hidden.iter().sum::<usize>())
                .unwrap_or_default(),
            members,
            at_once: 1,
            training: rows.len() - validation,
            validation,
            folds: 0,
        };
        let split = Split {
            training: rows,
            validation: Vec::new(),
        };
        (split, networks)
    }

    /// The rows that the networks of an ensemble are trained on.
    pub(crate) fn ensemble_rows(&self) -> Vec<usize> {
        match self.jobs.first() {
            Some(job) if !job.encoder_rows.is_empty() => job.encoder_rows.clone(),
            _ => self.all_rows(),
        }
    }
}

impl Outcome {
    fn network(self) -> Option<TrainedNetwork> {
        match self {
            Self::Network(network) => Some(*network),
            _ => None,
        }
    }
}

/// The score of a network on its validation rows, from outputs of epochs that those rows did not choose.
fn score_of(
    target: &Target,
    network: &TrainedNetwork,
    data: &Dataset,
    config: &Config,
) -> Result<Option<ValidationScore>, Error> {
    if network.outputs.is_empty() {
        return Ok(None);
    }
    let targets = Targets::read(data.table(), target)?;
    let predictions = target.predictions(&network.outputs, network.model.config.outputs);
    let quantiles = target.quantiles(&network.outputs);
    let Split {
        training,
        validation,
    } = &network.split;
    Ok(ValidationScore::new(
        (&predictions, quantiles.as_ref()),
        (&targets, target),
        (training, validation),
        &Scoring::new(data, config),
    ))
}

/// The refitted network with the score and the calibration of the first one, whose validation rows it
/// has learned from. The first one where the refit was not finished.
fn with_refit(
    first: &TrainedNetwork,
    refit: Option<TrainedNetwork>,
    error: Option<Error>,
    context: &FitContext,
) -> TrainedNetwork {
    let mut network = first.clone();
    let wanted = first.model.summary.best_epoch;
    let refit = refit.filter(|refit| refit.model.summary.best_epoch == wanted);
    let Some(refit) = refit else {
        if error.is_none() {
            network.stop = StopReason::Interrupted;
        }
        let reason = error.map(|error| error.to_string());
        context.warn(Warning::RefitFailed { reason });
        return network;
    };
    let mut summary = first.model.summary.clone();
    summary.training_rows = refit.model.summary.training_rows;
    let (rows, epochs) = (summary.training_rows, summary.best_epoch);
    context.observer.on_event(&Event::RefitEnd { rows, epochs });
    let target = refit.model.target.clone();
    network.model = SavedModel {
        summary,
        target: target.with_calibration_of(&first.model.target),
        ..refit.model
    };
    network.seconds = refit.seconds;
    network
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::config::KnnFeatures;
    use crate::members::Members;

    /// A table of two numbers and a target without a long tail.
    fn dataset() -> Dataset {
        let mut csv = "x,z,y\n".to_string();
        for row in 0..120 {
            let (x, z) = (row * 37 % 101, row * 7 % 13);
            csv += &format!("{x},{z},{}.5\n", x + 3 * z);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        Dataset::new(table, "y", &Default::default()).unwrap()
    }

    fn plan(data: &Dataset, config: &Config) -> Plan {
        let split = data.validation_split(config);
        let options = PlanOptions {
            max_epochs: None,
            diagnose: true,
        };
        Plan::new("network", data, split, config, options).unwrap()
    }

    fn config(members: usize) -> Config {
        let mut config = Config::default();
        config.ensemble.members = Members::Exactly(members);
        config
    }

    /// Results of trials with these errors for the two candidates.
    fn results(plan: &Plan, errors: [f64; 2]) -> Vec<JobResult> {
        let result = |job: &Job| {
            let JobKind::Trial { candidate, .. } = job.kind else {
                panic!("{} is no trial", job.name);
            };
            JobResult {
                name: job.name.clone(),
                outcome: Outcome::Error(errors[candidate]),
            }
        };
        plan.jobs().iter().map(result).collect()
    }

    fn next(plan: Plan, data: &Dataset, results: Vec<JobResult>) -> Plan {
        match plan.assemble(data, results, &FitContext::default()) {
            Ok(Assembled::Next(next)) => next,
            Ok(Assembled::Model(_)) => panic!("a model"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn results_of_trials_may_be_in_any_order() {
        let data = dataset();
        let plan = plan(&data, &config(1));
        assert_eq!(plan.selection(), Some(Selection::KnnFeatures));
        assert_eq!(plan.jobs().len(), 6);
        for (errors, expected) in [
            ([1.0, 2.0], KnnFeatures::Always),
            ([2.0, 1.0], KnnFeatures::Never),
        ] {
            let results = results(&plan, errors);
            let reversed = results.iter().rev().cloned().collect();
            let mut turned = results.clone();
            turned.rotate_left(2);
            for results in [results, reversed, turned] {
                let next = next(plan.clone(), &data, results);
                assert_eq!(next.selection(), None);
                let [job] = next.jobs() else {
                    panic!("{} jobs", next.jobs().len());
                };
                assert_eq!(job.kind, JobKind::Network);
                assert_eq!(job.name, "network");
                assert!(job.diagnose);
                assert_eq!(job.config.data.knn_features, expected);
                assert_eq!(job.split, data.validation_split(&job.config));
            }
        }
    }

    #[test]
    fn a_missing_result_is_an_error_that_names_the_job() {
        let data = dataset();
        let plan = plan(&data, &config(1));
        let mut results = results(&plan, [1.0, 2.0]);
        let missing = results.remove(4).name;
        let error = plan
            .assemble(&data, results, &FitContext::default())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the result of {missing} is missing")
        );
    }

    #[test]
    fn trials_that_were_skipped_choose_nothing() {
        let data = dataset();
        let plan = plan(&data, &config(1));
        let skipped = plan.jobs().iter().map(|job| JobResult {
            name: job.name.clone(),
            outcome: Outcome::Skipped,
        });
        let skipped = skipped.collect();
        let next = next(plan, &data, skipped);
        assert_eq!(next.config.data.knn_features, KnnFeatures::Never);
    }

    #[test]
    fn members_differ_in_seed_width_and_rows() {
        let data = dataset();
        let mut config = config(4);
        config.data.knn_features = KnnFeatures::Never;
        config.training.seed = 10;
        config.network.hidden = vec![5];
        let plan = plan(&data, &config);
        assert!(plan.is_ensemble());
        let jobs = plan.jobs();
        for (member, job) in jobs.iter().enumerate() {
            assert_eq!(job.name, format!("network-member-{}", member + 1));
            assert_eq!(job.kind, JobKind::Member { member });
            assert_eq!(job.config.training.seed, 10 + member as u64);
        }
        let widths = jobs.iter().map(|job| job.config.network.hidden[0]);
        assert_eq!(widths.collect::<Vec<_>>(), [10, 5, 10, 5]);
        // The first one that is as wide as the config says.
        let diagnosed = jobs.iter().map(|job| job.diagnose);
        let expected = [false, true, false, false];
        assert_eq!(diagnosed.collect::<Vec<_>>(), expected);
        assert_eq!(plan.ensemble_rows(), data.rows());
        // Networks that were all skipped are no model.
        let skipped = plan.jobs().iter().map(|job| JobResult {
            name: job.name.clone(),
            outcome: Outcome::Skipped,
        });
        let skipped = skipped.collect();
        let assembled = plan.assemble(&data, skipped, &FitContext::default());
        assert!(matches!(assembled, Err(Error::Failed(_))));
    }
}
