//! The training of one network.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model_file::SavedModel;
use backburn_model::{Mlp, MlpConfig};
use backburn_preprocessing::Target;
use backburn_training::{
    Diagnosis, DiagnosisContext, Finding, Fitted, History, LearningRate, StopReason,
    Targets as TrainingTargets, TensorDataset, TrainingError, diagnose, fit, resume,
};
use burn::module::Module;
use web_time::Instant;

use crate::callbacks::JobCallbacks;
use crate::checkpoints::Checkpointer;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::event::{Event, NetworkDescription};
use crate::held_out::{HeldOut, HeldOutOutputs};
use crate::imputation_errors::ImputationErrors;
use crate::job::{Job, JobKind};
use crate::job_result::TrainedNetwork;
use crate::nearest_rows::nearest_rows_loss;
use crate::network_config::network_config;
use crate::row_units::row_units;
use crate::score::Score;
use crate::scorer::Scorer;
use crate::scoring::Scoring;
use crate::summary::Summary;
use crate::table_diagnosis;
use crate::targets::Targets;
use crate::threshold_choice::with_threshold;
use crate::warning::Warning;

/// The time limit of a job, and the time that its run took before it was resumed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    pub time_limit: Option<Duration>,
    pub spent: Duration,
}

impl Limits {
    /// When the time is up, if the job starts now.
    fn deadline(&self) -> Option<Instant> {
        let limit = self.time_limit?;
        Instant::now().checked_add(limit)
    }
}

/// Trains the network of a job on encoded rows.
pub(crate) fn train_network(
    data: &Dataset,
    encoded: &EncodedSplit,
    job: &Job,
    context: &FitContext,
    limits: Limits,
) -> Result<TrainedNetwork, Error> {
    let started = Instant::now();
    let rows = encoded.training.rows();
    let shape = network_config(&job.config, &encoded.encoder, &encoded.target, rows)?;
    let targets = Targets::read(data.table(), &encoded.target)?;
    let known = (&targets, &Scoring::new(data, &job.config));
    let Finished {
        fitted,
        history,
        findings,
        outputs,
        diagnoses,
    } = finish(&shape, encoded, known, job, context, limits)?;
    let stop = fitted.stop;
    let summary = summary(data, encoded, &fitted, job, context);
    let (model, score) = model(
        data,
        encoded,
        known,
        shape,
        fitted.network,
        &outputs.chosen,
        summary,
    );
    let known = (&targets, outputs.chosen.as_slice());
    let (model, imputation) = with_imputation(model, encoded, known, job, context)?;
    let findings = match diagnoses {
        true => with_findings_of_table(findings, data, encoded, score.as_ref(), job)?,
        false => findings,
    };
    Ok(TrainedNetwork {
        model,
        stop,
        seconds: (limits.spent + started.elapsed()).as_secs_f64(),
        history,
        findings,
        split: encoded.split.clone(),
        outputs: outputs.chosen,
        outputs_by_epoch: outputs.by_epoch,
        imputation,
    })
}

/// The model of a network with wider intervals where values are imputed, and how much its outputs change there.
/// `outputs` are those for the validation rows.
fn with_imputation(
    mut model: SavedModel,
    encoded: &EncodedSplit,
    (targets, outputs): (&Targets, &[f32]),
    job: &Job,
    context: &FitContext,
) -> Result<(SavedModel, ImputationErrors), Error> {
    let is_number = matches!(
        model.target,
        Target::Regression {
            distribution: None,
            ..
        }
    );
    let is_trial = matches!(job.kind, JobKind::Trial { .. } | JobKind::Search { .. });
    if !is_number || is_trial {
        return Ok((model, ImputationErrors::default()));
    }
    let held_out = encoded.validation.as_ref();
    let imputation = ImputationErrors::measure(&model, held_out, context.device.get()?);
    let truth = targets.numbers(&encoded.split.validation);
    let target = model.target.clone();
    model.target = imputation.widened(target, &model.encoder, outputs, &truth);
    Ok((model, imputation))
}

/// A network that was trained, with what was seen of its run.
pub(crate) struct Finished {
    pub fitted: Fitted<Mlp>,
    pub history: History,
    pub findings: Vec<Finding>,
    pub outputs: HeldOutOutputs,
    /// Whether the run is diagnosed.
    pub diagnoses: bool,
}

/// Trains a network to its end, from its checkpoint if there is one.
///
/// # Errors
///
/// The network cannot be built, or its loss diverges.
pub(crate) fn finish(
    shape: &MlpConfig,
    encoded: &EncodedSplit,
    known: (&Targets, &Scoring),
    job: &Job,
    context: &FitContext,
    limits: Limits,
) -> Result<Finished, Error> {
    let Run {
        fitted,
        history,
        held_out,
    } = run(shape, encoded, known, job, context, limits)?;
    // A stopped run ends as soon as possible, without diagnosis.
    let diagnoses = job.diagnose && !context.stop.is_stopped();
    let findings = diagnose_run(&history, shape, encoded, job, diagnoses);
    let fitted = not_diverged(fitted, &history, &findings)?;
    let outputs = held_out.unwrap_or_else(|| outputs_of(&fitted));
    Ok(Finished {
        fitted,
        history,
        findings,
        outputs,
        diagnoses,
    })
}

