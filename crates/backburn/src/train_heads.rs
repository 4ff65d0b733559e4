//! The training of one network of several targets.

use backburn_model::MlpConfig;
use web_time::Instant;

use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::head::Head;
use crate::imputation_errors::ImputationErrors;
use crate::job::Job;
use crate::job_result::TrainedNetwork;
use crate::model_file::SavedModel;
use crate::network_config::network_config;
use crate::scoring::Scoring;
use crate::targets::Targets;
use crate::train_network::{Finished, Limits, finish, mean_features, summary};

/// Trains the network of a job on the encoded rows of several targets. It has the outputs of all heads, one after the
/// other, and is neither calibrated nor scored.
///
/// # Errors
///
/// The network cannot be built, or its loss diverges.
pub(crate) fn train_heads(
    (joint, heads): (&Dataset, &[Head]),
    encoded: &EncodedSplit,
    job: &Job,
    context: &FitContext,
    limits: Limits,
) -> Result<TrainedNetwork, Error> {
    let started = Instant::now();
    let shape = shape(heads, encoded, job)?;
    let targets = Targets::read(joint.table(), &encoded.target)?;
    let known = (&targets, &Scoring::new(joint, &job.config));
    let Finished {
        fitted,
        history,
        findings,
        outputs,
        ..
    } = finish(&shape, encoded, known, job, context, limits)?;
    let stop = fitted.stop;
    let model = SavedModel {
        baselines: mean_features(&fitted.network, &encoded.training),
        config: shape,
        summary: summary(joint, encoded, &fitted, job, context),
        network: fitted.network.into(),
        schema: joint.schema().clone(),
        format: joint.format().clone(),
        encoder: encoded.encoder.clone(),
        target: encoded.target.clone(),
    };
    // Only prediction intervals depend on it.
    let has_numbers = heads.iter().any(Head::is_number);
    let held_out = encoded.validation.as_ref().filter(|_| has_numbers);
    let imputation = ImputationErrors::measure(&model, held_out, context.device.get()?);
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

/// The network of a job, with the outputs of all heads.
fn shape(heads: &[Head], encoded: &EncodedSplit, job: &Job) -> Result<MlpConfig, Error> {
    let config = heads.first().map_or(&job.config, |head| &head.config);
    let rows = encoded.training.rows();
    let network = network_config(config, &encoded.encoder, &encoded.target, rows)?;
    let shape = MlpConfig {
        hidden: job.config.network.hidden.clone(),
        outputs: heads.iter().map(Head::outputs).sum(),
        ..network
    };
    shape.validate()?;
    Ok(shape)
}
