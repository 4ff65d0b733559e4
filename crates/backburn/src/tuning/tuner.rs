//! The search for the best settings.

use std::time::Duration;

use backburn_table::Split;
use web_time::Instant;

use super::halving::{Due, Halving};
use super::nested::NestedScores;
use super::sampler::Sampler;
use super::space::{SearchSpace, Values, with_values};
use super::study::Study;
use super::study_file::{NetworkResult, StudyFile};
use super::trial::{Trial, TrialReport};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::event::Event;
use crate::exposures::check_loss;
use crate::job::{Job, JobKind};
use crate::job_result::Outcome;
use crate::members::Members;
use crate::plan::{Plan, PlanOptions};
use crate::run_description::RunDescription;
use crate::runner::{JobRunner, can_run_in_parallel};
use crate::score::Score;

/// The name of the search on all rows.
const SEARCH: &str = "tuning";

/// Searches for the best settings. Each trial is a single network, which is scored on one or more folds.
///
/// ```
/// use backburn::{Config, Dataset, FitContext, Preset, ReadOptions, SearchSpace, StudyFile, Table, Tuner};
///
/// let csv: String = (0..40).map(|n| format!("{},{}.5\n", n % 7, n % 7 * 3)).collect();
/// let csv = std::io::Cursor::new(format!("size,price\n{csv}"));
/// let table = Table::from_reader("houses", csv, &ReadOptions::default())?;
/// let data = Dataset::new(table, "price", &Default::default())?;
/// let mut config = Config::preset(Preset::Fast);
/// config.training.epochs = 2;
/// let tuner = Tuner {
///     space: SearchSpace::toml("[network]\ndropout = { uniform = [0.0, 0.5] }\n")?,
///     trials: 3,
///     folds: 2,
///     ..Tuner::new(config)
/// };
/// let study = tuner.search(&data, &mut StudyFile::none(), &FitContext::default())?;
/// assert_eq!(study.trials.len(), 3);
/// let config = study.best_config()?;
/// # config.validate()?;
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tuner {
    /// The settings to begin with, and those that the search does not change.
    pub config: Config,
    /// The settings that the search changes.
    pub space: SearchSpace,
    /// The number of trials.
    pub trials: usize,
    /// The number of folds that a trial is scored on; at least 2.
    pub folds: usize,
    /// How the settings of the next trial are chosen.
    pub sampler: Sampler,
    /// Whether only a third of the trials go on to more folds (successive halving), and a third of these to all.
    pub prunes: bool,
}