/// The network of a run, or an error with the findings of a run that diverged.
fn not_diverged(
    fitted: Result<Fitted<Mlp>, TrainingError>,
    history: &History,
    findings: &[Finding],
) -> Result<Fitted<Mlp>, Error> {
    match fitted {
        Err(TrainingError::Diverged) => Err(Error::Diverged {
            history: Box::new(history.clone()),
            findings: findings.to_vec(),
        }),
        fitted => Ok(fitted?),
    }
}

/// A training run that has ended.
struct Run {
    fitted: Result<Fitted<Mlp>, TrainingError>,
    history: History,
    /// The outputs that score the network; `None` without an epoch, without validation rows, and for trials,
    /// which are compared at their best epochs.
    held_out: Option<HeldOutOutputs>,
}

/// Trains a network, from its checkpoint if there is one.
fn run(
    shape: &MlpConfig,
    encoded: &EncodedSplit,
    (targets, scoring): (&Targets, &Scoring),
    job: &Job,
    context: &FitContext,
    limits: Limits,
) -> Result<Run, Error> {
    let deadline = limits.deadline();
    let network = initialize(shape, job.config.training.seed, context)?;
    announce(encoded, &network, job, context);
    let scorer = Scorer::new(&encoded.target, targets, &encoded.split.validation, scoring);
    let scorer = match &encoded.training.targets {
        TrainingTargets::Several(_) => scorer.without_scores(),
        _ => scorer,
    };
    let is_trial = matches!(job.kind, JobKind::Trial { .. } | JobKind::Search { .. });
    let checkpoints = context.checkpoints.filter(|_| !is_trial);
    let (training, validation) = (&encoded.training, encoded.validation.as_ref());
    let settings = &job.config.training;
    let is_member = matches!(job.kind, JobKind::Member { .. });
    let scored = validation.filter(|_| !is_trial);
    let units = row_units(&encoded.split.validation, scoring.clusters());
    let mut callbacks = JobCallbacks {
        job,
        context,
        scorer: &scorer,
        history: job.diagnose.then(History::default),
        held_out: scored.map(|rows| HeldOut::new(settings, rows, &units, is_member)),
        deadline,
        checkpointer: checkpoints
            .map(|kept| Checkpointer::new(kept, context.stop.clone(), job, limits.spent)),
    };
    let fitted = match checkpoints.and_then(|kept| kept.training(job)) {
        None => fit(network, training, validation, settings, &mut callbacks),
        Some(checkpoint) => resume(
            checkpoint,
            network,
            training,
            validation,
            settings,
            &mut callbacks,
        ),
    };
    let history = callbacks.history.take().unwrap_or_default();
    announce_end(&fitted, &history, job, context);
    let held_out = callbacks.held_out.take();
    Ok(Run {
        fitted,
        history,
        held_out: held_out.and_then(HeldOut::into_outputs),
    })
}

/// The model of a network, calibrated and scored by its outputs for the validation rows. They also choose the
/// decision threshold, if there is one.
fn model(
    data: &Dataset,
    encoded: &EncodedSplit,
    (targets, scoring): (&Targets, &Scoring),
    config: MlpConfig,
    network: Mlp,
    outputs: &[f32],
    summary: Summary,
) -> (SavedModel, Option<Score>) {
    let rows = &encoded.split.validation;
    let target = calibrated(encoded, targets, outputs);
    let outputs_of_rows = (outputs, config.outputs);
    let (target, trade_off) = with_threshold(target, outputs_of_rows, targets, rows, scoring);
    let mut model = SavedModel {
        baselines: mean_features(&network, &encoded.training),
        config,
        summary,
        network: network.into(),
        schema: data.schema().clone(),
        format: data.format().clone(),
        encoder: encoded.encoder.clone(),
        target,
    };
    model.summary.trade_off = trade_off;
    let score = match outputs.is_empty() {
        true => None,
        false => scoring.score_outputs(&model.target, outputs_of_rows, targets, rows),
    };
    if let Some(score) = &score {
        model.summary.validation = score.metrics();
    }
    (model, score)
}

/// A network with the initial weights of a seed.
fn initialize(shape: &MlpConfig, seed: u64, context: &FitContext) -> Result<Mlp, Error> {
    // Burn's devices have one random number generator for the whole process.
    static GENERATOR: Mutex<()> = Mutex::new(());
    let _generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    let device = context.device.get()?;
    device.seed(seed);
    Ok(shape.init(device)?)
}

