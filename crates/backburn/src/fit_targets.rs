//! Fitting one network, or an ensemble, to several targets.

use std::time::Duration;

use backburn_preprocessing::TargetTransform;
use backburn_table::Split;
use backburn_training::StopReason;

use crate::bagging::BaggedEnsemble;
use crate::clock::Clock;
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::fit_plan::announce_ensemble;
use crate::fitted_model::FittedModel;
use crate::head::{Head, check_settings, of_several};
use crate::head_view::view;
use crate::job_result::{JobResult, Outcome, TrainedNetwork};
use crate::multi_target_dataset::MultiTargetDataset;
use crate::multi_target_model::MultiTargetModel;
use crate::plan::{Plan, PlanOptions};
use crate::runner::JobRunner;
use crate::table_diagnosis::{diagnose_rows, without_logarithm};
use crate::train_network::with_findings;

/// The name of a fit's run.
const RUN: &str = "network";

impl Estimator {
    /// Fits one model to several targets: the networks have the same hidden layers for all of them, and outputs for
    /// each. The loss is the sum of the losses of the targets, each multiplied by its weight
    /// ([`Config::target_weights`]). Numbers are standardized, so that their losses are comparable. The loss of a target
    /// is the mean over the rows that have it.
    ///
    /// The folds of an ensemble are the same for all targets. Each target has its own transform, calibration,
    /// intervals and scores. There are no features from neighboring rows.
    ///
    /// ```
    /// use backburn::{Config, Estimator, FitContext, MultiTargetDataset, Preset, ReadOptions, Table};
    ///
    /// # let csv: String = (0..60).map(|n| format!("{},{}.5,{}\n", n % 7, n % 7 * 3, ["no", "yes"][n % 7 / 4])).collect();
    /// # let csv = std::io::Cursor::new(format!("size,price,sold\n{csv}"));
    /// # let table = Table::from_reader("houses", csv, &ReadOptions::default())?;
    /// let data = MultiTargetDataset::new(table.clone(), &["price", "sold"], &Default::default())?;
    /// let mut config = Config::preset(Preset::Fast);
    /// config.target_weights.insert("price".to_string(), 2.0);
    /// let model = Estimator::new(config).fit_targets(&data, &FitContext::default())?;
    /// for target in model.targets() {
    ///     println!("{}: {}", target.target(), target.evaluate(&table)?);
    /// }
    /// # assert_eq!(model.predict(&table)?.len(), 2);
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Settings that are not valid, are for one target, or do not fit the table; a table that does not fit into
    /// memory; or a loss that is infinite or NaN from the start.
    pub fn fit_targets(
        &self,
        data: &MultiTargetDataset,
        context: &FitContext,
    ) -> Result<MultiTargetModel, Error> {
        let data = &*data.for_config(self.config())?;
        check_settings(self.config(), data)?;
        let joint = data.joint();
        let config = of_several(self.config().clone().for_rows(joint.rows().len()));
        let split = joint.split_to_fit(joint.rows(), &config);
        let spent = context.checkpoints.map(|kept| kept.spent(RUN));
        let clock = Clock::new(context.time_limit, spent.unwrap_or(Duration::ZERO));
        let heads = data.targets().iter().enumerate();
        let heads = heads.map(|(index, data)| -> Result<Head, Error> {
            let name = format!("{RUN}-target-{}", index + 1);
            let mut head = Head::new(data, &config, joint.rows().len());
            let transform = transform(&head, &name, &split, context, clock)?;
            head.config.data.target_transform = transform;
            Ok(head)
        });
        let heads: Vec<Head> = heads.collect::<Result<_, _>>()?;
        let plan = joint_plan(joint, split, config, context)?;
        let networks = train(&plan, joint, &heads, context, clock)?;
        let mut model = assemble(&plan, &heads, &networks, context, clock)?;
        if self.config().data.target_transform == TargetTransform::Auto {
            let records = model.targets_mut().iter_mut();
            let records = records.filter_map(FittedModel::record_mut);
            records.for_each(|record| without_logarithm(&mut record.findings));
        }
        Ok(model)
    }
}

/// The transform of the target of a head, which trial networks of this target alone choose if it is open.
fn transform(
    head: &Head,
    name: &str,
    split: &Split,
    context: &FitContext,
    clock: Clock,
) -> Result<TargetTransform, Error> {
    let split = Split {
        training: head.rows_of(&split.training),
        validation: head.rows_of(&split.validation),
    };
    let runner = JobRunner::new(&head.data, context);
    let options = PlanOptions::default();
    let plan = Plan::new(name, &head.data, split, &head.config, options);
    let plan = plan.map_err(|error| head.of_target(error))?;
    let plan = runner.select(plan, clock)?;
    Ok(plan.config.data.target_transform)
}