impl Tuner {
    /// A tuner with the default space, 30 trials and 5 folds.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            space: SearchSpace::default(),
            trials: 30,
            folds: 5,
            sampler: Sampler::default(),
            prunes: true,
        }
    }

    /// What the results in a [`StudyFile`] depend on.
    ///
    /// # Errors
    ///
    /// The fingerprint of the table cannot be computed.
    pub fn describe(&self, data: &Dataset, context: &FitContext) -> Result<RunDescription, Error> {
        // Not the space and the sampler: a result is found by its settings.
        let facts = [
            ("task", data.task().to_string()),
            ("folds", self.folds.to_string()),
        ];
        RunDescription::new(&self.config, &context.device, data, None, facts)
    }

    /// Searches for the best settings for the rows of a dataset. After each trial that was scored on more folds, the
    /// observer gets an [`Event::TuningTrialEnd`]. Results that are in the file are taken from it. If the run is
    /// stopped or its time is up, the study has the trials so far.
    ///
    /// # Errors
    ///
    /// Settings that are not valid or do not fit the table, a table that does not fit into memory, or a file that
    /// cannot be written. [`Error::Interrupted`] if the run is stopped before there is a trial.
    pub fn search(
        &self,
        data: &Dataset,
        file: &mut StudyFile,
        context: &FitContext,
    ) -> Result<Study, Error> {
        self.search_as(SEARCH, data, file, context)
    }

    /// The score of the whole method on rows that it does not see: for each of some outer folds, the settings are
    /// searched on the other rows, and a model with the best ones is fitted to them and scored on the fold. So is a
    /// model with the starting settings. The observer gets an [`Event::FoldEnd`] after each fold. If the run is
    /// stopped, the scores of the remaining folds are missing.
    ///
    /// # Errors
    ///
    /// Fewer than 2 folds, more folds than rows, or as for [`search`](Self::search).
    pub fn nested_scores(
        &self,
        data: &Dataset,
        folds: usize,
        file: &mut StudyFile,
        context: &FitContext,
    ) -> Result<NestedScores, Error> {
        self.check_outer_folds(data, folds)?;
        let splits = data.folds(folds, self.config.training.seed);
        let folds = splits.len();
        let mut scores = NestedScores::default();
        // Of the many fits, only the bars are shown.
        let bars = |event: &Event| match event {
            Event::NetworkStart { .. }
            | Event::FitStart { .. }
            | Event::BatchEnd { .. }
            | Event::EpochEnd { .. }
            | Event::FitEnd { .. } => context.observer.on_event(event),
            _ => {}
        };
        // Half of the time of a fold is for the search, and a quarter for each of the two models.
        let part = context.time_limit.map(|limit| limit / folds as u32);
        let within = |share: u32| FitContext {
            device: context.device.clone(),
            observer: &bars,
            stop: context.stop.clone(),
            time_limit: part.map(|part| part / share),
            checkpoints: None,
            diagnose: false,
        };
        for (fold, split) in splits.iter().enumerate() {
            let started = Instant::now();
            let name = format!("{SEARCH}-fold-{}-of-{folds}", fold + 1);
            let Some((tuned, start)) = self.nested_score(&name, data, split, file, &within)? else {
                break;
            };
            context.observer.on_event(&Event::FoldEnd {
                fold,
                name: data.splitter().fold_name(split),
                folds,
                score: &tuned,
                time: started.elapsed(),
            });
            scores.tuned.push(tuned);
            scores.start.push(start);
        }
        Ok(scores)
    }

    /// The scores on an outer fold of the best settings and of those at the start; `None` if the run was stopped.
    fn nested_score<'a>(
        &self,
        name: &str,
        data: &Dataset,
        split: &Split,
        file: &mut StudyFile,
        within: &dyn Fn(u32) -> FitContext<'a>,
    ) -> Result<Option<(Score, Score)>, Error> {
        let held_out = data.table().select("the fold", &split.validation)?;
        let data = &data.subset(&split.training);
        let (search, fit) = (within(2), within(4));
        let study = match self.search_as(name, data, file, &search) {
            Err(Error::Interrupted) => return Ok(None),
            study => study?,
        };
        let mut scores = Vec::new();
        for config in [study.best_config()?, self.config.clone()] {
            if fit.stop.is_stopped() {
                return Ok(None);
            }
            let model = Estimator::new(config).fit(data, &fit)?;
            scores.push(model.evaluate(&held_out)?);
        }
        // A model that was stopped early is no score of its settings.
        if fit.stop.is_stopped() {
            return Ok(None);
        }
        let start = scores.pop();
        Ok(scores.pop().zip(start))
    }

    /// Checks that rows can be divided into outer folds, and the rows outside of each into folds for the search.
    pub(super) fn check_outer_folds(&self, data: &Dataset, folds: usize) -> Result<(), Error> {
        check_folds(data, "outer folds", folds)?;
        for split in data.folds(folds, self.config.training.seed) {
            let outside = data.subset(&split.training);
            outside.check_folds("outside of an outer fold, folds", self.folds)?;
            if outside
                .folds(self.folds, self.config.training.seed)
                .is_empty()
            {
                return Err(Error::Config(format!(
                    "outer folds {folds}: the rows outside of one of them are a single fold, which the search cannot divide: \
                     more folds are needed, or --outer-folds 0"
                )));
            }
        }
        Ok(())
    }

    fn search_as(
        &self,
        name: &str,
        data: &Dataset,
        file: &mut StudyFile,
        context: &FitContext,
    ) -> Result<Study, Error> {
        let data = &*data.for_config(&self.config)?;
        check_loss(data.offset(), &self.config)?;
        check_folds(data, "folds", self.folds)?;
        let clock = Clock::new(context.time_limit, Duration::ZERO);
        let start = self.chosen(name, data, file, context, clock)?;
        let seed = start.training.seed;
        let folds = data.folds(self.folds, seed);
        let halving = Halving::new(folds.len(), self.prunes);
        let mut study = Study {
            space: self.space.clone(),
            start,
            trials: Vec::new(),
            planned: self.trials.max(1),
            folds: folds.len(),
            measure: match (self.config.scoring.metric(), data.classes()) {
                (Some(metric), _) => metric.error_title(),
                (None, None) => "RMSE",
                (None, Some(_)) => "log loss",
            },
            is_finished: false,
        };
        let mut run = Run {
            name,
            data,
            folds: &folds,
            file,
            context,
            clock,
        };
        loop {
            let due = halving.step(&study.trials, study.planned);
            if due.is_empty() {
                study.is_finished = true;
                return Ok(study);
            }
            self.add_trials(&mut study, &due);
            if !run.step(&mut study, &due)? {
                study.trials.retain(|trial| !trial.errors.is_empty());
                return match study.trials.is_empty() {
                    true => Err(Error::Interrupted),
                    false => Ok(study),
                };
            }
        }
    }

    /// Adds the new trials of a step.
    fn add_trials(&self, study: &mut Study, due: &[Due]) {
        for due in due {
            let number = study.trials.len();
            if due.trial < number {
                continue;
            }
            let settings = match number {
                0 => self.space.values_of(&study.start),
                _ => {
                    let seed = study.start.training.seed;
                    self.sampler
                        .sample(&self.space, &study.trials, seed, number)
                }
            };
            study.trials.push(Trial::new(settings));
        }
    }

    /// The settings to begin with, where those that are `auto` and that trials of a fit choose are chosen, once for
    /// all trials of the search. The choice is kept in the file, since trials that run out of time may choose otherwise
    /// the next time.
    fn chosen(
        &self,
        name: &str,
        data: &Dataset,
        file: &mut StudyFile,
        context: &FitContext,
        clock: Clock,
    ) -> Result<Config, Error> {
        let start = match file.chosen(name) {
            Some(chosen) => with_values(&self.config, &chosen.settings)?,
            None => self.config.clone(),
        };
        let rows = Split {
            training: data.rows().to_vec(),
            validation: Vec::new(),
        };
        let config = single(&start);
        let plan = Plan::new(name, data, rows, &config, PlanOptions::default())?;
        let runner = JobRunner::new(data, context);
        runner.check_room(&plan)?;
        let has_trials = plan.selection().is_some();
        let plan = runner.select(plan, clock)?;
        let mut chosen = start;
        chosen.data = plan.config.data;
        if has_trials {
            file.add(NetworkResult::chosen(name, &chosen, clock.spent()))?;
        }
        Ok(chosen)
    }
}

