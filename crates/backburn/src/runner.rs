//! Running jobs.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use backburn_table::Split;
use backburn_training::metrics::Metric;
use backburn_training::{run_parallel, runs_at_a_time};

use crate::checkpoints::Checkpoints;
use crate::clock::Clock;
use crate::config::{Config, DataConfig};
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::encoded_heads::encode_heads;
use crate::encoded_split::{EncodedSplit, check_room};
use crate::error::Error;
use crate::event::Event;
use crate::head::Head;
use crate::job::{Job, JobKind};
use crate::job_result::{JobResult, Outcome, TrainedNetwork};
use crate::network_config::narrow_network;
use crate::plan::{Assembled, Plan};
use crate::train_heads::train_heads;
use crate::train_network::{Limits, train_network};
use crate::work_memory::{Networks, Work};

/// A trial has at most this part of the time limit.
const TRIAL_SHARE: u32 = 10;

/// Runs jobs on a table. Members of one ensemble share their encoded rows.
///
/// ```no_run
/// # fn main() -> Result<(), backburn::Error> {
/// # let data: backburn::Dataset = todo!();
/// use backburn::{Assembled, Config, Estimator, FitContext, JobRunner};
///
/// let context = FitContext::default();
/// let runner = JobRunner::new(&data, &context);
/// let mut plan = Estimator::new(Config::default()).plan(&data)?;
/// let model = loop {
///     let results = plan.jobs().iter().map(|job| runner.run(job));
///     match plan.assemble(&data, results.collect::<Result<_, _>>()?, &context)? {
///         Assembled::Next(next) => plan = next,
///         Assembled::Model(model) => break model,
///     }
/// };
/// # Ok(())
/// # }
/// ```
pub struct JobRunner<'a> {
    data: &'a Dataset,
    /// Of a network of several targets, all of them; otherwise none.
    heads: &'a [Head],
    context: &'a FitContext<'a>,
    rows: EncodedRows,
    /// How many jobs run at the same time.
    at_once: AtomicUsize,
}

/// The encoded rows of the last ensemble that a [`JobRunner`] trained members of. Clones share them.
#[derive(Clone, Default)]
pub struct EncodedRows(Arc<Mutex<Option<Shared>>>);

/// The encoded rows of an ensemble, and what they were made of.
#[derive(Clone)]
struct Shared {
    options: DataConfig,
    encoded: Arc<EncodedSplit>,
}

impl<'a> JobRunner<'a> {
    /// A runner of jobs that were planned for this table.
    pub fn new(data: &'a Dataset, context: &'a FitContext<'a>) -> Self {
        Self {
            data,
            heads: &[],
            context,
            rows: EncodedRows::default(),
            at_once: AtomicUsize::new(1),
        }
    }

    /// The same runner with the encoded rows of earlier runners on the same table and device, so that members of an
    /// ensemble that are run one by one encode the rows once.
    pub fn with_rows(self, rows: &EncodedRows) -> Self {
        Self {
            rows: rows.clone(),
            ..self
        }
    }

    /// For networks of several targets: `data` has the rows that have at least one of them.
    pub(crate) fn with_heads(self, heads: &'a [Head]) -> Self {
        Self { heads, ..self }
    }