/// The plan of the networks of all targets. No setting is left to trials.
fn joint_plan(
    joint: &Dataset,
    split: Split,
    mut config: Config,
    context: &FitContext,
) -> Result<Plan, Error> {
    config.data.target_transform = TargetTransform::Standard;
    let options = PlanOptions {
        diagnose: context.diagnose,
        max_epochs: None,
    };
    Plan::new(RUN, joint, split, &config, options)
}

/// Trains the networks of a plan, each with the outputs of all heads.
fn train(
    plan: &Plan,
    joint: &Dataset,
    heads: &[Head],
    context: &FitContext,
    clock: Clock,
) -> Result<Vec<TrainedNetwork>, Error> {
    if plan.is_ensemble() {
        announce_ensemble(plan, context);
    }
    let runner = JobRunner::new(joint, context).with_heads(heads);
    let mut results = Vec::new();
    runner.run_all(plan.jobs(), clock, |_, result| results.push(result))?;
    let results: Vec<JobResult> = results.into_iter().collect::<Result<_, _>>()?;
    let networks = results
        .into_iter()
        .filter_map(|result| match result.outcome {
            Outcome::Network(network) => Some(*network),
            _ => None,
        });
    Ok(networks.collect())
}

/// A model for each head, calibrated and scored on the rows that the networks were not trained on.
fn assemble(
    plan: &Plan,
    heads: &[Head],
    networks: &[TrainedNetwork],
    context: &FitContext,
    clock: Clock,
) -> Result<MultiTargetModel, Error> {
    let rows = match plan.jobs().first() {
        Some(job) if !plan.is_ensemble() => job.split.training.clone(),
        _ => plan.ensemble_rows(),
    };
    let wanted = plan.jobs().len();
    let mut start = 0;
    let mut models = Vec::with_capacity(heads.len());
    for head in heads {
        let outputs = start..start + head.outputs();
        start = outputs.end;
        let rows = head.rows_of(&rows);
        let mut ensemble = BaggedEnsemble::new(&head.data, &rows, &head.config)?;
        for network in networks {
            ensemble.add(view(network, head, &outputs));
        }
        let (mut network, score) = ensemble.finish(wanted)?;
        network.seconds = clock.spent().as_secs_f64();
        if context.diagnose && network.stop != StopReason::Interrupted {
            let of_head = (&network.model.target, rows.as_slice());
            let score = score.as_ref().map(|validation| &validation.score);
            let of_table = diagnose_rows(&head.data, of_head, score, &head.config)?;
            network.findings = with_findings(network.findings, of_table);
        }
        let model = FittedModel::new(network, score, wanted, &head.data, context)?;
        models.push(model);
    }
    Ok(MultiTargetModel::new(models))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::dataset_options::DatasetOptions;
    use crate::imputation_errors::ImputationErrors;
    use crate::preset::Preset;

    /// Whether the network of these targets measures what imputed values change.
    fn measures_imputation(targets: [&str; 2]) -> bool {
        let mut csv = "x,y,kind,side\n".to_string();
        for row in 0..60 {
            let x = row * 37 % 61;
            let (kind, side) = (["a", "b"][x / 31], ["left", "right"][row % 2]);
            csv += &format!("{x},{},{kind},{side}\n", 2 * x + row % 5);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        let data = MultiTargetDataset::new(table, &targets, &DatasetOptions::default()).unwrap();
        let mut config = Config::preset(Preset::Fast);
        config.training.epochs = 1;
        config.data.target_transform = TargetTransform::Standard;
        let (joint, context) = (data.joint(), FitContext::default());
        let config = of_several(config.for_rows(joint.rows().len()));
        let split = joint.split_to_fit(joint.rows(), &config);
        let heads = data.targets().iter();
        let heads: Vec<Head> = heads.map(|data| Head::new(data, &config, 60)).collect();
        let plan = joint_plan(joint, split, config, &context).unwrap();
        let clock = Clock::new(None, Duration::ZERO);
        let networks = train(&plan, joint, &heads, &context, clock).unwrap();
        networks[0].imputation != ImputationErrors::default()
    }

    #[test]
    fn imputed_values_are_measured_for_numbers_only() {
        assert!(measures_imputation(["y", "kind"]));
        assert!(!measures_imputation(["kind", "side"]));
    }
}
