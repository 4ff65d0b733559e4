//! Running a plan in this process, on all cores.

use std::time::Duration;

use crate::bagging::BaggedEnsemble;
use crate::clock::Clock;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::event::Event;
use crate::fitted_model::FittedModel;
use crate::job::JobKind;
use crate::job_result::{JobResult, Outcome};
use crate::plan::{Assembled, Plan};
use crate::runner::JobRunner;

/// Runs the jobs of a plan until there is a model.
pub(crate) fn fit_plan(
    mut plan: Plan,
    data: &Dataset,
    context: &FitContext,
) -> Result<FittedModel, Error> {
    let before = match context.checkpoints {
        Some(checkpoints) => checkpoints.spent(&plan.name),
        None => Duration::ZERO,
    };
    let clock = Clock::new(context.time_limit, before);
    let runner = JobRunner::new(data, context);
    if plan.selection().is_some() {
        runner.check_room(&plan)?;
    }
    loop {
        let is_ensemble = plan.is_ensemble() && plan.selection().is_none();
        if is_ensemble {
            return fit_ensemble(&plan, &runner, data, context, clock);
        }
        if let Some(selection) = plan.selection() {
            let saved = context.checkpoints;
            if let Some(selected) = saved.and_then(|saved| saved.selected(plan.jobs())) {
                let data = data.for_config(&plan.config)?;
                plan = plan.with_selected(selected, &data, context)?;
                continue;
            }
            context.observer.on_event(&Event::SelectionStart {
                run: &plan.name,
                selection,
                trials: plan.jobs().len(),
            });
        }
        let mut results = Vec::new();
        runner.run_all(plan.jobs(), clock, |_, result| results.push(result))?;
        let is_refit = plan.jobs().iter().any(|job| job.kind == JobKind::Refit);
        let results: Vec<JobResult> = match results.into_iter().collect() {
            Ok(results) => results,
            Err(error) if is_refit => return plan.without_refit(error, data, context),
            Err(error) => return Err(error),
        };
        match plan.assemble(data, results, context)? {
            Assembled::Next(next) => plan = next,
            Assembled::Model(model) => return Ok(model),
        }
    }
}

/// Trains the members of an ensemble, and passes the model so far to the observer after each.
fn fit_ensemble(
    plan: &Plan,
    runner: &JobRunner,
    data: &Dataset,
    context: &FitContext,
    clock: Clock,
) -> Result<FittedModel, Error> {
    let rows = plan.ensemble_rows();
    let jobs = plan.jobs();
    let run = plan.name.as_str();
    announce_ensemble(plan, context);
    let mut ensemble = BaggedEnsemble::new(data, &rows, &plan.config)?;
    let mut failure = None;
    runner.run_all(jobs, clock, |member, result| match result {
        Ok(JobResult {
            outcome: Outcome::Network(network),
            ..
        }) => {
            if ensemble.add(*network)
                && let Some((so_far, score)) = ensemble.so_far()
            {
                context.observer.on_event(&Event::MemberEnd {
                    run,
                    member,
                    members: jobs.len(),
                    model: &so_far.model,
                    score,
                });
            }
        }
        Ok(_) => {}
        Err(error) => {
            failure.get_or_insert(error);
        }
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    let (mut network, score) = ensemble.finish(jobs.len())?;
    network.seconds = clock.spent().as_secs_f64();
    FittedModel::new(network, score, jobs.len(), data, context)
}

/// Sends the event of an ensemble whose training starts.
pub(crate) fn announce_ensemble(plan: &Plan, context: &FitContext) {
    let members = plan.jobs().len();
    let ensemble = &plan.config.ensemble;
    let hidden: Vec<Vec<usize>> = (0..members.min(ensemble.widths.len()))
        .map(|member| ensemble.hidden(member, &plan.config.network.hidden))
        .collect();
    context.observer.on_event(&Event::EnsembleStart {
        run: &plan.name,
        members,
        hidden: &hidden,
    });
}