    /// The dataset as a job wants it. That of several targets is so already.
    fn data_of(&self, config: &Config) -> Result<Cow<'a, Dataset>, Error> {
        match self.heads {
            [] => self.data.for_config(config),
            _ => Ok(Cow::Borrowed(self.data)),
        }
    }

    /// Encodes the rows of a split.
    fn encode(
        &self,
        data: &Dataset,
        split: Split,
        config: &Config,
        work: &Work,
    ) -> Result<EncodedSplit, Error> {
        let device = self.context.device.get()?;
        match self.heads {
            [] => EncodedSplit::for_work(data, split, config, device, work),
            heads => encode_heads(data, heads, split, device, work),
        }
    }

    /// Trains the network of a job, for one target or for several.
    fn train(
        &self,
        data: &Dataset,
        encoded: &EncodedSplit,
        job: &Job,
        limits: Limits,
    ) -> Result<TrainedNetwork, Error> {
        match self.heads {
            [] => train_network(data, encoded, job, self.context, limits),
            heads => train_heads((data, heads), encoded, job, self.context, limits),
        }
    }

    /// Checks that the networks of a plan can be trained, before trials choose its settings.
    pub(crate) fn check_room(&self, plan: &Plan) -> Result<(), Error> {
        let data = &*self.data.for_config(&plan.config)?;
        let device = self.context.device.get()?;
        let (split, networks) = plan.networks();
        let parallel = networks.members > 1 && can_run_in_parallel(&plan.config, self.context)?;
        let networks = Networks {
            at_once: match parallel {
                true => runs_at_a_time(networks.members),
                false => 1,
            },
            ..networks
        };
        check_room(
            data,
            &split,
            &plan.config,
            device,
            &Work::Training(networks),
        )
    }

    /// The training of the network of a job, as one of several of an ensemble.
    fn work(&self, job: &Job, members: usize) -> Work {
        Work::Training(Networks {
            hidden: job.config.network.hidden.clone(),
            members,
            at_once: self.at_once.load(Ordering::Relaxed),
            training: job.split.training.len(),
            validation: job.split.validation.len(),
            folds: 0,
        })
    }

    /// Runs a job within the context's time limit, a trial within a tenth of it.
    ///
    /// # Errors
    ///
    /// The rows cannot be encoded, or the network cannot be trained; a trial that fails has an infinite
    /// error instead.
    pub fn run(&self, job: &Job) -> Result<JobResult, Error> {
        let share = match job.kind {
            JobKind::Trial { .. } => TRIAL_SHARE,
            _ => 1,
        };
        let limits = Limits {
            time_limit: self.context.time_limit.map(|limit| limit / share),
            ..Limits::default()
        };
        self.run_within(job, limits)
    }

    fn run_within(&self, job: &Job, limits: Limits) -> Result<JobResult, Error> {
        let data = &*self.data_of(&job.config)?;
        let outcome = match job.kind {
            JobKind::Trial { .. } | JobKind::Search { .. } => self.trial(data, job, limits)?,
            JobKind::Member { .. } => {
                let Shared { encoded, .. } = self.shared(data, job)?;
                let part = match encoded.split == job.split {
                    true => None,
                    false => Some(encoded.part(&job.split)),
                };
                let rows = part.as_ref().unwrap_or(&encoded);
                let network = self.train(data, rows, job, limits)?;
                Outcome::Network(Box::new(network))
            }
            JobKind::Network | JobKind::Refit => {
                let work = self.work(job, 1);
                let encoded = self.encode(data, job.split.clone(), &job.config, &work)?;
                let network = self.train(data, &encoded, job, limits)?;
                Outcome::Network(Box::new(network))
            }
        };
        Ok(JobResult {
            name: job.name.clone(),
            outcome,
        })
    }

    /// The error of a trial. Only its own rows are encoded.
    fn trial(&self, data: &Dataset, job: &Job, limits: Limits) -> Result<Outcome, Error> {
        let rows = union(&job.split);
        let error = || -> Result<f64, Error> {
            let data = data.select(&rows)?;
            let place = |row: &usize| rows.binary_search(row).ok();
            let split = Split {
                training: job.split.training.iter().filter_map(place).collect(),
                validation: job.split.validation.iter().filter_map(place).collect(),
            };
            let device = self.context.device.get()?;
            let work = self.work(job, 1);
            let encoded = EncodedSplit::for_work(&data, split, &job.config, device, &work)?;
            let network = train_network(&data, &encoded, job, self.context, limits)?;
            let metric = job.config.scoring.metric().unwrap_or(match data.classes() {
                None => Metric::Rmse,
                Some(_) => Metric::LogLoss,
            });
            let value = network.model.summary.validation.get(metric.name());
            Ok(value.map_or(f64::INFINITY, |value| metric.error(*value)))
        };
        // A network that cannot be trained is no choice; the error is shown when all rows are trained on.
        let error = error().unwrap_or(f64::INFINITY);
        match self.context.stop.is_stopped() {
            true => Err(Error::Interrupted),
            false => Ok(Outcome::Error(error)),
        }
    }

    /// The encoded rows of the ensemble that a job belongs to.
    fn shared(&self, data: &Dataset, job: &Job) -> Result<Shared, Error> {
        let training = match job.encoder_rows.is_empty() {
            true => union(&job.split),
            false => job.encoder_rows.clone(),
        };
        let held_out = job.split.validation.iter().copied();
        let whole = Split {
            validation: held_out
                .filter(|row| training.binary_search(row).is_err())
                .collect(),
            training,
        };
        let shared = || self.rows.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = shared().as_ref()
            && shared.options == job.config.data
            && shared.encoded.split == whole
        {
            return Ok(shared.clone());
        }
        // Scales and bins are learned without the target. The neighbor features of a row that a member
        // leaves out know the targets of its neighbors, but not its own.
        // Without the lock: a thread pool may run another job on this thread while rows are encoded.
        let work = self.work(job, job.config.ensemble.members.count());
        let encoded = self.encode(data, whole, &job.config, &work)?;
        let new = Shared {
            options: job.config.data,
            encoded: Arc::new(encoded),
        };
        *shared() = Some(new.clone());
        Ok(new)
    }

    /// Runs the trials of a plan until no setting is left to them.
    pub(crate) fn select(&self, mut plan: Plan, clock: Clock) -> Result<Plan, Error> {
        while let Some(selection) = plan.selection() {
            self.context.observer.on_event(&Event::SelectionStart {
                run: &plan.name,
                selection,
                trials: plan.jobs().len(),
            });
            let mut results = Vec::new();
            self.run_all(plan.jobs(), clock, |_, result| results.push(result))?;
            let results = results.into_iter().collect::<Result<_, _>>()?;
            plan = match plan.assemble(self.data, results, self.context)? {
                Assembled::Next(next) => next,
                Assembled::Model(_) => {
                    let reason = "trials that select settings gave a model".to_string();
                    return Err(Error::Failed(reason));
                }
            };
        }
        Ok(plan)
    }

    /// Runs jobs, several at a time where that gives the same results, and hands the results over in the
    /// order of the jobs. Members that are due when the time is up or the run is stopped are skipped,
    /// except the first one and those that a checkpoint has begun.
    pub(crate) fn run_all(
        &self,
        jobs: &[Job],
        clock: Clock,
        mut done: impl FnMut(usize, Result<JobResult, Error>),
    ) -> Result<(), Error> {
        let parallel = match jobs.first() {
            Some(job) if jobs.len() > 1 => can_run_in_parallel(&job.config, self.context)?,
            _ => false,
        };
        let at_once = if parallel {
            runs_at_a_time(jobs.len())
        } else {
            1
        };
        self.at_once.store(at_once, Ordering::Relaxed);
        // Encoded once for all, before several members want the rows at the same time. The largest network
        // decides whether they fit.
        let units = |job: &&Job| job.config.network.hidden.iter().sum::<usize>();
        if let Some(job) = jobs.iter().max_by_key(units)
            && matches!(job.kind, JobKind::Member { .. })
        {
            self.shared(&*self.data_of(&job.config)?, job)?;
        }
        let run = |index: usize| {
            let job = &jobs[index];
            let result = self.run_or_skip(job, &clock);
            if let JobKind::Trial { selection, .. } = job.kind {
                let trials = jobs.len();
                self.context
                    .observer
                    .on_event(&Event::TrialEnd { selection, trials });
            }
            result
        };
        if parallel {
            run_parallel(jobs.len(), run, done);
        } else {
            (0..jobs.len()).for_each(|index| done(index, run(index)));
        }
        Ok(())
    }

    /// Runs a job, or skips it because the time is up or the run is stopped.
    fn run_or_skip(&self, job: &Job, clock: &Clock) -> Result<JobResult, Error> {
        let skipped = |outcome| {
            Ok(JobResult {
                name: job.name.clone(),
                outcome,
            })
        };
        let late = clock.left().is_some_and(|left| left.is_zero());
        let time_limit = match job.kind {
            // No time is left for choosing.
            JobKind::Trial { .. } if late => return skipped(Outcome::Error(f64::INFINITY)),
            // Before its rows are encoded, which can take seconds.
            JobKind::Trial { .. } if self.context.stop.is_stopped() => {
                return Err(Error::Interrupted);
            }
            JobKind::Trial { .. } => clock.whole().map(|all| all / TRIAL_SHARE),
            JobKind::Search { .. } if late || self.context.stop.is_stopped() => {
                return skipped(Outcome::Skipped);
            }
            JobKind::Member { member } if member > 0 => {
                let begun = |kept: &Checkpoints| kept.has(&job.name);
                let stopped = self.context.stop.is_stopped();
                if (late || stopped) && !self.context.checkpoints.is_some_and(begun) {
                    return skipped(Outcome::Skipped);
                }
                clock.left()
            }
            _ => clock.left(),
        };
        let spent = clock.spent();
        self.run_within(job, Limits { time_limit, spent })
    }
}

/// The training and validation rows together, in rising order.
fn union(split: &Split) -> Vec<usize> {
    let mut rows = [split.training.as_slice(), &split.validation].concat();
    rows.sort_unstable();
    rows
}

/// Whether several networks of a config may be trained at the same time and give the same results as one
/// after the other.
pub(crate) fn can_run_in_parallel(config: &Config, context: &FitContext) -> Result<bool, Error> {
    let network = narrow_network(config, context.device.get()?)?;
    Ok(config.training.can_run_parallel(&network))
}