/// Sends events for the network and for columns that are not used.
fn announce(encoded: &EncodedSplit, network: &Mlp, job: &Job, context: &FitContext) {
    if job.diagnose {
        for column in &encoded.constant_features {
            let column = column.clone();
            context.warn(Warning::ConstantFeature { column });
        }
        if job.config.data.trend && encoded.encoder.trend().is_none() {
            let target = encoded.target.column().to_string();
            context.warn(Warning::NoTrend { target });
        }
    }
    let encoder = &encoded.encoder;
    let embedded: usize = encoder.embeddings().iter().map(|e| e.dimension).sum();
    let mut widths = vec![encoder.inputs() + embedded];
    widths.extend(&job.config.network.hidden);
    widths.push(network.output.weight.dims()[1]);
    let neighbor_features = encoder.knn_features.iter().map(|n| n.columns.clone());
    let description = NetworkDescription {
        widths,
        activation: job.config.network.activation.to_string(),
        parameters: network.num_params(),
        neighbor_features: neighbor_features.collect(),
        target: encoded.target.column().to_string(),
    };
    context.observer.on_event(&Event::NetworkStart {
        job,
        network: &description,
    });
}

fn announce_end(
    fitted: &Result<Fitted<Mlp>, TrainingError>,
    history: &History,
    job: &Job,
    context: &FitContext,
) {
    let is_auto = job.config.training.learning_rate == LearningRate::Auto;
    let rate = (is_auto && job.diagnose).then_some(history.start.learning_rate);
    context.observer.on_event(&Event::FitEnd {
        job,
        stop: fitted
            .as_ref()
            .map_or(StopReason::Diverged, |fitted| fitted.stop),
        learning_rate: rate,
    });
}

/// The findings in the history.
fn diagnose_run(
    history: &History,
    shape: &MlpConfig,
    encoded: &EncodedSplit,
    job: &Job,
    diagnoses: bool,
) -> Vec<Finding> {
    let training = &job.config.training;
    let context = DiagnosisContext {
        network: Some(shape),
        training: Some(training),
        nearest_rows_loss: match diagnoses {
            true => nearest_rows_loss(&encoded.training, shape.outputs, training),
            false => None,
        },
    };
    diagnose(history, context)
}

/// Adds the findings in the table.
fn with_findings_of_table(
    findings: Vec<Finding>,
    data: &Dataset,
    encoded: &EncodedSplit,
    score: Option<&Score>,
    job: &Job,
) -> Result<Vec<Finding>, Error> {
    let of_table = table_diagnosis::diagnose(data, encoded, score, &job.config)?;
    Ok(with_findings(findings, of_table))
}

/// The findings in a run with those in its table.
pub(crate) fn with_findings(mut findings: Vec<Finding>, of_table: Vec<Finding>) -> Vec<Finding> {
    let has_findings = findings.iter().any(|f| f.name != Diagnosis::Overfitting);
    // Outliers in the target cause the other findings.
    if of_table
        .iter()
        .any(|f| f.name == Diagnosis::TargetOutOfScale)
    {
        findings.clear();
    }
    // A failed run misses classes for other reasons than the table.
    let counts = |f: &Finding| !(has_findings && f.name == Diagnosis::ClassImbalance);
    findings.extend(of_table.into_iter().filter(counts));
    findings
}

/// The outputs of the returned network for the validation rows.
fn outputs_of(fitted: &Fitted<Mlp>) -> HeldOutOutputs {
    let outputs = fitted.outputs.as_ref();
    let outputs = outputs.map(|outputs| outputs.to_data().iter().collect::<Vec<f32>>());
    HeldOutOutputs {
        chosen: outputs.unwrap_or_default(),
        by_epoch: Vec::new(),
    }
}

/// How a network was trained, before it is scored.
pub(crate) fn summary(
    data: &Dataset,
    encoded: &EncodedSplit,
    fitted: &Fitted<Mlp>,
    job: &Job,
    context: &FitContext,
) -> Summary {
    Summary {
        program: concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string(),
        table: data.table().name().to_string(),
        training_rows: encoded.split.training.len(),
        validation_rows: encoded.split.validation.len(),
        best_epoch: fitted.best_epoch,
        epochs: fitted.epochs,
        seed: job.config.training.seed,
        device: context.device.name().to_string(),
        settings: job.config.to_toml(),
        metric: job.config.scoring.metric().map(|m| m.to_string()),
        weight: data.weight().map(str::to_string),
        ..Summary::default()
    }
}

/// The inputs of the first layer, averaged over the rows: the baseline of explanations.
pub(crate) fn mean_features(network: &Mlp, rows: &TensorDataset) -> Vec<f32> {
    let features = network.features(rows.inputs.clone());
    features.mean_dim(0).into_data().iter().collect()
}

/// The target, calibrated on the validation rows.
fn calibrated(encoded: &EncodedSplit, targets: &Targets, outputs: &[f32]) -> Target {
    let rows = &encoded.split.validation;
    let target = encoded.target.clone();
    match outputs.len() / rows.len().max(1) {
        0 => target,
        width => target.calibrated(outputs, width, &targets.numbers(rows)),
    }
}