/// What the steps of a search share.
struct Run<'a> {
    name: &'a str,
    data: &'a Dataset,
    folds: &'a [Split],
    file: &'a mut StudyFile,
    context: &'a FitContext<'a>,
    clock: Clock,
}

impl Run<'_> {
    /// Trains the networks of a step, and adds their errors to the trials. `false` if the run was stopped or its time
    /// is up; the results so far are in the file then.
    fn step(&mut self, study: &mut Study, due: &[Due]) -> Result<bool, Error> {
        let jobs = self.missing(study, due)?;
        // Networks that share the random numbers of the device are trained one after the other.
        let mut parallel = Vec::new();
        for (settings, job) in jobs {
            match can_run_in_parallel(&job.config, self.context)? {
                true => parallel.push((settings, job)),
                false => self.train(vec![(settings, job)])?,
            }
        }
        self.train(parallel)?;
        for due in due {
            let trial = &study.trials[due.trial];
            let results = (trial.errors.len()..due.folds)
                .map(|fold| self.file.result(self.name, fold, &trial.settings));
            let Some(results) = results.collect::<Option<Vec<_>>>() else {
                return Ok(false);
            };
            let errors = results.iter().map(|r| r.error.unwrap_or(f64::INFINITY));
            let (errors, seconds): (Vec<f64>, f64) =
                (errors.collect(), results.iter().map(|r| r.seconds).sum());
            let trial = &mut study.trials[due.trial];
            trial.errors.extend(errors);
            trial.seconds += seconds;
            self.report(study, due.trial);
        }
        Ok(true)
    }

    /// The networks of a step that are not in the file. Settings that do not fit together have an infinite error.
    fn missing(&mut self, study: &Study, due: &[Due]) -> Result<Vec<(Values, Job)>, Error> {
        let mut jobs: Vec<(Values, Job)> = Vec::new();
        for due in due {
            let trial = &study.trials[due.trial];
            let config = with_values(&study.start, &trial.settings);
            for fold in trial.errors.len()..due.folds {
                if self.file.result(self.name, fold, &trial.settings).is_some() {
                    continue;
                }
                let Ok(config) = &config else {
                    self.add(fold, trial.settings.clone(), None, Duration::ZERO)?;
                    continue;
                };
                let kind = JobKind::Search {
                    trial: due.trial,
                    fold,
                };
                // Two trials of a step may have the same settings.
                let is_same = |(settings, job): &(Values, Job)| {
                    *settings == trial.settings
                        && matches!(job.kind, JobKind::Search { fold: other, .. } if other == fold)
                };
                if !jobs.iter().any(is_same) {
                    let job = Job {
                        name: format!("{}-{}-{}", self.name, due.trial + 1, fold + 1),
                        kind,
                        config: single(config),
                        split: self.folds[fold].clone(),
                        encoder_rows: Vec::new(),
                        max_epochs: None,
                        diagnose: false,
                    };
                    jobs.push((trial.settings.clone(), job));
                }
            }
        }
        Ok(jobs)
    }

    /// Trains networks, and writes each result to the file. What was stopped or not finished in time has no result.
    fn train(&mut self, jobs: Vec<(Values, Job)>) -> Result<(), Error> {
        let (settings, jobs): (Vec<Values>, Vec<Job>) = jobs.into_iter().unzip();
        let runner = JobRunner::new(self.data, self.context);
        let clock = self.clock;
        let mut last = Instant::now();
        let mut failure = None;
        runner.run_all(&jobs, clock, |index, result| {
            let error = match result.map(|result| result.outcome) {
                Ok(Outcome::Error(error)) => error,
                Ok(_) | Err(Error::Interrupted) => return,
                Err(error) => {
                    failure.get_or_insert(error);
                    return;
                }
            };
            // The network may have been cut off.
            if clock.left().is_some_and(|left| left.is_zero()) {
                return;
            }
            let JobKind::Search { fold, .. } = jobs[index].kind else {
                return;
            };
            let took = last.elapsed();
            last = Instant::now();
            let error = Some(error).filter(|error| error.is_finite());
            if let Err(error) = self.add(fold, settings[index].clone(), error, took) {
                failure.get_or_insert(error);
            }
        })?;
        failure.map_or(Ok(()), Err)
    }

    fn add(
        &mut self,
        fold: usize,
        settings: Values,
        error: Option<f64>,
        took: Duration,
    ) -> Result<(), Error> {
        self.file.add(NetworkResult {
            search: self.name.to_string(),
            fold,
            settings,
            error,
            seconds: took.as_secs_f64(),
        })
    }

    fn report(&self, study: &Study, number: usize) {
        let report = TrialReport {
            number,
            planned: study.planned,
            trial: study.trials[number].clone(),
            folds: study.folds,
            measure: study.measure,
            is_best: study.best() == Some(number),
        };
        self.context
            .observer
            .on_event(&Event::TuningTrialEnd(&report));
    }
}

/// The settings of a single network.
fn single(config: &Config) -> Config {
    let mut config = config.clone();
    config.ensemble.members = Members::Exactly(1);
    config
}

fn check_folds(data: &Dataset, what: &str, folds: usize) -> Result<(), Error> {
    match folds < 2 {
        true => Err(Error::Config(format!("{what} {folds}: must be at least 2"))),
        false => data.check_folds(what, folds),
    }
}
